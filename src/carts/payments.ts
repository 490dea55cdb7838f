/**
 * What Stripe told becomes facts about carts.
 *
 * A payment is told until the cart has taken it: the consumer of the PAYMENTS stream is durable, and a message is
 * acknowledged when its fact is in the carts' journal. One of a cart that nobody knows is among the dead letters; money that
 * was paid for such a cart is written down to go back before, and is an alert.
 */
import { AckPolicy, DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import { Effect } from "effect"
import type { Alert } from "../../actors/alert/alert.ts"
import type { CartFact } from "../../actors/cart/commands.ts"
import type { PaymentFact } from "../../actors/payment/payment.ts"
import { PAYMENT_FACTS_AHEAD_MAX } from "../../config/carts.ts"
import { publishAlert } from "../../streams/alerts.ts"
import type { DeadLettersShape } from "../../streams/dead-letters.ts"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { PAYMENT_FACT_SUBJECTS, PAYMENTS } from "../../streams/subjects.ts"
import type { CartPartitions } from "./layer.ts"
import type { Repaying } from "./repaying.ts"
import type { CartAnswer } from "./protocol.ts"
import { current, ending } from "../tracing/tracing.ts"
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
    case "refund-pending":
    case "refund-failed":
      return { type: fact.kind, ...on, paymentId: fact.paymentIntent }
  }
}

/** Of this name there is one consumer for all hubs on the stream. */
const CONSUMER = "carts"
/** What a hub that was killed had in hand comes again after so long; what only took longer is a repeat, and changes nothing. */
const TAKE_WITHIN_MS = 5_000
const AGAIN_MS = 1_000

export interface PaymentFactServices {
  readonly nats: NatsShape
  readonly host: CartPartitions
  readonly deadLetters: DeadLettersShape
  readonly repaying: Repaying
  readonly nowMs: () => number
}

/** Tells carts what was paid; runs until interrupted. */
export const takePayments = (services: PaymentFactServices): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(Effect.ignore(takeOnce(services)), Effect.sleep("1 second")))

const takeOnce = Effect.fnUntraced(function* (services: PaymentFactServices) {
  const { manager, jetstream } = services.nats
  const changeable = { ack_wait: nanos(TAKE_WITHIN_MS), max_ack_pending: PAYMENT_FACTS_AHEAD_MAX }
  const lasting = {
    durable_name: CONSUMER,
    filter_subjects: [PAYMENT_FACT_SUBJECTS],
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All
  }
  // One that another version of the hub has made is refused as it is, and changed.
  yield* Effect.tryPromise(() =>
    manager.consumers
      .add(PAYMENTS, { ...lasting, ...changeable })
      .catch(() => manager.consumers.update(PAYMENTS, CONSUMER, changeable))
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

const take = (message: JsMsg, services: PaymentFactServices): void => {
  const { host, deadLetters } = services
  const told = message.json<PaymentFact>()
  const fact = factOf(told)
  const tracing = current()
  const begun = { name: "payment.fact", parent: tracing?.placeOfCart(fact.cart), atMs: performance.now() }
  const span = tracing?.received(fact, begun)
  const onAnswer = ending(span, (answer: CartAnswer) => {
    if (answer.ok) return message.ack()
    if (answer.code === "unavailable" || answer.code === "overloaded") return message.nak(AGAIN_MS)
    const { code, message: why } = answer
    const forgotten = code === "unknown_cart" ? onForgotten(told, services) : Effect.void
    const letter = {
      source: "payment-fact",
      code,
      message: why,
      subject: message.subject,
      body: JSON.stringify(fact),
      sequence: message.seq
    }
    // That it is on its way back, or back, asks nothing of anybody.
    const isGood = code === "unknown_cart" && (told.kind === "refunded" || told.kind === "refund-pending")
    Effect.runFork(
      Effect.match(isGood ? forgotten : Effect.andThen(forgotten, deadLetters.put(letter)), {
        onSuccess: () => message.ack(),
        onFailure: () => message.nak(AGAIN_MS)
      })
    )
  })
  host.submit(cartMail(fact, performance.now(), onAnswer))
}

/** What was paid for a cart that is not there any more goes back; somebody should know of it until it has. */
const onForgotten = (
  fact: PaymentFact,
  { nats, repaying, nowMs }: PaymentFactServices
): Effect.Effect<unknown, unknown> => {
  const isOver = fact.kind === "refunded" && fact.refundedMinor >= fact.receivedMinor
  if (fact.kind !== "paid" && !isOver) return Effect.void
  const { cartId, paymentIntent } = fact
  const isRaised = fact.kind === "paid"
  const alert: Alert = {
    id: `payment:${fact.id}:unknown-cart`,
    kind: "payment",
    state: isRaised ? "raised" : "cleared",
    episode: `payment:${paymentIntent}`,
    subject: cartId,
    severity: isRaised ? "critical" : "info",
    summary: isRaised
      ? `The payment ${paymentIntent} is for the cart ${cartId}, which nobody knows any more: it goes back.`
      : `The payment ${paymentIntent} for the cart ${cartId} is paid back.`,
    details: { paymentId: paymentIntent, reason: "unknown_cart" },
    at: new Date(nowMs()).toISOString()
  }
  return Effect.andThen(isRaised ? repaying.forgotten(cartId, paymentIntent) : Effect.void, publishAlert(nats, alert))
}
