/**
 * Payments as a service of the hub: Stripe's SDK, the PAYMENTS stream, and facts for carts in the same stream. Without
 * `STRIPE_SECRET_KEY` there is none, and whoever asks is told so.
 */
import { Context, Effect, Layer } from "effect"
import type { PaymentFact } from "../../actors/payment/payment.ts"
import type { PaymentsConfig } from "../../config/payments.ts"
import { Nats, type NatsShape, publishAcked } from "../../streams/nats/connection.ts"
import { paymentFactSubject } from "../../streams/subjects.ts"
import type { Payments } from "./payments.ts"
import type { Repayments } from "./repayments.ts"

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
      Effect.gen(function* () {
        const nats = yield* Nats
        if (config === undefined) return { payments: undefined, repayments: undefined, returnPage: undefined }
        const { paymentsOf } = yield* Effect.promise(() => import("./payments-of.ts"))
        return { ...paymentsOf(config, { nats, tell: tellBy(nats) }), returnPage: config.returnPage }
      })
    )
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
