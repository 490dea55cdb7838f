/**
 * A customer as the recovery knows them: how they may be reached, and what was begun to win their cart back.
 */
import { evolveLearned, type Learned, type OfferLearned, type Trial } from "../recovery/bandit.ts"
import { type OfferDecided, trialOf } from "../recovery/choose-offer.ts"
import { type Contact, type ContactEvent, evolveContact, unknownContact } from "../recovery/contact.ts"
import type { RecoveryEvent, RecoveryWithheld } from "../recovery/events.ts"
import { evolveOffers, type Offer, type OfferEvent } from "../recovery/offer.ts"
import { evolvePurchases, noPurchases, type OrderNoted, type Purchases } from "../recovery/purchases.ts"
import { evolve, type Recovery, startedBy } from "../recovery/recovery.ts"
import type { SettingsVersion } from "../recovery/settings.ts"
import type { SuppressionEvent } from "../recovery/suppression.ts"
import { type OfferReason, reasonOf } from "./offer-reason.ts"

export type CustomerEvent =
  | ContactEvent
  | RecoveryEvent
  | RecoveryWithheld
  | SuppressionEvent
  | OrderNoted
  | OfferEvent
  | OfferLearned

/** What one command did to one customer. */
export interface CustomerRecord {
  /** Empty: nobody's, an answer that must be given again. */
  readonly customerId: string
  /** The customer's version after it; 0 with an answer that changed nothing. */
  readonly version: number
  readonly mutationId: string
  /** Fingerprint of the command's content; present where the mutation id is to be remembered with this record. */
  readonly hash?: string
  readonly events: ReadonlyArray<CustomerEvent>
  /** An address as only the customer's key opens it, by the blind one; or what they are called, by `NAME`. */
  readonly sealed?: readonly [address: string, text: string]
  /** Nobody's: what holds from then on for recoveries that begin. */
  readonly settings?: SettingsVersion
}

/** No blind address is so short. */
export const NAME = "name"

export interface Customer {
  readonly customerId: string
  readonly version: number
  readonly contact: Contact
  readonly sealed: Readonly<Record<string, string>>
  /** The last one, running or not. */
  readonly recovery: Recovery | undefined
  /** The abandonment that was decided on last, also when nothing was begun for it. */
  readonly decidedOn: string | undefined
  /** Why nothing was begun for it. */
  readonly withheld: Pick<RecoveryWithheld, "reason" | "refused"> | undefined
  readonly purchases: Purchases
  /** The oldest first: those that hold, and those of the past two months. */
  readonly offers: ReadonlyArray<Offer>
  /** Why the last messages went with an offer, or with none; the newest last. */
  readonly reasons: ReadonlyArray<OfferReason>
  /** Of which it is to be learned yet whether they worked. */
  readonly trials: ReadonlyArray<Trial>
  readonly learned: Learned
}

/** Each is some 500 bytes, and every customer has them; the journal has all. */
export const OFFER_REASONS_MAX = 4

export const newCustomer = (customerId: string): Customer => ({
  customerId,
  version: 0,
  contact: unknownContact,
  sealed: {},
  recovery: undefined,
  decidedOn: undefined,
  withheld: undefined,
  purchases: noPurchases,
  offers: [],
  reasons: [],
  trials: [],
  learned: {}
})

/** A customer out of a snapshot, which may be older than some of the fields. */
export const unpackCustomer = (customerId: string, packed: string): Customer => ({
  ...newCustomer(customerId),
  ...(JSON.parse(packed) as Partial<Customer>)
})

export const evolveCustomer = (customer: Customer, record: CustomerRecord): Customer => {
  let next: Customer = { ...customer, version: record.version }
  if (record.sealed !== undefined) {
    const [address, text] = record.sealed
    next = { ...next, sealed: { ...next.sealed, [address]: text } }
  }
  for (const event of record.events) next = evolveEvent(next, event)
  return next
}

export const evolveEvent = (customer: Customer, event: CustomerEvent): Customer => {
  switch (event.type) {
    case "contact-point-removed": {
      const { [event.address]: _gone, ...sealed } = customer.sealed
      const contact = evolveContact(customer.contact, event)
      const isUsed = contact.points.some(({ address }) => address === event.address)
      return { ...customer, contact, sealed: isUsed ? customer.sealed : sealed }
    }
    case "contact-point-set":
    case "contact-settings-set":
    case "contact-joined":
    case "link-followed":
    case "name-set":
    case "customer-wrote":
    case "opted-out":
    case "opted-in":
      return { ...customer, contact: evolveContact(customer.contact, event) }
    case "address-suppressed":
    case "address-reopened":
      return customer
    case "recovery-withheld":
      return {
        ...customer,
        decidedOn: event.abandonment.abandonmentId,
        withheld: { reason: event.reason, refused: event.refused }
      }
    case "recovery-started":
      return {
        ...customer,
        recovery: startedBy(event),
        decidedOn: event.abandonment.abandonmentId,
        withheld: undefined
      }
    case "message-intended":
    case "message-retried":
    case "message-sent":
      return inRecovery({ ...customer, contact: evolveContact(customer.contact, event) }, event)
    case "message-failed":
    case "message-skipped": {
      const trials = event.type === "message-failed" && !event.isUnsent ? customer.trials : untried(customer, event)
      return inRecovery({ ...customer, trials, contact: evolveContact(customer.contact, event) }, event)
    }
    case "order-noted":
      return ordered(customer, event)
    case "offer-decided":
      return offered(customer, event)
    case "offer-repeated":
    case "offer-ending":
    case "offer-redeemed":
    case "offer-closed":
      return { ...customer, offers: evolveOffers(customer.offers, event) }
    case "offer-learned":
      return { ...customer, trials: untried(customer, event), learned: evolveLearned(customer.learned, event) }
    default:
      return inRecovery(customer, event)
  }
}

const untried = ({ trials }: Customer, { attemptId }: { readonly attemptId: string }): ReadonlyArray<Trial> =>
  trials.some((trial) => trial.attemptId === attemptId)
    ? trials.filter((trial) => trial.attemptId !== attemptId)
    : trials

const offered = (customer: Customer, event: OfferDecided): Customer => {
  const trial = trialOf(event)
  return {
    ...customer,
    offers: evolveOffers(customer.offers, event),
    reasons: [...customer.reasons, reasonOf(event)].slice(-OFFER_REASONS_MAX),
    trials: trial === undefined ? customer.trials : [...customer.trials, trial]
  }
}

/** An order that was cancelled gives back the offer that it was bought with. */
const ordered = (customer: Customer, event: OrderNoted): Customer => {
  const { isCancelled, offerId, orderId } = event.order
  const purchases = evolvePurchases(customer.purchases, event)
  if (offerId === undefined) return { ...customer, purchases }
  const offers = customer.offers.map((offer) => {
    if (offer.offerId !== offerId) return offer
    if (!isCancelled) return { ...offer, orderId }
    const { orderId: _orderId, ...unused } = offer
    return unused
  })
  return { ...customer, purchases, offers }
}

/** What comes of a recovery that another one has followed changes nothing any more. */
const inRecovery = (customer: Customer, event: RecoveryEvent): Customer =>
  customer.recovery?.recoveryId === event.recoveryId
    ? { ...customer, recovery: evolve(customer.recovery, event) }
    : customer
