/**
 * The payments' HTTP part: links for carts, Stripe's webhooks, and customers who come back from paying.
 */
import { Effect } from "effect"
import type { PaymentsShape } from "../../payments/layer.ts"
import type { Payments, ReturnAnswer, WebhookAnswer } from "../../payments/payments.ts"
import { decodeCartName } from "../../carts/decode.ts"
import { moneyOfPayment } from "../../../actors/payment/payment.ts"
import type { PaymentLinks } from "../../carts/payment-links.ts"
import type { Repaying } from "../../carts/repaying.ts"
import type { LinkFailed } from "../../payments/checkout-links.ts"
import { invalid } from "../decode.ts"
import { LinkAsked } from "../openapi/payments.ts"
import { TRACEPARENT } from "../../tracing/traceparent.ts"
import type { Request, Response } from "../serving.ts"
import { readBody } from "./read-body.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface PaymentServices extends PaymentsShape {
  readonly links: PaymentLinks | undefined
  readonly repaying: Repaying | undefined
  readonly run: (effect: Effect.Effect<void>) => void
}

export class PaymentRoutes {
  private readonly services: PaymentServices

  constructor(services: PaymentServices) {
    this.services = services
  }

  webhook({ headers, body }: Request, respond: Respond): void {
    if (body === undefined) return respond(tooLarge)
    this.with(respond, (payments) => Effect.map(payments.webhook(headers, body), webhookResponse))
  }

  returned({ query }: Request, respond: Respond): void {
    const { returnPage } = this.services
    this.with(respond, (payments) =>
      Effect.map(payments.returned(query), (answer) => returnResponse(answer, returnPage))
    )
  }

  /** `{"email"?, "contents"?}`; an empty body is an empty object. */
  link(request: Request, respond: Respond, name: string | undefined): void {
    const { links, run } = this.services
    if (links === undefined) return respond(notSetUp)
    const cart = decodeCartName(name)
    if (!cart.ok) return respond(refused(cart.refusal))
    const asked = readBody(request, LinkAsked, respond, {})
    if (asked === undefined) return
    run(
      Effect.map(
        Effect.match(links.link(cart.value, { ...asked, traceparent: request.headers[TRACEPARENT] }), {
          onSuccess: ({ contents, url, sessionId, expiresAt }) =>
            json(200, { ok: true, cart: cart.value, contents, url, sessionId, expiresAt }),
          onFailure: linkRefused
        }),
        respond
      )
    )
  }

  /** How a payment is, and how it goes back. */
  get(respond: Respond, paymentId: string | undefined): void {
    this.ofPayment(respond, paymentId, (repaying, id) =>
      Effect.map(repaying.read(id), (seen) => {
        if (seen === undefined) return unknownPayment
        const { state, phase, repayment } = seen
        const { cart } = state
        return json(200, {
          ok: true,
          paymentId: id,
          phase,
          currency: state.currency,
          ...moneyOfPayment(state),
          ...(cart === undefined ? {} : { cart: cart.cartId, contents: cart.cartVersion }),
          ...(repayment === undefined ? {} : { repayment })
        })
      })
    )
  }

  /** Pays back what is parked: also an order that waits for goods, and what failed before. */
  refund(respond: Respond, paymentId: string | undefined): void {
    this.ofPayment(respond, paymentId, (repaying, id) =>
      Effect.map(repaying.askedFor(id), (answer) => {
        if (answer === undefined || answer === "foreign") return notParked
        return json(200, { ok: true, paymentId: id, repayment: answer })
      })
    )
  }

  private ofPayment(
    respond: Respond,
    paymentId: string | undefined,
    ask: (repaying: Repaying, paymentId: string) => Effect.Effect<Response, unknown>
  ): void {
    const { repaying, run } = this.services
    if (repaying === undefined) return respond(notSetUp)
    if (paymentId === undefined || !PAYMENT_ID.test(paymentId)) return respond(unknownPayment)
    run(
      Effect.map(
        Effect.orElseSucceed(ask(repaying, paymentId), () => notNow),
        respond
      )
    )
  }

  private with(respond: Respond, ask: (payments: Payments) => Effect.Effect<Response>): void {
    const { payments, run } = this.services
    if (payments === undefined) return respond(notSetUp)
    run(Effect.map(ask(payments), respond))
  }
}

const tooLarge = refused(invalid("The body is too large: it has at most 1 MiB."), 413)
const notSetUp = refused(invalid("Payments are not set up on this hub: set STRIPE_SECRET_KEY."), 404)

/** A PaymentIntent's, or a session's that nobody tried to pay. */
const PAYMENT_ID = /^(pi|cs)_[A-Za-z0-9_]{1,250}$/
const unknownPayment = json(404, { ok: false, code: "unknown_payment", message: "Stripe has told of no such payment." })
const notParked = json(409, {
  ok: false,
  code: "not_parked",
  message: "This payment has bought something, or nothing of it is left: refund it at Stripe if it is to go back."
})
const notNow = refused({
  ok: false,
  code: "unavailable",
  message: "Stripe or the payment's log cannot be reached; the same again goes on from here."
})

const linkStatus: Readonly<Record<LinkFailed["code"], number>> = {
  unknown_cart: 404,
  no_checkout: 409,
  outdated_cart: 409,
  already_paid: 409,
  hold_ended: 409,
  amounts_differ: 409,
  nothing_to_pay: 409,
  currency_unsupported: 409,
  invalid_cart: 409,
  refused: 409,
  throttled: 429,
  unauthorized: 503,
  unavailable: 503
}

const THROTTLED_RETRY_MS = 1_000

/** By the contract's words where it has them. */
const linkRefused = ({ code, message }: LinkFailed): Response => {
  if (code === "throttled") return refused({ ok: false, code: "overloaded", message, retryAfterMs: THROTTLED_RETRY_MS })
  if (linkStatus[code] === 503) return refused({ ok: false, code: "unavailable", message })
  return json(linkStatus[code], { ok: false, code: code === "outdated_cart" ? "cart_changed" : code, message })
}

const webhookResponse = (answer: WebhookAnswer): Response => {
  switch (answer.type) {
    case "taken":
      return json(200, { ok: true })
    case "ignored":
      return json(200, { ok: true, ignored: answer.why })
    case "refused":
      return answer.status === 401
        ? refused({ ok: false, code: "unauthorized", message: answer.message })
        : refused(invalid(answer.message))
    case "unavailable":
      return refused({ ok: false, code: "unavailable", message: answer.message })
  }
}

/** To the shop's own page where there is one; a browser sees no signature there. */
const returnResponse = (answer: ReturnAnswer, returnPage: string | undefined): Response => {
  if (answer.type === "refused") {
    return answer.status === 401
      ? refused({ ok: false, code: "unauthorized", message: answer.message })
      : refused(invalid(answer.message), answer.status)
  }
  const { cartId } = answer.to
  const state = answer.type === "unknown" ? "processing" : answer.state
  if (returnPage === undefined) return json(200, { ok: true, cartId, state })
  const page = new URL(returnPage)
  page.searchParams.set("cart", cartId)
  page.searchParams.set("state", state)
  return json(303, { ok: true, cartId, state }, { location: page.href })
}
