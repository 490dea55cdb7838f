/**
 * Carts and their links kept together: a link is made of a cart whose stock is held, and closed when the cart has left that
 * checkout: changed, cancelled, its hold ended, bought otherwise.
 *
 * What is closed is read from the carts' commits. A hub that died before it had closed everything, and one that missed
 * something, look through all links that may still be open, at the start and every ten minutes.
 */
import { Effect } from "effect"
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import type { CartState } from "../../actors/cart/state.ts"
import {
  evolveLinks,
  initialLinks,
  type Link,
  type LinkEvent,
  type LinkState,
  SESSION_MS_MAX
} from "../../actors/payment/links.ts"
import type { CartPartitions } from "./layer.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import type { NatsShape } from "../../streams/nats/connection.ts"
import { readSince } from "../../streams/nats/subject-reader.ts"
import { CHECKOUT_LINK_SUBJECTS, PAYMENTS, skuOfSubject } from "../../streams/subjects.ts"
import { TurnByTurn } from "./turn-by-turn.ts"
import { type CheckoutLink, type CheckoutLinks, LinkFailed } from "../payments/checkout-links.ts"
import type { CheckoutCart } from "../payments/session-params.ts"
import { within } from "../tracing/traced-call.ts"
import { current } from "../tracing/tracing.ts"

export interface PaymentLinksOptions {
  readonly nats: NatsShape
  readonly host: Pick<CartPartitions, "view" | "onCommits">
  readonly links: CheckoutLinks
  readonly nowMs: () => number
}

export interface LinkWanted {
  readonly email?: string
  readonly contents?: number
  readonly traceparent?: string | undefined
}

/** Carts whose links wait to be closed; of more, those that are left out are found by the next look. */
const WAITING_MAX = 100_000
/** Calls to Stripe at once; it takes a hundred a second. */
const CLOSING_MAX = 8
const PAUSE = "50 millis"
/** After Stripe did not take it. */
const AGAIN_AFTER_MS = 5_000
const LOOK_EVERY = "10 minutes"

export class PaymentLinks {
  private readonly options: PaymentLinksOptions
  /** By cart, when it may be tried. */
  private readonly waiting = new Map<string, number>()
  /** A cart that is checked out again at once must not be given the link that is just being closed. */
  private readonly turns = new TurnByTurn()

  constructor(options: PaymentLinksOptions) {
    this.options = options
    options.host.onCommits((commits) => this.onCommits(commits))
  }

  /**
   * The link of a cart in checkout. `contents`: what the shopper has seen; the e-mail address is passed on and not kept.
   * `traceparent`: of who asks; else it is made in the trace of the cart.
   */
  link(
    cartId: string,
    { traceparent, ...asked }: LinkWanted
  ): Effect.Effect<CheckoutLink & { readonly contents: number }, LinkFailed> {
    const traced = current()?.ofCart(cartId, { name: "payment.link", parent: traceparent, attributes: {} })
    const made = Effect.gen({ self: this }, function* () {
      const cart = payable(yield* this.look(cartId), asked)
      if (cart instanceof LinkFailed) return yield* cart
      const link = yield* this.options.links.link(cart)
      traced?.attribute("holdfast.session_id", link.sessionId)
      const { cartVersion: contents, holdId } = cart
      if (isWanted(yield* this.look(cartId), { cartVersion: contents, holdId })) return { ...link, contents }
      // It went on while Stripe was asked, and was looked at before there was anything to close.
      yield* this.options.links.expire(cartId, link.ordinal)
      return yield* new LinkFailed({
        code: "outdated_cart",
        message: "The cart was changed meanwhile: check it out again."
      })
    })
    return within(traced, this.turns.run(cartId, made))
  }

  /** Closes what is to be closed. Runs until interrupted. */
  readonly run: Effect.Effect<never> = Effect.suspend(() =>
    Effect.raceFirst(
      Effect.forever(Effect.andThen(Effect.ignore(this.closeWaiting()), Effect.sleep(PAUSE))),
      Effect.forever(Effect.andThen(Effect.ignore(this.lookThrough()), Effect.sleep(LOOK_EVERY)))
    )
  )

  /** All links that Stripe may still take money by. */
  lookThrough(): Effect.Effect<void, unknown> {
    const { nats, nowMs } = this.options
    return Effect.tryPromise(async () => {
      const states = new Map<string, LinkState>()
      const since = new Date(nowMs() - SESSION_MS_MAX)
      await readSince(nats, { stream: PAYMENTS, subject: CHECKOUT_LINK_SUBJECTS, since }, (message) => {
        const cartId = skuOfSubject(message.subject)
        if (cartId === undefined) return
        states.set(cartId, evolveLinks(states.get(cartId) ?? initialLinks, message.json<LinkEvent>()))
      })
      for (const [cartId, { newest }] of states) if (newest !== undefined && !newest.isEnded) this.wait(cartId, 0)
    })
  }

  private onCommits(commits: ReadonlyArray<StoredCommit<CartRecord>>): void {
    for (const { records } of commits) {
      for (const record of records) {
        if (isCartEvent(record) && record.set?.checkout === null) this.wait(record.cart, 0)
      }
    }
  }

  private wait(cartId: string, fromMs: number): void {
    if (this.waiting.size < WAITING_MAX) this.waiting.set(cartId, fromMs)
  }

  private closeWaiting(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const nowMs = this.options.nowMs()
      const due = [...this.waiting].filter(([, fromMs]) => fromMs <= nowMs)
      return Effect.forEach(due, ([cartId]) => this.closeUnwanted(cartId), { concurrency: CLOSING_MAX, discard: true })
    })
  }

  private closeUnwanted(cartId: string): Effect.Effect<void> {
    const { links, nowMs } = this.options
    const closed = Effect.gen({ self: this }, function* () {
      // Before anything is looked at: what changes from here on brings the cart back.
      this.waiting.delete(cartId)
      const { newest } = yield* links.state(cartId)
      if (newest === undefined || newest.isEnded || isWanted(yield* this.look(cartId), newest)) return
      yield* links.expire(cartId, newest.ordinal)
    })
    return Effect.catch(this.turns.run(cartId, closed), () =>
      Effect.sync(() => this.wait(cartId, nowMs() + AGAIN_AFTER_MS))
    )
  }

  private look(cartId: string): Effect.Effect<CartState | undefined, LinkFailed> {
    return Effect.callback((resume) => {
      this.options.host.view(
        (book) => book.find(cartId),
        (seen) =>
          resume(
            seen === undefined
              ? Effect.fail(new LinkFailed({ code: "unavailable", message: "The hub takes no turns now; try again." }))
              : Effect.succeed(seen.value)
          )
      )
    })
  }
}

/** The cart is in the checkout that the link was made for, and its stock is held. */
const isWanted = (cart: CartState | undefined, link: Pick<Link, "cartVersion" | "holdId">): boolean =>
  cart?.status === "checkout" &&
  cart.contents === link.cartVersion &&
  cart.checkout?.holdId === link.holdId &&
  cart.checkout.isHeld

const payable = (
  state: CartState | undefined,
  { email, contents }: { readonly email?: string; readonly contents?: number }
): CheckoutCart | LinkFailed => {
  const refuse = (code: LinkFailed["code"], message: string) => new LinkFailed({ code, message })
  if (state === undefined) return refuse("unknown_cart", "There is no such cart.")
  const { cart: cartId, checkout, currency, totals } = state
  if (contents !== undefined && contents !== state.contents) {
    return refuse("outdated_cart", "The cart is not what was seen: show it again and ask anew.")
  }
  if (state.status === "ordered") return refuse("already_paid", "The cart is an order already.")
  if (state.status !== "checkout" || checkout === undefined || !checkout.isHeld || currency === undefined) {
    return refuse("no_checkout", "The cart's stock is not held: check it out first.")
  }
  const { discountMinor, isTaxIncluded, shippingMinor, taxMinor, totalMinor } = totals
  return {
    cartId,
    cartVersion: state.contents,
    holdId: checkout.holdId,
    holdExpiresAtMs: checkout.expiresAt,
    currency,
    lines: state.lines.map(({ sku, name, quantity, unitPriceMinor }) => ({
      title: name ?? sku,
      quantity,
      unitPriceMinor,
      discountMinor: 0
    })),
    discountMinor,
    taxMinor: isTaxIncluded === true ? 0 : taxMinor,
    totalMinor,
    ...(state.shippingMethod === undefined && shippingMinor === 0
      ? {}
      : { shipping: { label: state.shippingMethod ?? "Shipping", amountMinor: shippingMinor } }),
    ...(email === undefined ? {} : { email })
  }
}
