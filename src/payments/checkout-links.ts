/**
 * Checkout links: a cart becomes a Stripe Checkout Session, and a session is closed when its cart changes or its hold ends.
 *
 * What is decided is in `actors/payment/links.ts`; here it is asked of Stripe and written down, before and after. Whoever
 * calls twice, or again after a crash, gets the same link.
 */
import { createHash, createHmac } from "node:crypto"
import { Effect, Schema } from "effect"
import type { Stripe } from "stripe"
import {
  decideLink,
  evolveLinks,
  initialLinks,
  type Link,
  linkEnd,
  type LinkEvent,
  type LinkState,
  type LinkWish
} from "../../actors/payment/links.ts"
import { changeSubject, type SubjectLog, type SubjectLogUnavailable } from "../../streams/subject-log.ts"
import { checkoutLinkSubject } from "../../streams/subjects.ts"
import { returnUrl } from "./return-url.ts"
import { type CheckoutCart, type SessionParams, sessionParams } from "./session-params.ts"
import type { StripeCall, StripeFailed } from "./stripe-client.ts"

/** `throttled`, `unavailable`: try again, nothing is lost. All others: the same again gets the same answer. */
export class LinkFailed extends Schema.TaggedError<LinkFailed>()("LinkFailed", {
  code: Schema.Literals([
    "invalid_cart",
    "nothing_to_pay",
    "amounts_differ",
    "currency_unsupported",
    "already_paid",
    "outdated_cart",
    "hold_ended",
    "unknown_cart",
    "no_checkout",
    "refused",
    "unauthorized",
    "throttled",
    "unavailable"
  ]),
  message: Schema.String
}) {}

export interface CheckoutLink {
  /** Counts the links of the cart. */
  readonly ordinal: number
  readonly url: string
  readonly sessionId: string
  /** ISO 8601: when the hold ends, or Stripe closes it. */
  readonly expiresAt: string
}

export interface CheckoutLinksOptions {
  readonly call: StripeCall
  readonly log: SubjectLog<LinkEvent>
  readonly publicUrl: string
  /** Signs the way back, and makes the fingerprint of contents that hold an e-mail address. */
  readonly key: Buffer
  readonly nowMs: () => number
}

const refusals = {
  already_paid: "The cart is paid, or is being paid: wait for the order.",
  outdated_cart: "A link for a newer version of the cart was asked for: use that.",
  hold_ended: "The hold has ended: hold the stock again before the customer pays."
} as const

/** Close the old, ask anew when what was asked before a crash is refused by now, and one for somebody else's in between. */
const STEPS_MAX = 4

export class CheckoutLinks {
  private readonly options: CheckoutLinksOptions

  constructor(options: CheckoutLinksOptions) {
    this.options = options
  }

  /** The cart's link: the one there is when nothing has changed, else a new one after the old was closed. */
  link(cart: CheckoutCart): Effect.Effect<CheckoutLink, LinkFailed> {
    const wish = this.wishOf(cart)
    if (wish instanceof LinkFailed) return Effect.fail(wish)
    const step = (left: number): Effect.Effect<CheckoutLink, LinkFailed> =>
      Effect.gen({ self: this }, function* () {
        if (left === 0) return yield* unavailable("The cart's links change all the time; try again in a moment.")
        const decision = yield* this.change(cart.cartId, (state) => {
          const decided = decideLink(state, wish, this.options.nowMs())
          return { events: decided.type === "intend" ? [decided.event] : [], answer: decided }
        })
        if (decision.type === "refuse") {
          return yield* new LinkFailed({ code: decision.code, message: refusals[decision.code] })
        }
        if (decision.type === "reuse") return linkOf(decision.link, wish)
        if (decision.type === "close") yield* this.close(cart.cartId, decision.link)
        else {
          const link =
            decision.type === "resume" ? decision.link : { ...decision.event, isClosing: false, isEnded: false }
          const made = yield* this.make(cart, link, decision.type === "resume")
          if (made !== undefined) return made
        }
        return yield* step(left - 1)
      })
    return step(STEPS_MAX)
  }

  /**
   * Nobody can pay for the cart by this link, or by any, any more. `none`: it was closed before, or there is a newer one.
   * `paid`: too late, its session is complete.
   */
  expire(cartId: string, ordinal?: number): Effect.Effect<"expired" | "none" | "paid", LinkFailed> {
    return Effect.gen({ self: this }, function* () {
      const { newest, paidBy } = yield* this.change(cartId, (state) => ({ events: [], answer: state }))
      if (paidBy !== undefined) return "paid"
      if (newest === undefined || newest.isEnded || (ordinal ?? newest.ordinal) !== newest.ordinal) return "none"
      if (newest.sessionId === undefined) {
        yield* this.end(cartId, newest, "dropped")
        return "none"
      }
      return yield* this.close(cartId, newest).pipe(
        Effect.as("expired" as const),
        Effect.catchIf(
          (failed) => failed.code === "already_paid",
          () => Effect.succeed("paid" as const)
        )
      )
    })
  }

  /** What is known of the cart's links. */
  state(cartId: string): Effect.Effect<LinkState, LinkFailed> {
    return this.change(cartId, (state) => ({ events: [], answer: state }))
  }

  /** Notes what a payment or an expired session means for the cart's links. */
  note(cartId: string, events: (state: LinkState) => ReadonlyArray<LinkEvent>): Effect.Effect<void, LinkFailed> {
    return this.change(cartId, (state) => ({ events: events(state), answer: undefined }))
  }

  private wishOf(cart: CheckoutCart): LinkWish | LinkFailed {
    // Without the time of its end, which is decided later, and which the way back is good for.
    const made = this.paramsOf(cart, 0)
    if (!made.ok) return new LinkFailed(made.refusal)
    const fingerprint = createHmac("sha256", this.options.key).update(JSON.stringify(made.params)).digest("base64url")
    const { cartVersion, holdId, holdExpiresAtMs } = cart
    return { cartVersion, holdId, fingerprint, holdExpiresAtMs }
  }

  private paramsOf(cart: CheckoutCart, expiresAtMs: number) {
    const { key, publicUrl } = this.options
    const { cartId, cartVersion } = cart
    const urls = {
      success: returnUrl(key, publicUrl, { cartId, cartVersion, outcome: "paid" }, expiresAtMs),
      cancel: returnUrl(key, publicUrl, { cartId, cartVersion, outcome: "cancelled" }, expiresAtMs)
    }
    return sessionParams(cart, urls, expiresAtMs)
  }

  /** `undefined`: what was asked before cannot be had any more, decide again. */
  private make(
    cart: CheckoutCart,
    link: Link,
    isResumed: boolean
  ): Effect.Effect<CheckoutLink | undefined, LinkFailed> {
    return Effect.gen({ self: this }, function* () {
      const made = this.paramsOf(cart, link.expiresAtMs)
      if (!made.ok) return yield* new LinkFailed(made.refusal)
      const asked = yield* Effect.result(this.create(made.params, idempotencyKey(link, cart.cartId)))
      if (asked._tag === "Failure") {
        if (asked.failure.reason !== "refused") return yield* linkFailed(asked.failure)
        yield* this.end(cart.cartId, link, "refused")
        return isResumed ? undefined : yield* linkFailed(asked.failure)
      }
      const { id: sessionId, url, amount_total: amount, currency } = asked.success
      const isRight = amount === cart.totalMinor && currency?.toUpperCase() === cart.currency
      if (!isRight || url === null) return yield* this.withdraw(cart, link, sessionId)
      const isNewest = yield* this.change(cart.cartId, ({ newest }) => {
        const isOurs = newest?.ordinal === link.ordinal && !newest.isEnded
        const isNew = isOurs && newest.sessionId === undefined
        return { events: isNew ? [{ type: "link-made", ordinal: link.ordinal, sessionId, url }] : [], answer: isOurs }
      })
      if (isNewest) return linkOf({ ...link, sessionId, url }, cart)
      // The cart went on while Stripe was asked. Nobody has this link, so closing it is only tidy.
      yield* Effect.ignore(this.options.call((stripe) => stripe.checkout.sessions.expire(sessionId)))
      return yield* new LinkFailed({ code: "outdated_cart", message: refusals.outdated_cart })
    })
  }

  private create(params: SessionParams, key: string): Effect.Effect<Stripe.Checkout.Session, StripeFailed> {
    return this.options.call((stripe) => stripe.checkout.sessions.create(params, { idempotencyKey: key }))
  }

  /** Stripe reckons otherwise than the cart: nobody is to pay that. */
  private withdraw(cart: CheckoutCart, link: Link, sessionId: string): Effect.Effect<never, LinkFailed> {
    return Effect.gen({ self: this }, function* () {
      yield* Effect.ignore(this.options.call((stripe) => stripe.checkout.sessions.expire(sessionId)))
      yield* this.end(cart.cartId, link, "refused")
      const message = "Stripe's amount is not the cart's total: look at the account's settings for tax and currency."
      return yield* new LinkFailed({ code: "amounts_differ", message })
    })
  }

  private close(cartId: string, link: Link): Effect.Effect<void, LinkFailed> {
    const sessionId = link.sessionId ?? ""
    const { ordinal } = link
    return Effect.gen({ self: this }, function* () {
      yield* this.note(cartId, ({ newest }) =>
        newest?.ordinal === ordinal && !newest.isClosing ? [{ type: "link-closing", ordinal }] : []
      )
      const asked = yield* Effect.result(this.options.call((stripe) => stripe.checkout.sessions.expire(sessionId)))
      if (asked._tag === "Failure") {
        if (asked.failure.reason !== "refused") return yield* linkFailed(asked.failure)
        // Only an open session can be closed; what it is instead, Stripe tells in words alone.
        const { status, payment_intent: paidBy } = yield* this.options
          .call((stripe) => stripe.checkout.sessions.retrieve(sessionId))
          .pipe(Effect.mapError(linkFailed))
        const isRefunded = yield* this.change(cartId, ({ refunded }) => ({
          events: [],
          answer: refunded.includes(typeof paidBy === "string" ? paidBy : (paidBy?.id ?? ""))
        }))
        if (status === "complete" && isRefunded) return yield* this.end(cartId, link, "refunded")
        if (status === "complete") {
          return yield* new LinkFailed({ code: "already_paid", message: refusals.already_paid })
        }
        if (status !== "expired") return yield* linkFailed(asked.failure)
      }
      return yield* this.end(cartId, link, "expired")
    })
  }

  private end(
    cartId: string,
    { ordinal }: Link,
    how: Extract<LinkEvent, { readonly type: "link-ended" }>["how"]
  ): Effect.Effect<void, LinkFailed> {
    return this.note(cartId, ({ newest }) =>
      newest?.ordinal === ordinal && !newest.isEnded ? [{ type: "link-ended", ordinal, how }] : []
    )
  }

  private change<Answer>(
    cartId: string,
    decide: (state: LinkState) => { readonly events: ReadonlyArray<LinkEvent>; readonly answer: Answer }
  ): Effect.Effect<Answer, LinkFailed> {
    const { log } = this.options
    const subject = checkoutLinkSubject(cartId)
    return changeSubject({ log, subject, initial: initialLinks, evolve: evolveLinks, decide }).pipe(
      Effect.map(({ answer }) => answer),
      Effect.mapError((failed: SubjectLogUnavailable) => unavailable(`The link's log is not there: ${failed.detail}.`))
    )
  }
}

const linkOf = (link: Link, { holdExpiresAtMs }: Pick<LinkWish, "holdExpiresAtMs">): CheckoutLink => ({
  ordinal: link.ordinal,
  url: link.url ?? "",
  sessionId: link.sessionId ?? "",
  expiresAt: new Date(linkEnd(link, holdExpiresAtMs)).toISOString()
})

/** Of the cart, its version and how many links it had: the same for every try of one link. Stripe takes 255 characters. */
const idempotencyKey = ({ cartVersion, ordinal }: Link, cartId: string): string =>
  `checkout-${createHash("sha256")
    .update(JSON.stringify([cartId, cartVersion, ordinal]))
    .digest("hex")}`

const linkFailed = ({ reason, message }: StripeFailed): LinkFailed => new LinkFailed({ code: reason, message })

const unavailable = (message: string): LinkFailed => new LinkFailed({ code: "unavailable", message })
