/**
 * Delivers the ALERTS stream to one sink: in order, each at least once, again after a wait when it fails, and to the dead
 * letters when it cannot be delivered at all. Every sink has a durable consumer of its own, so one that is down delays
 * nobody else and forgets nothing over a restart.
 */
import { AckPolicy, type Consumer, DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import { Effect } from "effect"
import { type Alert, plan } from "../../actors/alert/alert.ts"
import { type BackoffPolicy, backoffMs, BACKOFF_DEFAULT } from "../../actors/channel/pace.ts"
import type { DeadLettersShape } from "../../streams/dead-letters.ts"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { ALERTS } from "../../streams/subjects.ts"
import type { Delivered, Sink } from "./sink.ts"

export interface DeliveryOptions {
  readonly nats: NatsShape
  readonly deadLetters: DeadLettersShape
  readonly sink: Sink
  readonly random: () => number
  readonly backoff?: BackoffPolicy
  /** After which what a hub took and did not deliver before it ended is handed out again; a minute unless given. */
  readonly ackWaitMs?: number
}

/** Alerts taken at once; those that wait longer become a digest. */
const BATCH_MAX = 200
const FETCH_MS = 5_000
/** Alerts of one moment belong together. */
const GATHER = "200 millis"
const CALL_MS_MAX = 10_000
/** Longer than an attempt and the wait after it. */
const ACK_WAIT_MS = 60_000

/** Runs until interrupted. */
export const deliverAlerts = (options: DeliveryOptions): Effect.Effect<never> =>
  Effect.forever(
    Effect.andThen(
      Effect.ignore(Effect.flatMap(consumerOf(options), (consumer) => Effect.forever(round(options, consumer)))),
      Effect.sleep("1 second")
    )
  )

const consumerOf = ({ nats, sink, ackWaitMs = ACK_WAIT_MS }: DeliveryOptions): Effect.Effect<Consumer, unknown> =>
  Effect.tryPromise(async () => {
    const name = `alerts-${sink.name}`
    await nats.manager.consumers.add(ALERTS, {
      durable_name: name,
      ack_policy: AckPolicy.All,
      // A sink that is configured today is not told of last month.
      deliver_policy: DeliverPolicy.New,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: BATCH_MAX
    })
    return nats.jetstream.consumers.get(ALERTS, name)
  })

const round = (options: DeliveryOptions, consumer: Consumer) =>
  Effect.gen(function* () {
    const first = yield* fetch(consumer, 1, FETCH_MS)
    if (first.length === 0) return
    yield* Effect.sleep(GATHER)
    const messages = [...first, ...(yield* fetch(consumer, BATCH_MAX - 1, 50))]
    for (const delivery of plan(messages.map((message) => message.json<Alert>()))) {
      const failure = yield* persist(options, messages, (signal) => options.sink.deliver(delivery, signal))
      if (failure !== undefined)
        yield* bury(options, messages[messages.length - 1] as JsMsg, JSON.stringify(delivery), failure)
    }
    messages[messages.length - 1]?.ack()
  })

const fetch = (consumer: Consumer, max: number, expires: number): Effect.Effect<ReadonlyArray<JsMsg>, unknown> =>
  Effect.tryPromise(async (signal) => {
    const messages: Array<JsMsg> = []
    // The server wants a second at least; what is there comes at once.
    const batch = await consumer.fetch({ max_messages: max, expires: Math.max(1_000, expires) })
    // A request that nobody waits for any more would still be handed the next alert.
    signal.addEventListener("abort", () => batch.stop(), { once: true })
    const patience = setTimeout(() => batch.stop(), expires)
    for await (const message of batch) messages.push(message)
    clearTimeout(patience)
    return messages
  })

/** Tries again for as long as it is worth; answers the last failure when it was not delivered. */
const persist = (
  { backoff = BACKOFF_DEFAULT, random }: DeliveryOptions,
  messages: ReadonlyArray<JsMsg>,
  deliver: (signal: AbortSignal) => Promise<Delivered>
) =>
  Effect.gen(function* () {
    for (let attempt = 1; ; attempt++) {
      for (const message of messages) message.working()
      const delivered = yield* Effect.promise(() => deliver(AbortSignal.timeout(CALL_MS_MAX)))
      if (delivered.ok) return undefined
      if (delivered.isFinal || attempt > backoff.retriesMax) return { ...delivered, attempts: attempt }
      yield* Effect.sleep(delivered.retryAfterMs ?? backoffMs(backoff, attempt, random()))
    }
  })

const bury = (
  { deadLetters, sink }: DeliveryOptions,
  message: JsMsg,
  body: string,
  failure: { readonly message: string; readonly attempts: number }
) =>
  Effect.andThen(
    Effect.logWarning(`An alert could not be delivered by ${sink.name} (${failure.message}) and is a dead letter.`),
    deadLetters.put({
      source: `alert-${sink.name}`,
      code: "alert_undelivered",
      message: `${failure.message} ${failure.attempts} attempts.`,
      subject: message.subject,
      body,
      sequence: message.seq
    })
  )
