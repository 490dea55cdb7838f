/**
 * What a decision on carts is made of, and what it may look at.
 */
import type { CartRecord } from "./events.ts"
import type { Policy } from "./policy.ts"
import type { Promotion, Uses, WhyNot } from "./promotions.ts"
import type { CartState, Line } from "./state.ts"

export type CartRefusalCode =
  | "unknown_cart"
  | "unknown_line"
  | "unknown_code"
  | "code_not_applicable"
  | "cart_closed"
  | "cart_changed"
  | "cart_full"
  | "cart_too_large"
  | "empty_cart"
  | "foreign_cart"
  | "currency_mismatch"
  | "no_checkout"
  | "too_many_promotions"
  | "offer_code"

export interface CartRefusal {
  readonly ok: false
  readonly code: CartRefusalCode
  /** Says what to do. */
  readonly message: string
  readonly cart?: string
  /** With `code_not_applicable`. */
  readonly reason?: WhyNot
  /** With `cart_changed`: what the cart is now. */
  readonly version?: number
  readonly contents?: number
}

export interface CartDecision {
  readonly records: ReadonlyArray<CartRecord>
  readonly refusal?: CartRefusal
  /** Accepted, though nothing changed: the answer shows this cart as it is. */
  readonly unchanged?: string
  /** What an offer that is to end has come to. */
  readonly offer?: OfferUse
}

/** `claimed`: a checkout under way has it, and will use it or give it back. */
export type OfferUse =
  | { readonly state: "unused" }
  | { readonly state: "claimed" }
  | { readonly state: "used"; readonly orderId: string; readonly spentMinor: number }

export const refuse = (refusal: Omit<CartRefusal, "ok">): CartDecision => ({
  records: [],
  refusal: { ok: false, ...refusal }
})

/** All carts of a partition, as far as decisions look at them. */
export interface Carts {
  readonly policy: Policy
  /** The highest version of a cart that was forgotten: a new one begins above it, for it may have the same id. */
  readonly versionsForgotten: number
  readonly find: (cart: string) => CartState | undefined
  /** The cart that the customer has open. */
  readonly cartOf: (customerId: string) => string | undefined
  readonly promotion: (code: string) => Promotion | undefined
  readonly automatic: () => ReadonlyArray<Promotion>
  readonly promotionCount: number
  /** `customer` as `customerKey` names them. */
  readonly usesOf: (code: string, customer: string) => Uses
  /** The cart whose checkout or order has the code of an offer. */
  readonly claimedBy: (code: string) => string | undefined
}

/** Whom a promotion's limit counts; whoever is not known is known by the cart. */
export const customerKey = (state: Pick<CartState, "cart" | "customerId">): string =>
  state.customerId === undefined ? `cart:${state.cart}` : `customer:${state.customerId}`

export interface Circumstances {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly hash: string
  /** What may be sold of a line's goods at this moment; `undefined` for what the stock does not know. */
  readonly availableOf: (line: Pick<Line, "sku" | "locationId">) => number | undefined
}
