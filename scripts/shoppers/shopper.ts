/**
 * Plays one session against a running hub: lines are added, orders are paid at Stripe, and what was not done is left. Every
 * request is repeated with its own mutation id until it has a final answer, so it makes no odds what is killed meanwhile.
 *
 * An order of the file buys what it names: what else is in the cart goes on into the next one.
 */
import type { Session, SessionEvent } from "./sessions.ts"
import { introductions } from "./hub-files.ts"

export interface Shop {
  readonly hubUrl: string
  /** The shop's milliseconds in one of ours. */
  readonly speed: number
  /** Without a change so long, in our milliseconds, a cart counts as left. */
  readonly idleMs: number
  readonly checkoutMs: number
  /** Aborted when something went wrong for good. */
  readonly signal: AbortSignal
}

export interface CartBooks {
  readonly cart: string
  /** Gaps in which it surely, or perhaps, came to count as left. */
  surelyLeft: number
  perhapsLeft: number
  /** What was paid, minor units; 0: it was not bought. */
  paidMinor: number
}

/** A longer gap shows nothing more: by then the cart was left long ago. */
const GAP_MS_MAX = 20 * 60_000
const RETRY_MS = 100
const CALL_MS_MAX = 5_000
/** A timer is late by half a second at most, and an answer takes its time. */
const UNSURE_MS = 900
const CHECKOUTS_MAX = 50
/** Of the payments, every so many is declined first. */
const DECLINED_EVERY = 7

type Answer = Readonly<Record<string, unknown>> & { readonly ok?: boolean; readonly code?: string }

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const priceOf = (sku: string): number => 199 + (Number(sku.replace(/\D/g, "")) % 40) * 50

export class Shopper {
  readonly carts: Array<CartBooks> = []
  /** Units bought, by SKU. */
  readonly bought: Array<string> = []
  readonly customerId: string
  refused = 0
  private readonly shop: Shop
  private readonly session: Session
  private readonly number: number
  private lines = new Set<string>()
  private isInCheckout = false
  private asked = 0
  /** Of the last request about the cart that changed it. */
  private sentAt = 0
  private answeredAt = 0

  constructor(shop: Shop, session: Session, number: number) {
    this.shop = shop
    this.session = session
    this.number = number
    this.customerId = `customer-of-${session.name}`
  }

  async play(): Promise<void> {
    for (const body of introductions(this.number)) await this.insist(`/v1/customers/${this.customerId}/requests`, body)
    const { events } = this.session
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as SessionEvent
      await this.wait(event.atMs - (events[index - 1]?.atMs ?? event.atMs))
      if (event.type === "orders") {
        const together = events.slice(index).filter(({ atMs, type }) => type === "orders" && atMs === event.atMs)
        index += together.length - 1
        await this.buy(new Set(together.map(({ sku }) => sku)))
      } else await this.act(event)
    }
  }

  /** The run is over: whether the last gap was long enough. */
  end(): void {
    if (this.lines.size > 0) this.noteGap(Date.now(), Date.now())
  }

  private get cart(): CartBooks | undefined {
    return this.carts.at(-1)
  }

  private act({ sku, type }: SessionEvent): Promise<unknown> {
    if (type === "carts") return this.add(sku)
    if (this.lines.size === 0) return Promise.resolve()
    return type === "checkouts" ? this.checkOut() : this.ask({ type: "touch" })
  }

  /** Nobody waits before an empty cart. */
  private wait(gapMs: number): Promise<void> {
    return this.lines.size === 0 ? Promise.resolve() : pause(Math.min(gapMs, GAP_MS_MAX) / this.shop.speed)
  }

  private async add(sku: string): Promise<void> {
    const isNew = this.lines.size === 0
    if (isNew) {
      const cart = `${this.session.name}-${this.carts.length}`
      this.carts.push({ cart, surelyLeft: 0, perhapsLeft: 0, paidMinor: 0 })
    }
    await this.ask({ type: "add", sku, quantity: 1, unitPriceMinor: priceOf(sku), currency: "GBP" }, isNew)
    this.lines.add(sku)
    if (isNew) await this.ask({ type: "sign-in", customerId: this.customerId })
  }

  private async buy(wanted: ReadonlySet<string>): Promise<void> {
    for (const sku of wanted) if (!this.lines.has(sku)) await this.add(sku)
    const later = [...this.lines].filter((sku) => !wanted.has(sku))
    for (const sku of later) {
      await this.ask({ type: "set", sku, quantity: 0 })
      this.lines.delete(sku)
    }
    const cart = this.cart as CartBooks
    await this.payFor(cart)
    await this.placed(cart)
    this.lines = new Set()
    this.isInCheckout = false
    for (const sku of later) await this.add(sku)
  }

  private async checkOut(): Promise<Answer> {
    const answer = await this.ask({ type: "checkout" })
    this.isInCheckout = answer.ok === true
    return answer
  }

  /** A hold may end while something is being killed: then the checkout is begun once more. */
  private async link({ cart }: CartBooks): Promise<string> {
    for (let tries = 0; tries < CHECKOUTS_MAX; tries++) {
      await this.checkOut()
      const { code, url } = await this.insist(`/v1/carts/${cart}/payment-link`, {})
      if (typeof url === "string") return url
      if (code !== "no_checkout" && code !== "hold_ended" && code !== "cart_changed")
        throw new Error(`no link: ${code}`)
    }
    throw new Error(`there is no link for ${cart} after ${CHECKOUTS_MAX} checkouts`)
  }

  /** On a busy machine a hold may end between the link and the payment: Stripe takes nothing then, and the checkout is begun anew. */
  private async payFor(cart: CartBooks): Promise<void> {
    for (let tries = 0; tries < CHECKOUTS_MAX; tries++) {
      const url = await this.link(cart)
      if (this.number % DECLINED_EVERY === 0) await this.pay(url, "declined")
      if (await this.pay(url, "card")) return
    }
    throw new Error(`${cart.cart} could not be paid in ${CHECKOUTS_MAX} checkouts`)
  }

  /** Whether Stripe took it and leads back to the shop. */
  private async pay(url: string, choice: string): Promise<boolean> {
    const body = new URLSearchParams({ choice })
    const response = await fetch(url, { method: "POST", body, redirect: "manual" })
    await response.arrayBuffer()
    return response.status === 303
  }

  /** The webhook has come, and the cart is an order. */
  private async placed(books: CartBooks): Promise<void> {
    for (;;) {
      const { lines, order } = await this.see(books.cart)
      const { paidMinor, state } = (order ?? {}) as { readonly state?: string; readonly paidMinor?: number }
      if (state === "placed") {
        books.paidMinor = paidMinor ?? 0
        const taken = lines as ReadonlyArray<{ readonly sku: string; readonly quantity: number }>
        for (const { quantity, sku } of taken) for (let unit = 0; unit < quantity; unit++) this.bought.push(sku)
        // What happened before it was an order counts as the shopper's own doing.
        this.noteGap(Date.now(), this.answeredAt)
        return
      }
      this.mayGoOn()
      await pause(RETRY_MS)
    }
  }

  /** About the cart, by the shopper: the gap before it has ended. */
  private async ask(body: Readonly<Record<string, unknown>>, isFirst = false): Promise<Answer> {
    const sentAt = Date.now()
    const mutationId = `s${++this.asked}`
    const answer = await this.insist(`/v1/carts/${this.cart?.cart}/requests`, { mutationId, ...body })
    const answeredAt = Date.now()
    if (answer.ok !== true) this.refused++
    if (!isFirst) this.noteGap(answeredAt, sentAt)
    if (body["type"] !== "checkout") this.isInCheckout = this.isInCheckout && body["type"] === "touch"
    this.sentAt = sentAt
    this.answeredAt = answeredAt
    return answer
  }

  /** The longest and the shortest that the hub can have found between the two. */
  private noteGap(latest: number, earliest: number): void {
    const { cart } = this
    const { checkoutMs, idleMs } = this.shop
    const limitMs = this.isInCheckout ? checkoutMs : idleMs
    if (cart === undefined || latest - this.sentAt < limitMs) return
    if (earliest - this.answeredAt > limitMs + UNSURE_MS) cart.surelyLeft++
    else cart.perhapsLeft++
  }

  private async see(cart: string): Promise<Answer> {
    const asked = async () => (await fetch(`${this.shop.hubUrl}/v1/carts/${cart}`, this.within())).json()
    return (await asked().catch(() => ({}))) as Answer
  }

  private async insist(path: string, body: Readonly<Record<string, unknown>>): Promise<Answer> {
    for (;;) {
      const answer = await this.post(path, body)
      if (answer !== undefined) return answer
      this.mayGoOn()
      await pause(RETRY_MS)
    }
  }

  /** `undefined`: no final answer. */
  private async post(path: string, body: Readonly<Record<string, unknown>>): Promise<Answer | undefined> {
    const request = { method: "POST", body: JSON.stringify(body), ...this.within() }
    try {
      const response = await fetch(`${this.shop.hubUrl}${path}`, request)
      const answer = (await response.json()) as Answer
      return answer.code === "unavailable" || answer.code === "overloaded" ? undefined : answer
    } catch {
      return undefined
    }
  }

  private within(): { readonly signal: AbortSignal } {
    return { signal: AbortSignal.timeout(CALL_MS_MAX) }
  }

  private mayGoOn(): void {
    this.shop.signal.throwIfAborted()
  }
}
