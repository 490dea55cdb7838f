/**
 * What Stripe tells of one payment, in the hub's words. `src/payments/stripe-events.ts` makes these of events.
 *
 * An observation is a snapshot of one object at one moment, and may come late, twice, or before what it follows from.
 * Amounts are integer minor units, currencies are ISO 4217 in upper case.
 */

/** What was to be paid for: written on the session and the intent when the link was made. */
export interface CartReference {
  readonly cartId: string
  readonly cartVersion: number
  readonly holdId: string
}

export type IntentStatus =
  | "requires_payment_method"
  | "requires_confirmation"
  | "requires_action"
  | "processing"
  | "requires_capture"
  | "canceled"
  | "succeeded"

export interface IntentSeen {
  readonly type: "intent"
  readonly status: IntentStatus
  readonly amountMinor: number
  readonly currency: string
  readonly receivedMinor: number
  readonly capturableMinor: number
  /** Stripe's code for why an attempt to pay came to nothing. */
  readonly failure?: string
}

export interface SessionSeen {
  readonly type: "session"
  readonly sessionId: string
  readonly status: "open" | "complete" | "expired"
  readonly isPaid: boolean
  readonly amountMinor: number
  readonly currency: string
}

export interface ChargeSeen {
  readonly type: "charge"
  readonly chargeId: string
  readonly amountMinor: number
  readonly currency: string
  /** 0 unless the money was taken. */
  readonly capturedMinor: number
  readonly refundedMinor: number
  /** A card: its refund is through when the charge says so. Others are through when the refund says so. */
  readonly refundsAtOnce: boolean
}

export type RefundStatus = "pending" | "requires_action" | "succeeded" | "canceled" | "failed"

export interface RefundSeen {
  readonly type: "refund"
  readonly refundId: string
  readonly amountMinor: number
  readonly currency: string
  readonly status: RefundStatus
}

export type Observation = IntentSeen | SessionSeen | ChargeSeen | RefundSeen

/** One event: the record that is kept of it. */
export interface PaymentEvent {
  /** Stripe's, unique: the same event delivered again has the same. */
  readonly eventId: string
  /** When it happened by Stripe's clock, which counts seconds. */
  readonly atMs: number
  readonly cart?: CartReference
  readonly observations: ReadonlyArray<Observation>
}
