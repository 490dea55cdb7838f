/**
 * The addresses of payments, of links in messages, and of carriers. What Stripe, carriers and browsers send is theirs.
 */
import { Schema } from "effect"
import type { Descriptions } from "./description.ts"
import { refusalWith } from "./refusal-shapes.ts"
import { Anything, done, Minor, Moment, Version } from "./values.ts"

const { optionalKey } = Schema

const EMAIL_LENGTH_MAX = 320

/** The hub reads it by this schema. */
export const LinkAsked = Schema.Struct({
  email: optionalKey(Schema.String.check(Schema.isBetweenLength(1, EMAIL_LENGTH_MAX))),
  contents: optionalKey(
    Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).annotate({ description: "As the cart told it." })
  )
}).annotate({ identifier: "PaymentLinkAsked" })

const LinkRefusal = refusalWith("PaymentLinkRefusal", [
  "unknown_cart",
  "no_checkout",
  "cart_changed",
  "already_paid",
  "hold_ended",
  "amounts_differ",
  "nothing_to_pay",
  "currency_unsupported",
  "invalid_cart",
  "refused"
])

const PaymentRefusal = refusalWith("PaymentRefusal", ["unknown_payment", "not_parked"])

const HTML = { mediaType: "text/html" } as const
const FORM = { mediaType: "application/x-www-form-urlencoded" } as const

export const payments = {
  "post /v1/carts/:cart/payment-link": {
    summary: "A link at which the cart is paid",
    body: LinkAsked,
    isBodyOptional: true,
    answer: done("PaymentLink", {
      cart: Schema.String,
      contents: Version,
      url: Schema.String,
      sessionId: Schema.String,
      expiresAt: Moment
    }),
    refusals: [400, 404, 409, 429, 503],
    refusal: LinkRefusal
  },
  "get /v1/payments/:payment": {
    summary: "How a payment is, and how it goes back",
    answer: done("Payment", {
      paymentId: Schema.String,
      phase: Schema.String,
      currency: optionalKey(Schema.String),
      receivedMinor: Minor,
      refundedMinor: Minor,
      refundPendingMinor: Minor,
      refundFailedMinor: Minor,
      cart: optionalKey(Schema.String),
      contents: optionalKey(Version),
      repayment: optionalKey(Anything.annotate({ description: "How it goes back." }))
    }),
    refusals: [404, 503],
    refusal: PaymentRefusal
  },
  "post /v1/payments/:payment/refund": {
    summary: "Pay back what has bought nothing",
    answer: done("Repaid", {
      paymentId: Schema.String,
      repayment: Schema.Literals(["settled", "asked", "needless", "refused"])
    }),
    refusals: [404, 409, 503],
    refusal: PaymentRefusal
  },
  "post /v1/payments/stripe/webhooks": {
    summary: "What Stripe tells",
    details: "Signed by Stripe.",
    body: { mediaType: "application/json" },
    answer: done("StripeTaken", { ignored: optionalKey(Schema.String) }),
    refusals: [400, 401, 404, 413, 503]
  },
  "get /v1/checkout/return": {
    summary: "Where a customer comes back to from paying",
    answer: done("Returned", { cartId: Schema.String, state: Schema.String }),
    others: { 303: "On to the shop's own page." },
    refusals: [400, 401, 404, 503]
  },
  "get /c/:token": {
    summary: "The page of a link in a message",
    answer: HTML,
    refusals: [],
    others: { 404: "No such link." }
  },
  "post /c/:token": {
    summary: "Hold the stock and go on to payment",
    body: FORM,
    answer: HTML,
    others: { 303: "On to payment.", 404: "No such link." },
    refusals: []
  }
} as const satisfies Descriptions

const told = {
  details: "As the carrier sends it; it signs.",
  answer: { mediaType: "*/*" },
  refusals: [400, 401, 403, 404, 413, 503]
} as const
const body = { mediaType: "*/*" } as const

export const carriers = {
  "get /v1/outreach/:carrier/inbound": { summary: "A carrier's handshake", ...told },
  "post /v1/outreach/:carrier/inbound": { summary: "What a customer wrote", body, ...told },
  "get /v1/outreach/:carrier/status": { summary: "How a message fares", ...told },
  "post /v1/outreach/:carrier/status": { summary: "How a message fares", body, ...told },
  "get /v1/outreach/:carrier/unsubscribe": { summary: "The page that asks before it unsubscribes", ...told },
  "post /v1/outreach/:carrier/unsubscribe": { summary: "A customer wants no more", body, ...told }
} as const satisfies Descriptions
