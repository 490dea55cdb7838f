/**
 * From carts to their customers: who has left one, and whose cart has moved while somebody was about to write to them.
 *
 * A cart says that it was left in its own journal. Until the customer's journal has decided on that it is said again: at
 * once while the hub runs, and for every cart that is still left when it comes up. Said twice it is once.
 */
import type { CartBook } from "../../actors/cart/book.ts"
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import type { CartState } from "../../actors/cart/state.ts"
import type { CustomerBook } from "../../actors/customer/book.ts"
import type { CustomerCommand } from "../../actors/customer/commands.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import { defined } from "../gateway/decode.ts"
import { hubsCommand } from "../host/owner-mail.ts"
import type { CustomerMail } from "./mail.ts"

export interface WatchServices {
  readonly carts: Pick<CartBook, "peek" | "carts">
  readonly customers: {
    readonly book: Pick<CustomerBook, "running">
    readonly submit: (mail: CustomerMail) => void
  }
}

/** The same again when the customers' host could not take it. */
const AGAIN_MS = 200

export class CartWatch {
  private readonly services: WatchServices

  constructor(services: WatchServices) {
    this.services = services
  }

  /** Carts that were left before this hub came up. */
  *left(): IterableIterator<CustomerCommand> {
    const { carts } = this.services
    for (const cart of carts.carts()) {
      const command = abandonmentOf(carts.peek(cart))
      if (command !== undefined) yield command
    }
  }

  onCommits(commits: ReadonlyArray<StoredCommit<CartRecord>>): void {
    for (const { records } of commits) {
      for (const record of records) if (isCartEvent(record)) this.onEvent(record.cart, record.type)
    }
  }

  say(command: CustomerCommand): void {
    this.services.customers.submit(
      hubsCommand(command, (answer) => {
        if (!answer.ok) setTimeout(() => this.say(command), AGAIN_MS).unref()
      })
    )
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
