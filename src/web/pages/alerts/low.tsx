/** One SKU that is low: how much there is of it, how it sells, what to order and why, and what somebody does about it. */
import { useId, useState } from "react"
import type { ReorderSettings } from "../../../../actors/reorder/settings.ts"
import type { LowStockItem, Stand } from "../../../gateway/work-protocol.ts"
import { clockTime, timeOf, UNKNOWN, units } from "../../app/formats.ts"
import { Link } from "../../app/router.tsx"
import { levelOf } from "../../stock/levels.ts"
import { OwnDays } from "./days.tsx"
import { LevelBadge } from "../live-stock/level-badge.tsx"

export interface Work {
  readonly act: "acknowledge" | "snooze" | "reopen"
  readonly note?: string
  /** ISO 8601; of a snooze. */
  readonly until?: string
}

const HOUR_MS = 3_600_000
const SNOOZES: ReadonlyArray<readonly [words: string, lastsMs: number]> = [
  ["for an hour", HOUR_MS],
  ["for four hours", 4 * HOUR_MS],
  ["for a day", 24 * HOUR_MS],
  ["for a week", 168 * HOUR_MS]
]

interface LowProps {
  readonly item: LowStockItem
  readonly isActing: boolean
  readonly onWork: (work: Work) => void
  readonly onSaveOwn: (own: ReorderSettings) => void
}

export const Low = ({ item, isActing, onWork, onSaveOwn }: LowProps) => {
  const { available, proposal, raisedAt, safetyThreshold, sku, stand } = item
  const { daysLeft, quantity, reasons, velocity } = proposal
  const [isOpen, setIsOpen] = useState(false)
  const [note, setNote] = useState("")
  const more = useId()
  return (
    <li className="low" data-state={stand.state}>
      <div className="low-what">
        <Link href={`/sku?sku=${encodeURIComponent(sku)}`} className="low-name">
          {sku}
        </Link>
        <LevelBadge level={levelOf(item)} />
        <p className="quiet">since {timeOf(raisedAt)}</p>
      </div>
      <dl className="figures low-figures">
        <div data-tone={available <= 0 ? "bad" : undefined}>
          <dt>Available</dt>
          <dd>
            {units(available)} <span className="tile-unit">of {units(safetyThreshold)}</span>
          </dd>
        </div>
        <div>
          <dt>Sells a day</dt>
          <dd>{velocity === 0 ? UNKNOWN : velocity.toFixed(1)}</dd>
        </div>
        <div>
          <dt>Lasts</dt>
          <dd>{daysLeft === undefined ? UNKNOWN : lastsWords(daysLeft)}</dd>
        </div>
      </dl>
      <Days soldByDay={item.soldByDay} />
      <button
        type="button"
        className="link-button low-order"
        aria-expanded={isOpen}
        aria-controls={more}
        onClick={() => setIsOpen(!isOpen)}
      >
        {quantity === 0 ? "Order nothing" : `Order ${units(quantity)}`}
      </button>
      <Doing stand={stand} sku={sku} note={note.trim()} isActing={isActing} onWork={onWork} />
      <div id={more} className="low-more" hidden={!isOpen}>
        <ul aria-label={`How much of ${sku} to order`}>
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
        <div className="low-more-fields">
          <OwnDays key={item.reorder.version} item={item} isActing={isActing} onSave={onSaveOwn} />
          {stand.state === "open" ? (
            <input
              aria-label={`Note on ${sku}`}
              placeholder="A note on what is done about it (optional)"
              maxLength={500}
              value={note}
              onChange={({ target }) => setNote(target.value)}
            />
          ) : null}
        </div>
      </div>
    </li>
  )
}

const lastsWords = (days: number): string => (days < 1 ? "< 1 day" : `${days.toFixed(1)} days`)

const BARS = { width: 140, height: 28 } as const

/** What was sold on each of the last days; its sum stands among the reasons. */
const Days = ({ soldByDay }: { readonly soldByDay: ReadonlyArray<number> }) => {
  const most = Math.max(1, ...soldByDay)
  const wide = BARS.width / Math.max(7, soldByDay.length)
  return (
    <div>
      <p className="low-sold" aria-hidden="true">
        Sold by day
      </p>
      <svg
        className="low-days"
        viewBox={`0 0 ${BARS.width} ${BARS.height}`}
        width={BARS.width}
        height={BARS.height}
        role="img"
        aria-label={`Sold on each of the last ${soldByDay.length} days: ${soldByDay.join(", ")}`}
      >
        {soldByDay.map((sold, index) => {
          const height = sold <= 0 ? 1 : Math.max(2, (sold / most) * BARS.height)
          const daysAgo = soldByDay.length - index
          return (
            <rect
              key={daysAgo}
              className={sold <= 0 ? "stage-track" : "stage-share"}
              x={BARS.width - daysAgo * wide}
              y={BARS.height - height}
              width={Math.max(1, wide - 1.5)}
              height={height}
            />
          )
        })}
      </svg>
    </div>
  )
}

interface DoingProps {
  readonly stand: Stand
  readonly sku: string
  readonly note: string
  readonly isActing: boolean
  readonly onWork: (work: Work) => void
}

const standWords = ({ at, by, note, state, until }: Stand): string => {
  const when = state === "snoozed" ? `Snoozed until ${timeOf(until)}` : "Acknowledged"
  return `${when} by ${by}, ${timeOf(at)}${note === undefined ? "" : `: ${note}`}`
}

const Doing = ({ stand, sku, note, isActing, onWork }: DoingProps) => {
  const work = (what: Work): void => onWork(note === "" ? what : { ...what, note })
  if (stand.state !== "open") {
    return (
      <div className="low-doing">
        <p className="quiet">{standWords(stand)}</p>
        <button type="button" className="button" disabled={isActing} onClick={() => work({ act: "reopen" })}>
          Open again
        </button>
      </div>
    )
  }
  return (
    <div className="low-doing" role="group" aria-label={`What to do about ${sku}`}>
      <button type="button" className="button" disabled={isActing} onClick={() => work({ act: "acknowledge" })}>
        Acknowledge
      </button>
      <select
        aria-label={`Snooze ${sku}`}
        value=""
        disabled={isActing}
        onChange={({ target }) => {
          const lastsMs = Number(target.value)
          if (lastsMs > 0) work({ act: "snooze", until: new Date(Date.now() + lastsMs).toISOString() })
        }}
      >
        <option value="">Snooze …</option>
        {SNOOZES.map(([words, lastsMs]) => (
          <option key={lastsMs} value={lastsMs}>
            {words}, until {clockTime(Date.now() + lastsMs)}
          </option>
        ))}
      </select>
    </div>
  )
}
