/**
 * Money of a cart's customers that has to go back: payments that bought nothing, and an order whose stock was gone when
 * its payment came, unless the policy says that such orders wait for goods.
 */
import type { Policy } from "./policy.ts"
import type { CartState, Stray } from "./state.ts"

export interface Debt {
  readonly cartId: string
  readonly paymentId: string
  readonly reason: Stray["reason"] | "stock_gone" | "unknown_cart"
}

/** Something is parked here, whatever is being done about it. */
export const isParked = ({ strays = [], order }: CartState): boolean => strays.length > 0 || order?.state === "short"

/** What is to be paid back and neither under way nor beyond what can be done without a person. */
export const debtsOf = (state: CartState, policy: Policy): ReadonlyArray<Debt> => {
  const { cart: cartId, order, strays = [] } = state
  const debts: Array<Debt> = strays
    .filter(({ refund }) => refund === undefined)
    .map(({ paymentId, reason }) => ({ cartId, paymentId, reason }))
  if (order?.state === "short" && order.refund === undefined && policy.shortOrders !== "wait") {
    debts.push({ cartId, paymentId: order.paymentId, reason: "stock_gone" })
  }
  return debts
}

/** What a person may have paid back: also what the policy has waiting, and what failed. */
export const parkedPayment = ({ cart: cartId, order, strays = [] }: CartState, paymentId: string): Debt | undefined => {
  const stray = strays.find((one) => one.paymentId === paymentId)
  if (stray !== undefined) return { cartId, paymentId, reason: stray.reason }
  return order?.state === "short" && order.paymentId === paymentId
    ? { cartId, paymentId, reason: "stock_gone" }
    : undefined
}
