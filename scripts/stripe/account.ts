/**
 * What a Stripe account keeps: checkout sessions, the PaymentIntents that customers make of them by paying, charges and
 * refunds; and the events that tell of each change, in the order they happened.
 */
import { randomBytes } from "node:crypto"
import type { Form } from "./description.ts"
import { like, type StripeObject } from "./objects.ts"
import { lineAmounts, type SessionForm } from "./session-form.ts"

export interface StripeEvent extends StripeObject {
  readonly type: string
}

/** What a customer does on the payment page. `later`: a bank that takes days, settled by `settle`. */
export type Payment = "card" | "declined" | "later"

type Fields = Record<string, unknown> & { id: string }

export class StripeAccount {
  readonly sessions = new Map<string, Fields>()
  readonly intents = new Map<string, Fields>()
  readonly charges = new Map<string, Fields>()
  readonly refunds = new Map<string, Fields>()
  /** Takes an event when it has happened. */
  onEvent: (event: StripeEvent) => void = () => undefined
  /** Refunds that are asked for over the API wait for the bank: `finishRefund` says what it answers. */
  areRefundsPending = false
  private readonly nowMs: () => number
  private readonly metadata = new Map<string, Form>()
  /** In every id, so that no two accounts have the same. */
  private readonly name: string
  private count = 0

  constructor(nowMs: () => number, name = randomBytes(6).toString("hex")) {
    this.nowMs = nowMs
    this.name = name
  }

  createSession(form: SessionForm, pageUrl: string): StripeObject {
    const id = this.newId("cs_test")
    const { subtotal, shipping, total } = lineAmounts(form)
    const email = form.customer_email ?? null
    const session: Fields = {
      ...like("checkout.session", {}),
      id,
      amount_subtotal: subtotal,
      amount_total: total,
      cancel_url: form.cancel_url ?? null,
      client_reference_id: form.client_reference_id ?? null,
      created: this.seconds(),
      currency: form.line_items?.[0]?.price_data.currency ?? null,
      customer_email: email,
      customer_details: email === null ? null : { email, tax_exempt: "none", tax_ids: null, name: null, phone: null },
      expires_at: form.expires_at ?? this.seconds() + 24 * 3_600,
      metadata: form.metadata ?? {},
      payment_intent: null,
      payment_status: "unpaid",
      shipping_cost: shipping === 0 ? null : { amount_subtotal: shipping, amount_tax: 0, amount_total: shipping },
      status: "open",
      success_url: form.success_url,
      total_details: { amount_discount: 0, amount_shipping: shipping, amount_tax: 0 },
      url: `${pageUrl}/pay/${id}`
    }
    this.sessions.set(id, session)
    this.metadata.set(id, form.payment_intent_data?.metadata ?? {})
    return copied(session)
  }

  /** `undefined`: there is none; false: it is not open. */
  expireSession(id: string): StripeObject | false | undefined {
    const session = this.sessions.get(id)
    if (session === undefined) return undefined
    if (session["status"] !== "open") return false
    Object.assign(session, { status: "expired", url: null })
    this.tell("checkout.session.expired", session)
    const intent = this.intents.get(String(session["payment_intent"]))
    if (intent !== undefined) {
      Object.assign(intent, { status: "canceled", cancellation_reason: "automatic" })
      this.tell("payment_intent.canceled", intent)
    }
    return copied(session)
  }

  /** Closes what has come to its end; Stripe does so by itself. */
  expireDue(): void {
    for (const [id, session] of this.sessions) {
      if (session["status"] === "open" && Number(session["expires_at"]) <= this.seconds()) this.expireSession(id)
    }
  }

  /** A customer pays, or tries to; false when the session is not open any more. */
  pay(sessionId: string, payment: Payment): boolean {
    this.expireDue()
    const session = this.sessions.get(sessionId)
    if (session === undefined || session["status"] !== "open") return false
    const intent = this.intentOf(session)
    if (payment === "later") {
      intent["status"] = "processing"
      this.tell("payment_intent.processing", intent)
      Object.assign(session, { status: "complete", url: null })
      this.tell("checkout.session.completed", session)
      return true
    }
    if (payment === "declined") return this.decline(intent)
    this.succeed(intent, session, "card")
    Object.assign(session, { status: "complete", url: null })
    this.tell("checkout.session.completed", session)
    return true
  }

  /** The bank has decided on what was paid by `later`. */
  settle(sessionId: string, isPaid: boolean): void {
    const session = this.sessions.get(sessionId)
    const intent = this.intents.get(String(session?.["payment_intent"]))
    if (session === undefined || intent === undefined) return
    if (isPaid) this.succeed(intent, session, "sepa_debit")
    else this.decline(intent)
    this.tell(isPaid ? "checkout.session.async_payment_succeeded" : "checkout.session.async_payment_failed", session)
  }

  /** `undefined`: nothing to refund, or not so much. `isPending`: the bank has yet to confirm it by `finishRefund`. */
  refund(intentId: string, amountMinor: number | undefined, isPending: boolean): StripeObject | undefined {
    const charge = [...this.charges.values()].find((one) => one["payment_intent"] === intentId && one["paid"] === true)
    if (charge === undefined) return undefined
    const left = Number(charge["amount"]) - Number(charge["amount_refunded"])
    const amount = amountMinor ?? left
    if (left <= 0 || amount > left) return undefined
    const refund: Fields = {
      ...like("refund", {}),
      id: this.newId("re"),
      amount,
      charge: charge.id,
      created: this.seconds(),
      currency: charge["currency"],
      payment_intent: intentId,
      status: isPending ? "pending" : "succeeded"
    }
    this.refunds.set(refund.id, refund)
    const refunded = Number(charge["amount_refunded"]) + amount
    Object.assign(charge, { amount_refunded: refunded, refunded: refunded === charge["amount"] })
    this.tell("refund.created", refund)
    this.tell("charge.refunded", charge)
    return copied(refund)
  }

  finishRefund(refundId: string, isDone: boolean): void {
    const refund = this.refunds.get(refundId)
    if (refund === undefined) return
    refund["status"] = isDone ? "succeeded" : "failed"
    const charge = this.charges.get(String(refund["charge"]))
    if (!isDone && charge !== undefined) {
      Object.assign(charge, {
        amount_refunded: Number(charge["amount_refunded"]) - Number(refund["amount"]),
        refunded: false
      })
    }
    this.tell("refund.updated", refund)
    this.tell("charge.refund.updated", refund)
    if (!isDone) this.tell("refund.failed", refund)
  }

  /** The money is set aside and not taken: what a session for capturing later comes to. */
  authorize(sessionId: string): string | undefined {
    const session = this.sessions.get(sessionId)
    if (session === undefined || session["status"] !== "open") return undefined
    const intent = this.intentOf(session)
    Object.assign(intent, { status: "requires_capture", amount_capturable: intent["amount"] })
    this.tell("payment_intent.amount_capturable_updated", intent)
    Object.assign(session, { status: "complete", url: null })
    this.tell("checkout.session.completed", session)
    return intent.id
  }

  /** `undefined`: there is none; false: it is paid or canceled already. */
  cancelIntent(id: string): StripeObject | false | undefined {
    const intent = this.intents.get(id)
    if (intent === undefined) return undefined
    if (["succeeded", "canceled", "processing"].includes(String(intent["status"]))) return false
    Object.assign(intent, { status: "canceled", amount_capturable: 0, canceled_at: this.seconds() })
    this.tell("payment_intent.canceled", intent)
    return copied(intent)
  }

  private intentOf(session: Fields): Fields {
    const known = this.intents.get(String(session["payment_intent"]))
    if (known !== undefined) return known
    const intent: Fields = {
      ...like("payment_intent", {}),
      id: this.newId("pi"),
      amount: session["amount_total"],
      amount_received: 0,
      created: this.seconds(),
      currency: session["currency"],
      last_payment_error: null,
      metadata: this.metadata.get(session.id) ?? {},
      canceled_at: null,
      status: "requires_payment_method"
    }
    this.intents.set(intent.id, intent)
    session["payment_intent"] = intent.id
    this.tell("payment_intent.created", intent)
    return intent
  }

  private succeed(intent: Fields, session: Fields, method: string): void {
    const charge = this.charge(intent, true, method)
    this.tell("charge.succeeded", charge)
    Object.assign(intent, {
      status: "succeeded",
      amount_received: intent["amount"],
      latest_charge: charge.id,
      last_payment_error: null
    })
    this.tell("payment_intent.succeeded", intent)
    session["payment_status"] = "paid"
  }

  private decline(intent: Fields): true {
    const charge = this.charge(intent, false, "card")
    this.tell("charge.failed", charge)
    const error = { type: "card_error", code: "card_declined", decline_code: "insufficient_funds" }
    Object.assign(intent, { status: "requires_payment_method", last_payment_error: error, latest_charge: charge.id })
    this.tell("payment_intent.payment_failed", intent)
    return true
  }

  private charge(intent: Fields, isPaid: boolean, method: string): Fields {
    const charge: Fields = {
      ...like("charge", {}),
      id: this.newId("ch"),
      amount: intent["amount"],
      amount_captured: isPaid ? intent["amount"] : 0,
      amount_refunded: 0,
      captured: isPaid,
      created: this.seconds(),
      currency: intent["currency"],
      metadata: intent["metadata"],
      paid: isPaid,
      payment_intent: intent.id,
      payment_method_details: { type: method },
      refunded: false,
      status: isPaid ? "succeeded" : "failed"
    }
    // Since 2022-11-15 a charge lists its refunds only when asked to.
    delete charge["refunds"]
    this.charges.set(charge.id, charge)
    return charge
  }

  private tell(type: string, object: Fields): void {
    const id = this.newId("evt")
    const event = like("event", {
      id,
      type,
      created: this.seconds(),
      api_version: "2026-10-28",
      data: { object: copied(object) }
    })
    this.onEvent(event as StripeEvent)
  }

  private newId(prefix: string): string {
    return `${prefix}_${this.name}${String(++this.count).padStart(6, "0")}`
  }

  private seconds(): number {
    return Math.floor(this.nowMs() / 1_000)
  }
}

const copied = (fields: Fields): StripeObject => structuredClone(fields) as unknown as StripeObject
