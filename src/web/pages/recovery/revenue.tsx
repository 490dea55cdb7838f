/**
 * Revenue over time: what those who were written to bought, over what they would have bought anyway. What is between the two
 * is what recovery earned; while the line runs inside of the band nothing is shown to be earned.
 */
import { type KeyboardEvent, type PointerEvent, useState } from "react"
import type { DayFigures, Figures } from "../../../recovery/figures-protocol.ts"
import { dayOf, money, roughMoney, UNKNOWN, units } from "../../app/formats.ts"
import { ofNumbers, Table } from "../../app/parts.tsx"
import type { Frame } from "../../app/scale.ts"
import { useWidth } from "../../app/use-width.ts"
import { expectedOf, marksOf, pictureOf } from "./chart.ts"

const HEIGHT = 230
/** An amount stands left of its line, at the size that plot.css gives it. */
const CHARACTER_PX = 6.4
const MARK_GAP_PX = 6

const told = (day: DayFigures, currency: string): string => {
  const expected = expectedOf(day)
  const bought = `${dayOf(day.day)}: ${money(day.treated.revenueMinor, currency)} by ${units(day.treated.customers)} written to`
  if (expected === undefined) return `${bought}; not enough yet to say what they would have bought anyway`
  const range = `${roughMoney(expected.low, currency)} to ${roughMoney(expected.high, currency)}`
  return `${bought}; anyway about ${roughMoney(expected.minor, currency)} (${range})`
}

export const Revenue = ({ figures }: { readonly figures: Figures }) => {
  const { currency, days, total } = figures
  const { place, width } = useWidth()
  const [chosen, setChosen] = useState<number | undefined>()
  if (currency === undefined || days.length === 0) {
    return (
      <p className="quiet">
        Nothing to draw yet: customers are counted {figures.windowDays} days after they left a cart.
      </p>
    )
  }
  const index = Math.min(chosen ?? days.length - 1, days.length - 1)
  const day = days[index]
  return (
    <div className="revenue">
      <p className="revenue-verdict" data-verdict={total.verdict}>
        {total.saying}
      </p>
      <ul className="legend" aria-label="Lines">
        <li data-line="treated">Bought by those who were written to</li>
        <li data-line="baseline">They would have bought anyway, by the holdout</li>
        <li data-line="band">its 95 % interval</li>
      </ul>
      <div ref={place}>
        {width === 0 ? null : <Plot days={days} currency={currency} width={width} index={index} onChoose={setChosen} />}
      </div>
      <p className="revenue-day">{day === undefined ? null : told(day, currency)}</p>
      <details>
        <summary>The same as a table</summary>
        <Days days={days} currency={currency} />
      </details>
    </div>
  )
}

interface PlotProps {
  readonly days: ReadonlyArray<DayFigures>
  readonly currency: string
  readonly width: number
  readonly index: number
  readonly onChoose: (index: number) => void
}

const Plot = ({ days, currency, width, index, onChoose }: PlotProps) => {
  const marks = marksOf(days)
  const amounts = marks.map((minor) => roughMoney(minor, currency))
  const left = Math.max(...amounts.map(({ length }) => length)) * CHARACTER_PX + MARK_GAP_PX
  const frame: Frame = { width, height: HEIGHT, left, right: 8, top: 10, bottom: 24 }
  const { band, baseline, treated, xs, ys } = pictureOf(days, marks, frame)
  const onPointerMove = (event: PointerEvent<SVGSVGElement>): void => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left
    const distances = xs.map((place) => Math.abs(place - x))
    onChoose(distances.indexOf(Math.min(...distances)))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: days.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    onChoose(Math.max(0, Math.min(days.length - 1, to)))
  }
  const [first, last] = [days[0], days[days.length - 1]]
  return (
    <svg
      className="plot"
      width={width}
      height={HEIGHT}
      role="slider"
      tabIndex={0}
      aria-label="Revenue by day; left and right choose a day"
      aria-valuemin={1}
      aria-valuemax={days.length}
      aria-valuenow={index + 1}
      aria-valuetext={days[index] === undefined ? "" : told(days[index], currency)}
      onPointerMove={onPointerMove}
      onKeyDown={onKeyDown}
    >
      {amounts.map((amount, mark) => (
        <g key={marks[mark]}>
          <line className="plot-line" x1={frame.left} x2={width - frame.right} y1={ys[mark]} y2={ys[mark]} />
          <text className="plot-label" x={frame.left - MARK_GAP_PX} y={(ys[mark] ?? 0) + 4} textAnchor="end">
            {amount}
          </text>
        </g>
      ))}
      <path className="plot-band" d={band} />
      <path className="plot-baseline" d={baseline} />
      <path className="plot-treated" d={treated} />
      <line className="plot-chosen" x1={xs[index]} x2={xs[index]} y1={frame.top} y2={HEIGHT - frame.bottom} />
      <text className="plot-label" x={frame.left} y={HEIGHT - 6}>
        {first === undefined ? "" : dayOf(first.day)}
      </text>
      <text className="plot-label" x={width - frame.right} y={HEIGHT - 6} textAnchor="end">
        {last === undefined || days.length === 1 ? "" : dayOf(last.day)}
      </text>
    </svg>
  )
}

const COLUMNS = ["Until", ...ofNumbers("Written to", "Held out", "Bought", "Anyway", "Interval")]

const Days = ({ days, currency }: Pick<PlotProps, "days" | "currency">) => (
  <Table label="Revenue by day as a table" columns={COLUMNS}>
    {days.map((day) => {
      const expected = expectedOf(day)
      return (
        <tr key={day.day}>
          <th scope="row">{dayOf(day.day)}</th>
          <td className="number">{units(day.treated.customers)}</td>
          <td className="number">{units(day.holdout.customers)}</td>
          <td className="number">{money(day.treated.revenueMinor, currency)}</td>
          <td className="number">{expected === undefined ? UNKNOWN : roughMoney(expected.minor, currency)}</td>
          <td className="number">
            {expected === undefined
              ? UNKNOWN
              : `${roughMoney(expected.low, currency)} to ${roughMoney(expected.high, currency)}`}
          </td>
        </tr>
      )
    })}
  </Table>
)
