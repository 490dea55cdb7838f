/**
 * What `/metrics` and `/v1/status` tell. Figures are read where they arise, at the moment somebody asks.
 */
import { Counter, Gauge, Registry } from "prom-client"
import type { IncidentKind } from "../../actors/sku/events.ts"
import type { PartitionHost } from "../host/host.ts"
import type { Percentiles, RecentLatency } from "../host/stats.ts"
import type { ProjectionLag } from "./projections.ts"
import type { Fanout } from "./fanout/fanout.ts"
import type { HubStatus } from "./protocol.ts"

export interface Measured {
  readonly host: PartitionHost
  readonly fanout: Fanout
  readonly sockets: () => number
  readonly projections: () => ReadonlyArray<ProjectionLag>
  readonly startedAt: Date
  readonly access: HubStatus["access"]
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number
}

export const status = (of: Measured): HubStatus => {
  const { host, fanout } = of
  let incidents = 0
  for (const count of host.stats.incidents.values()) incidents += count
  return {
    startedAt: of.startedAt.toISOString(),
    access: of.access,
    skus: host.book.size,
    sockets: of.sockets(),
    openHolds: host.book.deadlines.size,
    commandsPerSecond: Math.round(host.stats.commands.perSecond()),
    changesPerSecond: Math.round(host.stats.changes.perSecond()),
    answerMs: host.stats.answers.percentiles(),
    appendMs: host.stats.appends.percentiles(),
    lowStock: host.book.lowStockCount,
    oversellIncidents: incidents,
    conflatedSockets: fanout.conflated,
    factsSequence: host.standing.facts,
    projections: of.projections()
  }
}

type Counted = ReadonlyMap<string, number>
/** A label, and values of it that are told of before there is anything to count. */
type Labelled = readonly [label: string, ...known: ReadonlyArray<string>]

/**
 * A series that is first seen with a 1 has not increased, as far as Prometheus can tell: the first oversell and the first refusals
 * would raise no alert.
 */
const INCIDENT_KINDS: ReadonlyArray<IncidentKind> = ["oversell", "shortfall", "paid_but_short"]
const RESULTS = ["ok", "overloaded", "unavailable"]

export const metricsRegistry = (of: Measured): Registry => {
  const registry = new Registry()
  const { host, fanout } = of
  const gauge = (name: string, help: string, read: () => number): void => {
    const made: Gauge = new Gauge({
      name: `holdfast_${name}`,
      help,
      registers: [registry],
      collect: () => made.set(read())
    })
  }
  const counts = (name: string, help: string, [label, ...known]: Labelled, read: () => Counted): void => {
    const made = new Counter({
      name: `holdfast_${name}`,
      help,
      labelNames: [label],
      registers: [registry],
      collect: () => {
        made.reset()
        for (const value of known) made.inc({ [label]: value }, 0)
        for (const [value, count] of read()) made.inc({ [label]: value }, count)
      }
    })
  }
  counts("commands_total", "Answers given, by result.", ["result", ...RESULTS], () => host.stats.results)
  counts("incidents_total", "Incidents, by kind.", ["kind", ...INCIDENT_KINDS], () => host.stats.incidents)
  counts(
    "channel_oversell_count",
    "Incidents by the channel that sold what was not there.",
    ["channel"],
    () => host.stats.oversellsByChannel
  )
  gauge(
    "oversell_incidents",
    "Oversell incidents since the start of this process.",
    () => host.stats.incidents.get("oversell") ?? 0
  )
  latency(registry, "answer_seconds", "From a command's arrival to its answer.", host.stats.answers)
  latency(registry, "append_seconds", "From a turn's append to the journal's acknowledgement.", host.stats.appends)
  gauge("turns_total", "Turns taken.", () => host.stats.turns)
  gauge("turn_commands_max", "Most commands decided in one turn.", () => host.stats.turnCommandsMax)
  gauge(
    "turn_commands_mean",
    "Commands decided in a turn, on average.",
    () => host.stats.commands.total / Math.max(1, host.stats.turns)
  )
  gauge("journal_records_total", "Records appended since the start of this process.", () => host.stats.turnRecords)
  gauge("mailbox_depth", "Mail that waits for a turn.", () => host.depth)
  gauge("journal_stalled", "1 while an append's fate is not known.", () => (host.isStalled ? 1 : 0))
  gauge("skus", "SKUs known.", () => host.book.size)
  gauge("skus_awake", "SKUs whose actor is awake.", () => host.book.awakeCount)
  gauge("open_holds", "Holds that are open.", () => host.book.deadlines.size)
  gauge("low_stock_skus", "SKUs with a low-stock alert.", () => host.book.lowStockCount)
  gauge("remembered_ids", "Mutation ids and closed holds remembered.", () => host.remembered.count)
  gauge("remembered_bytes", "Memory that they take.", () => host.remembered.sizeBytes)
  gauge(
    "remembered_reach_seconds",
    "How far back a repeated mutation id is recognised.",
    () => host.remembered.reachMs(of.nowMs()) / 1_000
  )
  gauge("sockets", "Sockets open.", of.sockets)
  gauge("sockets_conflated_total", "Times that a slow socket was given the newest states only.", () => fanout.conflated)
  gauge("frames_published_total", "Frames handed to topics.", () => fanout.deliveredFrames)
  projectionGauges(registry, of)
  return registry
}

const latency = (registry: Registry, name: string, help: string, of: RecentLatency): void => {
  const made = new Gauge({
    name: `holdfast_${name}`,
    help: `${help} Percentiles over the last 10 to 20 seconds.`,
    labelNames: ["quantile"],
    registers: [registry],
    collect: () => {
      const percentiles: Percentiles = of.percentiles()
      made.set({ quantile: "0.5" }, percentiles.p50 / 1_000)
      made.set({ quantile: "0.95" }, percentiles.p95 / 1_000)
      made.set({ quantile: "0.99" }, percentiles.p99 / 1_000)
    }
  })
}

const projectionGauges = (registry: Registry, of: Measured): void => {
  const each = (name: string, help: string, read: (lag: ProjectionLag) => number): void => {
    const made = new Gauge({
      name: `holdfast_projection_${name}`,
      help,
      labelNames: ["projection"],
      registers: [registry],
      collect: () => {
        for (const lag of of.projections()) made.set({ projection: lag.name }, read(lag))
      }
    })
  }
  each("lag_events", "Journal records that the projection has not applied.", (lag) => lag.lagEvents)
  each("lag_seconds", "Age of the oldest of them.", (lag) => lag.lagSeconds)
}
