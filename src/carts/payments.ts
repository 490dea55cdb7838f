/**
 * Between carts and payments: a checkout gets its link, a link whose checkout is over is closed, and what Stripe told
 * becomes facts about carts.
 *
 * A payment is told until the cart has taken it: the consumer of the PAYMENTS stream is durable, and a message is
 * acknowledged when its fact is in the carts' journal (or among the dead letters, when there is no such cart).
 */
import { AckPolicy, DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import { nanos } from "@nats-io/transport-node"
import { Effect } from "effect"
import type { CartFact } from "../../actors/cart/commands.ts"
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import type { CartState } from "../../actors/cart/state.ts"
import type { PaymentFact } from "../../actors/payment/payment.ts"
import { PAYMENT_FACTS_AHEAD_MAX } from "../../config/carts.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import type { DeadLettersShape } from "../../streams/dead-letters.ts"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { PAYMENT_FACT_SUBJECTS, PAYMENTS } from "../../streams/subjects.ts"
import type { CheckoutCart } from "../payments/session-params.ts"
import type { LinkFailed } from "../payments/checkout-links.ts"
import type { Payments } from "../payments/payments.ts"
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

/** `undefined`: there is no checkout whose stock is held, so nothing that could be paid for. */
export const payableCart = (state: CartState): CheckoutCart | undefined => {
  const { cart, contents, checkout, totals, lines, currency, shippingMethod } = state
  if (state.status !== "checkout" || checkout?.isHeld !== true || currency === undefined) return undefined
  return {
    cartId: cart,
    cartVersion: contents,
    holdId: checkout.holdId,
    holdExpiresAtMs: checkout.expiresAt,
    currency,
    lines: lines.map(({ sku, name, quantity, unitPriceMinor }) => ({
      title: name ?? sku,
      quantity,
      unitPriceMinor,
      discountMinor: 0
    })),
    discountMinor: totals.discountMinor,
    ...(shippingMethod === undefined ? {} : { shipping: { label: shippingMethod, amountMinor: totals.shippingMinor } }),
    taxMinor: totals.isTaxIncluded === true ? 0 : totals.taxMinor,
    totalMinor: totals.totalMinor
  }
}

export type LinkAnswer =
  | {
      readonly ok: true
      readonly cart: string
      readonly contents: number
      readonly url: string
      readonly expiresAt: string
    }
  | { readonly ok: false; readonly code: string; readonly message: string }

const noPayments: LinkAnswer = {
  ok: false,
  code: "no_payments",
  message: "Payments are not set up on this hub; set STRIPE_SECRET_KEY and what belongs to it."
}

export class CartPayments {
  private readonly host: CartPartitions
  private readonly payments: Payments | undefined
  private readonly run: (effect: Effect.Effect<void>) => void

  constructor(host: CartPartitions, payments: Payments | undefined, run: (effect: Effect.Effect<void>) => void) {
    this.host = host
    this.payments = payments
    this.run = run
    if (payments !== undefined) host.onCommits((commits) => this.onCommits(commits, payments))
  }

  /** The link of a checkout whose stock is held: the one there is, or a new one after the old was closed. */
  link(cart: string, reply: (answer: LinkAnswer) => void): void {
    const { payments } = this
    if (payments === undefined) return reply(noPayments)
    this.host.view(
      (book) => book.find(cart),
      (outcome) => {
        const state = outcome?.value
        if (outcome === undefined) return reply(away)
        if (state === undefined) return reply({ ok: false, code: "unknown_cart", message: `No cart ${cart} is known.` })
        const payable = payableCart(state)
        if (payable === undefined) return reply(noCheckout)
        const { cartVersion: contents } = payable
        const answered = payments.links.link(payable).pipe(
          Effect.match({
            onSuccess: ({ url, expiresAt }) => reply({ ok: true, cart, contents, url, expiresAt }),
            onFailure: ({ code, message }: LinkFailed) => reply({ ok: false, code, message })
          })
        )
        this.run(answered)
      }
    )
  }

  /** A checkout that is over without an order leaves no link by which it could be paid. */
  private onCommits(commits: ReadonlyArray<StoredCommit<CartRecord>>, { links }: Payments): void {
    for (const { records } of commits) {
      for (const record of records) {
        if (!isCartEvent(record) || record.set?.checkout !== null || record.status === "ordered") continue
        // What cannot be closed now ends with Stripe's own time; a payment by it buys nothing and is noted.
        this.run(Effect.ignore(links.expire(record.cart).pipe(Effect.retry({ times: CLOSE_RETRIES }))))
      }
    }
  }
}

const CLOSE_RETRIES = 3
const away: LinkAnswer = { ok: false, code: "unavailable", message: "The hub takes no turns now; try again." }
const noCheckout: LinkAnswer = {
  ok: false,
  code: "no_checkout",
  message: "There is no checkout whose stock is held; send a checkout request first."
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
