/**
 * What recovery earns that would not have been bought anyway: customers who were written to against the holdout.
 *
 * The unit is the customer, because that is what was drawn: each counts once, from the first cart they left in the period,
 * with what they bought in the window after it by whichever way, message or none. Both groups are of customers who would
 * have been written to; whoever could not be reached is in neither.
 *
 * L1 A customer whose window is not over is not counted yet. L2 Nothing is called a lift whose interval has zero in it, or
 * that rests on too few customers; then it says what is missing.
 */
import { type Interval, type Mean, meanDifference, shareDifference } from "./interval.ts"

/** One group, counted. */
export interface Group {
  readonly bought: number
  /** Of one currency, in minor units, over all customers of the group: the count is how many they are. */
  readonly revenue: Mean
}

export const NOBODY: Group = { bought: 0, revenue: { count: 0, sum: 0, sumOfSquares: 0 } }

export interface Groups {
  readonly treated: Group
  readonly holdout: Group
}

/** Two counts of customers who are all different. */
export const together = (left: Group, right: Group): Group => ({
  bought: left.bought + right.bought,
  revenue: {
    count: left.revenue.count + right.revenue.count,
    sum: left.revenue.sum + right.revenue.sum,
    sumOfSquares: left.revenue.sumOfSquares + right.revenue.sumOfSquares
  }
})

/** With fewer customers in either group nothing is said. */
export const CUSTOMERS_MIN = 100
/** Buyers, and others, that both groups together must have. */
export const OUTCOMES_MIN = 10

export type Verdict = "not-enough-yet" | "lift" | "loss" | "no-difference-shown"

export type Lift =
  /** For a person: what is missing. */
  | { readonly verdict: "not-enough-yet"; readonly saying: string }
  | {
      readonly verdict: Exclude<Verdict, "not-enough-yet">
      readonly saying: string
      /** What would have been bought anyway: the holdout's, times the customers who were written to. */
      readonly baseline: { readonly bought: number; readonly revenueMinor: number }
      /** Difference in the share of customers who bought. */
      readonly conversion: Interval
      /** Difference in revenue, over all who were written to, in minor units; `undefined` while nothing varies. */
      readonly revenueMinor: Interval | undefined
    }

export const liftOf = ({ holdout, treated }: Groups): Lift => {
  const missing = missingFor(treated, holdout)
  if (missing !== undefined) return { verdict: "not-enough-yet", saying: missing }
  const [customers, others] = [treated.revenue.count, holdout.revenue.count]
  const conversion = shareDifference({ hits: treated.bought, of: customers }, { hits: holdout.bought, of: others })
  const each = meanDifference(treated.revenue, holdout.revenue)
  const verdict = verdictOf(conversion)
  return {
    verdict,
    saying: sayings[verdict],
    baseline: {
      bought: (holdout.bought / others) * customers,
      revenueMinor: (holdout.revenue.sum / others) * customers
    },
    conversion,
    revenueMinor: each === undefined ? undefined : times(each, customers)
  }
}

const missingFor = (treated: Group, holdout: Group): string | undefined => {
  for (const [name, { revenue }] of [
    ["written to", treated],
    ["held out", holdout]
  ] as const) {
    if (revenue.count < CUSTOMERS_MIN) {
      return `Not enough yet: ${revenue.count} customers ${name} whose time is over, at least ${CUSTOMERS_MIN} are needed.`
    }
  }
  const bought = treated.bought + holdout.bought
  const others = treated.revenue.count + holdout.revenue.count - bought
  if (Math.min(bought, others) >= OUTCOMES_MIN) return undefined
  return `Not enough yet: ${bought} of the customers bought and ${others} did not, at least ${OUTCOMES_MIN} of each are needed.`
}

const verdictOf = ({ high, low }: Interval): Exclude<Verdict, "not-enough-yet"> => {
  if (low > 0) return "lift"
  return high < 0 ? "loss" : "no-difference-shown"
}

const sayings: Readonly<Record<Exclude<Verdict, "not-enough-yet">, string>> = {
  lift: "More of those who were written to bought than of those who were not.",
  loss: "Fewer of those who were written to bought than of those who were not.",
  "no-difference-shown": "No difference is shown: zero lies within the interval."
}

const times = ({ difference, low, high }: Interval, by: number): Interval => ({
  difference: difference * by,
  low: low * by,
  high: high * by
})
