/**
 * Carts as a kind of actors: what the host asks of it, put together.
 */
import { CartBook } from "../../actors/cart/book.ts"
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import type { Kind } from "../host/kind.ts"
import { ownerTurns } from "../host/owner-turn.ts"
import { standAlone } from "./answers.ts"
import type { CartMail } from "./mail.ts"
import { type AvailableOf, cartRules, keyOf } from "./turn.ts"

/** What a record costs beside its content: totals, names of fields, some notes. */
const RECORD_BYTES = 2_048
/** UTF-8 needs at most three bytes for a UTF-16 code unit. */
const UNIT_BYTES_MAX = 3
/** These write a cart's lines once more: 200 of them with long names. */
const WHOLE_CART_BYTES = 64 * 1024
const WRITES_WHOLE_CART = new Set(["sign-in", "checkout", "outcome", "reprice", "paid"])

const commitBytesMax = (mail: CartMail): number => {
  if (mail.kind !== "command") return RECORD_BYTES
  const said = RECORD_BYTES + JSON.stringify(mail.command).length * UNIT_BYTES_MAX
  return WRITES_WHOLE_CART.has(mail.command.type) ? said + WHOLE_CART_BYTES : said
}

export const cartKind = (availableOf: AvailableOf): Kind<CartRecord, CartMail, CartBook> => ({
  newBook: () => new CartBook(),
  ...ownerTurns(cartRules(availableOf)),
  commitBytesMax,
  keyOf,
  standAlone,
  count: (records, stats) => {
    let changes = 0
    for (const record of records) if (isCartEvent(record)) changes++
    stats.changes.add(changes)
  }
})
