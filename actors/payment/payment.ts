/**
 * What a payment amounts to, and what a cart is to be told of it.
 *
 * Facts are derived from the state and not from the event that came: telling them again gives the same ids, so whoever
 * takes them takes each once, and a hub that died before it told them tells them with the next event.
 */
import type { CartReference, PaymentEvent } from "./observations.ts"
import type { PaymentState } from "./state.ts"

export type PaymentPhase =
  | "open"
  | "failed"
  | "processing"
  | "authorized"
  | "paid"
  | "refund_pending"
  | "partly_refunded"
  | "refunded"
  | "canceled"
  | "expired"

export interface Money {
  /** Taken from the customer, refunds not deducted. */
  readonly receivedMinor: number
  /** Confirmed by Stripe. */
  readonly refundedMinor: number
  /** Asked for and not confirmed. */
  readonly refundPendingMinor: number
  /** Refunds that came to nothing. */
  readonly refundFailedMinor: number
}

/** Events that are kept of one payment. Paid and refunded in parts it has some thirty; what has more is not a cart's. */
export const EVENTS_PER_PAYMENT_MAX = 512

/** What is to be kept of an event: nothing when it is known already. */
export const decidePayment = (state: PaymentState, event: PaymentEvent): ReadonlyArray<PaymentEvent> =>
  state.seen.has(event.eventId) || state.seen.size >= EVENTS_PER_PAYMENT_MAX ? [] : [event]

export const moneyOfPayment = (state: PaymentState): Money => {
  const charges = [...state.charges.values()]
  const refunds = [...state.refunds.values()]
  const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)
  const refundsThat = (...statuses: ReadonlyArray<string>): number =>
    sum(refunds.filter(({ status }) => statuses.includes(status)).map(({ amountMinor }) => amountMinor))
  // What charges say was given back and no refund accounts for: many card refunds are told by the charge alone.
  const unnamed = Math.max(
    0,
    sum(charges.map(({ refundedMinor }) => refundedMinor)) - sum(refunds.map((one) => one.amountMinor))
  )
  const isAtOnce = charges.some(({ refundsAtOnce }) => refundsAtOnce)
  const paidSessions = [...state.sessions.values()].filter(({ isPaid }) => isPaid)
  const receivedMinor = Math.max(
    state.intent?.receivedMinor ?? 0,
    // A PaymentIntent takes money by one charge; those before it failed.
    ...charges.map(({ capturedMinor }) => capturedMinor),
    ...paidSessions.map(({ amountMinor }) => amountMinor)
  )
  return {
    receivedMinor,
    refundedMinor: refundsThat("succeeded") + (isAtOnce ? unnamed : 0),
    refundPendingMinor: refundsThat("pending", "requires_action") + (isAtOnce ? 0 : unnamed),
    refundFailedMinor: refundsThat("failed", "canceled")
  }
}

export const phaseOf = (state: PaymentState): PaymentPhase => {
  const { receivedMinor, refundedMinor, refundPendingMinor } = moneyOfPayment(state)
  if (receivedMinor > 0) {
    if (refundPendingMinor > 0) return "refund_pending"
    if (refundedMinor >= receivedMinor) return "refunded"
    return refundedMinor > 0 ? "partly_refunded" : "paid"
  }
  const status = state.intent?.status
  if (status === "canceled") return "canceled"
  if (status === "requires_capture") return "authorized"
  if (status === "processing") return "processing"
  const sessions = [...state.sessions.values()]
  if (sessions.length > 0 && sessions.every((session) => session.status === "expired")) return "expired"
  return state.failure === undefined ? "open" : "failed"
}

interface FactBase extends CartReference {
  /** The same for every telling of the same: made into the mutation id of the cart's fact. */
  readonly id: string
}

export interface PaidFact extends FactBase {
  readonly kind: "paid"
  readonly paymentIntent: string
  readonly amountMinor: number
  readonly currency: string
}

export type PaymentFact =
  | PaidFact
  | (FactBase & { readonly kind: "expired"; readonly sessionId: string })
  | (FactBase & {
      readonly kind: "payment-failed"
      readonly paymentIntent: string
      readonly reason: string
      /** A session that is complete takes no other try: the bank decided after the customer had gone. */
      readonly isFinal: boolean
    })
  | (FactBase & {
      readonly kind: "refunded"
      readonly paymentIntent: string
      readonly receivedMinor: number
      readonly refundedMinor: number
      readonly currency: string
    })
  /** A refund is under way, or came to nothing. */
  | (FactBase & { readonly kind: "refund-pending" | "refund-failed"; readonly paymentIntent: string })

/**
 * Nothing before it is known which cart the payment is for: a refund may be told before the charge, and the charge
 * before the session. `key` is the PaymentIntent, or the session of one that never got as far.
 */
export const factsOf = (key: string, state: PaymentState): ReadonlyArray<PaymentFact> => {
  const { cart, currency, failure } = state
  if (cart === undefined || currency === undefined) return []
  const { receivedMinor, refundedMinor, refundPendingMinor, refundFailedMinor } = moneyOfPayment(state)
  const facts: Array<PaymentFact> = []
  if (receivedMinor > 0) {
    facts.push({ kind: "paid", id: `${key}:paid`, paymentIntent: key, amountMinor: receivedMinor, currency, ...cart })
    if (refundedMinor > 0 || refundFailedMinor > 0) {
      const id = `${key}:refunded:${refundedMinor}:${refundFailedMinor}`
      facts.push({ kind: "refunded", id, paymentIntent: key, receivedMinor, refundedMinor, currency, ...cart })
    }
    const soFar = `${refundedMinor}:${refundPendingMinor}:${refundFailedMinor}`
    if (refundPendingMinor > 0) {
      facts.push({ kind: "refund-pending", id: `${key}:refund-pending:${soFar}`, paymentIntent: key, ...cart })
    } else if (refundFailedMinor > 0 && refundedMinor < receivedMinor) {
      facts.push({ kind: "refund-failed", id: `${key}:refund-failed:${soFar}`, paymentIntent: key, ...cart })
    }
    return facts
  }
  if (failure !== undefined) {
    const isFinal = [...state.sessions.values()].some(({ status }) => status === "complete")
    const id = `${key}:failed:${failure.eventId}${isFinal ? ":final" : ""}`
    facts.push({ kind: "payment-failed", id, paymentIntent: key, reason: failure.code, isFinal, ...cart })
  }
  for (const [sessionId, { status }] of state.sessions) {
    if (status === "expired") facts.push({ kind: "expired", id: `${sessionId}:expired`, sessionId, ...cart })
  }
  return facts
}
