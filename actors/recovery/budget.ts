/**
 * What offers may cost a day. An offer reserves the most it can cost when it is made; what it really cost is spent when it
 * is used, and the rest is free again, as all of it is when the offer ends unused.
 *
 * B1 Spent and reserved of a day are never above the day's limit when an offer is made: offers are decided one after the
 * other, each against all before it. B2 An offer counts for the day it was made on, whenever it is used.
 */
import type { OfferEvent } from "./offer.ts"
import { localTime } from "./zone.ts"

interface Day {
  readonly spentMinor: number
  readonly reservedMinor: number
}

export interface Budget {
  readonly days: Map<number, Day>
  /** Open offers: the day and what is reserved. */
  readonly open: Map<string, { readonly day: number; readonly reservedMinor: number }>
}

export const emptyBudget = (): Budget => ({ days: new Map(), open: new Map() })

/** Days since the epoch, by the clock of the shop. */
export const dayOf = (zone: string, at: number): number => Math.floor(localTime(zone, at).wallMs / 86_400_000)

/** Days kept after their last offer ended: for the panel's figures of the past month. */
export const DAYS_KEPT = 62

export const spentOn = (budget: Budget, day: number): Day => budget.days.get(day) ?? { spentMinor: 0, reservedMinor: 0 }

export const leftOn = (budget: Budget, day: number, limitMinor: number): number => {
  const { spentMinor, reservedMinor } = spentOn(budget, day)
  return limitMinor - spentMinor - reservedMinor
}

/** Works in place: a day has thousands of offers. */
export const evolveBudget = (budget: Budget, event: OfferEvent): void => {
  if (event.type === "offer-decided") {
    if (event.offer === undefined) return
    const { day, offer } = event
    budget.open.set(offer.offerId, { day, reservedMinor: offer.reservedMinor })
    budget.days.set(day, plus(budget, day, { spentMinor: 0, reservedMinor: offer.reservedMinor }))
    for (const old of budget.days.keys()) {
      if (old < day - DAYS_KEPT && budget.days.get(old)?.reservedMinor === 0) budget.days.delete(old)
    }
    return
  }
  const reserved = budget.open.get(event.offerId)
  if (reserved === undefined) return
  budget.open.delete(event.offerId)
  const { day, reservedMinor } = reserved
  const spentMinor = event.type === "offer-redeemed" ? event.spentMinor : 0
  budget.days.set(day, plus(budget, day, { spentMinor, reservedMinor: -reservedMinor }))
}

const plus = (budget: Budget, day: number, more: Day): Day => {
  const before = spentOn(budget, day)
  return {
    spentMinor: before.spentMinor + more.spentMinor,
    reservedMinor: before.reservedMinor + more.reservedMinor
  }
}
