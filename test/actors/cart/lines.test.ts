/**
 * Goal: what a cart holds and costs, and what its shopper is told of what changed meanwhile.
 * Method: examples at a desk; the desk checks every record and every fold besides.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { add, CartDesk } from "../../support/cart-desk.ts"

describe("a cart", () => {
  it("begins with its first line and counts up by one for each change", () => {
    const desk = new CartDesk()
    assert.equal(desk.ok("c", add("mug", 2, 950)).version, 1)
    const cart = desk.ok("c", add("lamp", 1, 4_000))
    assert.equal(cart.version, 2)
    assert.equal(cart.totals.totalMinor, 2 * 950 + 4_000)
    assert.deepEqual(
      cart.lines.map(({ sku, quantity }) => [sku, quantity]),
      [
        ["mug", 2],
        ["lamp", 1]
      ]
    )
  })

  it("adds to a line that is there, sets its quantity, and takes it out at 0", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug", 2))
    assert.equal(desk.ok("c", add("mug", 3)).lines[0]?.quantity, 5)
    assert.equal(desk.ok("c", { type: "set", sku: "mug", quantity: 1 }).totals.totalMinor, 1_000)
    const empty = desk.ok("c", { type: "set", sku: "mug", quantity: 0 })
    assert.deepEqual([empty.lines, empty.totals.totalMinor, empty.idleAt], [[], 0, undefined])
  })

  it("is unknown until something is added, and a line until it was added", () => {
    const desk = new CartDesk()
    desk.refused("c", { type: "set", sku: "mug", quantity: 1 }, "unknown_cart")
    desk.ok("c", add("mug"))
    desk.refused("c", { type: "remove", sku: "lamp" }, "unknown_line")
  })

  it("has one currency, and takes another once it is empty", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    desk.refused("c", add("lamp", 1, 500, "EUR"), "currency_mismatch")
    desk.ok("c", { type: "remove", sku: "mug" })
    assert.equal(desk.ok("c", add("lamp", 1, 500, "EUR")).currency, "EUR")
  })

  it("refuses what would make its sums inexact, and more lines than it may have", () => {
    const desk = new CartDesk()
    desk.refused("c", add("yacht", 100_000, 10_000_000_000), "cart_too_large")
    for (let n = 0; n < 200; n++) desk.ok("full", add(`sku${n}`))
    desk.refused("full", add("one more"), "cart_full")
    assert.equal(desk.ok("full", add("sku7")).lines[7]?.quantity, 2)
  })
})

describe("the shopper is told", () => {
  it("when a price has moved, until the note is dismissed", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug", 1, 900))
    const cart = desk.ok("c", {
      type: "reprice",
      prices: [
        { sku: "mug", unitPriceMinor: 950 },
        { sku: "no", unitPriceMinor: 1 }
      ]
    })
    assert.deepEqual(cart.notes, [{ type: "price-moved", sku: "mug", fromMinor: 900, toMinor: 950 }])
    assert.equal(cart.totals.totalMinor, 950)
    assert.equal(desk.ok("c", { type: "dismiss-notes" }).notes, undefined)
  })

  it("when a line is sold out or short, for as long as it is", () => {
    const desk = new CartDesk()
    desk.stock.set("mug", 5)
    assert.equal(desk.ok("c", add("mug", 5)).notes, undefined)
    desk.stock.set("mug", 2)
    assert.deepEqual(desk.ok("c", add("lamp")).notes, [{ type: "short", sku: "mug", wanted: 5, available: 2 }])
    desk.stock.set("mug", 0)
    assert.deepEqual(desk.ok("c", add("lamp")).notes, [{ type: "sold-out", sku: "mug", available: 0 }])
    desk.stock.set("mug", 9)
    assert.equal(desk.ok("c", add("lamp")).notes, undefined)
  })
})

describe("shipping and tax", () => {
  const shipping = [
    { method: "post", countries: ["GB"], currency: "GBP", baseMinor: 300, perItemMinor: 50, freeFromMinor: 5_000 },
    { method: "courier", currency: "GBP", baseMinor: 900, perItemMinor: 0 }
  ]

  it("are added once it is known where to; the cheapest method unless one is named", () => {
    const desk = new CartDesk()
    desk.rule({ shipping, tax: [{ country: "GB", basisPoints: 2_000, isIncluded: false, onShipping: true }] })
    assert.equal(desk.ok("c", add("mug", 2)).totals.totalMinor, 2_000)
    const posted = desk.ok("c", { type: "ship-to", destination: { country: "GB" } })
    assert.equal(posted.shippingMethod, "post")
    assert.deepEqual(posted.totals, {
      goodsMinor: 2_000,
      discountMinor: 0,
      shippingMinor: 400,
      taxMinor: 480,
      totalMinor: 2_880
    })
    const driven = desk.ok("c", { type: "ship-to", destination: { country: "GB" }, method: "courier" })
    assert.equal(driven.totals.shippingMinor, 900)
    assert.equal(desk.ok("c", { type: "ship-to", destination: { country: "FR" } }).shippingMethod, "courier")
  })

  it("free from a subtotal on, and tax that the prices contain is shown and not added", () => {
    const desk = new CartDesk()
    const tax = [
      { country: "GB", basisPoints: 2_000, isIncluded: true, onShipping: false },
      { country: "GB", region: "JE", basisPoints: 500, isIncluded: true, onShipping: false }
    ]
    desk.rule({ shipping, tax })
    desk.ok("c", add("lamp", 1, 6_000))
    const { totals } = desk.ok("c", { type: "ship-to", destination: { country: "GB" } })
    assert.deepEqual([totals.shippingMinor, totals.taxMinor, totals.totalMinor], [0, 1_000, 6_000])
    const jersey = desk.ok("c", { type: "ship-to", destination: { country: "GB", region: "JE" } })
    assert.equal(jersey.totals.taxMinor, 286)
  })
})

describe("a cart that nobody touches", () => {
  it("counts as left after 15 minutes, and after 5 when a checkout was begun", () => {
    const desk = new CartDesk()
    desk.ok("idle", add("mug"))
    desk.ok("leaving", add("mug"))
    desk.checkOut("leaving")
    desk.wait(5 * 60_000 - 1_000)
    assert.equal(desk.cart("leaving").abandoned, undefined)
    desk.wait(1_000)
    assert.equal(desk.cart("leaving").abandoned?.reason, "left-checkout")
    assert.equal(desk.cart("idle").abandoned, undefined)
    desk.wait(10 * 60_000)
    assert.equal(desk.cart("idle").abandoned?.reason, "idle-cart")
  })

  it("does not when something was done meanwhile, and no longer when its shopper comes back", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    desk.wait(14 * 60_000)
    desk.ok("c", { type: "touch" })
    desk.wait(14 * 60_000)
    assert.equal(desk.cart("c").abandoned, undefined)
    desk.wait(60_000)
    assert.equal(desk.cart("c").abandoned?.reason, "idle-cart")
    assert.equal(desk.ok("c", { type: "touch" }).abandoned, undefined)
    assert.equal(desk.records.filter((record) => record.type === "abandoned").length, 1)
  })

  it("counts as left by its value and by its shopper's segment", () => {
    const desk = new CartDesk()
    desk.rule({
      idleRules: [
        { segment: "vip", idleCartMs: 60_000 },
        { minimumMinor: 10_000, currency: "GBP", idleCartMs: 120_000 }
      ]
    })
    desk.ok("vip", { type: "sign-in", customerId: "anna", segment: "vip" })
    desk.ok("vip", add("mug"))
    desk.ok("dear", add("lamp", 1, 10_000))
    desk.ok("plain", add("mug"))
    desk.wait(60_000)
    const left = () => ["vip", "dear", "plain"].filter((cart) => desk.cart(cart).abandoned !== undefined)
    assert.deepEqual(left(), ["vip"])
    desk.wait(60_000)
    assert.deepEqual(left(), ["vip", "dear"])
  })
})
