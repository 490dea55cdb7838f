/**
 * What a link in a message leads to: payment for the cart as it was when the message was written, or a sentence that says
 * why not.
 *
 *     opened (GET) -> the cart with a button          nothing is held: programs that look at links look here
 *     pressed (POST) -> stock held, session made or given again -> Stripe's page
 *
 * N1 Opening changes nothing. N2 What is paid for is what the page has shown and the message was about: a cart whose contents
 * have changed since is not sold by it. N3 Pressing twice is once: one hold, one session.
 */
import { Effect } from "effect"
import type { CustomerBook } from "../../actors/customer/book.ts"
import type { CartState, Line } from "../../actors/cart/state.ts"
import type { RecoveryConfig } from "../../config/recovery.ts"
import type { CartRequests } from "../carts/requests.ts"
import type { PaymentLinks } from "../carts/payment-links.ts"
import type { AvailableOf } from "../carts/turn.ts"
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
  readonly carts: { readonly book: { peek(cart: string): CartState | undefined } }
  readonly requests: Pick<CartRequests, "request">
  readonly links: Pick<PaymentLinks, "link">
  readonly availableOf: AvailableOf
  /** A person has pressed the button of this attempt's link. */
  readonly followed: (customerId: string, attemptId: string) => void
  readonly nowMs: () => number
}

/** `cartUrl`: the shop's own page, where there is a cart to show. */
export type LinkAnswer =
  | { readonly type: "cart"; readonly cart: CartState; readonly cartUrl: string }
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
  readonly cartUrl: string
  readonly isTooOld: boolean
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

  press(token: string, receivedAtMs: number): Effect.Effect<LinkAnswer> {
    const sent = this.sentBy(token)
    if (sent === undefined) return Effect.succeed({ type: "unknown" })
    this.services.followed(sent.customerId, sent.attemptId)
    const seen = this.look(sent)
    return seen.type === "cart" ? this.checkOut(sent, seen.cart, receivedAtMs) : Effect.succeed(seen)
  }

  private sentBy(token: string): Sent | undefined {
    const { config, customers, nowMs } = this.services
    const attemptId = this.attemptOf(token)
    const customerId = attemptId === undefined ? undefined : customers.book.whoWasSent(attemptId)
    if (attemptId === undefined || customerId === undefined) return undefined
    const sent = customers.book.peek(customerId)?.contact.sent.find((one) => one.attemptId === attemptId)
    if (sent === undefined) return undefined
    const { at, abandonmentId } = sent
    const [cartId, contents] = cartOf(abandonmentId)
    const cartUrl = cartUrlOf(config.cartUrl, { cart: cartId, attempt: attemptId })
    return { attemptId, customerId, cartId, contents, cartUrl, isTooOld: nowMs() - at > config.linkDays * DAY_MS }
  }

  private look({ attemptId, cartId, cartUrl, contents, isTooOld }: Sent): LinkAnswer {
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
    if (cart.contents !== contents) return { type: "changed", cartUrl }
    // What is held for this cart is not to be had by others, and counts as there.
    const isHeld = cart.status === "checkout" && cart.checkout?.isHeld === true
    const missing = isHeld ? [] : cart.lines.filter((line) => (availableOf(line) ?? 0) < line.quantity)
    if (missing.length > 0) return { type: "sold-out", cartUrl, missing: missing.map(nameOf) }
    return { type: "cart", cart, cartUrl }
  }

  private checkOut(sent: Sent, cart: CartState, receivedAtMs: number): Effect.Effect<LinkAnswer> {
    const { cartUrl, contents, cartId } = sent
    return Effect.gen({ self: this }, function* () {
      if (!this.isHeldLongEnough(cart)) {
        const mutationId = `link:${sent.attemptId}:${cart.version}`
        const code = yield* this.ask(cartId, { type: "checkout", mutationId, contents }, receivedAtMs)
        if (code !== undefined) return code === "unavailable" ? { type: "later", cartUrl } : this.refused(sent, code)
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
    if (code === "cart_changed") return { type: "changed", cartUrl }
    const now = this.look(sent)
    if (now.type !== "cart") return now
    return code === "insufficient_stock"
      ? { type: "sold-out", cartUrl, missing: now.cart.lines.map(nameOf) }
      : { type: "later", cartUrl }
  }

  private isHeldLongEnough({ checkout, status }: CartState): boolean {
    const isHeld = status === "checkout" && checkout?.isHeld === true
    return isHeld && checkout.expiresAt - this.services.nowMs() >= HOLD_LEFT_MS_MIN
  }

  /** `undefined`: done; else why not. */
  private ask(cart: string, body: object, receivedAtMs: number): Effect.Effect<string | undefined> {
    return Effect.callback((resume) => {
      this.services.requests.request(cart, { body, receivedAtMs }, (answer) =>
        resume(Effect.succeed(answer.ok ? undefined : answer.code === "overloaded" ? "unavailable" : answer.code))
      )
    })
  }
}

/** `<cart>:<contents>:<when it was left>`, and a cart's name may have colons in it. */
const cartOf = (abandonmentId: string): readonly [cartId: string, contents: number] => {
  const parts = abandonmentId.split(":")
  return [parts.slice(0, -2).join(":"), Number(parts.at(-2))]
}

const nameOf = ({ name, sku }: Line): string => name ?? sku
