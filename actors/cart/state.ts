/**
 * A cart's state, and how an event changes it.
 *
 * A state is never changed in place: an event says which lines are there, gone or different and which fields are set, so
 * `evolve` only puts that in. It is total: whatever was recorded is applied.
 */
import type { CartEvent } from "./events.ts"
import type { Destination } from "./policy.ts"
import { nothing, type Totals } from "./pricing.ts"
import type { Discount } from "./promotions.ts"

export interface Line {
  readonly sku: string
  readonly quantity: number
  readonly unitPriceMinor: number
  readonly name?: string
  /** Where its stock is taken from; absent: the default location. */
  readonly locationId?: string
  /** What a unit costs the shop, if it says so. Shoppers are never told. */
  readonly unitCostMinor?: number
}

/** Lines as anybody may see them. */
export const shown = (lines: ReadonlyArray<Line>): ReadonlyArray<Omit<Line, "unitCostMinor">> =>
  lines.map(({ unitCostMinor: _cost, ...line }) => line)

/** What the shopper should be told about a line or a code; one of a type for each of them. */
export type Note =
  | { readonly type: "price-moved"; readonly sku: string; readonly fromMinor: number; readonly toMinor: number }
  | { readonly type: "sold-out"; readonly sku: string; readonly available: number }
  | { readonly type: "short"; readonly sku: string; readonly wanted: number; readonly available: number }
  | { readonly type: "reduced"; readonly sku: string; readonly wanted: number; readonly quantity: number }
  | { readonly type: "code-ended"; readonly code: string; readonly reason: string }

/**
 * `open`: being filled. `checkout`: stock is held, or about to be. `ordered`: paid for. `merged`: its lines went to
 * another cart, and it takes nothing more.
 */
export type CartStatus = "open" | "checkout" | "ordered" | "merged"

/** The stock host is asked to do this and has not answered yet. Steps are done one after the other. */
export interface Step {
  /** The stock's mutation id. */
  readonly id: string
  readonly act: "reserve" | "commit" | "release"
  readonly holdId: string
  readonly ttlMs?: number
  readonly lines?: ReadonlyArray<Pick<Line, "sku" | "quantity" | "locationId">>
}

export interface Checkout {
  readonly holdId: string
  /** The version at which it was started. */
  readonly attempt: number
  readonly isHeld: boolean
  /** Milliseconds since the epoch: the end of the hold. */
  readonly expiresAt: number
}

export interface Order {
  readonly orderId: string
  readonly paymentId: string
  /** What was bought: the version that the payment was made for. */
  readonly contents: number
  readonly holdId: string
  readonly paidMinor: number
  readonly refundedMinor: number
  readonly refund?: RefundProgress
  /** `committing`: the stock is being taken. `short`: paid, and the stock was gone; somebody has to deal with it. */
  readonly state: "committing" | "placed" | "short" | "cancelled"
}

/** `pending`: asked for, Stripe has not confirmed it. `failed`: it came to nothing, and a person has to look. */
export type RefundProgress = "pending" | "failed"

export interface Abandoned {
  readonly at: number
  readonly reason: "left-checkout" | "idle-cart"
}

/** A payment that bought nothing and has to go back. */
export interface Stray {
  readonly paymentId: string
  readonly amountMinor: number
  readonly reason: "older_version" | "already_ordered" | "other_amount" | "cart_closed" | "code_used_up"
  readonly refund?: RefundProgress
}

/** Fields that an event sets or, with `null`, takes away. */
export interface Fields {
  readonly currency?: string | undefined
  readonly customerId?: string | undefined
  readonly segment?: string | undefined
  readonly destination?: Destination | undefined
  readonly method?: string | undefined
  readonly codes?: ReadonlyArray<string> | undefined
  readonly discounts?: ReadonlyArray<Discount> | undefined
  /** The contents from which on only codes of offers came in or ended; absent: those that it has. */
  readonly sameSince?: number | undefined
  /** Promotions that its checkout or its order uses up. */
  readonly claims?: ReadonlyArray<string> | undefined
  readonly shippingMethod?: string | undefined
  readonly notes?: ReadonlyArray<Note> | undefined
  readonly checkout?: Checkout | undefined
  readonly order?: Order | undefined
  readonly steps?: ReadonlyArray<Step> | undefined
  readonly strays?: ReadonlyArray<Stray> | undefined
  readonly mergedInto?: string | undefined
  readonly abandoned?: Abandoned | undefined
  readonly contactedAt?: number | undefined
  /** The hub has forgotten it since: what comes now is another cart's, under the same id. */
  readonly forgottenAt?: number | undefined
  /** When it counts as left unless something happens before; absent while there is nothing to leave. */
  readonly idleAt?: number | undefined
}

export interface CartState extends Fields {
  readonly cart: string
  readonly version: number
  /** The version that last changed what is bought or what it costs: payment links are bound to it. */
  readonly contents: number
  readonly status: CartStatus
  readonly lines: ReadonlyArray<Line>
  readonly totals: Totals
  /** When the shopper last did something, in milliseconds since the epoch. */
  readonly changedAt: number
}

/** A cart as a decision makes it. */
export type Draft = { -readonly [K in keyof CartState]: CartState[K] }

/** `version`: above it the cart's versions begin. */
export const initialCart = (cart: string, version = 0): CartState => ({
  cart,
  version,
  contents: version,
  status: "open",
  lines: [],
  totals: nothing,
  changedAt: 0
})

/** Promotions that the cart uses up at the moment. */
export const claimsOf = (state: CartState | undefined): ReadonlyArray<string> => state?.claims ?? none

const none: ReadonlyArray<string> = []

/** Whether it is what it was at these contents, but for codes of offers: those are the hub's own doing. */
export const isAsAt = ({ contents, sameSince = contents }: CartState, then: number): boolean =>
  then >= sameSince && then <= contents

/** The next moment at which something is due: its hold ends, or it counts as left. */
export const dueAt = (state: CartState): number | undefined => {
  const expiresAt =
    state.status === "checkout" && state.checkout?.isHeld === true ? state.checkout.expiresAt : undefined
  if (expiresAt === undefined || state.idleAt === undefined) return expiresAt ?? state.idleAt
  return Math.min(expiresAt, state.idleAt)
}

export const evolve = (before: CartState, event: CartEvent, at: number): CartState => {
  const { set, lines, gone } = event
  const state = before.forgottenAt === undefined ? before : initialCart(before.cart)
  const next: Record<string, unknown> = {
    ...state,
    version: event.version,
    contents: event.contents,
    status: event.status,
    totals: event.totals,
    lines: lines === undefined && gone === undefined ? state.lines : putLines(state.lines, lines ?? [], gone ?? [])
  }
  if (event.byShopper === true) next["changedAt"] = at
  for (const [name, value] of Object.entries(set ?? {})) {
    if (value === null) delete next[name]
    else next[name] = value
  }
  return next as unknown as CartState
}

/** Changed lines keep their places, new ones come last. */
const putLines = (
  before: ReadonlyArray<Line>,
  changed: ReadonlyArray<Line>,
  gone: ReadonlyArray<string>
): ReadonlyArray<Line> => {
  const bySku = new Map(before.map((line) => [line.sku, line]))
  for (const sku of gone) bySku.delete(sku)
  for (const line of changed) bySku.set(line.sku, line)
  return [...bySku.values()]
}
