/**
 * What the carts' journal keeps of a decision.
 *
 * A `CartEvent` is a change of one cart: its version is one higher than the one before, and it carries what the answer
 * to its mutation needs (status, totals, version of the contents), so that a repeat is answered from it alone. The
 * other records change no cart: a promotion or the policy was set, or an answer must be given again.
 */
import type { Policy } from "./policy.ts"
import type { Totals } from "./pricing.ts"
import type { Promotion } from "./promotions.ts"
import type { CartStatus, Fields, Line } from "./state.ts"

/** Named after what was asked; what follows from it stands in the fields. */
export type CartEventType =
  | "add"
  | "set"
  | "remove"
  | "reprice"
  | "apply-code"
  | "remove-code"
  | "ship-to"
  | "touch"
  | "dismiss-notes"
  | "sign-in"
  | "merge"
  | "checkout"
  | "cancel-checkout"
  | "refresh"
  // Facts
  | "paid"
  | "payment-expired"
  | "payment-failed"
  | "refunded"
  | "refund-pending"
  | "refund-failed"
  | "cancelled"
  | "left"
  | "contacted"
  // The hub's own
  | "held"
  | "not-held"
  | "placed"
  | "short"
  | "released"
  | "hold-expired"
  | "abandoned"
  | "forgotten"

export type SetFields = { readonly [K in keyof Fields]?: Fields[K] | null }

export interface CartEvent {
  readonly type: CartEventType
  readonly cart: string
  /** The cart's version after this event. */
  readonly version: number
  readonly mutationId: string
  /** Fingerprint of the command's content; present where the mutation id is to be remembered with this event. */
  readonly hash?: string
  /** The shopper did something: the cart is not idle. */
  readonly byShopper?: true
  readonly contents: number
  readonly status: CartStatus
  readonly totals: Totals
  /** Lines that are new or different, and SKUs that are gone. */
  readonly lines?: ReadonlyArray<Line>
  readonly gone?: ReadonlyArray<string>
  readonly set?: SetFields
  /** With a cart that went into another of another partition: that one's event of the same turn, which is the answer. */
  readonly elsewhere?: CartEvent
}

export interface PromotionRecord {
  readonly type: "promotion"
  readonly mutationId: string
  /** Absent: the hub's own doing, whose id need not be remembered. */
  readonly hash?: string
  readonly promotion: Promotion
}

/** An offer's code is known no more. */
export interface OfferEndedRecord {
  readonly type: "offer-ended"
  readonly mutationId: string
  readonly hash?: never
  readonly code: string
}

export interface PolicyRecord {
  readonly type: "policy"
  readonly mutationId: string
  readonly hash: string
  readonly policy: Policy
}

/** An answer that made no event (a refusal, or "already so") and must stay the answer to that id. */
export interface CartAnsweredRecord {
  readonly type: "answered"
  /** The cart, `promotion:<code>` or `policy` that was asked. */
  readonly owner: string
  readonly mutationId: string
  readonly hash: string
  readonly answer: Readonly<Record<string, unknown>> & { readonly ok: boolean }
}

export type CartRecord = CartEvent | PromotionRecord | OfferEndedRecord | PolicyRecord | CartAnsweredRecord

export const isCartEvent = (record: CartRecord): record is CartEvent => "version" in record
