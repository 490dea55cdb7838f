/**
 * Goal: from a cart to an order: what is held, what a payment buys, and what becomes of payments that buy nothing.
 * Method: examples at a desk, where the stock's answers are given by hand; scenarios 4 and 24 by name.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { cartAlertOf } from "../../../actors/cart/alert.ts"
import { debtsOf, parkedPayment } from "../../../actors/cart/debts.ts"
import { isCartEvent } from "../../../actors/cart/events.ts"
import { add, CartDesk, gone } from "../../support/cart-desk.ts"

const stepOf = (desk: CartDesk, cart: string) => desk.cart(cart).steps?.map(({ act, holdId }) => `${act} ${holdId}`)

describe("a checkout", () => {
  it("asks the stock for all lines, is held when they are, and ordered when it is paid", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug", 2))
    desk.ok("c", { type: "checkout", contents: 1 })
    const step = desk.answer("c", { ok: true, expiresAt: desk.at + 1_000 })
    assert.deepEqual(
      [step.id, step.holdId, step.lines],
      ["cart:c:2:reserve", "cart:c:1", [{ sku: "mug", quantity: 2 }]]
    )
    const held = desk.cart("c")
    assert.deepEqual(
      [held.status, held.checkout?.isHeld, held.checkout?.expiresAt],
      ["checkout", true, desk.at + 1_000]
    )
    assert.equal(held.contents, 1)
    desk.pay("c", held)
    assert.equal(desk.cart("c").order?.state, "committing")
    assert.equal(desk.answer("c").act, "commit")
    assert.equal(desk.cart("c").order?.state, "placed")
    desk.refused("c", add("lamp"), "cart_closed")
  })

  it("of an empty cart, or of other contents than were seen, is refused", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    desk.ok("c", add("lamp"))
    assert.equal(desk.refused("c", { type: "checkout", contents: 1 }, "cart_changed").contents, 2)
    desk.ok("c", { type: "remove", sku: "mug" })
    desk.ok("c", { type: "remove", sku: "lamp" })
    desk.refused("c", { type: "checkout" }, "empty_cart")
  })

  it("that the stock cannot hold ends with a note for each line at fault", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug", 3))
    desk.ok("c", { type: "checkout" })
    desk.answer("c", gone("mug", 1))
    const { status, notes, checkout, claims } = desk.cart("c")
    assert.deepEqual([status, checkout, claims], ["open", undefined, undefined])
    assert.deepEqual(notes, [{ type: "short", sku: "mug", wanted: 3, available: 1 }])
  })

  it("gives its hold back when it is cancelled, changed or comes to its end", () => {
    for (const end of ["cancel", "change", "time"] as const) {
      const desk = new CartDesk()
      desk.ok("c", add("mug"))
      desk.checkOut("c")
      if (end === "cancel") desk.ok("c", { type: "cancel-checkout" })
      if (end === "change") desk.ok("c", add("lamp"))
      if (end === "time") desk.wait(15 * 60_000)
      assert.equal(desk.cart("c").status, "open", end)
      assert.deepEqual(stepOf(desk, "c"), ["release cart:c:1"], end)
    }
  })

  it("that is changed while the stock is still asked gives back what it then gets", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    desk.ok("c", { type: "checkout" })
    desk.ok("c", add("lamp"))
    assert.deepEqual(stepOf(desk, "c"), ["reserve cart:c:1", "release cart:c:1"])
    desk.answer("c")
    assert.equal(desk.cart("c").checkout, undefined)
    desk.answer("c")
    assert.equal(desk.cart("c").steps, undefined)
  })

  it("keeps the prices that were shown when a note is dismissed or somebody is only there", () => {
    const desk = new CartDesk()
    desk.promote({ code: "SHORT", kind: "percentage", basisPoints: 1_000, endsAt: desk.at + 60_000 })
    desk.ok("c", add("mug"))
    desk.ok("c", { type: "apply-code", code: "SHORT" })
    const { contents } = desk.checkOut("c")
    desk.wait(120_000)
    const cart = desk.ok("c", { type: "touch" })
    assert.deepEqual([cart.status, cart.contents, cart.totals.totalMinor], ["checkout", contents, 900])
  })
})

describe("a payment", () => {
  it("for another amount buys nothing and is noted, to be paid back", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const { contents } = desk.checkOut("c")
    const cart = desk.ok("c", { type: "paid", contents, paymentId: "p", amountMinor: 1, currency: "GBP" })
    assert.equal(cart.status, "checkout")
    assert.deepEqual(cart.strays, [{ paymentId: "p", amountMinor: 1, reason: "other_amount" }])
    assert.equal(desk.ok("c", { type: "refunded", paymentId: "p", refundedMinor: 1 }).strays, undefined)
  })

  it("after the hold has ended takes the stock again, and is a visible case when it is gone", () => {
    for (const [outcome, state] of [
      [{ ok: true } as const, "placed"],
      [gone("mug"), "short"]
    ] as const) {
      const desk = new CartDesk()
      desk.ok("c", add("mug"))
      const held = desk.checkOut("c")
      desk.wait(15 * 60_000)
      desk.answer("c")
      desk.pay("c", held)
      desk.answer("c", { ok: false, code: "hold_expired" })
      assert.equal(desk.answer("c", outcome).act, "reserve")
      if (outcome.ok) assert.equal(desk.answer("c").act, "commit")
      assert.equal(desk.cart("c").order?.state, state)
    }
  })

  it("that comes while the hold is being renewed takes the stock once", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const held = desk.checkOut("c")
    desk.ok("c", { type: "checkout" })
    desk.pay("c", held)
    desk.answer("c")
    assert.equal(desk.answer("c").act, "commit")
    assert.deepEqual([desk.cart("c").order?.state, desk.cart("c").steps], ["placed", undefined])
  })

  it("told twice, in whatever order with others, buys once", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const held = desk.checkOut("c")
    desk.pay("c", held, "p")
    desk.pay("c", held, "p")
    assert.equal(desk.cart("c").strays, undefined)
    assert.equal(desk.ok("c", { type: "payment-expired", contents: held.contents }).status, "ordered")
  })
})

describe("what has to go back", () => {
  const short = (desk: CartDesk) => {
    desk.ok("c", add("mug"))
    const held = desk.checkOut("c")
    desk.pay("c", held)
    desk.answer("c", { ok: false, code: "hold_expired" })
    desk.answer("c", gone("mug"))
    return held
  }
  const debts = (desk: CartDesk) => debtsOf(desk.cart("c"), desk.book.policy)

  it("is every payment that bought nothing, and an order whose stock was gone, until it is under way", () => {
    const desk = new CartDesk()
    const held = short(desk)
    desk.pay("c", held, "second")
    assert.deepEqual(debts(desk), [
      { cartId: "c", paymentId: "second", reason: "already_ordered" },
      { cartId: "c", paymentId: "pay-1", reason: "stock_gone" }
    ])
    assert.deepEqual([...desk.book.parked], ["c"])
    desk.ok("c", { type: "refund-pending", paymentId: "second" })
    desk.ok("c", { type: "refund-failed", paymentId: "pay-1" })
    assert.deepEqual(debts(desk), [])
    assert.deepEqual(parkedPayment(desk.cart("c"), "pay-1")?.reason, "stock_gone", "a person may ask again")
    desk.ok("c", { type: "refunded", paymentId: "second", refundedMinor: 1_000 })
    desk.ok("c", { type: "refunded", paymentId: "pay-1", refundedMinor: 1_000 })
    assert.deepEqual([[...desk.book.parked], desk.cart("c").order?.refund], [[], undefined])
  })

  it("is not an order that waits for goods by policy, unless a person says so", () => {
    const desk = new CartDesk()
    desk.rule({ shortOrders: "wait" })
    short(desk)
    assert.deepEqual([debts(desk), [...desk.book.parked]], [[], ["c"]])
    assert.equal(parkedPayment(desk.cart("c"), "pay-1")?.paymentId, "pay-1")
    assert.equal(parkedPayment(desk.cart("c"), "other"), undefined)
  })
})

describe("somebody is told", () => {
  const alertsOf = (desk: CartDesk) =>
    desk.records
      .filter(isCartEvent)
      .flatMap((event) => cartAlertOf(event, "now") ?? [])
      .map(({ kind, state, episode }) => [kind, state, episode])

  it("of an order whose stock is gone, until it is paid back", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const held = desk.checkOut("c")
    desk.pay("c", held)
    desk.answer("c", { ok: false, code: "hold_expired" })
    desk.answer("c", gone("mug"))
    desk.ok("c", { type: "refunded", paymentId: "pay-1", refundedMinor: 400 })
    assert.deepEqual(alertsOf(desk), [["order", "raised", "order:c:1"]])
    desk.ok("c", { type: "refunded", paymentId: "pay-1", refundedMinor: 1_000 })
    assert.deepEqual(alertsOf(desk)[1], ["order", "cleared", "order:c:1"])
    assert.equal(desk.cart("c").order?.state, "cancelled")
  })

  it("of a payment that could not be paid back, again", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const held = desk.checkOut("c")
    desk.pay("c", held, "first")
    desk.answer("c")
    desk.pay("c", held, "second")
    desk.ok("c", { type: "refund-pending", paymentId: "second" })
    desk.ok("c", { type: "refund-failed", paymentId: "second" })
    assert.deepEqual(alertsOf(desk), [
      ["payment", "raised", "payment:c"],
      ["payment", "raised", "payment:c"]
    ])
  })

  it("of a payment that bought nothing, until it went back, and of nothing else", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const held = desk.checkOut("c")
    desk.pay("c", held, "first")
    desk.answer("c")
    assert.deepEqual(alertsOf(desk), [])
    desk.pay("c", held, "second")
    desk.ok("c", { type: "refunded", paymentId: "second", refundedMinor: 1_000 })
    assert.deepEqual(alertsOf(desk), [
      ["payment", "raised", "payment:c"],
      ["payment", "cleared", "payment:c"]
    ])
  })
})

describe("scenario 4: a shopper tries an abandoned checkout again", () => {
  it("and is not blocked by their own hold, which is replaced", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const first = desk.checkOut("c")
    const again = desk.ok("c", { type: "checkout" })
    assert.equal(again.contents, first.contents)
    assert.deepEqual(stepOf(desk, "c"), [`reserve ${first.checkout?.holdId}`])
    assert.notEqual(again.steps?.[0]?.id, "cart:c:2:reserve")
  })

  it("and when both payments succeed the unit is sold once and the second payment goes back", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const first = desk.checkOut("c")
    const second = desk.checkOut("c")
    desk.pay("c", first, "first")
    desk.pay("c", second, "second")
    const { order, strays, steps } = desk.cart("c")
    assert.equal(order?.paymentId, "first")
    assert.deepEqual(strays, [{ paymentId: "second", amountMinor: 1_000, reason: "already_ordered" }])
    assert.equal(steps?.filter(({ act }) => act === "commit").length, 1)
  })
})

describe("scenario 24: the cart changed after its payment link went out", () => {
  it("and the old link cannot buy the old contents", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const linked = desk.checkOut("c")
    desk.ok("c", add("lamp"))
    desk.pay("c", linked)
    const cart = desk.cart("c")
    assert.equal(cart.status, "open")
    assert.equal(cart.order, undefined)
    assert.deepEqual(cart.strays, [{ paymentId: "pay-1", amountMinor: 1_000, reason: "older_version" }])
  })

  it("and changed back it is bought by a new link only", () => {
    const desk = new CartDesk()
    desk.ok("c", add("mug"))
    const linked = desk.checkOut("c")
    desk.ok("c", { type: "set", sku: "mug", quantity: 2 })
    desk.ok("c", { type: "set", sku: "mug", quantity: 1 })
    desk.pay("c", linked)
    assert.equal(desk.cart("c").order, undefined)
  })
})
