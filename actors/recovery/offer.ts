/**
 * An offer to one customer: what it takes off, until when, and what became of it.
 *
 *     open --its time is over, passed on, not needed--> ending --the carts say what it came to--> redeemed or closed
 *
 * F1 What was reserved for it is its budget's until the carts have said that nobody can use it any more: a checkout that began
 * in time may be paid after its end. F2 It never takes off more than that. F3 It ends once, for the first reason.
 */
import type { OfferDecided } from "./choose-offer.ts"

export type OfferTerms =
  | { readonly kind: "free-shipping" }
  /** Hundredths of a percent of the goods, from 1 to 10,000. */
  | { readonly kind: "percentage"; readonly basisPoints: number }
  | { readonly kind: "amount"; readonly amountMinor: number }

export interface Worth {
  /** What the customer would pay for the goods, after promotions; minor units. */
  readonly goodsMinor: number
  readonly shippingMinor: number
}

/** What the terms take off, rounded down to whole minor units. */
export const takenOff = (terms: OfferTerms, { goodsMinor, shippingMinor }: Worth): number => {
  switch (terms.kind) {
    case "free-shipping":
      return shippingMinor
    case "percentage":
      return Number((BigInt(goodsMinor) * BigInt(terms.basisPoints)) / 10_000n)
    case "amount":
      return Math.min(terms.amountMinor, goodsMinor)
  }
}

/**
 * `revoked`: somebody else tried it. `withdrawn`: the message that had it was not sent. `unneeded`: the cart was bought
 * without it.
 */
export type OfferEndReason = "expired" | "revoked" | "opted-out" | "withdrawn" | "unneeded"

export interface Offer {
  /** The code that the customer enters. */
  readonly offerId: string
  readonly offerKey: string
  readonly terms: OfferTerms
  readonly currency: string
  readonly cartId: string
  /** Messages that it went with. */
  readonly attempts: ReadonlyArray<string>
  /** The budget's day. */
  readonly day: number
  /** Of the settings whose rules it was made by; absent where a hub made it that had them in its file. */
  readonly settingsVersion?: number
  readonly reservedMinor: number
  readonly madeAt: number
  readonly expiresAt: number
  readonly state: "open" | "ending" | "redeemed" | "closed"
  readonly reason?: OfferEndReason
  /** An order has it; until the offer ends the order may be cancelled and the offer used again. */
  readonly orderId?: string
  readonly spentMinor: number
}

interface OfOffer {
  readonly at: number
  readonly customerId: string
  readonly offerId: string
}

/** Another message goes with an offer that is open. */
export type OfferRepeated = OfOffer & {
  readonly type: "offer-repeated"
  readonly attemptId: string
  readonly arm: string
}
export type OfferEnding = OfOffer & { readonly type: "offer-ending"; readonly reason: OfferEndReason }
export type OfferRedeemed = OfOffer & {
  readonly type: "offer-redeemed"
  readonly orderId: string
  readonly spentMinor: number
}
export type OfferClosed = OfOffer & { readonly type: "offer-closed"; readonly reason: OfferEndReason }

export type OfferEvent = OfferDecided | OfferRepeated | OfferEnding | OfferRedeemed | OfferClosed

/** A customer's offers after the event, the oldest first; those that are over are kept so long. */
export const evolveOffers = (offers: ReadonlyArray<Offer>, event: OfferEvent): ReadonlyArray<Offer> => {
  if (event.type === "offer-decided") {
    const { offer: made } = event
    if (made === undefined) return offers
    return [...offers.filter((one) => !isOver(one) || event.at - one.madeAt < OFFERS_KEPT_MS), madeBy(event, made)]
  }
  return offers.map((offer) => (offer.offerId === event.offerId ? evolveOffer(offer, event) : offer))
}

/** For the budget's figures of the past month, and for the rules that look back. */
export const OFFERS_KEPT_MS = 62 * 86_400_000

const isOver = ({ state }: Offer): boolean => state === "redeemed" || state === "closed"

const madeBy = (
  { arm, at, attemptId, cartId, currency, day, settingsVersion }: OfferDecided,
  made: NonNullable<OfferDecided["offer"]>
): Offer => ({
  ...made,
  offerKey: arm,
  currency,
  cartId,
  attempts: [attemptId],
  day,
  ...(settingsVersion === undefined ? {} : { settingsVersion }),
  madeAt: at,
  state: "open",
  spentMinor: 0
})

const evolveOffer = (offer: Offer, event: Exclude<OfferEvent, OfferDecided>): Offer => {
  switch (event.type) {
    case "offer-repeated":
      return { ...offer, attempts: [...offer.attempts, event.attemptId] }
    case "offer-ending":
      return { ...offer, state: "ending", reason: event.reason }
    case "offer-redeemed":
      return { ...offer, state: "redeemed", orderId: event.orderId, spentMinor: event.spentMinor }
    case "offer-closed":
      return { ...offer, state: "closed", reason: event.reason }
  }
}

export const isOpen = ({ expiresAt, state }: Offer, at: number): boolean => state === "open" && at < expiresAt

/** Nothing for an offer that is ending already, or is to expire before its time. */
export const ending = (
  { expiresAt, offerId, state }: Offer,
  { at, customerId, reason }: { readonly at: number; readonly customerId: string; readonly reason: OfferEndReason }
): ReadonlyArray<OfferEnding> =>
  state !== "open" || (reason === "expired" && at < expiresAt)
    ? []
    : [{ type: "offer-ending", at, customerId, offerId, reason }]

/** What the carts say that it came to, once nobody can use it any more. */
export type OfferOutcome =
  | { readonly state: "unused" }
  | { readonly state: "used"; readonly orderId: string; readonly spentMinor: number }

export const settled = (
  { offerId, reason = "expired", state }: Offer,
  { at, customerId, outcome }: { readonly at: number; readonly customerId: string; readonly outcome: OfferOutcome }
): ReadonlyArray<OfferRedeemed | OfferClosed> => {
  if (state !== "ending") return []
  const of = { at, customerId, offerId }
  if (outcome.state === "unused") return [{ type: "offer-closed", ...of, reason }]
  const { orderId, spentMinor } = outcome
  return [{ type: "offer-redeemed", ...of, orderId, spentMinor }]
}
