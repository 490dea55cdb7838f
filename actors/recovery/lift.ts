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
import { byCustomer, earned, type Order } from "./attribution.ts"
import { type Interval, meanDifference, meanOf, shareDifference } from "./interval.ts"

export interface Left {
  readonly customerId: string
  /** A recovery was started, or withheld because of the holdout; nothing else. */
  readonly group: "treated" | "holdout"
  readonly at: number
}

export interface Unit {
  readonly group: Left["group"]
  readonly isBought: boolean
  /** Of the one currency that is looked at. */
  readonly revenueMinor: number
}

export interface Period {
  /** Carts left from `fromMs` on and before `toMs`. */
  readonly fromMs: number
  readonly toMs: number
  /** The moment of asking. */
  readonly at: number
  readonly windowMs: number
  readonly currency: string
}

export const unitsOf = (
  left: ReadonlyArray<Left>,
  orders: ReadonlyArray<Order>,
  { fromMs, toMs, at, windowMs, currency }: Period
): ReadonlyArray<Unit> => {
  const firsts = new Map<string, Left>()
  for (const one of left) {
    if (one.at < fromMs || one.at >= toMs) continue
    const first = firsts.get(one.customerId)
    if (first === undefined || one.at < first.at) firsts.set(one.customerId, one)
  }
  const ofCustomer = byCustomer(orders)
  const units: Array<Unit> = []
  for (const first of firsts.values()) {
    if (first.at + windowMs > at) continue
    const own = ofCustomer.get(first.customerId) ?? []
    const bought = own.filter((order) => order.at >= first.at && order.at - first.at < windowMs)
    const inCurrency = bought.filter((order) => order.currency === currency)
    const revenueMinor = inCurrency.reduce((sum, order) => sum + earned(order), 0)
    units.push({ group: first.group, isBought: bought.length > 0, revenueMinor })
  }
  return units
}

/** With fewer customers in either group nothing is said. */
export const CUSTOMERS_MIN = 100
/** Buyers, and others, that both groups together must have. */
export const OUTCOMES_MIN = 10

export interface Group {
  readonly customers: number
  readonly bought: number
  readonly revenueMinor: number
}

export interface Lift {
  readonly treated: Group
  readonly holdout: Group
  /** Difference in the share of customers who bought; `undefined` while a group is empty. */
  readonly conversion: Interval | undefined
  /** Difference in revenue a customer, in minor units. */
  readonly revenuePerCustomer: Interval | undefined
  /** That, times the customers who were written to. */
  readonly revenueMinor: Interval | undefined
  readonly verdict: "too-few" | "lift" | "loss" | "no-difference-shown"
  /** For a person: what is missing, or what was found. */
  readonly saying: string
}

export const liftOf = (units: ReadonlyArray<Unit>): Lift => {
  const treated = groupOf(units, "treated")
  const holdout = groupOf(units, "holdout")
  const isEmpty = treated.customers === 0 || holdout.customers === 0
  const conversion = isEmpty
    ? undefined
    : shareDifference({ hits: treated.bought, of: treated.customers }, { hits: holdout.bought, of: holdout.customers })
  const revenuePerCustomer = meanDifference(meanOf(revenues(units, "treated")), meanOf(revenues(units, "holdout")))
  const missing = missingFor(treated, holdout)
  const verdict = missing === undefined ? verdictOf(conversion) : "too-few"
  return {
    treated,
    holdout,
    conversion,
    revenuePerCustomer,
    revenueMinor: revenuePerCustomer === undefined ? undefined : times(revenuePerCustomer, treated.customers),
    verdict,
    saying: missing ?? sayings[verdict]
  }
}

const revenues = (units: ReadonlyArray<Unit>, group: Left["group"]): ReadonlyArray<number> =>
  units.filter((unit) => unit.group === group).map(({ revenueMinor }) => revenueMinor)

const groupOf = (units: ReadonlyArray<Unit>, group: Left["group"]): Group => {
  const own = units.filter((unit) => unit.group === group)
  return {
    customers: own.length,
    bought: own.filter(({ isBought }) => isBought).length,
    revenueMinor: own.reduce((sum, { revenueMinor }) => sum + revenueMinor, 0)
  }
}

const missingFor = (treated: Group, holdout: Group): string | undefined => {
  for (const [name, { customers }] of [
    ["written to", treated],
    ["held out", holdout]
  ] as const) {
    if (customers < CUSTOMERS_MIN) {
      return `Too few to say: ${customers} customers ${name} so far, at least ${CUSTOMERS_MIN} are needed.`
    }
  }
  const bought = treated.bought + holdout.bought
  const others = treated.customers + holdout.customers - bought
  if (Math.min(bought, others) >= OUTCOMES_MIN) return undefined
  return `Too few to say: ${bought} of the customers bought and ${others} did not, at least ${OUTCOMES_MIN} of each are needed.`
}

const verdictOf = (conversion: Interval | undefined): Lift["verdict"] => {
  if (conversion === undefined) return "too-few"
  if (conversion.low > 0) return "lift"
  return conversion.high < 0 ? "loss" : "no-difference-shown"
}

const sayings: Readonly<Record<Lift["verdict"], string>> = {
  "too-few": "Too few to say.",
  lift: "More of those who were written to bought than of those who were not.",
  loss: "Fewer of those who were written to bought than of those who were not.",
  "no-difference-shown": "No difference is shown: zero lies within the interval."
}

const times = ({ difference, low, high }: Interval, by: number): Interval => ({
  difference: difference * by,
  low: low * by,
  high: high * by
})
