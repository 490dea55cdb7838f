/**
 * What offers may cost a day. An offer reserves the most it can cost when it is made; what it really cost is spent when it has
 * ended, and the rest is free again, all of it when it was not used.
 *
 * It follows from the customers' offers and is written nowhere else, so it cannot come apart from them.
 *
 * B1 Spent and reserved of a day are never above the day's limit when an offer is made: offers are decided one after the
 * other, each against all before it. B2 An offer counts for the day it was made on, whenever it is used. B3 Currencies are
 * not added up: a shop that changes its own begins a new budget.
 */
import type { Offer } from "./offer.ts"
import { localTime } from "./zone.ts"

export interface Day {
  readonly spentMinor: number
  readonly reservedMinor: number
}

/** By currency and day, of those that have any. */
export type Budget = Map<string, Day>

/** Which of the budgets. */
export interface BudgetKey {
  readonly currency: string
  /** See `dayOf`. */
  readonly day: number
}

const keyOf = ({ currency, day }: BudgetKey): string => `${currency} ${day}`

/** Days since the epoch, by the clock of the shop. */
export const dayOf = (zone: string, at: number): number => Math.floor(localTime(zone, at).wallMs / 86_400_000)

export const spentOn = (budget: Budget, of: BudgetKey): Day =>
  budget.get(keyOf(of)) ?? { spentMinor: 0, reservedMinor: 0 }

export const leftOn = (budget: Budget, of: BudgetKey, limitMinor: number): number => {
  const { spentMinor, reservedMinor } = spentOn(budget, of)
  return limitMinor - spentMinor - reservedMinor
}

/** Counts a customer's offers, or with -1 takes them out again. Works in place: a day has thousands. */
export const countOffers = (budget: Budget, offers: ReadonlyArray<Offer>, sign: 1 | -1): void => {
  for (const offer of offers) {
    const { reservedMinor, spentMinor, state } = offer
    const isHeld = state === "open" || state === "ending"
    const before = spentOn(budget, offer)
    const after = {
      spentMinor: before.spentMinor + sign * spentMinor,
      reservedMinor: before.reservedMinor + (isHeld ? sign * reservedMinor : 0)
    }
    if (after.spentMinor === 0 && after.reservedMinor === 0) budget.delete(keyOf(offer))
    else budget.set(keyOf(offer), after)
  }
}
