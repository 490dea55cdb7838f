/**
 * How a channel is, for a page and for an operator; and its figures for Prometheus.
 */
import { Gauge, Registry } from "prom-client"
import type { Channel } from "./channel.ts"
import { SYNCED_UNTIL_MS } from "./stats.ts"
import type { ChannelHealth, Quantiles } from "./protocol.ts"

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000

export const healthOf = (channel: Channel): ChannelHealth => {
  const { settings, book, dispatcher, rounds } = channel
  const { stats } = dispatcher
  const health = dispatcher.health()
  const fresh = channel.freshness()
  const started = stats.started.percentiles()
  const synced = stats.synced.percentiles()
  return {
    name: settings.name,
    adapter: settings.kind,
    state: health.state,
    ...(health.message === undefined ? {} : { message: health.message }),
    ...(health.lastFailure === undefined
      ? {}
      : { lastFailure: { ...health.lastFailure, at: new Date(health.lastFailure.at).toISOString() } }),
    ...(rounds.pollFailure === undefined ? {} : { pollFailure: rounds.pollFailure }),
    aliveAt: health.aliveAt === 0 ? null : new Date(health.aliveAt).toISOString(),
    listings: book.listings.size,
    unmapped: count(channel.reconciler.unmappedListings()),
    behind: fresh.behind,
    waiting: health.waiting,
    freshness: { least: rounded(fresh.least), mean: rounded(fresh.mean) },
    startedMs: { p50: started.p50, p95: started.p95, p99: started.p99 },
    syncedMs: { p50: synced.p50, p95: synced.p95, p99: synced.p99 },
    syncedCounts: Array.from(stats.syncedCounts, (counted, place) => ({
      untilMs: SYNCED_UNTIL_MS[place] ?? null,
      count: counted
    })),
    callsPerSecond: rounded(stats.calls.perSecond()),
    writesPerSecond: rounded(stats.writes.perSecond()),
    writes: stats.writes.total,
    calls: Object.fromEntries(stats.results),
    events: Object.fromEntries(stats.events),
    held: book.held.size,
    deadLetters: count(book.given()),
    stuck: rounds.stuckCount,
    refusedDeliveries: stats.refusedDeliveries,
    driftCorrected: stats.driftCorrected
  }
}

const count = (items: Iterable<unknown>): number => {
  let counted = 0
  for (const _ of items) counted++
  return counted
}

const SCRAPE_MS_MAX = 100
const STATES = ["ok", "throttled", "down", "suspended", "shadow"]

/** A registry of its own: the hub joins its text to that of the rest. */
export const channelMetrics = (channels: ReadonlyMap<string, Channel>): Registry => {
  const registry = new Registry()
  // All gauges of one scrape tell of the same moment, and every channel is looked at once for them.
  let looked: ReadonlyArray<ChannelHealth> = []
  let lookedAtMs = -Infinity
  const healths = (): ReadonlyArray<ChannelHealth> => {
    if (performance.now() - lookedAtMs > SCRAPE_MS_MAX) {
      looked = [...channels.values()].map(healthOf)
      lookedAtMs = performance.now()
    }
    return looked
  }
  const define = (name: string, help: string, labels: ReadonlyArray<string>, read: Read): void => {
    const gauge: Gauge<string> = new Gauge({
      name: `holdfast_channel_${name}`,
      help,
      labelNames: ["channel", ...labels],
      registers: [registry],
      collect: () => {
        gauge.reset()
        for (const health of healths()) {
          for (const [extra, value] of read(health)) gauge.set({ channel: health.name, ...extra }, value)
        }
      }
    })
  }
  const quantiles = (of: Quantiles): Values => [
    [{ quantile: "0.5" }, of.p50 / 1_000],
    [{ quantile: "0.95" }, of.p95 / 1_000],
    [{ quantile: "0.99" }, of.p99 / 1_000]
  ]
  define("sync_started_seconds", "From a change to the start of the call that carries it.", ["quantile"], (health) =>
    quantiles(health.startedMs)
  )
  define("sync_latency_seconds", "From a change to the channel's answer.", ["quantile"], (health) =>
    quantiles(health.syncedMs)
  )
  define("freshness", "The least freshness of its listings: 1 fresh, 0 stale for 30 seconds.", [], (health) => [
    [{}, health.freshness.least]
  ])
  define("listings", "Listings mapped to a SKU.", [], (health) => [[{}, health.listings]])
  define("unmapped", "Listings seen on the channel that no SKU stands behind.", [], (health) => [[{}, health.unmapped]])
  define("behind", "Listings that do not show what they ought to yet.", [], (health) => [[{}, health.behind]])
  define("dlq_depth", "Listings given up and not let be.", [], (health) => [[{}, health.deadLetters]])
  define("held", "Happenings that cannot become facts yet.", [], (health) => [[{}, health.held]])
  define("stuck", "Accepted writes that the channel has not carried out for too long.", [], (health) => [
    [{}, health.stuck]
  ])
  define("calls_total", "Calls by how they ended.", ["result"], (health) =>
    Object.entries(health.calls).map(([result, value]) => [{ result }, value])
  )
  define("events_total", "Happenings told by the channel, by type.", ["type"], (health) =>
    Object.entries(health.events).map(([type, value]) => [{ type }, value])
  )
  define("state", "1 for the state that the channel is in.", ["state"], (health) =>
    STATES.map((state) => [{ state }, health.state === state ? 1 : 0])
  )
  return registry
}

type Values = ReadonlyArray<readonly [labels: Readonly<Record<string, string>>, value: number]>
type Read = (health: ChannelHealth) => Values
