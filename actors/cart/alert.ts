/**
 * What of a cart's changes somebody should know of: money that was taken for what cannot be delivered, or for nothing.
 */
import type { Alert } from "../alert/alert.ts"
import type { CartEvent } from "./events.ts"
import type { Order, Stray } from "./state.ts"

/** The alert that an event raises or clears, or `undefined`. `at`: ISO 8601. */
export const cartAlertOf = (event: CartEvent, at: string): Alert | undefined => {
  const { set = {} } = event
  if (set.order !== undefined && set.order !== null) {
    const { state, paidMinor, refundedMinor } = set.order
    if (event.type === "short" || event.type === "refund-failed") return orderAlert(event, set.order, at, true)
    const isOver = state === "cancelled" || refundedMinor >= paidMinor
    if (isOver && (event.type === "cancelled" || event.type === "refunded")) {
      return orderAlert(event, set.order, at, false)
    }
  }
  const newest =
    event.type === "paid"
      ? set.strays?.at(-1)
      : event.type === "refund-failed"
        ? set.strays?.findLast(({ refund }) => refund === "failed")
        : undefined
  if (newest !== undefined) return strayAlert(event, newest, at)
  return set.strays === null ? strayAlert(event, undefined, at) : undefined
}

const orderAlert = ({ cart, version }: CartEvent, order: Order, at: string, isRaised: boolean): Alert => {
  const { orderId, paymentId, paidMinor } = order
  return {
    id: `order:${orderId}:${version}`,
    kind: "order",
    state: isRaised ? "raised" : "cleared",
    episode: `order:${orderId}`,
    subject: cart,
    severity: isRaised ? "critical" : "info",
    summary: isRaised
      ? `The order ${orderId} is paid and its stock is gone: ${wayOut(order)}`
      : `The order ${orderId} is paid back or cancelled.`,
    details: { orderId, paymentId, paidMinor },
    at
  }
}

const wayOut = ({ paidMinor, refund }: Order): string =>
  refund === "failed"
    ? `paying ${paidMinor} (minor units) back failed, so somebody has to.`
    : `it is parked, and ${paidMinor} (minor units) go back unless such orders wait for goods.`

const strayAlert = ({ cart, version }: CartEvent, stray: Stray | undefined, at: string): Alert => ({
  id: `payment:${cart}:${version}`,
  kind: "payment",
  state: stray === undefined ? "cleared" : "raised",
  episode: `payment:${cart}`,
  subject: cart,
  severity: stray === undefined ? "info" : "critical",
  summary:
    stray === undefined
      ? `What was paid for nothing in the cart ${cart} is paid back.`
      : `The payment ${stray.paymentId} for the cart ${cart} bought nothing (${stray.reason.replaceAll("_", " ")}): ${stray.refund === "failed" ? "paying it back failed, so somebody has to." : "it goes back."}`,
  details: stray === undefined ? {} : { ...stray },
  at
})
