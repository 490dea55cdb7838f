/**
 * Pays back what bought nothing, by what the payment is at Stripe in that moment: refunded when the money was taken, voided
 * when it was not.
 *
 * What is decided is in `actors/payment/repayment.ts`. Whoever asks twice, or again after a crash, gets one refund. Stripe's
 * answer is kept as what it told of the payment, so the money counts as back when Stripe says so, and as pending before.
 */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import type { PaymentEvent } from "../../actors/payment/observations.ts"
import { moneyOfPayment, type PaymentFact } from "../../actors/payment/payment.ts"
import {
  decideRepayment,
  evolveRepayment,
  initialRepayment,
  type Repayment,
  repaymentAct,
  type RepaymentEvent,
  type RepaymentState,
  type RepaymentWish
} from "../../actors/payment/repayment.ts"
import type { PaymentState } from "../../actors/payment/state.ts"
import { changeSubject, type SubjectLog, type SubjectLogUnavailable } from "../../streams/subject-log.ts"
import { repaymentSubject } from "../../streams/subjects.ts"
import type { Payments } from "./payments.ts"
import type { StripeCall, StripeFailed } from "./stripe-client.ts"
import { intentObserved, refundObserved } from "./stripe-events.ts"

export interface RepaymentsOptions {
  readonly call: StripeCall
  readonly log: SubjectLog<RepaymentEvent>
  readonly payments: Pick<Payments, "read" | "observe" | "handOver">
  readonly tell: (fact: PaymentFact) => Effect.Effect<void, unknown>
}

/** `foreign`: no payment that Stripe told this hub of for that cart; `settled`: it is back, or on its way by another hand. */
export type RepaymentAnswer = "foreign" | "settled" | "asked" | "needless" | "refused"

/** What Stripe calls it when there is nothing left that could go back. */
const NEEDLESS = new Set(["charge_already_refunded"])
/** It was captured, or canceled, between looking and asking: look again. */
const MOVED_ON = "payment_intent_unexpected_state"
const LOOKS_MAX = 3

export class Repayments {
  private readonly options: RepaymentsOptions

  constructor(options: RepaymentsOptions) {
    this.options = options
  }

  /** Fails when Stripe or the log cannot be reached, and loses nothing then: the same again goes on. */
  repay(paymentIntent: string, wish: RepaymentWish, isAgain = false): Effect.Effect<RepaymentAnswer, unknown> {
    return Effect.gen({ self: this }, function* () {
      const payment = yield* this.options.payments.read(paymentIntent)
      if (payment.cart?.cartId !== wish.cartId) return "foreign"
      const { receivedMinor, refundedMinor, refundPendingMinor, refundFailedMinor } = moneyOfPayment(payment)
      if (receivedMinor > 0 && refundedMinor + refundPendingMinor >= receivedMinor) {
        yield* this.options.payments.handOver(paymentIntent, payment)
        return "settled"
      }
      const decision = yield* this.change(paymentIntent, (state) => {
        const decided = decideRepayment(state, wish, { isAgain, hasFailed: refundFailedMinor > 0 })
        return { events: decided.type === "intend" ? [decided.event] : [], answer: decided }
      })
      if (decision.type === "done") return decision.repayment.outcome ?? "asked"
      return yield* this.carryOut(paymentIntent, {
        payment,
        repayment: decision.type === "resume" ? decision.repayment : decision.event
      })
    })
  }

  /** What is known of how a payment goes back. */
  state(paymentIntent: string): Effect.Effect<RepaymentState, SubjectLogUnavailable> {
    return this.change(paymentIntent, (state) => ({ events: [], answer: state }))
  }

  private carryOut(
    paymentIntent: string,
    { payment, repayment }: { readonly payment: PaymentState; readonly repayment: Repayment }
  ): Effect.Effect<RepaymentAnswer, unknown> {
    const { ordinal, cartId } = repayment
    return Effect.gen({ self: this }, function* () {
      for (let looks = 0; looks < LOOKS_MAX; looks++) {
        const { status } = yield* this.options.call((stripe) => stripe.paymentIntents.retrieve(paymentIntent))
        const act = repaymentAct(status)
        if (act === "needless") return yield* this.end(paymentIntent, { type: "repayment-needless", ordinal })
        const asked = yield* Effect.result(this.ask(paymentIntent, act, repayment))
        if (asked._tag === "Success") {
          // Before it is written down: a hub that dies here asks again, with the same key, and hears the same.
          yield* this.options.payments.observe(paymentIntent, asked.success.event)
          return yield* this.end(paymentIntent, {
            type: "repayment-asked",
            ordinal,
            act,
            objectId: asked.success.objectId
          })
        }
        const { reason, code } = asked.failure
        if (reason !== "refused") return yield* asked.failure
        if (NEEDLESS.has(code)) return yield* this.end(paymentIntent, { type: "repayment-needless", ordinal })
        if (code === MOVED_ON && looks < LOOKS_MAX - 1) continue
        if (payment.cart !== undefined) {
          const id = `${paymentIntent}:refund-refused:${ordinal}`
          yield* this.options.tell({ kind: "refund-failed", id, paymentIntent, ...payment.cart })
        }
        yield* Effect.logWarning(`Stripe refused to pay back what the cart ${cartId} did not buy (${code}).`)
        return yield* this.end(paymentIntent, { type: "repayment-refused", ordinal, code })
      }
      return "refused"
    })
  }

  private ask(
    paymentIntent: string,
    act: "refund" | "void",
    { ordinal, cartId, reason }: Repayment
  ): Effect.Effect<{ readonly objectId: string; readonly event: PaymentEvent }, StripeFailed> {
    const { call } = this.options
    const key = { idempotencyKey: idempotencyKey(paymentIntent, ordinal, act) }
    if (act === "void") {
      return Effect.map(
        call((stripe) => stripe.paymentIntents.cancel(paymentIntent, {}, key)),
        (intent) => ({ objectId: intent.id, event: intentObserved(intent) })
      )
    }
    // Without an amount it is all that is left, so what somebody has paid back by hand meanwhile is not paid twice.
    const metadata = { holdfast_cart: cartId, holdfast_reason: reason }
    return Effect.map(
      call((stripe) => stripe.refunds.create({ payment_intent: paymentIntent, metadata }, key)),
      (refund) => ({ objectId: refund.id, event: refundObserved(refund) })
    )
  }

  private end(
    paymentIntent: string,
    event: Exclude<RepaymentEvent, { readonly type: "repayment-intended" }>
  ): Effect.Effect<"asked" | "needless" | "refused", SubjectLogUnavailable> {
    return this.change(paymentIntent, ({ newest }) => ({
      events: newest?.ordinal === event.ordinal && newest.outcome === undefined ? [event] : [],
      answer: outcomes[event.type]
    }))
  }

  private change<Answer>(
    paymentIntent: string,
    decide: (state: RepaymentState) => { readonly events: ReadonlyArray<RepaymentEvent>; readonly answer: Answer }
  ): Effect.Effect<Answer, SubjectLogUnavailable> {
    const { log } = this.options
    const subject = repaymentSubject(paymentIntent)
    return Effect.map(
      changeSubject({ log, subject, initial: initialRepayment, evolve: evolveRepayment, decide }),
      ({ answer }) => answer
    )
  }
}

const outcomes = {
  "repayment-asked": "asked",
  "repayment-needless": "needless",
  "repayment-refused": "refused"
} as const

/** The same for every try of one repayment, and another for a void, whose content is another. */
const idempotencyKey = (paymentIntent: string, ordinal: number, act: "refund" | "void"): string =>
  `repay-${createHash("sha256")
    .update(JSON.stringify([paymentIntent, ordinal, act]))
    .digest("hex")}`
