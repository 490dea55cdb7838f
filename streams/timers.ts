/**
 * Durable timers: the broker wakes the hub when holds end, also when the hub was down or restarted meanwhile.
 *
 * A timer is a JetStream message schedule on a subject of its own, one for each quarter of a second in which any hold
 * ends; setting it again replaces it. Its message only says "look now": what is due stands in the actors' own state,
 * so a message too many, or one too late, changes nothing.
 */
import { DeliverPolicy } from "@nats-io/jetstream"
import { Clock, Context, Effect, Layer, Queue, Schedule } from "effect"
import { bucketEnd } from "../actors/stock/deadlines.ts"
import { Nats, type NatsShape, publishAcked } from "./nats/connection.ts"
import { dueSubject, type KindNames, STOCK, TIMERS, timerSubject } from "./subjects.ts"

export interface TimersShape {
  /** Sets the timer of a bucket (see `deadlines.ts`). Does not wait; it is tried until the broker has it. */
  readonly arm: (bucket: number) => void
  /** Calls back each time a timer is due; never early by the broker's clock. Runs until interrupted. */
  readonly watch: (due: () => void) => Effect.Effect<never>
}

export class Timers extends Context.Service<Timers, TimersShape>()("holdfast/streams/Timers") {
  static readonly layerNats: Layer.Layer<Timers, never, Nats> = Layer.effect(
    Timers,
    Effect.flatMap(Nats, (nats) => timersOf(nats, STOCK))
  )

  /** Wakes by the clock of the runtime, and forgets on restart, as a test's clock does. */
  static readonly layerMemory: Layer.Layer<Timers> = Layer.sync(Timers, () => memory())
}

/** Seven days of quarter seconds would be 2.4 million; those that do not fit are found by the hub's own sweep. */
const ARMING_MAX = 262_144
const ARM_TIMEOUT_MS = 2_000
/** The due message is only a nudge: nobody needs it an hour later. */
const DUE_TTL = "1h"

export const timersOf = Effect.fnUntraced(function* (nats: NatsShape, names: KindNames) {
  const arming = yield* Queue.sliding<number>(ARMING_MAX)
  const arm = (bucket: number) =>
    publishAcked(nats.publisher, timerSubject(names, bucket), new TextEncoder().encode(String(bucket)), {
      headers: {
        "Nats-Schedule": `@at ${new Date(bucketEnd(bucket)).toISOString()}`,
        "Nats-Schedule-Target": dueSubject(names),
        "Nats-Schedule-TTL": DUE_TTL
      },
      timeoutMs: ARM_TIMEOUT_MS
    }).pipe(Effect.retry(Schedule.spaced("500 millis")), Effect.ignore)
  yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(arming), arm)))
  return Timers.of({
    arm: (bucket) => void Queue.offerUnsafe(arming, bucket),
    watch: (due) =>
      Effect.forever(Effect.andThen(Effect.ignore(watchOnce(nats, names, due)), Effect.sleep("250 millis")))
  })
})

/** One consumer's life: until the connection is lost and comes back, because an ordered consumer may stall then. */
const watchOnce = (nats: NatsShape, names: KindNames, due: () => void): Effect.Effect<void, unknown> =>
  Effect.tryPromise(async (signal) => {
    const consumer = await nats.jetstream.consumers.get(TIMERS, {
      filter_subjects: [dueSubject(names)],
      deliver_policy: DeliverPolicy.New
    })
    // Whatever fell due before this consumer was there is due all the same.
    due()
    const messages = await consumer.consume({
      max_messages: 256,
      idle_heartbeat: 1_000,
      expires: 5_000,
      callback: () => due()
    })
    signal.addEventListener("abort", () => void messages.close(), { once: true })
    void (async () => {
      for await (const status of nats.connection.status()) {
        if (status.type === "reconnect") break
      }
      await messages.close()
    })()
    await messages.closed()
  })

const memory = (): TimersShape => {
  const armed = new Set<number>()
  const wake = (due: () => void) =>
    Effect.gen(function* () {
      yield* Effect.sleep("50 millis")
      const now = yield* Clock.currentTimeMillis
      for (const bucket of armed) {
        if (bucketEnd(bucket) > now) continue
        armed.delete(bucket)
        due()
      }
    })
  return { arm: (bucket) => void armed.add(bucket), watch: (due) => Effect.forever(wake(due)) }
}
