/**
 * Reads a kind's stream of facts from a position on, in order, no further ahead than the hub can take.
 *
 * There is no acknowledgement: how far facts have been consumed stands in the commits that consumed them, so the
 * position and the effect cannot come apart. After a crash reading starts again behind the last committed one.
 */
import { DeliverPolicy } from "@nats-io/jetstream"
import { Effect } from "effect"
import { FACTS_AHEAD_MAX } from "../config/limits.ts"
import type { NatsShape } from "./nats/connection.ts"
import type { KindNames } from "./subjects.ts"

export interface StoredFact {
  readonly sequence: number
  readonly subject: string
  readonly data: Uint8Array
  /** Where its publisher's trace is, if the reader asks for it. */
  readonly traceparent?: string | undefined
}

export interface FactReader {
  /** Sequence after which to read; asked again after each reconnection. */
  readonly after: () => number
  /** Takes facts in order. What it returns is waited for before more are read: that bounds what is on its way. */
  readonly take: (fact: StoredFact) => Effect.Effect<void>
  /** Whether `traceparent` is looked at, which costs parsing the headers; absent: it is not. */
  readonly isTraced?: () => boolean
}

/** The stream that is read, all of it. */
type FactNames = Pick<KindNames, "facts">

/** Runs until interrupted; a lost connection or a consumer that went away is taken up again. */
export const readFacts = (nats: NatsShape, names: FactNames, reader: FactReader): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(Effect.ignore(readOnce(nats, names, reader)), Effect.sleep("200 millis")))

const readOnce = Effect.fnUntraced(function* (nats: NatsShape, names: FactNames, reader: FactReader) {
  const consumer = yield* Effect.tryPromise(() =>
    nats.jetstream.consumers.get(names.facts, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: reader.after() + 1
    })
  )
  const messages = yield* Effect.acquireRelease(
    Effect.tryPromise(() => consumer.consume({ max_messages: FACTS_AHEAD_MAX, idle_heartbeat: 1_000, expires: 5_000 })),
    (open) => Effect.promise(() => open.close())
  )
  // An ordered consumer may stall after the server was killed; a new one from the same place does not.
  yield* Effect.forkScoped(
    Effect.promise(async () => {
      for await (const status of nats.connection.status()) if (status.type === "reconnect") break
      await messages.close()
    })
  )
  const iterator = messages[Symbol.asyncIterator]()
  while (true) {
    const next = yield* Effect.promise(() => iterator.next())
    if (next.done === true) return
    const { seq, subject, data } = next.value
    const traceparent = reader.isTraced?.() === true ? next.value.headers?.get("traceparent") : undefined
    yield* reader.take({ sequence: seq, subject, data, traceparent })
  }
}, Effect.scoped)

/** Drops facts that are in the journal. Runs now and then; a failure costs only disk until the next time. */
export const purgeFacts = (nats: NatsShape, names: KindNames, consumed: number): Effect.Effect<void> =>
  consumed === 0
    ? Effect.void
    : Effect.ignore(Effect.tryPromise(() => nats.manager.streams.purge(names.facts, { seq: consumed + 1 })))
