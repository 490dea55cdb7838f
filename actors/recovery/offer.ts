/**
 * An offer to one customer for one cart: what it takes off, until when, and what became of it.
 *
 * F1 It is used once, by its customer, before it expires. F2 It never takes off more than was reserved for it when it was
 * made, whatever has been put into the cart since. F3 Somebody else's try revokes it: it was passed on.
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

export interface Offer {
  readonly offerId: string
  readonly customerId: string
  readonly attemptId: string
  readonly terms: OfferTerms
  readonly currency: string
  readonly reservedMinor: number
  readonly expiresAt: number
  readonly state: "open" | "redeemed" | ClosedReason
  readonly orderId: string | undefined
}

/** `withdrawn`: the message that had it was not sent. `unneeded`: bought without it. */
export type ClosedReason = "expired" | "revoked" | "withdrawn" | "unneeded"

export interface OfferRedeemed {
  readonly type: "offer-redeemed"
  readonly at: number
  readonly offerId: string
  readonly orderId: string
  readonly spentMinor: number
}

export interface OfferClosed {
  readonly type: "offer-closed"
  readonly at: number
  readonly offerId: string
  readonly reason: ClosedReason
}

export type OfferEvent = OfferDecided | OfferRedeemed | OfferClosed

/** The offer after the event; `undefined` until one was made. */
export const evolveOffer = (offer: Offer | undefined, event: OfferEvent): Offer | undefined => {
  if (event.type === "offer-decided") {
    const { customerId, attemptId, offer: made, currency } = event
    return made === undefined ? offer : { ...made, customerId, attemptId, currency, state: "open", orderId: undefined }
  }
  if (offer === undefined) return undefined
  return event.type === "offer-redeemed"
    ? { ...offer, state: "redeemed", orderId: event.orderId }
    : { ...offer, state: event.reason }
}

export interface Redemption {
  readonly at: number
  readonly customerId: string
  readonly orderId: string
  readonly currency: string
  readonly worth: Worth
}

export type RedeemRefusal = "unknown-offer" | "used" | "expired" | "revoked" | "other-customer" | "other-currency"

export type Redeemed =
  | { readonly ok: true; readonly discountMinor: number; readonly events: ReadonlyArray<OfferEvent> }
  | { readonly ok: false; readonly reason: RedeemRefusal; readonly events: ReadonlyArray<OfferEvent> }

/** Asked again for the same order it gives the same, and nothing more is spent. */
export const redeem = (offer: Offer | undefined, redemption: Redemption): Redeemed => {
  const refused = (reason: RedeemRefusal, events: ReadonlyArray<OfferEvent> = []): Redeemed => ({
    ok: false,
    reason,
    events
  })
  if (offer === undefined) return refused("unknown-offer")
  const { at, customerId, orderId, currency, worth } = redemption
  const discountMinor = Math.min(offer.reservedMinor, takenOff(offer.terms, worth))
  if (customerId !== offer.customerId) return refused("other-customer", close(offer, "revoked", at))
  if (offer.state === "redeemed")
    return offer.orderId === orderId ? { ok: true, discountMinor, events: [] } : refused("used")
  if (offer.state === "revoked") return refused("revoked")
  if (offer.state !== "open") return refused("expired")
  if (currency !== offer.currency) return refused("other-currency")
  if (at >= offer.expiresAt) return refused("expired", close(offer, "expired", at))
  const { offerId } = offer
  return {
    ok: true,
    discountMinor,
    events: [{ type: "offer-redeemed", at, offerId, orderId, spentMinor: discountMinor }]
  }
}

/** Nothing for an offer that is used or closed already, or is to expire before its time. */
export const close = (offer: Offer, reason: ClosedReason, at: number): ReadonlyArray<OfferClosed> =>
  offer.state !== "open" || (reason === "expired" && at < offer.expiresAt)
    ? []
    : [{ type: "offer-closed", at, offerId: offer.offerId, reason }]
