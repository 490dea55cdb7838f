/**
 * The carts' messages as types: what goes over HTTP, the socket and NATS. See `CARTS.md`.
 */
import type { CartRefusal, OfferUse } from "../../actors/cart/decision.ts"
import type { Destination } from "../../actors/cart/policy.ts"
import type { Totals } from "../../actors/cart/pricing.ts"
import type { Discount } from "../../actors/cart/promotions.ts"
import type { CartStatus, Line, Note, Order, Stray } from "../../actors/cart/state.ts"
import type { Refusal } from "../gateway/protocol.ts"

export type ShownLine = Omit<Line, "unitCostMinor">

/** A cart at one version: the answer to a read, and what sockets are sent. Amounts are minor units of `currency`. */
export interface CartView {
  readonly cart: string
  readonly version: number
  readonly contents: number
  readonly status: CartStatus
  readonly currency?: string
  readonly customerId?: string
  readonly segment?: string
  readonly lines: ReadonlyArray<ShownLine>
  readonly codes: ReadonlyArray<string>
  readonly discounts: ReadonlyArray<Discount>
  readonly destination?: Destination
  readonly shippingMethod?: string
  readonly totals: Totals
  readonly notes: ReadonlyArray<Note>
  readonly checkout?: CheckoutView
  readonly order?: Order
  readonly strays?: ReadonlyArray<Stray>
  /** ISO 8601. */
  readonly changedAt: string
  readonly abandonedAt?: string
}

export interface CheckoutView {
  readonly holdId: string
  readonly isHeld: boolean
  /** ISO 8601. */
  readonly expiresAt: string
}

/** What a mutation came to. Lines are those that it changed; a field that it did not change is left out. */
export interface CartChanged {
  readonly ok: true
  readonly cart: string
  readonly version: number
  readonly contents: number
  readonly status: CartStatus
  readonly totals: Totals
  readonly lines?: ReadonlyArray<ShownLine>
  readonly gone?: ReadonlyArray<string>
  readonly discounts?: ReadonlyArray<Discount>
  readonly notes?: ReadonlyArray<Note>
  readonly checkout?: CheckoutView
  readonly replayed?: true
}

export type CartSeen = CartView & { readonly ok: true; readonly replayed?: true }

/** A promotion or the policy was set. */
export interface SettingDone {
  readonly ok: true
  /** Of an offer that is to end. */
  readonly offer?: OfferUse
  readonly replayed?: true
}

export type CartAnswer = CartChanged | CartSeen | SettingDone | CartRefusal | Refusal
