/**
 * Goal: carts that nobody needs any more leave the book in time, and nothing that is promised of the others goes with them.
 * Method: examples at a desk; what a snapshot holds is restored and folded again.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { CartBook } from "../../../actors/cart/book.ts"
import { isCartEvent } from "../../../actors/cart/events.ts"
import { packCart, packedTag, tagOf } from "../../../actors/cart/pack.ts"
import { evolve, initialCart } from "../../../actors/cart/state.ts"
import { add, CartDesk } from "../../support/cart-desk.ts"

const DAY_MS = 24 * 3_600_000
const keep = { leftMs: 60 * DAY_MS, orderedMs: 400 * DAY_MS }

/** All sleep, and those found are forgotten; answers which. */
const forget = (desk: CartDesk): ReadonlyArray<string> => {
  while (desk.book.awakeCount > 0) desk.book.sweep(1_000, true)
  const found = desk.book.forgettable(keep, desk.at, 1_000)
  for (const cart of found) desk.say(cart, { type: "forget", keep })
  return found.filter((cart) => desk.book.peek(cart) === undefined)
}

const ordered = (desk: CartDesk, cart: string): void => {
  desk.ok(cart, add("mug"))
  desk.pay(cart, desk.checkOut(cart), `pay-${cart}`)
  desk.answer(cart)
}

describe("a cart that rests", () => {
  it("is forgotten sixty days after it was left, and four hundred after it was bought", () => {
    const desk = new CartDesk()
    desk.ok("left", add("mug"))
    desk.wait(DAY_MS)
    assert.notEqual(desk.cart("left").abandoned, undefined)
    ordered(desk, "bought")
    desk.wait(59 * DAY_MS)
    assert.deepEqual(forget(desk), [])
    desk.wait(DAY_MS)
    assert.deepEqual(forget(desk), ["left"])
    assert.equal(desk.book.size, 1)
    desk.wait(341 * DAY_MS)
    assert.deepEqual(forget(desk), ["bought"])
    assert.equal(desk.book.size, 0)
    desk.refused("bought", { type: "refunded", paymentId: "pay-bought", refundedMinor: 1_000 }, "unknown_cart")
  })

  it("is kept when it was touched between being found and being decided on", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    desk.wait(DAY_MS)
    desk.wait(61 * DAY_MS)
    desk.ok("c", { type: "touch" })
    assert.deepEqual(desk.say("c", { type: "forget", keep }).records, [])
    assert.equal(desk.book.size, 1)
  })

  it("is kept while it uses up a promotion, owes money, or is on its way through a checkout", () => {
    const desk = new CartDesk()
    desk.promote({ code: "ONCE", kind: "percentage", basisPoints: 1_000, usesMax: 1 })
    desk.ok("code", add("mug"))
    desk.ok("code", { type: "apply-code", code: "ONCE" })
    desk.pay("code", desk.checkOut("code"))
    desk.answer("code")
    ordered(desk, "debt")
    desk.say("debt", { type: "paid", contents: 1, paymentId: "twice", amountMinor: 1_000, currency: "GBP" })
    desk.ok("asking", add("mug"))
    desk.ok("asking", { type: "checkout" })
    desk.wait(4_000 * DAY_MS)
    assert.deepEqual(forget(desk), [])
    assert.equal(desk.book.usesOf("ONCE", "").total, 1)
  })

  it("leaves its customer free for another", () => {
    const desk = new CartDesk()
    desk.ok("old", add("mug"))
    desk.ok("old", { type: "sign-in", customerId: "anna" })
    desk.wait(DAY_MS)
    desk.wait(61 * DAY_MS)
    assert.deepEqual(forget(desk), ["old"])
    assert.equal(desk.book.cartOf("anna"), undefined)
    desk.ok("new", add("lamp"))
    desk.ok("new", { type: "sign-in", customerId: "anna" })
    assert.deepEqual([desk.book.cartOf("anna"), desk.cart("new").lines.length], ["new", 1])
  })
})

describe("the same id after that", () => {
  const reborn = (): CartDesk => {
    const desk = new CartDesk()
    desk.ok("c", add("mug", 3))
    desk.wait(DAY_MS)
    desk.wait(61 * DAY_MS)
    assert.deepEqual(forget(desk), ["c"])
    desk.ok("c", add("lamp"))
    return desk
  }

  it("is a new cart, whose versions go on above the old one's", () => {
    const desk = reborn()
    assert.deepEqual(
      desk.cart("c").lines.map(({ sku }) => sku),
      ["lamp"]
    )
    const versions = desk.records.filter(isCartEvent).map(({ version }) => version)
    assert.deepEqual(versions, [1, 2, 3, 4])
    assert.equal(desk.cart("c").contents, 4)
  })

  it("is one for whoever follows its events, who still sees the old one until then", () => {
    const desk = reborn()
    let state = initialCart("c")
    const seen: Array<ReadonlyArray<string>> = []
    for (const [index, record] of desk.records.entries()) {
      if (!isCartEvent(record)) continue
      state = evolve(state, record, desk.times[index] ?? 0)
      seen.push(state.lines.map(({ sku }) => sku))
    }
    assert.deepEqual(seen, [["mug"], ["mug"], ["mug"], ["lamp"]])
    assert.deepEqual(state, desk.cart("c"))
  })

  it("is the same cart after a snapshot of any moment and the commits after it", () => {
    const desk = reborn()
    for (let taken = 0; taken <= desk.records.length; taken++) {
      const before = new CartBook()
      const apply = (book: CartBook, from: number, to: number): void => {
        for (let index = from; index < to; index++) {
          const record = desk.records[index]
          if (record !== undefined) book.apply(record, desk.times[index] ?? 0)
        }
      }
      apply(before, 0, taken)
      const after = new CartBook()
      for (const name of before.names()) after.restore(name, before.packed(name) ?? "")
      // Also when the snapshot has some of the commits already.
      apply(after, Math.max(0, taken - 2), desk.records.length)
      assert.deepEqual(after.peek("c"), desk.cart("c"))
      assert.equal(after.versionsForgotten, desk.book.versionsForgotten)
      assert.equal(after.deadlines.size, desk.book.deadlines.size)
    }
  })
})

describe("a sleeping cart", () => {
  it("says in front of its text what the book wants to know of it", () => {
    const desk = new CartDesk()
    desk.ok("open", add("mug"))
    ordered(desk, "bought")
    desk.ok("hers", add("mug"))
    desk.ok("hers", { type: "sign-in", customerId: "anna" })
    for (const cart of ["open", "bought", "hers"]) {
      const state = desk.cart(cart)
      assert.deepEqual(packedTag(packCart(state)), tagOf(state))
    }
    assert.equal(packedTag(packCart(desk.cart("open")))?.dueAt, desk.cart("open").idleAt)
  })

  it("is restored from a text without that, as hubs before wrote it", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const text = packCart(desk.cart("c"))
    const book = new CartBook()
    book.restore("cart:c", text.slice(text.indexOf("[")))
    assert.deepEqual(book.peek("c"), desk.cart("c"))
    assert.equal(book.packed("cart:c"), text)
    assert.equal(book.deadlines.size, 1)
  })
})
