/**
 * Offers beside a recovery: which goes with a message that is intended, and what follows for them from everything else that
 * happens to a customer.
 *
 * G1 A message that may have an offer goes with the one that is open for its cart; else one is decided then. G2 An offer whose
 * only message was not sent is withdrawn. G3 Who opts out has no offers any more. G4 What is learned of a decision is learned
 * once: bought, or not by the end of the attribution window.
 */
import { costOf } from "../cart/margin.ts"
import type { OfferLearned, Posteriors } from "../recovery/bandit.ts"
import type { Budget } from "../recovery/budget.ts"
import { chooseOffer } from "../recovery/choose-offer.ts"
import type { MessageIntended } from "../recovery/events.ts"
import type { CartLine, CustomerHistory, IncentivePolicy } from "../recovery/incentive-rules.ts"
import { ending, isOpen, type Offer, type OfferEndReason, type Worth } from "../recovery/offer.ts"
import { sumsOf } from "../recovery/purchases.ts"
import type { RecoverySettings, SettingsVersion } from "../recovery/settings.ts"
import { type Customer, type CustomerEvent, evolveEvent } from "./customer.ts"

/** A cart as it is worth something to the shop. */
export interface CartOffered extends Worth {
  readonly currency: string
  readonly taxMinor: number
  readonly lines: ReadonlyArray<CartLine & { readonly unitPriceMinor: number; readonly unitCostMinor?: number }>
}

/** Beside the rules, which stand in the settings. */
export interface Offering {
  readonly worthOf: (cartId: string) => CartOffered | undefined
  /** A code that nobody can guess, and 32 bits by chance. */
  readonly chance: () => { readonly offerId: string; readonly seed: number }
}

/** What was decided of all customers before, and by which rules offers are made and put down to a message. */
export interface Offered {
  readonly settings: {
    readonly current: Pick<SettingsVersion, "version"> & {
      readonly settings: Pick<RecoverySettings, "attributionMs" | "offers">
    }
  }
  readonly budget: Budget
  readonly posteriors: Posteriors
}

interface Moment {
  readonly at: number
  /** `undefined`: none are made, whatever the settings say. */
  readonly offering: Offering | undefined
}

/** The events of one decision, and what each of them means for the customer's offers. */
export const withOffers = (
  offered: Offered,
  customer: Customer,
  events: ReadonlyArray<CustomerEvent>,
  moment: Moment
): ReadonlyArray<CustomerEvent> => {
  const all: Array<CustomerEvent> = []
  let now = customer
  for (const event of events) {
    const before = now
    now = evolveEvent(now, event)
    const more = following(offered, { before, now, event }, moment)
    all.push(event, ...more)
    for (const one of more) now = evolveEvent(now, one)
  }
  return all
}

interface Happening {
  readonly before: Customer
  readonly now: Customer
  readonly event: CustomerEvent
}

const following = (
  offered: Offered,
  { before, now, event }: Happening,
  moment: Moment
): ReadonlyArray<CustomerEvent> => {
  const { at } = moment
  switch (event.type) {
    case "message-intended":
      return event.mayOffer ? offerFor(offered, now, event, moment) : []
    case "message-skipped":
      return endAll(now, { at, reason: "withdrawn" }, ({ attempts }) => isOnly(attempts, event.attemptId))
    case "message-failed":
      return event.isUnsent
        ? endAll(now, { at, reason: "withdrawn" }, ({ attempts }) => isOnly(attempts, event.attemptId))
        : []
    case "opted-out":
      return endAll(now, { at, reason: "opted-out" }, () => true)
    case "order-noted": {
      const { cartId, isCancelled, offerId } = event.order
      if (isCancelled) return []
      const isNew =
        before.trials.length > 0 && !before.purchases.recent.some((one) => one.orderId === event.order.orderId)
      return [
        ...endAll(now, { at, reason: "unneeded" }, (offer) => offer.cartId === cartId && offer.offerId !== offerId),
        ...(isNew ? before.trials.map((trial) => learned(now, trial, { at, isBought: true })) : [])
      ]
    }
    default:
      return []
  }
}

const isOnly = (attempts: ReadonlyArray<string>, attemptId: string): boolean =>
  attempts.length === 1 && attempts[0] === attemptId

const endAll = (
  { customerId, offers }: Customer,
  { at, reason }: { readonly at: number; readonly reason: OfferEndReason },
  which: (offer: Offer) => boolean
): ReadonlyArray<CustomerEvent> => offers.filter(which).flatMap((offer) => ending(offer, { at, customerId, reason }))

const learned = (
  { customerId }: Customer,
  { arm, attemptId, segment }: Customer["trials"][number],
  { at, isBought }: { readonly at: number; readonly isBought: boolean }
): OfferLearned => ({ type: "offer-learned", at, customerId, attemptId, segment, arm, isBought })

const offerFor = (
  offered: Offered,
  customer: Customer,
  { attemptId, recoveryId }: MessageIntended,
  { at, offering }: Moment
): ReadonlyArray<CustomerEvent> => {
  const { customerId, offers, recovery } = customer
  const { settings, version: settingsVersion } = offered.settings.current
  const { attributionMs, offers: policy } = settings
  if (recovery === undefined || offering === undefined || policy === undefined || policy === null) return []
  const { cartId } = recovery.abandonment
  const open = offers.find((offer) => isOpen(offer, at) && offer.cartId === cartId && offer.orderId === undefined)
  if (open !== undefined) {
    const { offerId, offerKey: arm } = open
    return [{ type: "offer-repeated", at, customerId, offerId, attemptId, arm }]
  }
  const cart = offering.worthOf(cartId)
  if (cart === undefined) return []
  const decided = chooseOffer({
    at,
    customerId,
    recoveryId,
    attemptId,
    cartId,
    ...offering.chance(),
    history: historyOf(customer, { policy, at }),
    cart: { ...cart, costMinor: costOf(cart.lines, policy) },
    policy,
    settingsVersion,
    attributionMs,
    budget: offered.budget,
    posteriors: offered.posteriors
  })
  return [decided]
}

const historyOf = (
  { offers, purchases }: Customer,
  { at, policy }: { readonly policy: IncentivePolicy; readonly at: number }
): CustomerHistory => {
  const { orders, reduced, returned, revenueMinor } = sumsOf(purchases)
  const lately = offers.filter(({ madeAt }) => at - madeAt < policy.offersWindowMs)
  return {
    orders,
    ordersWithDiscount: reduced,
    ordersReturned: returned,
    revenueMinor: revenueMinor[policy.currency] ?? 0,
    // One whose message was not sent nobody got.
    offersMade: lately.filter(({ reason }) => reason !== "withdrawn").length,
    offersRevoked: offers.filter(({ reason }) => reason === "revoked").length
  }
}

/** What has come to its end by now: offers, and the time to learn from them. */
export const offersDue = (customer: Customer, at: number): ReadonlyArray<CustomerEvent> => [
  ...endAll(customer, { at, reason: "expired" }, () => true),
  ...customer.trials
    .filter(({ until }) => until <= at)
    .map((trial) => learned(customer, trial, { at, isBought: false }))
]

/** The next moment at which something of them is due. */
export const offersDueAt = ({ offers, trials }: Customer): number | undefined => {
  const times = [
    ...offers.filter(({ state }) => state === "open").map(({ expiresAt }) => expiresAt),
    ...trials.map(({ until }) => until)
  ]
  return times.length === 0 ? undefined : Math.min(...times)
}

/** The offer that a message goes with. */
export const offerOf = ({ offers }: Customer, attemptId: string): Offer | undefined =>
  offers.find(({ attempts }) => attempts.includes(attemptId))

/** The message names an offer that does not hold any more. */
export const isOfferGone = (customer: Customer, attemptId: string, at: number): boolean => {
  const offer = offerOf(customer, attemptId)
  return offer !== undefined && !isOpen(offer, at)
}
