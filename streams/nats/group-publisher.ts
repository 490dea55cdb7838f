/**
 * Publishing in groups to one stream whose server fsyncs each message for itself: what has come while others were on their way
 * goes as one batch with one fsync. The stream must take batches (`allow_atomic`), and nothing that must stand in one place only:
 * on the disk of a server with one copy a batch is written twice, and one of them dropped.
 *
 * G1 Everybody hears of their own message: where a batch is refused, which one of them is enough for, each goes alone.
 * G2 Of one subject two messages are never in one batch, because the second could not say what it expects.
 */
import { Effect } from "effect"
import { GROUP_MESSAGES_MAX, GROUP_MESSAGES_MIN, GROUP_WAITING_MAX } from "../../config/limits.ts"
import { type NatsShape, publishAcked, PublishFailed } from "./connection.ts"
import { type BatchMessage, publishBatch } from "./publish-batch.ts"

interface Waiting {
  readonly message: BatchMessage
  readonly settle: (outcome: Effect.Effect<void, PublishFailed>) => void
}

export interface GroupOptions {
  readonly nats: Pick<NatsShape, "connection" | "publisher">
  readonly timeoutMs: number
}

export class GroupPublisher {
  private readonly options: GroupOptions
  private waiting: Array<Waiting> = []
  private isUnderWay = false

  constructor(options: GroupOptions) {
    this.options = options
  }

  /** Settles when it is stored. */
  publish(message: BatchMessage): Effect.Effect<void, PublishFailed> {
    return Effect.callback((resume) => {
      if (this.waiting.length >= GROUP_WAITING_MAX) return resume(Effect.fail(tooMany))
      this.waiting.push({ message, settle: resume })
      if (this.isUnderWay) return
      this.isUnderWay = true
      Effect.runFork(this.publishAll)
    })
  }

  private readonly publishAll: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    while (this.waiting.length > 0) {
      const group = this.next()
      if (group.length >= GROUP_MESSAGES_MIN) yield* this.together(group)
      else yield* this.alone(group)
    }
    this.isUnderWay = false
  })

  private next(): ReadonlyArray<Waiting> {
    const subjects = new Set<string>()
    let count = 0
    for (const { message } of this.waiting) {
      if (count === GROUP_MESSAGES_MAX || subjects.has(message.subject)) break
      subjects.add(message.subject)
      count++
    }
    return this.waiting.splice(0, count)
  }

  private together(group: ReadonlyArray<Waiting>): Effect.Effect<void> {
    const { nats, timeoutMs } = this.options
    const messages = group.map(({ message }) => message)
    return Effect.matchEffect(publishBatch(nats, messages, timeoutMs), {
      onSuccess: () => Effect.sync(() => settleAll(group, Effect.void)),
      onFailure: (failed) =>
        failed.reason === "refused" ? this.alone(group) : Effect.sync(() => settleAll(group, Effect.fail(failed)))
    })
  }

  private alone(group: ReadonlyArray<Waiting>): Effect.Effect<void> {
    const { nats, timeoutMs } = this.options
    return Effect.forEach(
      group,
      ({ message: { data, headers, subject }, settle }) => {
        const options = { ...(headers === undefined ? {} : { headers }), timeoutMs }
        const published = publishAcked(nats.publisher, subject, data, options)
        return Effect.map(Effect.exit(Effect.asVoid(published)), (exit) => settle(exit))
      },
      { concurrency: "unbounded", discard: true }
    )
  }
}

const settleAll = (group: ReadonlyArray<Waiting>, outcome: Effect.Effect<void, PublishFailed>): void => {
  for (const { settle } of group) settle(outcome)
}

const tooMany = new PublishFailed({ reason: "unavailable", code: 0, detail: "too many messages wait to be stored" })
