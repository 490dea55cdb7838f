/**
 * The channels thread: every channel's calls, webhooks and log. A thread of its own, so that a marketplace's pages,
 * signatures and stubbornness cost the hub's turns nothing. Of the hub it learns what changed, and the stock of SKUs
 * when it asks; facts it publishes as any adapter elsewhere would.
 */
import { randomUUID } from "node:crypto"
import { parentPort, workerData } from "node:worker_threads"
import { Deferred, Effect, FiberSet, Layer } from "effect"
import type { Listing } from "../../actors/channel/listing.ts"
import { type Alert, type Condition, Episodes } from "../../actors/alert/alert.ts"
import { WrongChannels } from "../../config/channels.ts"
import { publishAlert } from "../../streams/alerts.ts"
import { ChannelLog } from "../../streams/channel-log.ts"
import { Nats, type NatsShape, publishAcked } from "../../streams/nats/connection.ts"
import { DeadLetters, type DeadLettersShape } from "../../streams/dead-letters.ts"
import { encodeSku, factSubject } from "../../streams/subjects.ts"
import { takeLiveSettings } from "../live-settings.ts"
import { logging } from "../logging.ts"
import { traced } from "../tracing/layer.ts"
import { TRACEPARENT } from "../tracing/traceparent.ts"
import { current } from "../tracing/tracing.ts"
import { adapterOf, settingsOf } from "./build.ts"
import { type Change, Channel } from "./channel.ts"
import { conditionsOf } from "./conditions.ts"
import { channelMetrics, healthOf } from "./health.ts"
import { NotTaken, type OutgoingFact } from "./intake.ts"
import type { FromThread, StartedThread, ThreadSettings, ToThread } from "./messages.ts"
import { answer } from "./questions.ts"

const say = (message: FromThread): void => parentPort?.postMessage(message)
const nowMs = (): number => performance.timeOrigin + performance.now()

const START_PATIENCE = "10 seconds"
const PUBLISH_MS_MAX = 2_000
const PUBLISH_ATTEMPTS = 3
/** SKUs whose facts are on their way at once: a till's batch of thousands would else take as many fsyncs in a row. */
const PUBLISH_SKUS_MAX = 64

/** Of one SKU's facts the first told is the first published. */
const publishTo =
  (nats: NatsShape) =>
  (facts: ReadonlyArray<OutgoingFact>): Effect.Effect<void, NotTaken> => {
    const bySku = new Map<string, Array<OutgoingFact>>()
    for (const fact of facts) {
      const ofSku = bySku.get(fact.sku)
      if (ofSku === undefined) bySku.set(fact.sku, [fact])
      else ofSku.push(fact)
    }
    return Effect.forEach(
      bySku.values(),
      (ofSku) => Effect.forEach(ofSku, (fact) => publishFact(nats, fact), { discard: true }),
      { discard: true, concurrency: PUBLISH_SKUS_MAX }
    ).pipe(Effect.mapError(({ detail }) => new NotTaken({ detail: `The facts stream did not take it: ${detail}.` })))
  }

/** The broker knows a fact told again within its window; the mutation id holds for longer. */
const publishFact = (nats: NatsShape, { sku, mutationId, body }: OutgoingFact) =>
  Effect.suspend(() => {
    const span = current()?.publishing("channel.fact", { sku, mutationId })
    return publishAcked(nats.publisher, factSubject(sku), new TextEncoder().encode(JSON.stringify(body)), {
      headers: {
        "Nats-Msg-Id": `${encodeURIComponent(sku)}:${encodeURIComponent(mutationId)}`,
        ...(span === undefined ? {} : { [TRACEPARENT]: span.place })
      },
      timeoutMs: PUBLISH_MS_MAX
    }).pipe(
      Effect.retry({ times: PUBLISH_ATTEMPTS - 1 }),
      Effect.onExit(() => Effect.sync(() => span?.end()))
    )
  })

/** A copy for the dead letters of all: the channel's log knows what is still open. */
const buryTo =
  (deadLetters: DeadLettersShape, channel: string) =>
  (listing: Listing): Effect.Effect<void> => {
    const { dead, listingId, sku } = listing
    if (dead === undefined) return Effect.void
    const { code, message, attempts, quantity, version, at } = dead
    return deadLetters
      .put({
        source: `channel-${channel}`,
        code,
        message: `${message} ${attempts} attempts.`,
        subject: `channel.${channel}.${encodeSku(listingId)}`,
        body: JSON.stringify({ listingId, sku, quantity, version }),
        sequence: Math.round(at * 1_000)
      })
      .pipe(Effect.retry({ times: 3 }), Effect.ignore)
  }

/** The hub, as this thread sees it. */
class Hub {
  readonly stopped = Deferred.makeUnsafe<void>()
  readonly channels = new Map<string, Channel>()
  private readonly asked = new Map<number, Deferred.Deferred<ReadonlyArray<Change>>>()
  private count = 0

  readonly lookUp = (skus: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Change>> =>
    Effect.suspend(() => {
      const id = this.count++
      const answered = Deferred.makeUnsafe<ReadonlyArray<Change>>()
      this.asked.set(id, answered)
      say({ type: "ask-stock", id, skus })
      return Deferred.await(answered)
    })

  onStock(id: number, changes: ReadonlyArray<Change>): void {
    const answered = this.asked.get(id)
    this.asked.delete(id)
    if (answered !== undefined) Deferred.doneUnsafe(answered, Effect.succeed(changes))
  }

  onChanges(changes: ReadonlyArray<Change>): void {
    const tracing = current()
    if (tracing !== undefined) {
      for (const { sku, version, trace } of changes) if (trace !== undefined) tracing.changed(sku, version, trace)
    }
    for (const channel of this.channels.values()) channel.told(changes)
    say({ type: "took" })
  }
}

const work = Effect.fnUntraced(function* (settings: ThreadSettings) {
  yield* traced(settings.tracing)
  const nats = yield* Nats
  const log = yield* ChannelLog
  const deadLetters = yield* DeadLetters
  const hub = new Hub()
  const publish = publishTo(nats)
  const built: Array<Channel> = []
  for (const config of settings.channels) {
    const adapter = yield* Effect.tryPromise({
      try: () => adapterOf(config, Date.now),
      catch: (cause) => (cause instanceof WrongChannels ? cause : new WrongChannels(String(cause)))
    })
    const bury = buryTo(deadLetters, config.name)
    const ports = { adapter, log, lookUp: hub.lookUp, publish, bury, nowMs, random: Math.random, newId: randomUUID }
    built.push(new Channel(settingsOf(config, adapter), ports))
    yield* Effect.addFinalizer(() => Effect.promise(async () => adapter.close?.()).pipe(Effect.ignoreCause))
  }
  const metrics = channelMetrics(hub.channels)
  yield* Effect.forkScoped(watch(nats, hub.channels))
  const run = yield* FiberSet.makeRuntime<never>()
  const ports = { channels: hub.channels, metrics: () => metrics.metrics(), nowMs }
  parentPort?.on("message", (message: ToThread) => {
    if (message.type === "changes") hub.onChanges(message.changes)
    else if (message.type === "stock") hub.onStock(message.id, message.changes)
    else if (message.type === "stop") Deferred.doneUnsafe(hub.stopped, Effect.void)
    else {
      const { id, question } = message
      void run(Effect.map(answer(question, ports), (reply) => say({ type: "reply", id, reply })))
    }
  })
  for (const channel of built) {
    hub.channels.set(channel.settings.name, channel)
    yield* Effect.forkScoped(keep(channel))
  }
  // Of one whose log cannot be read yet webhooks are answered "later"; it holds up the others no longer than this.
  const whenStarted = Effect.forEach(built, (channel) => channel.whenStarted, { discard: true })
  yield* Effect.timeoutOrElse(whenStarted, { duration: START_PATIENCE, orElse: () => Effect.void })
  say({ type: "ready" })
  yield* Deferred.await(hub.stopped)
  for (const channel of built) yield* Effect.ignore(channel.log.flush)
})

const LOOK_EVERY = "1 second"
/** Looks in a row after which something is told: a breaker that opens for a moment is not worth a call. */
const STEADY_LOOKS = 3

/** Tells once of what somebody should know, and once that it is over. */
const watch = Effect.fnUntraced(function* (nats: NatsShape, channels: ReadonlyMap<string, Channel>) {
  const episodes = new Episodes(STEADY_LOOKS)
  while (true) {
    yield* Effect.sleep(LOOK_EVERY)
    const { raised, cleared } = episodes.look(
      [...channels.values()].flatMap((channel) => conditionsOf(healthOf(channel)))
    )
    for (const condition of raised) yield* tellOf(nats, condition, "raised")
    for (const condition of cleared) yield* tellOf(nats, condition, "cleared")
  }
})

const tellOf = (nats: NatsShape, { key, severity, summary }: Condition, state: "raised" | "cleared") => {
  const alert: Alert = {
    id: `${key}:${state}:${randomUUID()}`,
    kind: "channel",
    state,
    episode: key,
    subject: key.split(":")[1] ?? key,
    severity: state === "raised" ? severity : "info",
    summary: state === "raised" ? summary : `Over: ${summary}`,
    details: {},
    at: new Date().toISOString()
  }
  return Effect.andThen(
    state === "raised" ? Effect.logWarning(summary) : Effect.logInfo(alert.summary),
    Effect.ignore(publishAlert(nats, alert))
  )
}

/**
 * A channel whose log cannot be read yet is tried again; one that another hub works is left to it. A defect ends the
 * thread: the hub starts another, which reads the logs and compares.
 */
const keep = (channel: Channel): Effect.Effect<void> =>
  Effect.andThen(channel.start, channel.run).pipe(
    Effect.catch((failed) =>
      failed.reason === "lost"
        ? Effect.logError(`The channel ${channel.settings.name} stops here: ${failed.detail}.`)
        : Effect.andThen(
            Effect.logWarning(
              `The channel ${channel.settings.name} cannot be read and is tried again: ${failed.detail}`
            ),
            Effect.andThen(
              Effect.sleep("1 second"),
              Effect.suspend(() => keep(channel))
            )
          )
    ),
    Effect.catchDefect((defect) =>
      Effect.andThen(
        Effect.logFatal(
          `The channel ${channel.settings.name} failed, and the channels thread with it: ${String(defect)}`
        ),
        // After a moment, in which the line above is written.
        Effect.andThen(
          Effect.sleep("100 millis"),
          Effect.sync(() => process.exit(1))
        )
      )
    ),
    Effect.asVoid
  )

const settings = workerData as StartedThread
takeLiveSettings(settings.live)
const layer = Layer.mergeAll(ChannelLog.layerNats, DeadLetters.layerNats).pipe(
  Layer.provideMerge(Nats.layer(settings.natsUrl))
)

await Effect.runPromise(
  Effect.scoped(work(settings)).pipe(
    Effect.catchIf(
      (cause) => cause instanceof WrongChannels,
      (wrong) => Effect.sync(() => say({ type: "wrong", message: wrong.message }))
    ),
    Effect.provide(Layer.provideMerge(layer, logging))
  )
)
parentPort?.close()
