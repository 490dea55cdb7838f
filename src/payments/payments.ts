/**
 * Payments as Stripe tells them: by webhooks, and by customers who come back. Both are written to the payment's own log and
 * folded the same way, so it does not matter which is first: the same facts come of it, with the same ids.
 *
 * A delivery is answered when its event is stored and its facts are handed over. A hub that died in between is sent the
 * event again; it knows it, and hands the facts over again.
 */
import { Effect } from "effect"
import type { Stripe } from "stripe"
import type { LinkEvent, LinkState } from "../../actors/payment/links.ts"
import type { PaymentEvent } from "../../actors/payment/observations.ts"
import { decidePayment, factsOf, type PaymentFact, phaseOf } from "../../actors/payment/payment.ts"
import { evolvePayment, initialPayment, type PaymentState } from "../../actors/payment/state.ts"
import { changeSubject, type SubjectLog, type SubjectLogUnavailable } from "../../streams/subject-log.ts"
import { paymentSubject } from "../../streams/subjects.ts"
import type { CheckoutLinks } from "./checkout-links.ts"
import { type ReadEvent, readSession, readStripeEvent } from "./stripe-events.ts"
import type { StripeCall } from "./stripe-client.ts"
import { readReturn, type ReturnTo } from "./return-url.ts"
import { readDelivery } from "./webhook-signature.ts"

export interface PaymentsOptions {
  readonly call: StripeCall
  readonly stripe: Stripe
  readonly webhookSecrets: ReadonlyArray<string>
  readonly isLive: boolean
  readonly key: Buffer
  readonly log: SubjectLog<PaymentEvent>
  readonly links: CheckoutLinks
  /** Takes a fact over for good; the same fact, by its id, may be told again. */
  readonly tell: (fact: PaymentFact) => Effect.Effect<void, unknown>
  readonly nowMs: () => number
}

export type WebhookAnswer =
  | { readonly type: "taken" }
  | { readonly type: "ignored"; readonly why: string }
  | { readonly type: "refused"; readonly status: 400 | 401; readonly message: string }
  /** Nothing is lost: Stripe sends it again. */
  | { readonly type: "unavailable"; readonly message: string }

export type ReturnAnswer =
  | { readonly type: "known"; readonly to: ReturnTo; readonly state: string }
  | { readonly type: "refused"; readonly status: 400 | 401 | 404 | 410; readonly message: string }
  /** Whether it was paid comes by webhook; the customer need not wait for it. */
  | { readonly type: "unknown"; readonly to: ReturnTo }

/** Facts told and sessions looked up that are remembered, the oldest forgotten first: some 200 bytes each. */
const REMEMBERED_MAX = 20_000
/** A session that was not finished is not asked for again within this time, however often the page is loaded. */
const LOOKED_UP_MS = 5_000
const SESSION_ID = /^cs_[A-Za-z0-9_]{1,250}$/

interface LookedUp {
  readonly atMs: number
  readonly isFinal: boolean
  readonly read: ReadEvent
}

export class Payments {
  readonly links: CheckoutLinks
  private readonly options: PaymentsOptions
  private readonly told = new Map<string, true>()
  private readonly lookedUp = new Map<string, LookedUp>()

  constructor(options: PaymentsOptions) {
    this.options = options
    this.links = options.links
  }

  webhook(headers: Readonly<Record<string, string>>, body: Uint8Array): Effect.Effect<WebhookAnswer> {
    const { stripe, webhookSecrets, isLive, nowMs } = this.options
    const delivery = readDelivery({ stripe, secrets: webhookSecrets, isLive }, headers, body, nowMs())
    if (!delivery.ok) return Effect.succeed({ type: "refused", status: delivery.status, message: delivery.message })
    const read = readStripeEvent(delivery.event)
    if (read.type === "ignored") return Effect.succeed(read)
    return this.observe(read.key, read.event).pipe(
      Effect.as<WebhookAnswer>({ type: "taken" }),
      Effect.catch(() => {
        const answer: WebhookAnswer = { type: "unavailable", message: "The event cannot be stored now; send it again." }
        return Effect.as(Effect.logWarning(`The Stripe event ${read.event.eventId} could not be taken now.`), answer)
      })
    )
  }

  /** A customer comes back. Stripe is asked at most once, and not at all when the webhook was faster. */
  returned(query: URLSearchParams): Effect.Effect<ReturnAnswer> {
    const read = readReturn(this.options.key, query, this.options.nowMs())
    if (!read.ok) return Effect.succeed({ type: "refused", status: read.status, message: read.message })
    const { to, sessionId = "" } = read
    if (to.outcome === "cancelled") return Effect.succeed({ type: "known", to, state: "cancelled" })
    if (!SESSION_ID.test(sessionId)) {
      return Effect.succeed({ type: "refused", status: 400, message: "The address names no checkout session." })
    }
    return this.stateOfReturn(to, sessionId).pipe(Effect.orElseSucceed((): ReturnAnswer => ({ type: "unknown", to })))
  }

  /** One payment as it is known, by its PaymentIntent. */
  read(paymentIntent: string): Effect.Effect<PaymentState, SubjectLogUnavailable> {
    return Effect.map(this.options.log.read(paymentSubject(paymentIntent)), ({ events }) =>
      events.reduce(evolvePayment, initialPayment)
    )
  }

  private stateOfReturn(to: ReturnTo, sessionId: string): Effect.Effect<ReturnAnswer, unknown> {
    return Effect.gen({ self: this }, function* () {
      const { paidBy } = yield* this.links.state(to.cartId)
      if (paidBy !== undefined) {
        const state = yield* this.read(paidBy)
        if (state.sessions.has(sessionId) && state.cart?.cartVersion === to.cartVersion) {
          return { type: "known", to, state: phaseOf(state) }
        }
      }
      const read = yield* this.lookUp(sessionId)
      const isTheirs =
        read.type === "payment" &&
        read.event.cart?.cartId === to.cartId &&
        read.event.cart.cartVersion === to.cartVersion
      if (!isTheirs) {
        return { type: "refused", status: 404, message: "There is no such checkout session for this cart." }
      }
      const state = yield* this.observe(read.key, read.event)
      return { type: "known", to, state: phaseOf(state) }
    })
  }

  private lookUp(sessionId: string): Effect.Effect<ReadEvent, unknown> {
    const { call, nowMs } = this.options
    return Effect.suspend(() => {
      const known = this.lookedUp.get(sessionId)
      if (known !== undefined && (known.isFinal || nowMs() - known.atMs < LOOKED_UP_MS))
        return Effect.succeed(known.read)
      return Effect.map(
        call((stripe) => stripe.checkout.sessions.retrieve(sessionId)),
        (session) => {
          const { status, payment_status: payment, created } = session
          // Not an event of Stripe's: its id says what was seen, so that seeing the same again is once.
          const eventId = `looked-up:${sessionId}:${status ?? "unknown"}:${payment}`
          const object = session as unknown as Readonly<Record<string, unknown>>
          const read = readSession({ eventId, atMs: created * 1_000 }, object, "")
          const isFinal = status === "expired" || (status === "complete" && payment !== "unpaid")
          remember(this.lookedUp, sessionId, { atMs: nowMs(), isFinal, read })
          return read
        }
      )
    })
  }

  /** Stores the event unless it is known, and hands over the facts that have not been yet. */
  observe(key: string, event: PaymentEvent): Effect.Effect<PaymentState, unknown> {
    const stored = changeSubject({
      log: this.options.log,
      subject: paymentSubject(key),
      initial: initialPayment,
      evolve: evolvePayment,
      decide: (before) => ({ events: decidePayment(before, event), answer: undefined })
    })
    return Effect.flatMap(stored, ({ state }) => Effect.as(this.handOver(key, state), state))
  }

  /** What a hub before this one has stored it may have died before telling. */
  handOver(key: string, state: PaymentState): Effect.Effect<void, unknown> {
    const { tell } = this.options
    return Effect.gen({ self: this }, function* () {
      for (const fact of factsOf(key, state)) {
        if (this.told.has(fact.id)) continue
        if (fact.kind === "expired" && !(yield* this.isNews(fact))) continue
        yield* tell(fact)
        yield* this.links.note(fact.cartId, (links) => linkEventsOf(fact, links))
        remember(this.told, fact.id, true)
      }
    })
  }

  /** A session that the hub closed itself, for a newer one or with its checkout, is no end of the cart's checkout. */
  private isNews({ cartId, sessionId }: Extract<PaymentFact, { readonly kind: "expired" }>) {
    return Effect.map(
      this.links.state(cartId),
      ({ newest }) => newest?.sessionId === sessionId && !newest.isClosing && !newest.isEnded
    )
  }
}

const linkEventsOf = (fact: PaymentFact, { newest, paidBy, refunded }: LinkState): ReadonlyArray<LinkEvent> => {
  switch (fact.kind) {
    case "paid":
      return paidBy === undefined && !refunded.includes(fact.paymentIntent)
        ? [{ type: "link-paid", paymentIntent: fact.paymentIntent }]
        : []
    case "refunded":
      return !refunded.includes(fact.paymentIntent) && fact.refundedMinor >= fact.receivedMinor
        ? [{ type: "link-refunded", paymentIntent: fact.paymentIntent }]
        : []
    case "expired":
      return newest?.sessionId === fact.sessionId && !newest.isEnded
        ? [{ type: "link-ended", ordinal: newest.ordinal, how: "expired" }]
        : []
    case "refund-pending":
    case "refund-failed":
      return []
    case "payment-failed":
      return fact.isFinal && newest !== undefined && !newest.isEnded && newest.cartVersion === fact.cartVersion
        ? [{ type: "link-ended", ordinal: newest.ordinal, how: "failed" }]
        : []
  }
}

const remember = <Value>(map: Map<string, Value>, key: string, value: Value): void => {
  map.delete(key)
  map.set(key, value)
  if (map.size <= REMEMBERED_MAX) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
