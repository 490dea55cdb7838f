/**
 * What offers may cost, have cost and may still cost: the day's budget and those of the days before, as the customers' offers
 * have it at this moment.
 */
import type { CustomerBook } from "../../actors/customer/book.ts"
import { dayOf, leftOn, spentOn } from "../../actors/recovery/budget.ts"
import type { IncentivePolicy } from "../../actors/recovery/incentive-rules.ts"
import type { BudgetDay, BudgetView } from "./figures-protocol.ts"

const DAY_MS = 86_400_000

interface Asked {
  readonly at: number
  /** Today among them. */
  readonly days: number
}

export const budgetView = (
  { budget, settings }: Pick<CustomerBook, "budget" | "settings">,
  { at, days }: Asked
): BudgetView => {
  const now = settings.current.settings.offers ?? undefined
  // What was made before offers were switched off may still be used.
  const rules = now ?? settings.all.find((version) => version.settings.offers)?.settings.offers ?? undefined
  if (rules === undefined) return { ok: true, isOffering: false, days: [] }
  const { currency, dailyBudgetMinor, zone } = rules
  const today = dayOf(zone, at)
  return {
    ok: true,
    isOffering: now !== undefined,
    currency,
    zone,
    ...(now === undefined
      ? {}
      : { leftMinor: Math.max(0, leftOn(budget, { currency, day: today }, dailyBudgetMinor)) }),
    days: Array.from({ length: days }, (_, before): BudgetDay => {
      const day = today - before
      const limitMinor = limitOn(settings, rules, day)
      return {
        day: new Date(day * DAY_MS).toISOString().slice(0, 10),
        ...(limitMinor === undefined ? {} : { limitMinor }),
        ...spentOn(budget, { currency, day })
      }
    })
  }
}

/** As it was at the day's end, or is now; `undefined`: there was none in this currency, or nobody knows it any more. */
const limitOn = (
  { all }: CustomerBook["settings"],
  { currency, zone }: IncentivePolicy,
  day: number
): number | undefined => {
  const offers = all.find((version) => dayOf(zone, version.at) <= day)?.settings.offers
  return offers?.currency === currency ? offers.dailyBudgetMinor : undefined
}
