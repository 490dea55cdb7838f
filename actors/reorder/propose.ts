/**
 * How much of a SKU to order, from how it sells: what will be sold until a delivery and for a while after it, and something
 * against swings, less what is there. Pure; it proposes, and sends nothing.
 *
 * The stock held back against swings is z * sigma * sqrt(lead time) for sales that vary by sigma from day to day (the usual
 * periodic-review arithmetic); at least the safety threshold, which somebody has set for a reason.
 */

export interface Selling {
  /** Units sold, less returned, on each of the last days, the oldest first; a day without sales is 0. */
  readonly soldByDay: ReadonlyArray<number>
  /** May be negative: that is owed already. */
  readonly available: number
  readonly safetyThreshold: number
  readonly leadDays: number
  /** How long a delivery is to last. */
  readonly coverDays: number
}

export interface Proposal {
  /** 0: nothing is to be ordered. */
  readonly quantity: number
  /** Units a day. */
  readonly velocity: number
  /** Until it is sold out at this pace; absent when nothing is sold. */
  readonly daysLeft?: number
  /** In sentences, in the order of the arithmetic. */
  readonly reasons: ReadonlyArray<string>
}

/** Of twenty lead times about one sells more than that: the factor of 95 % of a normal distribution. */
const SERVICE_FACTOR = 1.645

const tenth = (value: number): number => Math.round(value * 10) / 10

const deviationOf = (days: ReadonlyArray<number>, mean: number): number =>
  days.length < 2 ? 0 : Math.sqrt(days.reduce((sum, sold) => sum + (sold - mean) ** 2, 0) / (days.length - 1))

const daysWord = (days: number): string => (days === 1 ? "1 day" : `${days} days`)

export const propose = ({ soldByDay, available, safetyThreshold, leadDays, coverDays }: Selling): Proposal => {
  const sold = soldByDay.reduce((sum, day) => sum + day, 0)
  const velocity = Math.max(0, sold / Math.max(1, soldByDay.length))
  const untilDelivery = velocity * leadDays
  const cover = velocity * coverDays
  const swings = SERVICE_FACTOR * deviationOf(soldByDay, velocity) * Math.sqrt(leadDays)
  const heldBack = Math.max(swings, safetyThreshold)
  const quantity = Math.max(0, Math.ceil(untilDelivery + cover + heldBack - available))
  const reasons = [
    `Sold ${sold} in ${daysWord(soldByDay.length)}: ${tenth(velocity)} a day.`,
    `${tenth(untilDelivery)} will be sold in the ${daysWord(leadDays)} until a delivery, ${tenth(cover)} in the ${daysWord(coverDays)} that it is to last.`,
    swings >= safetyThreshold
      ? `${tenth(swings)} against swings: from day to day sales differ by ${tenth(deviationOf(soldByDay, velocity))}.`
      : `${safetyThreshold} is the safety threshold; swings would ask for ${tenth(swings)}.`,
    available < 0 ? `${-available} are owed already.` : `${available} are there.`
  ]
  if (velocity === 0) return { quantity, velocity, reasons }
  return { quantity, velocity: tenth(velocity), daysLeft: tenth(Math.max(0, available) / velocity), reasons }
}
