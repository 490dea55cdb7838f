/**
 * Goal: codes and automatic promotions take off what their rules say and are never used more often than they may be.
 * Method: examples at a desk.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { add, CartDesk, NOON } from "../../support/cart-desk.ts"

const code = (name: string) => ({ type: "apply-code", code: name }) as const

describe("a code", () => {
  it("takes off a percentage, an amount or the shipping", () => {
    const desk = new CartDesk()
    desk.rule({ shipping: [{ method: "post", currency: "GBP", baseMinor: 400, perItemMinor: 0 }] })
    desk.promote({ code: "TENTH", kind: "percentage", basisPoints: 1_000 })
    desk.promote({ code: "FIVER", kind: "amount", amountMinor: 500, currency: "GBP" })
    desk.promote({ code: "POST", kind: "free-shipping" })
    const total = (name: string): number => {
      desk.ok(name, add("mug", 1, 2_005))
      desk.ok(name, { type: "ship-to", destination: { country: "GB" } })
      return desk.ok(name, code(name)).totals.totalMinor
    }
    assert.equal(total("TENTH"), 2_005 - 201 + 400)
    assert.equal(total("FIVER"), 2_005 - 500 + 400)
    assert.equal(total("POST"), 2_005)
  })

  it("that a customer has used is not used again by signing in to a cart that is being bought, or was", () => {
    const desk = new CartDesk()
    desk.promote({ code: "EACH", kind: "percentage", basisPoints: 500, usesPerCustomerMax: 1 })
    for (const cart of ["own", "bought", "buying"]) {
      desk.ok(cart, add("mug"))
      if (cart === "own") desk.ok(cart, { type: "sign-in", customerId: "anna" })
      desk.ok(cart, code("EACH"))
      const held = desk.checkOut(cart)
      if (cart !== "buying") desk.pay(cart, held)
    }
    assert.equal(desk.book.usesOf("EACH", "customer:anna").total, 3)
    desk.ok("bought", { type: "sign-in", customerId: "anna" })
    assert.equal(desk.cart("bought").customerId, undefined, "the order stays nobody's")
    const buying = desk.ok("buying", { type: "sign-in", customerId: "anna" })
    assert.deepEqual([buying.customerId, buying.status, buying.discounts], ["anna", "open", undefined])
    assert.equal(desk.book.usesOf("EACH", "customer:anna").byCustomer, 1)
  })

  it("never takes off more than the goods cost", () => {
    const desk = new CartDesk()
    desk.promote({ code: "HUGE", kind: "amount", amountMinor: 5_000, currency: "GBP" })
    desk.ok("c", add("mug", 1, 900))
    assert.equal(desk.ok("c", code("HUGE")).totals.totalMinor, 0)
  })

  it("is refused with the reason when it does not hold", () => {
    const desk = new CartDesk()
    desk.promote({ code: "OVER", kind: "percentage", basisPoints: 500, endsAt: NOON })
    desk.promote({ code: "EARLY", kind: "percentage", basisPoints: 500, startsAt: NOON + 1 })
    desk.promote({ code: "EURO", kind: "amount", amountMinor: 100, currency: "EUR" })
    desk.promote({ code: "BIG", kind: "percentage", basisPoints: 500, minimumMinor: 5_000, currency: "GBP" })
    desk.promote({ code: "OFF", kind: "percentage", basisPoints: 500, isActive: false })
    desk.promote({ code: "HERS", kind: "percentage", basisPoints: 500, customerId: "anna" })
    desk.promote({ code: "LAMPS", kind: "percentage", basisPoints: 500, skus: ["lamp"] })
    desk.ok("c", add("mug"))
    desk.refused("c", code("NONE"), "unknown_code")
    const reasons = ["OVER", "EARLY", "EURO", "BIG", "OFF", "HERS", "LAMPS"].map(
      (name) => desk.refused("c", code(name), "code_not_applicable").reason
    )
    const expected = [
      "ended",
      "not_started",
      "other_currency",
      "below_minimum",
      "inactive",
      "other_customer",
      "no_such_goods"
    ]
    assert.deepEqual(reasons, expected)
  })

  it("counts alone or with others as it allows; what takes off most is taken", () => {
    const desk = new CartDesk()
    desk.promote({ code: "A", kind: "percentage", basisPoints: 1_000, stackable: true })
    desk.promote({ code: "B", kind: "amount", amountMinor: 300, currency: "GBP", stackable: true })
    desk.promote({ code: "ALONE", kind: "percentage", basisPoints: 1_200 })
    desk.ok("c", add("lamp", 1, 10_000))
    desk.ok("c", code("ALONE"))
    desk.ok("c", code("A"))
    assert.deepEqual(desk.cart("c").discounts, [{ code: "ALONE", amountMinor: 1_200 }])
    assert.deepEqual(desk.ok("c", code("B")).discounts, [
      { code: "A", amountMinor: 1_000 },
      { code: "B", amountMinor: 300 }
    ])
  })

  it("that ends while it is in the cart is taken off with a note", () => {
    const desk = new CartDesk()
    desk.promote({ code: "TODAY", kind: "percentage", basisPoints: 1_000, endsAt: NOON + 60_000 })
    desk.ok("c", add("mug"))
    assert.equal(desk.ok("c", code("TODAY")).totals.totalMinor, 900)
    desk.wait(60_000)
    const cart = desk.ok("c", add("lamp"))
    assert.equal(cart.totals.totalMinor, 2_000)
    assert.deepEqual(cart.notes, [{ type: "code-ended", code: "TODAY", reason: "ended" }])
  })

  it("that falls below its minimum waits in the cart until it holds again", () => {
    const desk = new CartDesk()
    desk.promote({ code: "BIG", kind: "percentage", basisPoints: 1_000, minimumMinor: 2_000, currency: "GBP" })
    desk.ok("c", add("mug", 2))
    assert.equal(desk.ok("c", code("BIG")).totals.totalMinor, 1_800)
    assert.equal(desk.ok("c", { type: "set", sku: "mug", quantity: 1 }).totals.totalMinor, 1_000)
    assert.equal(desk.ok("c", add("mug", 2)).totals.totalMinor, 2_700)
  })
})

describe("scenario 23: a promotion that may be used once", () => {
  const once = { kind: "percentage", basisPoints: 1_000, usesMax: 1 } as const

  it("is redeemed by one of two checkouts", () => {
    const desk = new CartDesk()
    desk.promote({ code: "ONCE", ...once })
    for (const cart of ["a", "b"]) {
      desk.ok(cart, add("mug"))
      desk.ok(cart, code("ONCE"))
    }
    desk.checkOut("a")
    desk.refused("b", { type: "checkout" }, "cart_changed")
    const b = desk.cart("b")
    assert.deepEqual(b.notes, [{ type: "code-ended", code: "ONCE", reason: "used_up" }])
    assert.equal(b.totals.totalMinor, 1_000)
    assert.equal(desk.checkOut("b").checkout?.isHeld, true)
    assert.equal(desk.book.usesOf("ONCE", "").total, 1)
  })

  it("is given back by a checkout that ends, and by an order that is cancelled", () => {
    const desk = new CartDesk()
    desk.promote({ code: "ONCE", ...once })
    desk.ok("a", add("mug"))
    desk.ok("a", code("ONCE"))
    desk.checkOut("a")
    desk.ok("a", { type: "cancel-checkout" })
    assert.equal(desk.book.usesOf("ONCE", "").total, 0)
    desk.answer("a")
    desk.pay("a", desk.checkOut("a"))
    desk.answer("a")
    assert.equal(desk.book.usesOf("ONCE", "").total, 1)
    desk.ok("a", { type: "cancelled" })
    desk.ok("a", { type: "cancelled" })
    assert.equal(desk.book.usesOf("ONCE", "").total, 0)
    desk.ok("b", add("mug"))
    assert.equal(desk.ok("b", code("ONCE")).totals.totalMinor, 900)
  })

  it("obeys its limit also when it needs no code, and a limit for each customer", () => {
    const desk = new CartDesk()
    desk.promote({ code: "auto", ...once, automatic: true })
    desk.promote({ code: "EACH", kind: "percentage", basisPoints: 500, usesPerCustomerMax: 1 })
    assert.equal(desk.ok("a", add("mug")).totals.totalMinor, 900)
    desk.pay("a", desk.checkOut("a"))
    assert.equal(desk.ok("b", add("mug")).totals.totalMinor, 1_000)
    const buy = (cart: string) => {
      desk.ok(cart, { type: "sign-in", customerId: "anna" })
      desk.ok(cart, add("mug"))
      desk.ok(cart, code("EACH"))
      desk.pay(cart, desk.checkOut(cart))
    }
    buy("first")
    desk.ok("second", { type: "sign-in", customerId: "anna" })
    desk.ok("second", add("mug"))
    assert.equal(desk.refused("second", code("EACH"), "code_not_applicable").reason, "used_by_customer")
    desk.ok("other", add("mug"))
    desk.ok("other", code("EACH"))
  })
})
