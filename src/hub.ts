/**
 * The hub as one layer, composed in the order of the data flow: NATS, the streams on it, the host, what is derived from
 * its commits, the gateway in front. Layers close in reverse: intake first, then turns, then connections.
 */
import { Effect, Layer } from "effect"
import { isStockEvent } from "../actors/sku/events.ts"
import type { AlertSinks } from "../config/alerts.ts"
import type { ChannelConfig } from "../config/channels.ts"
import type { HubConfig } from "../config/config.ts"
import type { OutreachConfig } from "../config/outreach.ts"
import type { RecoveryConfig } from "../config/recovery.ts"
import type { PaymentsConfig } from "../config/payments.ts"
import { CART_SNAPSHOT_EVERY_RECORDS } from "../config/carts.ts"
import { SNAPSHOT_EVERY_RECORDS, STAGED_ANSWERS_MIN, TURN_FOLLOWING_COMMANDS_MIN } from "../config/limits.ts"
import { ensureStreams, streamSpecs } from "../config/jetstream.ts"
import { DeadLetters } from "../streams/dead-letters.ts"
import { purgeFacts, readFacts } from "../streams/facts.ts"
import { journalNats } from "../streams/journal.nats.ts"
import { Nats } from "../streams/nats/connection.ts"
import { Recent } from "../streams/recent-commits.ts"
import { Snapshots } from "../streams/snapshots.ts"
import { CART, STOCK } from "../streams/subjects.ts"
import { Timers } from "../streams/timers.ts"
import { Access, type AccessOptions } from "./access/layer.ts"
import type { ExposureOptions } from "./access/mode.ts"
import { Carts } from "./carts/layer.ts"
import { Channels } from "./channels/channels.ts"
import type { ThreadSettings } from "./channels/messages.ts"
import { Gateway } from "./gateway/layer.ts"
import { factReader, stockFacts } from "./host/facts.ts"
import { StockHost } from "./host/layer.ts"
import type { HostOptions } from "./host/options.ts"
import { stockKind } from "./host/stock-kind.ts"
import { OutreachDesk } from "./outreach/layer.ts"
import { PaymentsService } from "./payments/layer.ts"
import { PersonalDataService } from "./personal-data/layer.ts"
import { linkKey } from "./recovery/message-link.ts"
import { Recovery } from "./recovery/layer.ts"
import { traced, type TracingSettings } from "./tracing/layer.ts"
import { current } from "./tracing/tracing.ts"
import { projectorLayer } from "./projector/projector.ts"
import { WrongSettings } from "./wrong-settings.ts"

export interface HubUrls {
  readonly nats: string
  readonly redis: string
  readonly postgres: string
}

export interface HubOptions {
  readonly config: HubConfig
  readonly urls: HubUrls
  /** Names this hub in its commits: unique for each start, without a dash. */
  readonly owner: string
  readonly webDirectory: string
  readonly access: AccessOptions & ExposureOptions
  readonly channels: ReadonlyArray<ChannelConfig>
  readonly alerts: AlertSinks
  readonly outreach: OutreachConfig
  /** `undefined`: nobody is written to. */
  readonly recovery: RecoveryConfig | undefined
  /** `undefined`: none. */
  readonly payments: PaymentsConfig | undefined
  /** GraphQL's registered queries; `undefined`: every query is taken. */
  readonly queries: ReadonlyMap<string, string> | undefined
  /** That personal data is sealed under. */
  readonly masterKey: Buffer
}

export const hubLayer = (options: HubOptions) => {
  const { config, urls } = options
  const streams = Layer.mergeAll(journalNats, Snapshots.layerNats, Timers.layerNats, DeadLetters.layerNats).pipe(
    Layer.provideMerge(Layer.effectDiscard(prepareStreams(config))),
    Layer.provideMerge(Nats.layer(urls.nats))
  )
  const ofPartitions = (partitions: number, snapshotEveryRecords: number): HostOptions => ({
    owner: options.owner,
    partitions,
    idempotencyWindowMs: config.idempotencyWindowHours * 3_600_000,
    idempotencyIdsMax: config.idempotencyIdsMax,
    flightsMax: partitions === 1 && config.journalReplicas === 1 ? 2 : 1,
    followingCommandsMin: TURN_FOLLOWING_COMMANDS_MIN,
    stagedAnswersMin: STAGED_ANSWERS_MIN,
    snapshotEveryRecords
  })
  const host = StockHost.layer(
    stockKind(config.holdsPerHolderMax),
    ofPartitions(config.partitions, SNAPSHOT_EVERY_RECORDS)
  ).pipe(Layer.provideMerge(Recent.layer))
  // Whatever the partitions, one turn decides what concerns several carts: a promotion, a customer's cart.
  const carts = Carts.layer(ofPartitions(config.cartPartitions, CART_SNAPSHOT_EVERY_RECORDS), {
    leftMs: keptMs(config.cartsKeptDays),
    orderedMs: keptMs(config.ordersKeptDays)
  })
  const gateway = Gateway.layer({
    host: config.host,
    port: config.port,
    webDirectory: options.webDirectory,
    partitions: { stock: config.partitions, carts: config.cartPartitions, customers: 1 },
    graphql: { isIntrospectable: config.graphqlIntrospection === "on", queries: options.queries }
  })
  const channels = Channels.layer(channelSettings(options))
  return Layer.mergeAll(gateway, Layer.effectDiscard(consumeFacts)).pipe(
    Layer.provideMerge(Layer.effectDiscard(traceCommits(tracingOf(config)))),
    Layer.provideMerge(channels),
    Layer.provideMerge(
      projectorLayer({
        natsUrl: urls.nats,
        redisUrl: urls.redis,
        postgresUrl: urls.postgres,
        alerts: options.alerts
      })
    ),
    Layer.provideMerge(
      Recovery.layer({
        host: ofPartitions(1, SNAPSHOT_EVERY_RECORDS),
        config: options.recovery,
        checkoutLinks:
          options.payments === undefined
            ? undefined
            : { key: linkKey(options.masterKey), publicUrl: options.payments.publicUrl }
      })
    ),
    Layer.provideMerge(OutreachDesk.layer(options.outreach)),
    Layer.provideMerge(PersonalDataService.layer(options.masterKey)),
    Layer.provideMerge(carts),
    Layer.provideMerge(PaymentsService.layer(options.payments)),
    Layer.provideMerge(Access.layer(options.access)),
    Layer.provideMerge(host),
    Layer.provideMerge(streams)
  )
}

const tracingOf = (config: HubConfig): TracingSettings => ({
  endpoint: config.otlpEndpoint,
  headers: config.otlpHeaders,
  everyMs: config.otlpEveryMs
})

const channelSettings = ({ config, urls, channels }: HubOptions): ThreadSettings => ({
  natsUrl: urls.nats,
  channels,
  tracing: tracingOf(config)
})

/** A trace goes on from where the commit has landed, also where no channel is told of it. */
const traceCommits = Effect.fnUntraced(function* (settings: TracingSettings) {
  yield* traced(settings)
  if (settings.endpoint === undefined) return
  const host = yield* StockHost
  host.onCommits((commits) => {
    for (const { records } of commits) {
      for (const record of records) if (isStockEvent(record)) current()?.landedStock(record)
    }
  })
})

const keptMs = (days: number): number => (days > 0 ? days * 24 * 3_600_000 : Infinity)

/** The number of partitions stands with the journal: with another, SKUs and carts would be looked for behind the wrong fence. */
const prepareStreams = Effect.fnUntraced(function* (config: HubConfig) {
  const { manager } = yield* Nats
  const wanted = { [STOCK.journal]: config.partitions, [CART.journal]: config.cartPartitions }
  const specs = streamSpecs(config.journalReplicas).map((spec) => {
    const partitions = wanted[spec.name]
    return partitions === undefined ? spec : { ...spec, metadata: { partitions: String(partitions) } }
  })
  for (const [setting, journal] of [
    ["PARTITIONS", STOCK.journal],
    ["CART_PARTITIONS", CART.journal]
  ] as const) {
    const known = yield* Effect.option(Effect.tryPromise(() => manager.streams.info(journal)))
    if (known._tag === "None") continue
    const { partitions = "1" } = known.value.config.metadata ?? {}
    if (partitions !== String(wanted[journal])) {
      return yield* new WrongSettings({
        message: `The journal was made with ${setting}=${partitions} and cannot be read with ${setting}=${wanted[journal]}; set it back.`
      })
    }
  }
  yield* Effect.tryPromise({
    try: () => ensureStreams(manager, specs),
    catch: (cause) =>
      new WrongSettings({ message: `The streams cannot be set up on this NATS server: ${String(cause)}.` })
  })
})

const consumeFacts = Effect.gen(function* () {
  const host = yield* StockHost
  const nats = yield* Nats
  const deadLetters = yield* DeadLetters
  yield* Effect.forkScoped(readFacts(nats, STOCK, factReader(host, deadLetters, stockFacts)))
  const purge = Effect.suspend(() => purgeFacts(nats, STOCK, host.standing.facts))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep("1 minute"), purge)))
})
