/**
 * What a payment means to the cart that it names: an order, or a case that somebody must see. Never silently an order:
 * the money may be for a cart as it was two changes ago, or the second for the same cart.
 */
import type { PaidFact } from "./payment.ts"

/** The cart as it is when the fact is decided. */
export interface PayableCart {
  readonly version: number
  readonly totalMinor: number
  readonly currency: string
  /** The hold that the present version is promised by; `undefined` when it ended. */
  readonly holdId: string | undefined
  /** The payment that made it an order. */
  readonly paidBy?: string
}

export type PaymentCase =
  | "outdated_cart"
  | "hold_ended"
  | "paid_twice"
  | "other_amount"
  | "other_currency"
  | "unknown_cart"

export type Settlement =
  | { readonly type: "order" }
  /** This payment has made the order already: the webhook and the way back tell the same. */
  | { readonly type: "known" }
  /** The money is there and no order can be made of it as it is. `message` says what to do. */
  | { readonly type: "case"; readonly reason: PaymentCase; readonly message: string }

const messages: Readonly<Record<PaymentCase, string>> = {
  outdated_cart: "The cart was changed after its payment link was made: refund it, or agree on the old contents.",
  hold_ended: "It was paid after the stock was given back: take the stock again, or refund it.",
  paid_twice: "The cart was paid by another payment already: refund this one.",
  other_amount: "It is another amount than the cart's total: refund it, or collect the difference.",
  other_currency: "It is in another currency than the cart: refund it.",
  unknown_cart: "There is no such cart: find out whose payment it is, and refund it."
}

export const settle = (fact: PaidFact, cart: PayableCart | undefined): Settlement => {
  if (cart?.paidBy === fact.paymentIntent) return { type: "known" }
  const reason = caseOf(fact, cart)
  return reason === undefined ? { type: "order" } : { type: "case", reason, message: messages[reason] }
}

const caseOf = (fact: PaidFact, cart: PayableCart | undefined): PaymentCase | undefined => {
  if (cart === undefined) return "unknown_cart"
  if (cart.paidBy !== undefined) return "paid_twice"
  if (cart.version !== fact.cartVersion) return "outdated_cart"
  if (cart.currency !== fact.currency) return "other_currency"
  if (cart.totalMinor !== fact.amountMinor) return "other_amount"
  return cart.holdId === fact.holdId ? undefined : "hold_ended"
}
