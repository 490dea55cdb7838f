/**
 * Delivers the ALERTS stream to one sink: in order, each at least once, again after a wait when it fails, and to the dead
 * letters when it cannot be delivered at all. Every sink has a place of its own in the stream, stored when what is before
 * it was delivered, so one that is down delays nobody else and forgets nothing over a restart.
 *
 * The stream is read by sequence and not by a consumer: what a consumer has handed to a hub that died comes back late, and
 * behind what followed it, and an alert that is raised after it was cleared stays raised.
 */
import type { StoredMsg } from "@nats-io/jetstream"
import { Effect } from "effect"
import { type Alert, plan } from "../../actors/alert/alert.ts"
import { type BackoffPolicy, backoffMs, BACKOFF_DEFAULT } from "../../actors/channel/pace.ts"
import type { DeadLettersShape } from "../../streams/dead-letters.ts"
import { type NatsShape, publishAcked } from "../../streams/nats/connection.ts"
import { alertPlaceSubject, ALERTS, SNAPSHOTS } from "../../streams/subjects.ts"
import type { Delivered, Sink } from "./sink.ts"

export interface DeliveryOptions {
  readonly nats: NatsShape
  readonly deadLetters: DeadLettersShape
  readonly sink: Sink
  readonly random: () => number
  readonly backoff?: BackoffPolicy
}

/** Alerts taken at once; those that wait longer become a digest. */
const BATCH_MAX = 200
/** How often the stream is looked at: alerts of one moment are found together. */
const LOOK_EVERY = "500 millis"
const CALL_MS_MAX = 10_000
const STORE_MS_MAX = 5_000

/** Runs until interrupted. */
export const deliverAlerts = (options: DeliveryOptions): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(Effect.ignore(follow(options)), Effect.sleep("1 second")))

const follow = (options: DeliveryOptions) =>
  Effect.gen(function* () {
    let place = yield* placeOf(options)
    while (true) {
      const messages = yield* read(options.nats, place + 1)
      const last = messages[messages.length - 1]
      if (last === undefined) yield* Effect.sleep(LOOK_EVERY)
      else {
        yield* deliverAll(options, messages, last)
        place = last.seq
        yield* storePlace(options, place)
      }
    }
  })

/** A sink that is configured for the first time is not told of last month. */
const placeOf = ({ nats, sink }: DeliveryOptions): Effect.Effect<number, unknown> =>
  Effect.gen(function* () {
    const stored = yield* Effect.tryPromise(() =>
      nats.manager.streams.getMessage(SNAPSHOTS, { last_by_subj: alertPlaceSubject(sink.name) })
    )
    const { state } = yield* Effect.tryPromise(() => nats.manager.streams.info(ALERTS))
    const place = stored?.json<{ readonly sequence: number }>().sequence ?? state.last_seq
    // Beyond its end: it is another stream, of a server that was emptied.
    if (stored !== null && place <= state.last_seq) return place
    yield* storePlace({ nats, sink }, state.last_seq)
    return state.last_seq
  })

const storePlace = ({ nats, sink }: Pick<DeliveryOptions, "nats" | "sink">, sequence: number) =>
  publishAcked(nats.publisher, alertPlaceSubject(sink.name), new TextEncoder().encode(JSON.stringify({ sequence })), {
    timeoutMs: STORE_MS_MAX
  })

const read = (nats: NatsShape, from: number): Effect.Effect<ReadonlyArray<StoredMsg>, unknown> =>
  Effect.tryPromise(async () => {
    const { state } = await nats.manager.streams.info(ALERTS)
    if (state.last_seq < from) return []
    const messages: Array<StoredMsg> = []
    for await (const message of await nats.manager.direct.getBatch(ALERTS, { seq: from, batch: BATCH_MAX })) {
      messages.push(message)
    }
    return messages
  })

const deliverAll = (options: DeliveryOptions, messages: ReadonlyArray<StoredMsg>, last: StoredMsg) =>
  Effect.gen(function* () {
    for (const delivery of plan(messages.map((message) => message.json<Alert>()))) {
      const failure = yield* persist(options, (signal) => options.sink.deliver(delivery, signal))
      if (failure !== undefined) yield* bury(options, last, JSON.stringify(delivery), failure)
    }
  })

/** Tries again for as long as it is worth; answers the last failure when it was not delivered. */
const persist = (
  { backoff = BACKOFF_DEFAULT, random }: DeliveryOptions,
  deliver: (signal: AbortSignal) => Promise<Delivered>
) =>
  Effect.gen(function* () {
    for (let attempt = 1; ; attempt++) {
      const delivered = yield* Effect.promise(() => deliver(AbortSignal.timeout(CALL_MS_MAX)))
      if (delivered.ok) return undefined
      if (delivered.isFinal || attempt > backoff.retriesMax) return { ...delivered, attempts: attempt }
      yield* Effect.sleep(delivered.retryAfterMs ?? backoffMs(backoff, attempt, random()))
    }
  })

const bury = (
  { deadLetters, sink }: DeliveryOptions,
  message: StoredMsg,
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
