/** One channel at a glance: its state in a word, freshness, latency, and what waits. */
import { milliseconds, UNKNOWN, units } from "../../app/formats.ts"
import { messageOf, post } from "../../hub/http.ts"
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

export const ChannelState = ({ channel }: { readonly channel: ChannelHealth }) => {
  const { word, tone } = stateOf(channel)
  return (
    <span className="channel-state" data-state={tone}>
      {word}
    </span>
  )
}

interface CardProps {
  readonly channel: ChannelHealth
  readonly isOpen: boolean
  readonly onOpen: () => void
  readonly onNotice: (notice: string) => void
}

export const ChannelCard = ({ channel, isOpen, onOpen, onNotice }: CardProps) => {
  const { p50, p99 } = channel.syncedMs
  const trouble = channel.message ?? channel.pollFailure?.message ?? channel.lastFailure?.message
  const names = { channel: channel.name }
  const act = (work: () => Promise<string>) => () => {
    work().then(onNotice, (error: unknown) => onNotice(messageOf(error)))
  }
  const reconcile = act(async () => {
    onNotice(`Comparing ${channel.name} …`)
    const { compared, driftCount, isDryRun } = await post("/v1/channels/:channel/reconcile", { names })
    const outcome = isDryRun ? "differ; nothing is told to a shadow" : "differed and are put right"
    return `${channel.name}: ${units(compared)} listings compared, ${units(driftCount)} ${outcome}.`
  })
  const resume = act(async () => {
    await post("/v1/channels/:channel/resume", { names })
    return `${channel.name} is tried again.`
  })
  return (
    <li className="box channel-card" data-open={isOpen ? true : undefined}>
      <header className="channel-head">
        <button type="button" className="channel-name" onClick={onOpen} aria-current={isOpen ? "true" : undefined}>
          {channel.name}
        </button>
        <span className="channel-kind">{channel.adapter.replace(/^.*\//, "")}</span>
        <ChannelState channel={channel} />
      </header>
      <Freshness of={channel} />
      <dl className="figures channel-figures">
        <Figure
          label="Synced within"
          value={p99 === 0 ? UNKNOWN : milliseconds(p50)}
          unit={p99 === 0 ? "" : `ms, p99 ${milliseconds(p99)}`}
          isBad={p99 > 5_000}
        />
        <Figure label="Writes" value={channel.writesPerSecond.toFixed(1)} unit="/s" />
        <Figure label="Listings" value={units(channel.listings)} />
        <Figure label="Unmapped" value={units(channel.unmapped)} />
        <Figure label="Behind" value={units(channel.behind)} />
        <Figure label="Given up" value={units(channel.deadLetters)} isBad={channel.deadLetters > 0} />
        <Figure label="Held" value={units(channel.held)} isBad={channel.held > 0} />
        <Figure label="Throttled" value={units(channel.calls["throttled"] ?? 0)} />
        <Figure label="Drift mended" value={units(channel.driftCorrected)} />
      </dl>
      {trouble === undefined ? null : <p className="channel-trouble">{trouble}</p>}
      <footer className="channel-actions">
        <button type="button" className="button" onClick={reconcile}>
          Reconcile now
        </button>
        {channel.state === "suspended" ? (
          <button type="button" className="button" onClick={resume}>
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

const Freshness = ({ of: { freshness, listings } }: { readonly of: ChannelHealth }) => {
  const { least, mean } = freshness
  return (
    <div className="freshness" data-tone={least < FRESH ? "bad" : undefined}>
      <label>
        Freshness
        <meter min={0} max={1} low={FRESH} optimum={1} value={listings === 0 ? 0 : least} />
      </label>
      <span title="of the stalest listing, and the mean">
        {listings === 0 ? UNKNOWN : least.toFixed(2)}
        {listings === 0 ? null : <span className="tile-unit"> mean {mean.toFixed(2)}</span>}
      </span>
    </div>
  )
}
