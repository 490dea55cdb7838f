/**
 * Carts that nothing will happen to any more, and that may be forgotten in time: bought, gone into another, left, or empty.
 *
 * A cart is not forgotten while anybody may need it: it uses up a promotion, waits for the stock, or owes money.
 */
import { isParked } from "./debts.ts"
import { type CartState, claimsOf, dueAt } from "./state.ts"

/** How long carts that rest are kept, in milliseconds. */
export interface CartKeep {
  /** From the last that the shopper did to an order: refunds and cancellations of it come for months. */
  readonly orderedMs: number
  /** From when a cart was left, emptied, or went into another. */
  readonly leftMs: number
}

/** Milliseconds since the epoch; `undefined`: something may still happen by itself, or somebody needs it. */
export const restsSince = (state: CartState): number | undefined => {
  const { abandoned, changedAt, contactedAt = 0, steps = [] } = state
  if (state.status === "checkout" || dueAt(state) !== undefined || steps.length > 0) return undefined
  if (claimsOf(state).length > 0 || isParked(state)) return undefined
  return Math.max(changedAt, contactedAt, abandoned?.at ?? 0)
}

export const mayForget = (
  { isOrdered, restsSince: since }: { readonly isOrdered: boolean; readonly restsSince: number | undefined },
  { leftMs, orderedMs }: CartKeep,
  at: number
): boolean => since !== undefined && since + (isOrdered ? orderedMs : leftMs) <= at
