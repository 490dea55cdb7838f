/**
 * Goal: scenario 19 and the rules of signing in: merged once, above the stock with a message, nothing for the next account.
 * Method: examples at a desk.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { add, CartDesk } from "../../support/cart-desk.ts"

const anna = { type: "sign-in", customerId: "anna" } as const
const bert = { type: "sign-in", customerId: "bert" } as const

describe("signing in", () => {
  it("makes the cart the customer's when they have none", () => {
    const desk = new CartDesk()
    desk.ok("browser", add("mug", 2))
    const cart = desk.ok("browser", anna)
    assert.deepEqual([cart.customerId, cart.status, cart.lines[0]?.quantity], ["anna", "open", 2])
    assert.equal(desk.book.cartOf("anna"), "browser")
  })

  it("sums the lines of both carts at the price told last, with the codes of both", () => {
    const desk = new CartDesk()
    desk.promote({ code: "A", kind: "percentage", basisPoints: 1_000 })
    desk.ok("phone", add("mug", 1, 900))
    desk.ok("phone", anna)
    desk.wait(1_000)
    desk.ok("browser", add("mug", 2, 1_000))
    desk.ok("browser", add("lamp", 1, 4_000))
    desk.ok("browser", { type: "apply-code", code: "A" })
    desk.say("browser", anna)
    const cart = desk.cart("phone")
    assert.deepEqual(
      cart.lines.map(({ sku, quantity, unitPriceMinor }) => [sku, quantity, unitPriceMinor]),
      [
        ["mug", 3, 1_000],
        ["lamp", 1, 4_000]
      ]
    )
    assert.deepEqual(cart.notes, [{ type: "price-moved", sku: "mug", fromMinor: 900, toMinor: 1_000 }])
    assert.equal(cart.totals.totalMinor, 6_300)
    assert.deepEqual([desk.cart("browser").status, desk.cart("browser").lines], ["merged", []])
  })

  it("leaves carts in two currencies as they are and says so", () => {
    const desk = new CartDesk()
    desk.ok("phone", add("mug"))
    desk.ok("phone", anna)
    desk.ok("browser", add("mug", 1, 900, "EUR"))
    desk.refused("browser", anna, "currency_mismatch")
    assert.equal(desk.cart("browser").lines.length, 1)
  })
})

describe("scenario 19", () => {
  const merged = (): CartDesk => {
    const desk = new CartDesk()
    desk.stock.set("mug", 4)
    desk.ok("phone", add("mug", 2))
    desk.ok("phone", anna)
    desk.ok("browser", add("mug", 1))
    desk.ok("browser", add("lamp", 1))
    desk.say("browser", anna)
    return desk
  }

  it("a merge fired twice, or a page that was reloaded, doubles no quantity", () => {
    const desk = merged()
    const before = desk.cart("phone")
    for (let times = 0; times < 3; times++) assert.equal(desk.say("browser", anna).unchanged, "phone")
    assert.deepEqual(desk.cart("phone"), before)
    assert.equal(before.lines[0]?.quantity, 3)
  })

  it("a merge above the stock gives a message, not an error, and not silently less", () => {
    const desk = new CartDesk()
    desk.stock.set("mug", 4)
    desk.ok("phone", add("mug", 3))
    desk.ok("phone", anna)
    desk.ok("browser", add("mug", 3))
    assert.equal(desk.say("browser", anna).refusal, undefined)
    const { lines, notes } = desk.cart("phone")
    assert.equal(lines[0]?.quantity, 4)
    assert.deepEqual(notes, [{ type: "reduced", sku: "mug", wanted: 6, quantity: 4 }])
  })

  it("the next account on the same browser gets nothing of the first", () => {
    const desk = merged()
    const { message } = desk.refused("browser", bert, "foreign_cart")
    assert.ok(!message.includes("phone") && !message.includes("anna"))
    desk.refused("phone", bert, "foreign_cart")
    const closed = desk.refused("browser", add("mug"), "cart_closed")
    assert.ok(!closed.message.includes("phone"))
    assert.equal(desk.ok("fresh", bert).lines.length, 0)
  })
})
