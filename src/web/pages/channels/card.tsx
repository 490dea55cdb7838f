/** One channel at a glance: its state in a word, freshness, latency, and what waits. */
import { milliseconds, units } from "../../app/formats.ts"
import { postJson } from "../../hub/http.ts"
import type { ChannelHealth } from "../../../channels/protocol.ts"

const WORDS: Readonly<Record<ChannelHealth["state"], string>> = {
  ok: "In step",
  throttled: "Throttled",
  down: "Down",
  suspended: "Needs you",
  shadow: "Shadow"
}

/** What the state is called, once everything that concerns the operator is counted in. */
const stateOf = (channel: ChannelHealth): { readonly word: string; readonly tone: string } => {
  if (channel.state === "ok" && channel.behind > 0) return { word: "Sending", tone: "ok" }
  return { word: WORDS[channel.state], tone: channel.state }
}

interface Report {
  readonly compared: number
  readonly driftCount: number
  readonly isDryRun: boolean
}

interface CardProps {
  readonly channel: ChannelHealth
  readonly isOpen: boolean
  readonly onOpen: () => void
  readonly onNotice: (notice: string) => void
}

export const ChannelCard = ({ channel, isOpen, onOpen, onNotice }: CardProps) => {
  const { word, tone } = stateOf(channel)
  const base = `/v1/channels/${encodeURIComponent(channel.name)}`
  const act = (work: () => Promise<string>) => () => {
    work().then(onNotice, (error: unknown) => onNotice(error instanceof Error ? error.message : String(error)))
  }
  const reconcile = act(async () => {
    onNotice(`Comparing ${channel.name} …`)
    const { compared, driftCount, isDryRun } = await postJson<Report>(`${base}/reconcile`, {})
    const outcome = isDryRun ? "differ; nothing is told to a shadow" : "differed and are put right"
    return `${channel.name}: ${units(compared)} listings compared, ${units(driftCount)} ${outcome}.`
  })
  const resume = act(async () => {
    await postJson(`${base}/resume`, {})
    return `${channel.name} is tried again.`
  })
  return (
    <li className="channel-card" data-open={isOpen ? true : undefined}>
      <header className="channel-head">
        <button type="button" className="channel-name" onClick={onOpen} aria-expanded={isOpen}>
          {channel.name}
        </button>
        <span className="channel-kind">{channel.adapter.replace(/^.*\//, "")}</span>
        <span className="channel-state" data-state={tone}>
          {word}
        </span>
      </header>
      <Freshness of={channel.freshness} />
      <dl className="channel-figures">
        <Figure label="Sync p50" value={milliseconds(channel.syncedMs.p50)} unit="ms" />
        <Figure label="p99" value={milliseconds(channel.syncedMs.p99)} unit="ms" isBad={channel.syncedMs.p99 > 5_000} />
        <Figure label="Writes" value={channel.writesPerSecond.toFixed(1)} unit="/s" />
        <Figure label="Listings" value={units(channel.listings)} />
        <Figure label="Unmapped" value={units(channel.unmapped)} />
        <Figure label="Behind" value={units(channel.behind)} />
        <Figure label="Given up" value={units(channel.deadLetters)} isBad={channel.deadLetters > 0} />
        <Figure label="Held" value={units(channel.held)} isBad={channel.held > 0} />
        <Figure label="Throttled" value={units(channel.calls["throttled"] ?? 0)} />
        <Figure label="Drift mended" value={units(channel.driftCorrected)} />
      </dl>
      <p className="channel-trouble">
        {channel.message ?? channel.pollFailure?.message ?? channel.lastFailure?.message ?? "\u00a0"}
      </p>
      <footer className="channel-actions">
        <button type="button" onClick={reconcile}>
          Reconcile now
        </button>
        {channel.state === "suspended" ? (
          <button type="button" onClick={resume}>
            Try again
          </button>
        ) : null}
      </footer>
    </li>
  )
}

interface FigureProps {
  readonly label: string
  readonly value: string
  readonly unit?: string
  readonly isBad?: boolean
}

const Figure = ({ label, value, unit, isBad = false }: FigureProps) => (
  <div data-tone={isBad ? "bad" : undefined}>
    <dt>{label}</dt>
    <dd>
      {value}
      {unit === undefined ? null : <span className="tile-unit">{unit}</span>}
    </dd>
  </div>
)

/** Under 0.8 an AI buying agent begins to skip the listing. */
const FRESH = 0.8

const Freshness = ({ of: { least, mean } }: { readonly of: ChannelHealth["freshness"] }) => (
  <div className="freshness" data-tone={least < FRESH ? "bad" : undefined}>
    <label>
      Freshness
      <meter min={0} max={1} low={FRESH} optimum={1} value={least} />
    </label>
    <span title="of the stalest listing, and the mean">
      {least.toFixed(2)} <span className="tile-unit">mean {mean.toFixed(2)}</span>
    </span>
  </div>
)
