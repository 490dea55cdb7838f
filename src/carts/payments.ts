/**
 * What Stripe told becomes facts about carts.
 *
 * A payment is told until the cart has taken it: the consumer of the PAYMENTS stream is durable, and a message is
 * acknowledged when its fact is in the carts' journal (or among the dead letters, when there is no such cart).
 */
import { AckPolicy, DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import { Effect } from "effect"
import type { CartFact } from "../../actors/cart/commands.ts"
import type { PaymentFact } from "../../actors/payment/payment.ts"
import { PAYMENT_FACTS_AHEAD_MAX } from "../../config/carts.ts"
import type { DeadLettersShape } from "../../streams/dead-letters.ts"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { PAYMENT_FACT_SUBJECTS, PAYMENTS } from "../../streams/subjects.ts"
import type { CartPartitions } from "./layer.ts"
import { cartMail } from "./requests.ts"

/** `contents` is what payments call the cart's version: what is bought and what it costs. */
export const factOf = (fact: PaymentFact): CartFact => {
  const on = { cart: fact.cartId, mutationId: `stripe:${fact.id}` }
  const contents = fact.cartVersion
  switch (fact.kind) {
    case "paid": {
      const { paymentIntent: paymentId, amountMinor, currency } = fact
      return { type: "paid", ...on, contents, paymentId, amountMinor, currency }
    }
    case "expired":
      return { type: "payment-expired", ...on, contents }
    case "payment-failed":
      return { type: "payment-failed", ...on, contents }
    case "refunded":
      return { type: "refunded", ...on, paymentId: fact.paymentIntent, refundedMinor: fact.refundedMinor }
  }
}

/** Of this name there is one consumer for all hubs on the stream. */
const CONSUMER = "carts"
const TAKE_WITHIN_MS = 30_000
const AGAIN_MS = 1_000

export interface PaymentFactServices {
  readonly nats: NatsShape
  readonly host: CartPartitions
  readonly deadLetters: DeadLettersShape
}

/** Tells carts what was paid; runs until interrupted. */
export const takePayments = (services: PaymentFactServices): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(Effect.ignore(takeOnce(services)), Effect.sleep("1 second")))

const takeOnce = Effect.fnUntraced(function* (services: PaymentFactServices) {
  const { manager, jetstream } = services.nats
  yield* Effect.tryPromise(() =>
    manager.consumers.add(PAYMENTS, {
      durable_name: CONSUMER,
      filter_subjects: [PAYMENT_FACT_SUBJECTS],
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(TAKE_WITHIN_MS),
      deliver_policy: DeliverPolicy.All,
      max_ack_pending: PAYMENT_FACTS_AHEAD_MAX
    })
  )
  const consumer = yield* Effect.tryPromise(() => jetstream.consumers.get(PAYMENTS, CONSUMER))
  const messages = yield* Effect.acquireRelease(
    Effect.tryPromise(() => consumer.consume({ max_messages: PAYMENT_FACTS_AHEAD_MAX })),
    (open) => Effect.promise(() => open.close())
  )
  yield* Effect.promise(async () => {
    for await (const message of messages) take(message, services)
  })
}, Effect.scoped)

const take = (message: JsMsg, { host, deadLetters }: PaymentFactServices): void => {
  const fact = factOf(message.json<PaymentFact>())
  const mail = cartMail(fact, performance.now(), (answer) => {
    if (answer.ok) return message.ack()
    if (answer.code === "unavailable" || answer.code === "overloaded") return message.nak(AGAIN_MS)
    const { code, message: why } = answer
    const letter = {
      source: "payment-fact",
      code,
      message: why,
      subject: message.subject,
      body: JSON.stringify(fact),
      sequence: message.seq
    }
    Effect.runFork(
      Effect.match(deadLetters.put(letter), {
        onSuccess: () => message.ack(),
        onFailure: () => message.nak(AGAIN_MS)
      })
    )
  })
  host.submit(mail)
}
