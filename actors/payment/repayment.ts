/**
 * A payment that bought nothing goes back: what is intended before Stripe is asked, and what came of it.
 *
 * Kept in a log of its own for each payment. A hub that died between the two asks again with the same key. That the money
 * is back is not said here but by the payment, when Stripe has confirmed it.
 *
 * B1 One try of a payment is under way. B2 Another one follows only when somebody asks for it and the one before failed.
 */

/** Why it goes back: what the cart said of it, or that there is no such cart any more. */
export interface RepaymentWish {
  readonly cartId: string
  readonly reason: string
}

export type RepaymentEvent =
  | ({
      readonly type: "repayment-intended"
      /** Counts the tries from 1: with the payment, it makes the idempotency key. */
      readonly ordinal: number
    } & RepaymentWish)
  /** `void`: nothing had been captured. */
  | {
      readonly type: "repayment-asked"
      readonly ordinal: number
      readonly act: "refund" | "void"
      readonly objectId: string
    }
  /** There was nothing left that could go back. */
  | { readonly type: "repayment-needless"; readonly ordinal: number }
  /** Stripe will not: somebody has to look. */
  | { readonly type: "repayment-refused"; readonly ordinal: number; readonly code: string }

export type Repayment = Extract<RepaymentEvent, { readonly type: "repayment-intended" }> & {
  readonly outcome?: "asked" | "needless" | "refused"
  readonly act?: "refund" | "void"
  readonly objectId?: string
  readonly code?: string
}

export interface RepaymentState {
  readonly newest: Repayment | undefined
}

export const initialRepayment: RepaymentState = { newest: undefined }

export const evolveRepayment = (state: RepaymentState, event: RepaymentEvent): RepaymentState => {
  if (event.type === "repayment-intended") return { newest: event }
  const { newest } = state
  if (newest?.ordinal !== event.ordinal) return state
  switch (event.type) {
    case "repayment-asked":
      return { newest: { ...newest, outcome: "asked", act: event.act, objectId: event.objectId } }
    case "repayment-needless":
      return { newest: { ...newest, outcome: "needless" } }
    case "repayment-refused":
      return { newest: { ...newest, outcome: "refused", code: event.code } }
  }
}

export type RepaymentDecision =
  | { readonly type: "intend"; readonly event: Extract<RepaymentEvent, { readonly type: "repayment-intended" }> }
  /** Intended, and what came of it is not known: ask with the same key. */
  | { readonly type: "resume"; readonly repayment: Repayment }
  | { readonly type: "done"; readonly repayment: Repayment }

/** `isAgain`: a person asks. `hasFailed`: what Stripe had begun came to nothing. */
export const decideRepayment = (
  { newest }: RepaymentState,
  wish: RepaymentWish,
  { isAgain, hasFailed }: { readonly isAgain: boolean; readonly hasFailed: boolean }
): RepaymentDecision => {
  if (newest !== undefined && newest.outcome === undefined) return { type: "resume", repayment: newest }
  const mayAgain = isAgain && (hasFailed || newest?.outcome === "refused")
  if (newest !== undefined && !mayAgain) return { type: "done", repayment: newest }
  const { cartId, reason } = wish
  return {
    type: "intend",
    event: { type: "repayment-intended", ordinal: (newest?.ordinal ?? 0) + 1, cartId, reason }
  }
}

export type RepaymentAct = "refund" | "void" | "needless"

/** By what the payment is at Stripe in this moment; a payment under way at a bank can only be asked to stop. */
export const repaymentAct = (status: string): RepaymentAct =>
  status === "succeeded" ? "refund" : status === "canceled" ? "needless" : "void"
