/**
 * What a link in a message leads to: payment for the cart as it was when the message was written, or a sentence that says
 * why not.
 *
 *     opened (GET) -> the cart with a button          nothing is held: programs that look at links look here
 *     pressed (POST) -> the message's offer entered, stock held, session made or given again -> Stripe's page
 *
 * N1 Opening changes nothing: what an offer would take off is only reckoned. N2 What is paid for is what the page has shown and
 * the message was about: a cart whose contents have changed since, but for the code of an offer, is not sold by it, and a total
 * that has moved since it was shown is shown first. N3 Pressing twice is once: one hold, one session.
 */
import { Effect } from "effect"
import type { CustomerBook } from "../../actors/customer/book.ts"
import type { Carts } from "../../actors/cart/decision.ts"
import { type OfferStanding, withOffer } from "../../actors/cart/offers.ts"
import { type CartState, isAsAt, type Line } from "../../actors/cart/state.ts"
import { offerOf } from "../../actors/customer/offers.ts"
import { isOpen } from "../../actors/recovery/offer.ts"
import type { RecoveryConfig } from "../../config/recovery.ts"
import type { CartAnswer } from "../carts/protocol.ts"
import type { CartRequests } from "../carts/requests.ts"
import type { PaymentLinks } from "../carts/payment-links.ts"
import type { AvailableOf } from "../carts/turn.ts"
import { current } from "../tracing/tracing.ts"
import { cartUrlOf } from "./compose.ts"
import { LINK_PATH, linkToken, readLinkToken } from "./message-link.ts"

export interface CheckoutLinkSettings {
  readonly key: Buffer
  /** Where customers reach this hub. */
  readonly publicUrl: string
}

export interface LinkDeskServices {
  readonly settings: CheckoutLinkSettings
  readonly config: RecoveryConfig
  readonly customers: { readonly book: Pick<CustomerBook, "peek" | "whoWasSent"> }
  readonly carts: { readonly book: Carts & { peek(cart: string): CartState | undefined } }
  readonly requests: Pick<CartRequests, "request">
  readonly links: Pick<PaymentLinks, "link">
  readonly availableOf: AvailableOf
  /** A person has pressed the button of this attempt's link. */
  readonly followed: (customerId: string, attemptId: string) => void
  readonly nowMs: () => number
}

/** The cart as it would be paid for. */
interface CartShown {
  readonly type: "cart"
  readonly cart: CartState
  readonly cartUrl: string
  /** Of the message; absent: it had none. */
  readonly offer?: { readonly standing: OfferStanding; readonly takenOffMinor: number }
}

/** `cartUrl`: the shop's own page, where there is a cart to show. */
export type LinkAnswer =
  | CartShown
  | { readonly type: "pay"; readonly url: string }
  | { readonly type: "unknown" }
  | {
      readonly type: "too-old" | "bought" | "moved" | "empty" | "changed" | "later"
      readonly cartUrl: string
    }
  | { readonly type: "sold-out"; readonly cartUrl: string; readonly missing: ReadonlyArray<string> }

interface Sent {
  readonly attemptId: string
  readonly customerId: string
  readonly cartId: string
  readonly contents: number
  /** The code of the offer that it went with. */
  readonly code: string | undefined
  readonly cartUrl: string
  readonly isTooOld: boolean
}

interface Press {
  readonly receivedAtMs: number
  /** The total that the page had shown; `undefined`: nobody says. */
  readonly shownMinor: number | undefined
}

const DAY_MS = 24 * 60 * 60_000
/** A hold that ends sooner is renewed, so that there is time to pay. */
const HOLD_LEFT_MS_MIN = 5 * 60_000

export class LinkDesk {
  private readonly services: LinkDeskServices

  constructor(services: LinkDeskServices) {
    this.services = services
  }

  linkOf(attemptId: string): string {
    const { key, publicUrl } = this.services.settings
    return `${publicUrl}${LINK_PATH}${linkToken(key, attemptId)}`
  }

  /** The attempt that a token names, for who counts how often it is used. */
  attemptOf(token: string): string | undefined {
    return readLinkToken(this.services.settings.key, token)
  }

  open(token: string): LinkAnswer {
    const sent = this.sentBy(token)
    return sent === undefined ? { type: "unknown" } : this.look(sent)
  }

  press(token: string, { receivedAtMs, shownMinor }: Press): Effect.Effect<LinkAnswer> {
    const sent = this.sentBy(token)
    if (sent === undefined) return Effect.succeed({ type: "unknown" })
    this.services.followed(sent.customerId, sent.attemptId)
    const seen = this.look(sent)
    if (seen.type !== "cart") return Effect.succeed(seen)
    // Whoever has not said what they saw has seen the message: its offer must hold.
    const isAsShown =
      shownMinor === undefined
        ? seen.offer === undefined || seen.offer.standing === "holds"
        : shownMinor === seen.cart.totals.totalMinor
    return isAsShown ? this.checkOut(sent, seen, receivedAtMs) : Effect.succeed(seen)
  }

  private sentBy(token: string): Sent | undefined {
    const { config, customers, nowMs } = this.services
    const attemptId = this.attemptOf(token)
    const customerId = attemptId === undefined ? undefined : customers.book.whoWasSent(attemptId)
    if (attemptId === undefined || customerId === undefined) return undefined
    const customer = customers.book.peek(customerId)
    const sent = customer?.contact.sent.find((one) => one.attemptId === attemptId)
    if (customer === undefined || sent === undefined) return undefined
    const { at, abandonmentId } = sent
    const [cartId, contents] = cartOf(abandonmentId)
    const offer = offerOf(customer, attemptId)
    const code = offer?.offerId
    const open = offer !== undefined && isOpen(offer, nowMs()) ? code : undefined
    const cartUrl = cartUrlOf(config.cartUrl, { cart: cartId, attempt: attemptId, offer: open })
    const isTooOld = nowMs() - at > config.linkDays * DAY_MS
    return { attemptId, customerId, cartId, contents, code, cartUrl, isTooOld }
  }

  private look(sent: Sent): LinkAnswer {
    const { attemptId, cartId, cartUrl, code, contents, isTooOld } = sent
    const { availableOf, carts, config } = this.services
    const cart = carts.book.peek(cartId)
    if (cart === undefined) return { type: "empty", cartUrl }
    if (cart.status === "ordered") return { type: "bought", cartUrl }
    if (cart.status === "merged") {
      const into = cart.mergedInto ?? cartId
      return { type: "moved", cartUrl: cartUrlOf(config.cartUrl, { cart: into, attempt: attemptId }) }
    }
    if (cart.lines.length === 0) return { type: "empty", cartUrl }
    if (isTooOld) return { type: "too-old", cartUrl }
    if (!isAsAt(cart, contents)) return { type: "changed", cartUrl }
    // What is held for this cart is not to be had by others, and counts as there.
    const isHeld = cart.status === "checkout" && cart.checkout?.isHeld === true
    const missing = isHeld ? [] : cart.lines.filter((line) => (availableOf(line) ?? 0) < line.quantity)
    if (missing.length > 0) return { type: "sold-out", cartUrl, missing: missing.map(nameOf) }
    if (code === undefined) return { type: "cart", cart, cartUrl }
    // A checkout that began in time may be paid as it was shown, also after the offer's end.
    const isIn = isHeld && cart.discounts?.some((one) => one.code === code) === true
    const given = { at: this.services.nowMs(), availableOf }
    const looked = isIn ? ({ cart, standing: "holds" } as const) : withOffer(carts.book, cart, code, given)
    const offer = { standing: looked.standing, takenOffMinor: takenOff(looked.cart, code) }
    return { type: "cart", cart: looked.cart, cartUrl, offer }
  }

  /** The contents that are to be paid for, once the offer is in the cart; else what the link leads to now. */
  private enter(sent: Sent, seen: CartShown, receivedAtMs: number): Effect.Effect<CartState | LinkAnswer> {
    const { attemptId, cartId, cartUrl, code, contents } = sent
    const { book } = this.services.carts
    return Effect.gen({ self: this }, function* () {
      const cart = book.peek(cartId)
      if (cart === undefined) return { type: "empty", cartUrl }
      if (code === undefined || seen.offer?.standing !== "holds" || cart.codes?.includes(code) === true) return cart
      const mutationId = `link:${attemptId}:${cart.version}:code`
      const answer = yield* this.ask(cartId, { type: "apply-code", mutationId, code }, receivedAtMs)
      if (isBusy(answer)) return { type: "later", cartUrl }
      const now = book.peek(cartId)
      if (!answer.ok || now === undefined || !isAsAt(now, contents)) return this.look(sent)
      return now.totals.totalMinor === seen.cart.totals.totalMinor ? now : this.look(sent)
    })
  }

  private checkOut(sent: Sent, seen: CartShown, receivedAtMs: number, isAgain = false): Effect.Effect<LinkAnswer> {
    const { attemptId, cartUrl, cartId } = sent
    return Effect.gen({ self: this }, function* () {
      const cart = yield* this.enter(sent, seen, receivedAtMs)
      if ("type" in cart) return cart
      const { contents } = cart
      if (!this.isHeldLongEnough(cart)) {
        const mutationId = `link:${attemptId}:${cart.version}`
        const answer = yield* this.ask(cartId, { type: "checkout", mutationId, contents }, receivedAtMs)
        if (isBusy(answer)) return { type: "later", cartUrl }
        if (!answer.ok) {
          const now = this.refused(sent, answer.code)
          // An offer that was in the cart has ended, and that was shown: what is paid for is the cart without it.
          const isAsSeen = now.type === "cart" && now.cart.totals.totalMinor === seen.cart.totals.totalMinor
          return isAsSeen && !isAgain ? yield* this.checkOut(sent, now, receivedAtMs, true) : now
        }
      }
      return yield* Effect.match(this.services.links.link(cartId, { contents }), {
        onSuccess: ({ url }): LinkAnswer => ({ type: "pay", url }),
        onFailure: ({ code }): LinkAnswer => {
          if (code === "already_paid") return { type: "bought", cartUrl }
          return code === "outdated_cart" ? { type: "changed", cartUrl } : { type: "later", cartUrl }
        }
      })
    })
  }

  /** The cart was looked at a moment ago: what has moved since is told as it is found now. */
  private refused(sent: Sent, code: string): LinkAnswer {
    const { cartUrl } = sent
    const now = this.look(sent)
    if (now.type !== "cart" || code === "cart_changed") return now
    return code === "insufficient_stock"
      ? { type: "sold-out", cartUrl, missing: now.cart.lines.map(nameOf) }
      : { type: "later", cartUrl }
  }

  private isHeldLongEnough({ checkout, status }: CartState): boolean {
    const isHeld = status === "checkout" && checkout?.isHeld === true
    return isHeld && checkout.expiresAt - this.services.nowMs() >= HOLD_LEFT_MS_MIN
  }

  private ask(cart: string, body: object, receivedAtMs: number): Effect.Effect<CartAnswer> {
    return Effect.callback((resume) => {
      const received = { body, receivedAtMs, traceparent: current()?.placeOfCart(cart) }
      this.services.requests.request(cart, received, (answer) => resume(Effect.succeed(answer)))
    })
  }
}

/** Nothing was decided: the hub has no time for it now. */
const isBusy = (answer: CartAnswer): boolean =>
  !answer.ok && (answer.code === "overloaded" || answer.code === "unavailable")

/** By the code, of the goods and of the shipping. */
const takenOff = ({ discounts = [] }: CartState, code: string): number => {
  const discount = discounts.find((one) => one.code === code)
  return (discount?.amountMinor ?? 0) + (discount?.shippingMinor ?? 0)
}

/** `<cart>:<contents>:<when it was left>`, and a cart's name may have colons in it. */
const cartOf = (abandonmentId: string): readonly [cartId: string, contents: number] => {
  const parts = abandonmentId.split(":")
  return [parts.slice(0, -2).join(":"), Number(parts.at(-2))]
}

const nameOf = ({ name, sku }: Line): string => name ?? sku
