/**
 * From carts to their customers: who has left one, whose cart has moved while somebody was about to write to them, and what they
 * have bought.
 *
 * A cart says that it was left, and what became of its order, in its own journal. Until the customer's journal has that it is
 * said again: at once while the hub runs, and for every cart when it comes up. Said twice it is once.
 */
import type { CartBook } from "../../actors/cart/book.ts"
import { type CartEvent, type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import { isOfferCode } from "../../actors/cart/promotions.ts"
import type { CartState, Order as CartOrder } from "../../actors/cart/state.ts"
import type { CustomerBook } from "../../actors/customer/book.ts"
import type { CustomerCommand, Ordered } from "../../actors/customer/commands.ts"
import { isNews, noPurchases, PURCHASES_MAX } from "../../actors/recovery/purchases.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import { defined } from "../gateway/decode.ts"
import { hubsCommand } from "../host/owner-mail.ts"
import type { CustomerMail } from "./mail.ts"

export interface WatchServices {
  readonly carts: Pick<CartBook, "peek" | "carts">
  readonly customers: {
    readonly book: Pick<CustomerBook, "peek" | "running">
    readonly submit: (mail: CustomerMail) => void
  }
  /** Whoever leaves a cart is written to. */
  readonly isWriting: boolean
}

/** The same again when the customers' host could not take it. */
const AGAIN_MS = 200

export class CartWatch {
  private readonly services: WatchServices

  constructor(services: WatchServices) {
    this.services = services
  }

  /** What carts had to say before this hub came up, unless it was heard. */
  *untold(): IterableIterator<CustomerCommand> {
    const { carts, customers, isWriting } = this.services
    for (const cart of carts.carts()) {
      const state = carts.peek(cart)
      const abandoned = isWriting ? abandonmentOf(state) : undefined
      if (abandoned !== undefined) yield abandoned
      const ordered = state?.order === undefined ? undefined : orderOf(state, state.order)
      if (ordered === undefined) continue
      const purchases = customers.book.peek(ordered.customerId)?.purchases ?? noPurchases
      // What is older than all that is kept one by one was heard long ago.
      const isOld =
        purchases.recent.length === PURCHASES_MAX && (purchases.recent[0]?.at ?? 0) > (state?.changedAt ?? 0)
      if (!isOld && isNews(purchases, ordered.order)) yield ordered
    }
  }

  onCommits(commits: ReadonlyArray<StoredCommit<CartRecord>>): void {
    for (const { records } of commits) {
      for (const record of records) {
        if (!isCartEvent(record)) continue
        this.onOrder(record)
        if (this.services.isWriting) this.onEvent(record.cart, record.type)
      }
    }
  }

  say(command: CustomerCommand): void {
    this.services.customers.submit(
      hubsCommand(command, (answer) => {
        if (!answer.ok) setTimeout(() => this.say(command), AGAIN_MS).unref()
      })
    )
  }

  /** Also when it turns out later whose order it is. */
  private onOrder({ cart, set }: CartEvent): void {
    if (set?.order === undefined && set?.customerId === undefined) return
    const state = this.services.carts.peek(cart)
    const order = set.order ?? state?.order
    const ordered = state === undefined || order === undefined ? undefined : orderOf(state, order)
    if (ordered !== undefined) this.say(ordered)
  }

  private onEvent(cart: string, type: string): void {
    const state = this.services.carts.peek(cart)
    const customerId = state?.customerId
    if (state === undefined || customerId === undefined) return
    const command = type === "abandoned" ? abandonmentOf(state) : undefined
    if (command !== undefined) return this.say(command)
    if (!this.services.customers.book.running.has(customerId)) return
    this.say({ type: "cart-moved", customerId, mutationId: `moved:${cart}:${state.version}` })
  }
}

const orderOf = (
  { cart, currency = "", customerId, discounts = [] }: CartState,
  { orderId, paidMinor, refundedMinor, state }: CartOrder
): Ordered | undefined => {
  if (customerId === undefined) return undefined
  const offerId = discounts.find(({ code }) => isOfferCode(code))?.code
  const order = {
    orderId,
    cartId: cart,
    currency,
    paidMinor,
    refundedMinor,
    isReduced: discounts.length > 0,
    ...(offerId === undefined ? {} : { offerId }),
    isCancelled: state === "cancelled"
  }
  const mutationId = `ordered:${orderId}:${refundedMinor}:${state}`
  return { type: "ordered", customerId, mutationId, order }
}

const abandonmentOf = (state: CartState | undefined): CustomerCommand | undefined => {
  if (state?.abandoned === undefined || state.customerId === undefined) return undefined
  const { abandoned, cart, contents, currency, customerId, segment, totals } = state
  const abandonmentId = `${cart}:${contents}:${abandoned.at}`
  return {
    type: "abandoned",
    customerId,
    mutationId: abandonmentId,
    abandonment: {
      abandonmentId,
      cartId: cart,
      cartVersion: contents,
      at: abandoned.at,
      left: defined({ reason: abandoned.reason, totalMinor: totals.totalMinor, currency, segment })
    }
  }
}
