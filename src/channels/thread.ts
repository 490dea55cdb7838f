/**
 * The channels thread: every channel's calls, webhooks and log. A thread of its own, so that a marketplace's pages,
 * signatures and stubbornness cost the hub's turns nothing. Of the hub it learns what changed, and the stock of SKUs
 * when it asks; facts it publishes as any adapter elsewhere would.
 */
import { randomUUID } from "node:crypto"
import { parentPort, workerData } from "node:worker_threads"
import { Deferred, Effect, FiberSet, Layer, References } from "effect"
import { WrongChannels } from "../../config/channels.ts"
import { ChannelLog } from "../../streams/channel-log.ts"
import { Nats, type NatsShape, publishAcked } from "../../streams/nats/connection.ts"
import { factSubject } from "../../streams/subjects.ts"
import { logging, logLevels } from "../logging.ts"
import { adapterOf, settingsOf } from "./build.ts"
import { type Change, Channel } from "./channel.ts"
import { channelMetrics } from "./health.ts"
import { NotTaken, type OutgoingFact } from "./intake.ts"
import type { FromThread, ThreadSettings, ToThread } from "./messages.ts"
import { answer } from "./questions.ts"

const say = (message: FromThread): void => parentPort?.postMessage(message)
const nowMs = (): number => performance.timeOrigin + performance.now()

const PUBLISH_MS_MAX = 2_000
const PUBLISH_ATTEMPTS = 3

/** The broker knows a fact told again within its window; the mutation id holds for longer. */
const publishTo =
  (nats: NatsShape) =>
  (facts: ReadonlyArray<OutgoingFact>): Effect.Effect<void, NotTaken> =>
    Effect.forEach(
      facts,
      ({ sku, mutationId, body }) =>
        publishAcked(nats.publisher, factSubject(sku), new TextEncoder().encode(JSON.stringify(body)), {
          headers: { "Nats-Msg-Id": `${encodeURIComponent(sku)}:${encodeURIComponent(mutationId)}` },
          timeoutMs: PUBLISH_MS_MAX
        }).pipe(Effect.retry({ times: PUBLISH_ATTEMPTS - 1 })),
      // In order: of one SKU's facts the first told is the first published.
      { discard: true }
    ).pipe(Effect.mapError(({ detail }) => new NotTaken({ detail: `The facts stream did not take it: ${detail}.` })))

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
    for (const channel of this.channels.values()) channel.told(changes)
    say({ type: "took" })
  }
}

const work = Effect.fnUntraced(function* (settings: ThreadSettings) {
  const nats = yield* Nats
  const log = yield* ChannelLog
  const hub = new Hub()
  const publish = publishTo(nats)
  const built: Array<Channel> = []
  for (const config of settings.channels) {
    const adapter = yield* Effect.tryPromise({
      try: () => adapterOf(config, Date.now),
      catch: (cause) => (cause instanceof WrongChannels ? cause : new WrongChannels(String(cause)))
    })
    const ports = { adapter, log, lookUp: hub.lookUp, publish, nowMs, random: Math.random, newId: randomUUID }
    built.push(new Channel(settingsOf(config, adapter), ports))
    yield* Effect.addFinalizer(() => Effect.promise(async () => adapter.close?.()).pipe(Effect.ignoreCause))
  }
  const metrics = channelMetrics(hub.channels)
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
  say({ type: "ready" })
  yield* Deferred.await(hub.stopped)
  for (const channel of built) yield* Effect.ignore(channel.log.flush)
})

/** A channel whose log cannot be read yet is tried again; one that another hub works is left to it. */
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
    Effect.asVoid
  )

const settings = workerData as ThreadSettings
const layer = ChannelLog.layerNats.pipe(Layer.provideMerge(Nats.layer(settings.natsUrl)))

await Effect.runPromise(
  Effect.scoped(work(settings)).pipe(
    Effect.catchIf(
      (cause) => cause instanceof WrongChannels,
      (wrong) => Effect.sync(() => say({ type: "wrong", message: wrong.message }))
    ),
    Effect.provide(layer),
    Effect.provideService(References.MinimumLogLevel, logLevels[settings.logLevel]),
    Effect.provide(logging)
  )
)
parentPort?.close()
