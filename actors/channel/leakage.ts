/**
 * The leakage calculator: what a sync interval costs a day. Orders that are sold without stock are lost (direct loss),
 * and some of their customers for good (lifetime loss).
 *
 * How likely an oversell is comes from an assumption, from `oversellProbability`, or from the hub's own incidents. What
 * is measured and shown is others' work.
 *
 * L1 Money is in integer minor units. Each loss is worked out exactly from the numbers as they are written, and rounded
 *    once, to the nearest unit, a half upwards; the total is the sum of the rounded two, so that the lines add up.
 * L2 Oversells a day are not rounded: 0.3 a day is one in three days.
 */
import { dividedBy, type Fraction, fractionOf, numberOf, rounded, times } from "./fraction.ts"

/** What an order, and a customer, are worth. */
export interface OrderWorth {
  /** Minor units of `currency`, an integer from 0. */
  readonly orderValueMinor: number
  /** What a customer brings over their time, in minor units. */
  readonly lifetimeValueMinor: number
  /** Share of the customers that do not come again after an oversell, from 0 to 1. */
  readonly churn: number
  /** ISO 4217. */
  readonly currency: string
}

export interface LeakageInput extends OrderWorth {
  readonly ordersPerDay: number
  /** Share of the orders that are sold without stock, from 0 to 1. */
  readonly oversellProbability: number
}

export interface Leakage {
  readonly oversellsPerDay: number
  readonly directLossMinor: number
  readonly lifetimeLossMinor: number
  readonly totalLossMinor: number
}

/** A number that cannot be reckoned with; the message is for the person who gave it, `path` is the field. */
export class WrongLeakageInput extends RangeError {
  override readonly name = "WrongLeakageInput"
  readonly path: string

  constructor(path: string, demand: string) {
    super(`${path} must be ${demand}.`)
    this.path = path
  }
}

/** Throws `WrongLeakageInput` when a field is out of its range, or a loss has more digits than a number holds. */
export const leakage = (input: LeakageInput): Leakage => {
  atLeastZero(input.ordersPerDay, "ordersPerDay")
  share(input.oversellProbability, "oversellProbability")
  return lossOf(times(fractionOf(input.ordersPerDay), fractionOf(input.oversellProbability)), input)
}

const lossOf = (oversells: Fraction, worth: OrderWorth): Leakage => {
  minorUnits(worth.orderValueMinor, "orderValueMinor")
  minorUnits(worth.lifetimeValueMinor, "lifetimeValueMinor")
  share(worth.churn, "churn")
  if (!/^[A-Z]{3}$/.test(worth.currency)) {
    throw new WrongLeakageInput("currency", "an ISO 4217 code of three capital letters, such as EUR")
  }
  const direct = rounded(times(oversells, fractionOf(worth.orderValueMinor)))
  const lost = times(oversells, fractionOf(worth.churn))
  const lifetime = rounded(times(lost, fractionOf(worth.lifetimeValueMinor)))
  if (direct + lifetime > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new WrongLeakageInput(
      "the loss a day",
      `at most ${Number.MAX_SAFE_INTEGER} minor units; give smaller numbers`
    )
  }
  return {
    oversellsPerDay: numberOf(oversells),
    directLossMinor: Number(direct),
    lifetimeLossMinor: Number(lifetime),
    totalLossMinor: Number(direct + lifetime)
  }
}

export interface OversellIncident {
  /** Units that were sold and not there, an integer from 1. */
  readonly unitsShort: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

export interface IncidentsInput extends OrderWorth {
  readonly incidents: Iterable<OversellIncident>
  /** Incidents count that fell in the `windowDays` days before `untilMs`; those of that very instant do too. */
  readonly windowDays: number
  readonly untilMs: number
  /** Units of a common order, so that a unit short becomes an order lost; 1 unless given. */
  readonly unitsPerOrder?: number
  /** Gives the measured probability too. */
  readonly ordersPerDay?: number
}

export interface MeasuredLeakage extends Leakage {
  readonly incidents: number
  readonly unitsShort: number
  /** Oversells over orders, at most 1; absent without `ordersPerDay` above 0. */
  readonly oversellProbability?: number
}

const DAY_MS = 86_400_000

/** What the oversells that happened cost a day on average. Throws `WrongLeakageInput` as `leakage` does. */
export const leakageFromIncidents = (input: IncidentsInput): MeasuredLeakage => {
  const { windowDays, untilMs, unitsPerOrder = 1, ordersPerDay } = input
  aboveZero(windowDays, "windowDays")
  aboveZero(unitsPerOrder, "unitsPerOrder")
  if (!Number.isFinite(untilMs)) throw new WrongLeakageInput("untilMs", "a time in milliseconds")
  if (ordersPerDay !== undefined) atLeastZero(ordersPerDay, "ordersPerDay")
  let incidents = 0
  let unitsShort = 0
  for (const incident of input.incidents) {
    if (!(incident.at > untilMs - windowDays * DAY_MS && incident.at <= untilMs)) continue
    if (!Number.isSafeInteger(incident.unitsShort) || incident.unitsShort < 1) {
      throw new WrongLeakageInput("unitsShort", "an integer from 1")
    }
    incidents++
    unitsShort += incident.unitsShort
  }
  const days = times(fractionOf(windowDays), fractionOf(unitsPerOrder))
  const lost = lossOf(dividedBy(fractionOf(unitsShort), days), input)
  const isKnown = ordersPerDay !== undefined && ordersPerDay > 0
  return {
    ...lost,
    incidents,
    unitsShort,
    ...(isKnown ? { oversellProbability: Math.min(1, lost.oversellsPerDay / ordersPerDay) } : {})
  }
}

const atLeastZero = (value: number, path: string): void => {
  if (!(Number.isFinite(value) && value >= 0)) throw new WrongLeakageInput(path, "a number from 0")
}

const aboveZero = (value: number, path: string): void => {
  if (!(Number.isFinite(value) && value > 0)) throw new WrongLeakageInput(path, "a number above 0")
}

const share = (value: number, path: string): void => {
  if (!(value >= 0 && value <= 1)) throw new WrongLeakageInput(path, "a share from 0 to 1, such as 0.02 for 2 %")
}

const minorUnits = (value: number, path: string): void => {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new WrongLeakageInput(path, "an integer from 0, in minor units (cents)")
  }
}
