/**
 * The revenue picture as arithmetic: what those who were written to bought, what they would have bought anyway with its
 * interval, cumulated by the day on which the cart was left.
 */
import type { DayFigures } from "../../../recovery/figures-protocol.ts"
import { type Frame, rounded, stepFor } from "../../app/scale.ts"

export interface Picture {
  readonly treated: string
  /** Absent while there is not enough to say. */
  readonly baseline: string
  readonly band: string
  /** Where the line across of each mark is. */
  readonly ys: ReadonlyArray<number>
  /** Where each day is. */
  readonly xs: ReadonlyArray<number>
}

interface Expected {
  readonly minor: number
  readonly low: number
  readonly high: number
}

/** What they would have bought anyway is what they bought less the lift; so is its interval. */
export const expectedOf = ({ baselineMinor, liftMinor, treated }: DayFigures): Expected | undefined => {
  if (baselineMinor === undefined || liftMinor === undefined) return undefined
  return {
    minor: baselineMinor,
    low: Math.max(0, treated.revenueMinor - liftMinor.high),
    high: Math.max(0, treated.revenueMinor - liftMinor.low)
  }
}

const LINES = 4

/** The amounts that the lines across stand for, from nothing up to what everything lies below. */
export const marksOf = (days: ReadonlyArray<DayFigures>): ReadonlyArray<number> => {
  const highest = days.map((day) => Math.max(day.treated.revenueMinor, expectedOf(day)?.high ?? 0))
  const most = Math.max(1, ...highest)
  const step = stepFor(most, LINES)
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step)
}

export const pictureOf = (days: ReadonlyArray<DayFigures>, marks: ReadonlyArray<number>, frame: Frame): Picture => {
  const expected = days.map(expectedOf)
  const ceiling = marks.at(-1) ?? 1
  const room = frame.height - frame.top - frame.bottom
  const y = (minor: number): number => rounded(frame.top + (1 - minor / ceiling) * room)
  const span = frame.width - frame.left - frame.right
  const xs = days.map((_day, index) =>
    rounded(frame.left + (days.length === 1 ? span / 2 : (index / (days.length - 1)) * span))
  )
  const line = (values: ReadonlyArray<number | undefined>): string => {
    let path = ""
    for (const [index, value] of values.entries()) {
      if (value !== undefined) path += `${path === "" ? "M" : "L"}${xs[index]} ${y(value)}`
    }
    return path
  }
  const upper = line(expected.map((one) => one?.high))
  const lower = expected
    .flatMap((one, index) => (one === undefined ? [] : [`L${xs[index]} ${y(one.low)}`]))
    .toReversed()
  return {
    treated: line(days.map(({ treated }) => treated.revenueMinor)),
    baseline: line(expected.map((one) => one?.minor)),
    band: upper === "" ? "" : `${upper}${lower.join("")}Z`,
    ys: marks.map(y),
    xs
  }
}
