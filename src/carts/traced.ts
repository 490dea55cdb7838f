/**
 * Carts in traces: what is done to one, and what it asks of the stock.
 */
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import type { Answer } from "../gateway/protocol.ts"
import { current, ending } from "../tracing/tracing.ts"

/** Heard before anybody who does what follows from a commit. */
export const traceCarts = (commits: ReadonlyArray<StoredCommit<CartRecord>>): void => {
  const tracing = current()
  if (tracing === undefined) return
  for (const { records } of commits) {
    for (const record of records) if (isCartEvent(record)) tracing.landedCart(record)
  }
}

/** A step of a cart that is in a trace goes on there; none begins with it. */
export const tracedStep = (
  cart: string,
  { act, id }: { readonly act: string; readonly id: string },
  reply: (answer: Answer) => void
): ((answer: Answer) => void) => {
  const tracing = current()
  const parent = tracing?.placeOfCart(cart)
  if (parent === undefined) return reply
  const begun = { name: `cart.${act}`, parent, atMs: performance.now() }
  return ending(tracing?.received({ mutationId: id }, begun), reply)
}
