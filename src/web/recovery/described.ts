/**
 * Settings as lines that a person reads, each with its name: what two versions differ in is the lines that differ.
 */
import type { ContactHours } from "../../../actors/recovery/hours.ts"
import type { IncentivePolicy } from "../../../actors/recovery/incentive-rules.ts"
import type { OfferTerms } from "../../../actors/recovery/offer.ts"
import type { RecoverySettings, RuledSequence } from "../../../actors/recovery/settings.ts"
import { amountText } from "./amount.ts"
import { clockOf, DAYS, spoken } from "./duration.ts"

export interface Change {
  readonly name: string
  /** Absent: it was not there. */
  readonly before?: string
  readonly after?: string
}

const hoursOf = ({ closedDays, closesMinute, opensMinute }: ContactHours): string => {
  const closed = closedDays.map((day) => DAYS[day] ?? "?").join(", ")
  return `${clockOf(opensMinute)} to ${clockOf(closesMinute)}${closed === "" ? "" : `, not on ${closed}`}`
}

export const describedFits = ({
  belowMinor,
  currency,
  minimumMinor,
  reason,
  segment
}: RuledSequence["fits"]): string => {
  const amount = (minor: number): string => amountText(minor, currency)
  const parts = [
    reason === undefined ? undefined : reason === "left-checkout" ? "left in checkout" : "left idle",
    segment === undefined ? undefined : `segment ${segment}`,
    minimumMinor === undefined ? undefined : `from ${amount(minimumMinor)}`,
    belowMinor === undefined ? undefined : `below ${amount(belowMinor)}`,
    minimumMinor === undefined && belowMinor === undefined ? currency : undefined
  ]
  return parts.filter((part) => part !== undefined).join(", ") || "every cart"
}

function* linesOf(settings: RecoverySettings): Iterable<readonly [name: string, value: string]> {
  const { attributionMs, contact, offers, sequences, templates, ...others } = settings
  yield ["Order of the sequences", sequences.map(({ sequenceId }) => sequenceId).join(", ")]
  for (const { expiresMs, fits, gapMs, sequenceId, steps } of sequences) {
    const of = `Sequence ${sequenceId}`
    yield [`${of}, for`, describedFits(fits)]
    yield [`${of}, gap between messages`, spoken(gapMs)]
    yield [`${of}, ends after`, spoken(expiresMs)]
    for (const [index, { channels, delayMs, mayOffer, template }] of steps.entries()) {
      const offer = mayOffer ? ", with an offer" : ""
      yield [`${of}, step ${index + 1}`, `after ${spoken(delayMs)}: ${template} by ${channels.join(", ")}${offer}`]
    }
  }
  for (const [name, { approved, subject, text }] of Object.entries(templates)) {
    yield [`Text ${name}`, text]
    yield [`Text ${name}, subject`, subject]
    yield [`Text ${name}, approved template`, approved]
  }
  yield* contactLines(contact)
  yield ["Attribution window", spoken(attributionMs)]
  yield ["Offers", offers === undefined ? "as the recovery file has them" : offers === null ? "none" : "made"]
  if (offers !== undefined && offers !== null) yield* offerLines(offers)
  for (const [name, value] of Object.entries(others)) yield [name, JSON.stringify(value)]
}

const share = (part: number): string => (Number.isFinite(part) ? `${Math.round(part * 10_000) / 100} %` : "?")

function* contactLines(contact: RecoverySettings["contact"]): Iterable<readonly [name: string, value: string]> {
  yield ["Hours", hoursOf(contact.hours)]
  for (const [country, hours] of Object.entries(contact.hoursByCountry)) yield [`Hours in ${country}`, hoursOf(hours)]
  yield ["Zone where none is known", contact.zoneWhenUnknown ?? "none"]
  for (const [index, { channel, messagesMax, windowMs }] of contact.caps.entries()) {
    yield [`Cap ${index + 1}`, `${messagesMax} by ${channel ?? "all channels"} in ${spoken(windowMs)}`]
  }
  yield ["Patience for the preferred channel", spoken(contact.patienceMs)]
  yield ["Countries with one text", contact.oneTextCountries.join(", ")]
  yield ["The one text, within", spoken(contact.textWithinMs)]
  yield ["Holdout", share(contact.holdoutShare)]
  yield ["Holdout's salt", contact.holdoutSalt]
}

const termsOf = (terms: OfferTerms, currency: string): string => {
  switch (terms.kind) {
    case "free-shipping":
      return "free shipping"
    case "percentage":
      return `${share(terms.basisPoints / 10_000)} off`
    case "amount":
      return `${amountText(terms.amountMinor, currency)} off`
  }
}

function* offerLines(offers: IncentivePolicy): Iterable<readonly [name: string, value: string]> {
  const { catalogue, costBasisPoints, currency } = offers
  const amount = (minor: number): string => amountText(minor, currency)
  for (const { offerKey, says, terms } of catalogue) {
    yield [`Offer ${offerKey}`, `${termsOf(terms, currency)}${says === undefined ? "" : `: ${says}`}`]
  }
  yield ["Offers, budget of a day", `${amount(offers.dailyBudgetMinor)}, ${offers.zone}`]
  yield ["Offers, margin that must remain", share(offers.marginFloorBasisPoints / 10_000)]
  yield ["Offers, what goods cost", costBasisPoints === undefined ? "as carts say" : share(costBasisPoints / 10_000)]
  yield ["Offers, sending an order costs", amount(offers.shippingCostMinor)]
  yield ["Offers, hold for", spoken(offers.offerTtlMs)]
  yield ["Offers, to a customer", `${offers.offersPerCustomerMax} in ${spoken(offers.offersWindowMs)}`]
  yield ["Offers, none for carts below", amount(offers.goodsMinimumMinor)]
  yield ["Offers, none for goods with so few left", String(offers.scarceUnits)]
  const loyal = `${offers.loyalOrders} orders, or ${amount(offers.loyalRevenueMinor)}`
  yield ["Offers, none to who bought", `${loyal}, at most ${share(offers.loyalDiscountShare)} reduced`]
  yield ["Offers, none with more orders reduced than", share(offers.discountShareMax)]
  yield ["Offers, none with more sent back than", share(offers.returnShareMax)]
}

export const changesBetween = (before: RecoverySettings, after: RecoverySettings): ReadonlyArray<Change> => {
  const [were, are] = [new Map(linesOf(before)), new Map(linesOf(after))]
  return [...new Set([...were.keys(), ...are.keys()])].flatMap((name) => {
    const [was, is] = [were.get(name), are.get(name)]
    if (was === is) return []
    return [{ name, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }]
  })
}
