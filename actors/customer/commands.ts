/**
 * What can be asked of a customer, already read and checked. Addresses are blind: they are compared here, and read nowhere.
 */
import type { Channel } from "../recovery/channel.ts"
import type { ContactPoint } from "../recovery/contact.ts"
import type { FailureClass, MessageCost } from "../recovery/events.ts"
import type { Abandonment } from "../recovery/may-reach.ts"
import type { ChangeSettings } from "../recovery/settings-history.ts"
import type { OfferOutcome } from "../recovery/offer.ts"
import type { Order } from "../recovery/purchases.ts"

interface OnCustomer {
  readonly customerId: string
  readonly mutationId: string
}

/** The customer may be reached here, and has agreed to be or not. `sealed`: the address as only their key opens it. */
export interface SetPoint extends OnCustomer {
  readonly type: "point"
  readonly point: Omit<ContactPoint, "consentedAt">
  readonly hasConsented: boolean
  readonly sealed: string
}

/** What the customer is called, sealed. `mark`: the same for the same name, and says nothing. */
export interface SetName extends OnCustomer {
  readonly type: "name"
  readonly mark: string
  readonly sealed: string
}

export interface ForgetPoint extends OnCustomer {
  readonly type: "forget-point"
  readonly channel: Channel
  readonly address: string
}

export interface SetSettings extends OnCustomer {
  readonly type: "settings"
  readonly preferred?: ReadonlyArray<Channel>
  readonly zone?: string
  readonly country?: string
}

/** Said by the customer to somebody, or by an operator for them. */
export interface OptChange extends OnCustomer {
  readonly type: "opt-out" | "opt-in"
  readonly channel: Channel
  readonly address: string
}

export interface Abandoned extends OnCustomer {
  readonly type: "abandoned"
  readonly abandonment: Abandonment
}

/** The cart has moved: is there still something to say? */
export interface CartMoved extends OnCustomer {
  readonly type: "cart-moved"
}

export type AttemptOutcome =
  /** `isAssumed`: it was on its way when the line broke, and nobody will say whether it arrived. */
  | {
      readonly type: "sent"
      readonly receipt: string
      readonly isAssumed?: true
      readonly segments?: number
      readonly cost?: MessageCost
    }
  | { readonly type: "failed"; readonly class: FailureClass; readonly code: string; readonly retryAt: number }
  /** Nobody will ever know. */
  | { readonly type: "lost"; readonly code: string }
  /** It was about to leave and may not any more. */
  | { readonly type: "withdrawn" }
  /** Its last call certainly did nothing. */
  | { readonly type: "unsent" }

export interface Outcome extends OnCustomer {
  readonly type: "outcome"
  readonly attemptId: string
  readonly outcome: AttemptOutcome
}

/** The customers of an address have written. `carrier`: it has seen to that word itself. */
export interface Wrote {
  readonly type: "wrote"
  readonly mutationId: string
  readonly channel: Channel
  readonly address: string
  readonly text: string
  readonly carrier?: "stop" | "start" | "help"
}

/** A carrier tells that a message which it had taken did not arrive, and never will at this address. */
export interface Bounced {
  readonly type: "bounced"
  readonly mutationId: string
  readonly channel: Channel
  readonly address: string
}

/** The customer has clicked that they want no more of it. */
export interface Unsubscribed extends OnCustomer {
  readonly type: "unsubscribed"
  readonly channel: Channel
}

/** The customer has gone from a message to the payment of their cart. */
export interface LinkFollowed extends OnCustomer {
  readonly type: "link-followed"
  readonly attemptId: string
}

/** By what carts are won back from now on; nobody's in particular. */
export interface SetRecoverySettings extends ChangeSettings {
  readonly type: "recovery-settings"
  readonly mutationId: string
}

/** A cart of theirs was bought, or something of its order has changed. */
export interface Ordered extends OnCustomer {
  readonly type: "ordered"
  readonly order: Order
}

/** A cart of somebody else has tried the offer. */
export interface OfferMisused extends OnCustomer {
  readonly type: "offer-misused"
  readonly offerId: string
}

/** The carts say what the offer came to; nobody can use it any more. */
export interface OfferSettled extends OnCustomer {
  readonly type: "offer-settled"
  readonly offerId: string
  readonly outcome: OfferOutcome
}

export type OfOneCustomer =
  | SetPoint
  | SetName
  | ForgetPoint
  | SetSettings
  | OptChange
  | Abandoned
  | CartMoved
  | Outcome
  | Unsubscribed
  | LinkFollowed
  | Ordered
  | OfferMisused
  | OfferSettled
export type OfCustomers = OfOneCustomer | Wrote | Bounced
export type CustomerCommand = OfCustomers | SetRecoverySettings

/** Who the mutation id is unique for; nobody, where it is an address that says something, or the settings. */
export const ownerOf = (command: CustomerCommand): string => ("customerId" in command ? command.customerId : "")
