/**
 * The figures above the list: what the page measures itself (changes, latency, low stock) and what the hub reports
 * (answers, appends, holds, incidents, projections). A figure that is not known is a dash, never a zero.
 */
import type { ReactNode } from "react"
import { useSyncExternalStore } from "react"
import { milliseconds, UNKNOWN, units } from "../../app/formats.ts"
import { scaleOf, stepPath } from "../../app/sparkline.ts"
import { useHub } from "../../hub/client.ts"
import type { HubStatus } from "../../../gateway/protocol.ts"

type Tone = "plain" | "low" | "oversold"

interface TileProps {
  readonly label: string
  readonly value: string
  readonly unit?: string
  readonly note?: string
  readonly title?: string
  readonly tone?: Tone
  readonly children?: ReactNode
}

const Tile = ({ label, value, unit, note, title, tone = "plain", children }: TileProps) => (
  <div className="tile" data-tone={tone} title={title}>
    <dt className="tile-label">{label}</dt>
    <dd className="tile-value">
      {value}
      {unit === undefined || value === UNKNOWN ? null : <span className="tile-unit">{unit}</span>}
      {note === undefined ? null : <span className="tile-note">{note}</span>}
    </dd>
    {children}
  </div>
)

const TREND = { width: 120, height: 20, padding: 1 } as const
const TREND_POINTS = 60
/** Fewer look like a speck in the corner. */
const TREND_POINTS_MIN = 6

/** The last minute behind a figure, from zero up, so that a small wobble does not look like a mountain. */
const Trend = ({ values }: { readonly values: ReadonlyArray<number> }) => (
  <svg
    className="tile-trend"
    viewBox={`0 0 ${TREND.width} ${TREND.height}`}
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    {values.length < TREND_POINTS_MIN ? null : (
      <path d={stepPath(values, TREND_POINTS, TREND, scaleOf([...values, 0], TREND))} />
    )}
  </svg>
)

const PulseTiles = () => {
  const { pulse } = useHub()
  const { changesPerSecond, latency, changesHistory, p99History } = useSyncExternalStore(pulse.subscribe, pulse.pulse)
  return (
    <>
      <Tile
        label="Changes"
        value={units(Math.round(changesPerSecond))}
        unit="/s"
        title="Changes that arrived on the socket, over the last two seconds"
      >
        <Trend values={changesHistory} />
      </Tile>
      <Tile
        label="Socket latency"
        value={latency === undefined ? UNKNOWN : milliseconds(latency.p50Ms)}
        unit="ms"
        {...(latency === undefined ? {} : { note: `p99 ${milliseconds(latency.p99Ms)}` })}
        title="From the journal's acknowledgement to this page: median and p99 of the last five seconds. The clocks of hub and page must agree."
      >
        <Trend values={p99History} />
      </Tile>
    </>
  )
}

/** The projection furthest behind speaks for all; the others are in the tooltip. */
const LagTile = ({ status }: { readonly status: HubStatus | undefined }) => {
  const projections = status?.projections ?? []
  const seconds = Math.max(0, ...projections.map((projection) => projection.lagSeconds))
  const events = Math.max(0, ...projections.map((projection) => projection.lagEvents))
  const each = projections.map(
    ({ name, lagEvents, lagSeconds }) => `${name}: ${units(lagEvents)} events, ${lagSeconds.toFixed(1)} s`
  )
  return (
    <Tile
      label="Projection lag"
      value={projections.length === 0 ? UNKNOWN : seconds.toFixed(1)}
      unit="s"
      {...(events === 0 ? {} : { note: `${units(events)} behind` })}
      title={["How far the slowest projection is behind the journal", ...each].join("\n")}
      tone={seconds >= 5 ? "low" : "plain"}
    />
  )
}

export const Tiles = () => {
  const { status: poll, stock } = useHub()
  const status = useSyncExternalStore(poll.subscribe, poll.value)
  const totals = useSyncExternalStore(stock.subscribe, stock.totals)
  const known = (read: (status: HubStatus) => string): string => (status === undefined ? UNKNOWN : read(status))
  const incidents = status?.oversellIncidents ?? 0
  return (
    <dl className="tiles" aria-label="Figures now">
      <Tile label="SKUs" value={units(totals.skus)} />
      <PulseTiles />
      <Tile
        label="Answers"
        value={known((now) => units(Math.round(now.commandsPerSecond)))}
        unit="/s"
        title="Commands the hub answers a second"
      />
      <Tile
        label="Append p99"
        value={known((now) => milliseconds(now.appendMs.p99))}
        unit="ms"
        title="From handing a commit to the journal until it is on disk"
      />
      <Tile label="Open holds" value={known((now) => units(now.openHolds))} />
      <Tile label="Low stock" value={units(totals.low)} tone={totals.low > 0 ? "low" : "plain"} />
      <Tile
        label="Oversells"
        value={known((now) => units(now.oversellIncidents))}
        tone={incidents > 0 ? "oversold" : "plain"}
        title="Sales reported for stock that was not there"
      />
      <LagTile status={status} />
    </dl>
  )
}
