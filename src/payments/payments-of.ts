/**
 * Payments on Stripe, put together: its SDK, and what is known of links, payments and repayments in the stream PAYMENTS. Loaded
 * only where payments are set up: to read the SDK takes a tenth of a second.
 */
import type { Effect } from "effect"
import type { LinkEvent } from "../../actors/payment/links.ts"
import type { PaymentEvent } from "../../actors/payment/observations.ts"
import type { PaymentFact } from "../../actors/payment/payment.ts"
import type { RepaymentEvent } from "../../actors/payment/repayment.ts"
import { isLiveKey, type PaymentsConfig } from "../../config/payments.ts"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { subjectLogNats } from "../../streams/subject-log.ts"
import { PAYMENTS } from "../../streams/subjects.ts"
import { CheckoutLinks } from "./checkout-links.ts"
import { Payments } from "./payments.ts"
import { Repayments } from "./repayments.ts"
import { returnKey } from "./return-url.ts"
import { stripeCall, stripeClient } from "./stripe-client.ts"

export const paymentsOf = (
  config: PaymentsConfig,
  by: {
    readonly nats: NatsShape
    readonly tell: (fact: PaymentFact) => Effect.Effect<void, unknown>
    readonly nowMs?: () => number
  }
): { readonly payments: Payments; readonly repayments: Repayments } => {
  const { nats, tell, nowMs = Date.now } = by
  const stripe = stripeClient(config)
  const call = stripeCall(stripe)
  const key = returnKey(config.secretKey)
  const links = new CheckoutLinks({
    call,
    log: subjectLogNats<LinkEvent>(nats, PAYMENTS),
    publicUrl: config.publicUrl,
    key,
    nowMs
  })
  const payments = new Payments({
    call,
    stripe,
    webhookSecrets: config.webhookSecrets,
    isLive: isLiveKey(config.secretKey),
    key,
    log: subjectLogNats<PaymentEvent>(nats, PAYMENTS),
    links,
    tell,
    nowMs
  })
  const repayments = new Repayments({ call, log: subjectLogNats<RepaymentEvent>(nats, PAYMENTS), payments, tell })
  return { payments, repayments }
}
