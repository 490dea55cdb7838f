/**
 * How likely an order is an oversell when what its channel shows is up to a sync interval old.
 *
 * The model. When the channels were last told, `u` units were left. Orders on the *other* channels come as a Poisson
 * process of `salesPerDay`; this channel learns of none of them before the next sync. An order here comes at a time of
 * its own, so that what it sees is of an age spread evenly from 0 to the interval `T`; it is an oversell when the others
 * have sold all `u` by then. With `x` the sales that are to be expected on the others within `T`:
 *
 *     P(u, x) = 1/T ∫₀ᵀ P(N(t) ≥ u) dt = E[(N(T) − u)⁺] / x
 *
 * which also reads: of the orders of an interval, the share that finds nothing left. It is 0 at an interval of 0, rises
 * with the interval, and falls with the units left. Where every change takes the same time `L` from the hub to the
 * channel (a hub that pushes, not one that is polled), every age is `L` and not `T/2` on average: give twice the latency.
 *
 * What it does not know: bursts (a Poisson process has none, so a promotion oversells more), orders of several units,
 * and stock that is replenished within an interval. It is about one SKU; a shop's is the mean over its SKUs, weighted
 * by their orders.
 */
import { WrongLeakageInput } from "./leakage.ts"

/** How often a SKU is down to so many units when the channels are told. */
export interface UnitsLeft {
  /** An integer from 1 to 10,000. */
  readonly units: number
  /** From 0 to 1. */
  readonly share: number
}

export interface OversellModel {
  /** Of the SKU, on all channels but the one that is looked at. */
  readonly salesPerDay: number
  /** From 0; measured, or what is planned. */
  readonly syncIntervalMs: number
  /**
   * Shares that add up to at most 1; in what remains there is stock enough that nothing is oversold. Without it the SKU
   * is always at its last unit, which is the worst there is.
   */
  readonly unitsLeft?: ReadonlyArray<UnitsLeft>
}

/** Stock above it is not "the last units" for any interval that a shop lives with; it bounds the sum below. */
const UNITS_MAX = 10_000
/** Sales within one interval; beyond it the answer is 1 to the last digit for any `UNITS_MAX` that matters. */
const SALES_MAX = 1e12
const DAY_MS = 86_400_000
/** Shares are written with few digits, and a sum of thirds misses 1 by rounding. */
const SHARE_TOLERANCE = 1e-9

/** From 0 to 1. Throws `WrongLeakageInput` when a field is out of its range. */
export const oversellProbability = (model: OversellModel): number => {
  const { salesPerDay, syncIntervalMs, unitsLeft = [{ units: 1, share: 1 }] } = model
  for (const [path, value] of [
    ["salesPerDay", salesPerDay],
    ["syncIntervalMs", syncIntervalMs]
  ] as const) {
    if (!(Number.isFinite(value) && value >= 0)) throw new WrongLeakageInput(path, "a number from 0")
  }
  const expected = Math.min(SALES_MAX, (salesPerDay / DAY_MS) * syncIntervalMs)
  let shares = 0
  let probability = 0
  for (const { units, share } of unitsLeft) {
    if (!(Number.isInteger(units) && units >= 1 && units <= UNITS_MAX)) {
      throw new WrongLeakageInput("unitsLeft.units", `an integer from 1 to ${UNITS_MAX}`)
    }
    if (!(share >= 0 && share <= 1)) throw new WrongLeakageInput("unitsLeft.share", "a share from 0 to 1")
    shares += share
    probability += share * shareBeyond(units, expected)
  }
  if (shares > 1 + SHARE_TOLERANCE) throw new WrongLeakageInput("unitsLeft", "shares that add up to at most 1")
  return Math.min(1, probability)
}

/**
 * E[(N − units)⁺] / expected. Summed from the side where every term is positive and the sum small, so that nothing is
 * lost by cancellation: an interval of a microsecond still gives all its digits.
 */
const shareBeyond = (units: number, expected: number): number => {
  if (expected === 0) return 0
  if (expected <= units) {
    let sum = 0
    for (let sold = units + 1; ; sold++) {
      const term = (sold - units) * poisson(sold, expected)
      sum += term
      // Beyond the expectation each term is smaller than the one before, from some units on.
      if (term <= sum * Number.EPSILON || term === 0) return sum / expected
    }
  }
  let kept = 0
  for (let sold = 0; sold < units; sold++) kept += (units - sold) * poisson(sold, expected)
  return (expected - units + kept) / expected
}

/** Through logarithms: e^-x is 0 for a double when x is above 745. */
const poisson = (count: number, expected: number): number =>
  Math.exp(count * Math.log(expected) - expected - logFactorial(count))

const logFactorials: Array<number> = [0, 0]

const logFactorial = (count: number): number => {
  for (let next = logFactorials.length; next <= count; next++) {
    logFactorials.push((logFactorials[next - 1] as number) + Math.log(next))
  }
  return logFactorials[count] as number
}
