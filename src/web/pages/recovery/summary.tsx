/** The figures above the boxes: those who were written to beside those who were not, and what lies between them. */
import type { Interval } from "../../../../actors/recovery/interval.ts"
import type { Compared, Figures } from "../../../recovery/figures-protocol.ts"
import { money, percent, roughMoney, UNKNOWN, units } from "../../app/formats.ts"

const shareOf = ({ bought, customers }: Compared["treated"]): string =>
  customers === 0 ? UNKNOWN : percent(bought / customers)

interface Figure {
  readonly value: string
  readonly note?: string
  /** No number: said more quietly. */
  readonly isWords?: true
}

const range = (low: string, high: string): string => `${low} to ${high}`

const peopleOf = (group: Compared["treated"]): Figure => ({
  value: shareOf(group),
  note: `${units(group.bought)} of ${units(group.customers)} customers`
})

/** In the order of `LABELS`. */
const figuresOf = ({ currency, total, waiting, windowDays }: Figures): ReadonlyArray<Figure> => {
  const { baseline, holdout, lift, treated, verdict } = total
  const missing: Figure = verdict === "not-enough-yet" ? { value: "not enough yet", isWords: true } : { value: UNKNOWN }
  const told = (interval: Interval | undefined, word: (value: number) => string): Figure =>
    interval === undefined
      ? missing
      : { value: word(interval.difference), note: range(word(interval.low), word(interval.high)) }
  const about = (minor: number): string => roughMoney(minor, currency ?? "")
  const isMoney = currency !== undefined
  return [
    peopleOf(treated),
    peopleOf(holdout),
    told(lift?.conversion, percent),
    told(isMoney ? lift?.revenueMinor : undefined, about),
    {
      ...(isMoney && baseline !== undefined ? { value: about(baseline.revenueMinor) } : missing),
      ...(isMoney ? { note: `of ${money(treated.revenueMinor, currency)} bought` } : {})
    },
    { value: units(waiting), note: `customers, within ${windowDays} days` }
  ]
}

const LABELS = [
  "Written to, bought",
  "Held out, bought anyway",
  "Lift in conversion",
  "Lift in revenue",
  "Baseline",
  "Not counted yet"
]

/** Keeps its place while nothing is read. */
export const Summary = ({ figures }: { readonly figures: Figures | undefined }) => {
  const told = figures === undefined ? [] : figuresOf(figures)
  return (
    <dl className="tiles recovery-tiles" aria-label="Figures of the period">
      {LABELS.map((label, index) => (
        <div key={label} className="tile">
          <dt className="tile-label">{label}</dt>
          <dd className="tile-value" data-words={told[index]?.isWords || undefined}>
            {told[index]?.value ?? UNKNOWN}
          </dd>
          <dd className="tile-under">{told[index]?.note ?? "\u00a0"}</dd>
        </div>
      ))}
    </dl>
  )
}
