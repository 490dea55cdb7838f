/**
 * Payments as a service of the hub: Stripe's SDK, the PAYMENTS stream, and facts for carts in the same stream. Without
 * `STRIPE_SECRET_KEY` there is none, and whoever asks is told so.
 */
import { Context, Effect, Layer } from "effect"
import type { LinkEvent } from "../../actors/payment/links.ts"
import type { PaymentEvent } from "../../actors/payment/observations.ts"
import type { PaymentFact } from "../../actors/payment/payment.ts"
import type { RepaymentEvent } from "../../actors/payment/repayment.ts"
import { isLiveKey, type PaymentsConfig } from "../../config/payments.ts"
import { Nats, type NatsShape, publishAcked } from "../../streams/nats/connection.ts"
import { subjectLogNats } from "../../streams/subject-log.ts"
import { PAYMENTS, paymentFactSubject } from "../../streams/subjects.ts"
import { CheckoutLinks } from "./checkout-links.ts"
import { Payments } from "./payments.ts"
import { Repayments } from "./repayments.ts"
import { returnKey } from "./return-url.ts"
import { stripeCall, stripeClient } from "./stripe-client.ts"

export interface PaymentsShape {
  /** `undefined`: payments are not set up. */
  readonly payments: Payments | undefined
  readonly repayments: Repayments | undefined
  readonly returnPage: string | undefined
}

export class PaymentsService extends Context.Service<PaymentsService, PaymentsShape>()(
  "holdfast/src/payments/Payments"
) {
  static readonly layer = (config: PaymentsConfig | undefined): Layer.Layer<PaymentsService, never, Nats> =>
    Layer.effect(
      PaymentsService,
      Effect.map(Nats, (nats) => {
        const made = config === undefined ? undefined : paymentsOf(config, { nats, tell: tellBy(nats) })
        return { payments: made?.payments, repayments: made?.repayments, returnPage: config?.returnPage }
      })
    )
}

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

const TELL_MS_MAX = 2_000

/** Stored in the PAYMENTS stream, where the carts read it. */
const tellBy =
  (nats: NatsShape) =>
  (fact: PaymentFact): Effect.Effect<void, unknown> =>
    publishAcked(nats.publisher, paymentFactSubject(fact.cartId), new TextEncoder().encode(JSON.stringify(fact)), {
      headers: { "Nats-Msg-Id": fact.id },
      timeoutMs: TELL_MS_MAX
    }).pipe(Effect.asVoid)
