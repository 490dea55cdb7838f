/**
 * Goal: what must hold of carts after any commands in any order: sums are exact, a promotion is never used more often than
 * it may be, a merge counts once, one order a cart, one open cart a customer, and the same book from records or a snapshot.
 * Method: random commands on few carts, customers and codes, so that they meet; checked after each of them.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { CartBook } from "../../../actors/cart/book.ts"
import { isCartEvent } from "../../../actors/cart/events.ts"
import { goodsMinor } from "../../../actors/cart/promotions.ts"
import { claimsOf } from "../../../actors/cart/state.ts"
import { add, CartDesk, gone, type Said } from "../../support/cart-desk.ts"
import { runs, times } from "../../support/runs.ts"

const parameters = runs(300)
const TIMEOUT_MS = times(120_000)

const CARTS = ["a", "b", "c", "d"]
const SKUS = ["mug", "lamp", "rug"]
const LIMITS: Readonly<Record<string, number>> = { ONCE: 1, TWICE: 2, auto: 2, EACH: 100 }

const open = (): CartDesk => {
  const desk = new CartDesk()
  for (const sku of SKUS) desk.stock.set(sku, 6)
  desk.rule({
    shipping: [{ method: "post", currency: "GBP", baseMinor: 399, perItemMinor: 7, freeFromMinor: 9_000 }],
    tax: [
      { country: "GB", basisPoints: 2_000, isIncluded: true, onShipping: true },
      { country: "US", basisPoints: 825, isIncluded: false, onShipping: false }
    ]
  })
  desk.promote({ code: "ONCE", kind: "percentage", basisPoints: 1_234, usesMax: 1 })
  desk.promote({ code: "TWICE", kind: "amount", amountMinor: 777, currency: "GBP", usesMax: 2, stackable: true })
  desk.promote({ code: "auto", kind: "free-shipping", usesMax: 2, automatic: true, stackable: true })
  desk.promote({ code: "EACH", kind: "percentage", basisPoints: 500, usesPerCustomerMax: 1, stackable: true })
  return desk
}

type Step =
  | { readonly cart: string; readonly said: Said }
  | { readonly cart: string; readonly does: "answer" | "refuse" | "pay" | "wait" }

const said: fc.Arbitrary<Said> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        sku: fc.constantFrom(...SKUS),
        n: fc.integer({ min: 1, max: 4 }),
        price: fc.constantFrom(1, 999, 2_500)
      })
      .map(({ sku, n, price }) => add(sku, n, price))
  },
  fc.record({
    type: fc.constant("set" as const),
    sku: fc.constantFrom(...SKUS),
    quantity: fc.integer({ min: 0, max: 3 })
  }),
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("apply-code" as const), code: fc.constantFrom("ONCE", "TWICE", "EACH") })
  },
  fc.constantFrom<Said>(
    { type: "ship-to", destination: { country: "GB" } },
    { type: "ship-to", destination: { country: "US" } }
  ),
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("sign-in" as const), customerId: fc.constantFrom("anna", "bert") })
  },
  { weight: 3, arbitrary: fc.constant<Said>({ type: "checkout" }) },
  fc.constantFrom<Said>({ type: "cancel-checkout" }, { type: "cancelled" }, { type: "left" }, { type: "touch" })
)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ cart: fc.constantFrom(...CARTS), said }) },
  {
    weight: 4,
    arbitrary: fc.record({
      cart: fc.constantFrom(...CARTS),
      does: fc.constantFrom("answer", "answer", "refuse", "pay", "wait")
    })
  }
)

const play = (desk: CartDesk, one: Step): void => {
  if ("said" in one) return void desk.say(one.cart, one.said)
  const state = desk.book.find(one.cart)
  if (one.does === "wait") desk.wait(4 * 60_000)
  else if (state === undefined) return
  else if (one.does === "pay") {
    const { contents, totals, currency = "GBP", version } = state
    desk.say(one.cart, { type: "paid", contents, paymentId: `p${version}`, amountMinor: totals.totalMinor, currency })
  } else if (state.steps !== undefined) {
    desk.answer(one.cart, one.does === "answer" ? { ok: true } : gone("mug"))
  }
}

const holds = (check: (desk: CartDesk, one: Step) => void): void =>
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const desk = open()
      for (const one of steps) check(desk, one)
    }),
    parameters
  )

describe("after any commands in any order", () => {
  it(
    "the sums of every cart are exact and none is negative",
    () => {
      holds((desk, one) => {
        play(desk, one)
        const state = desk.book.find(one.cart)
        if (state === undefined) return
        const { totals, lines, discounts = [] } = state
        const { goodsMinor: goods, discountMinor, shippingMinor, taxMinor, totalMinor, isTaxIncluded } = totals
        assert.equal(goods, goodsMinor(lines))
        assert.equal(
          discountMinor,
          discounts.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
        )
        assert.equal(totalMinor, goods - discountMinor + shippingMinor + (isTaxIncluded === true ? 0 : taxMinor))
        for (const amount of Object.values(totals))
          assert.ok(amount === true || (Number.isSafeInteger(amount) && amount >= 0))
      })
    },
    TIMEOUT_MS
  )

  it(
    "no promotion is used more often than it may be, in all or by one customer",
    () => {
      holds((desk, one) => {
        play(desk, one)
        const used = new Map<string, number>()
        const byCustomer = new Map<string, number>()
        for (const cart of CARTS) {
          const state = desk.book.peek(cart)
          for (const code of claimsOf(state)) {
            used.set(code, (used.get(code) ?? 0) + 1)
            const customer = state?.customerId
            if (code === "EACH" && customer !== undefined) byCustomer.set(customer, (byCustomer.get(customer) ?? 0) + 1)
          }
        }
        for (const [code, most] of Object.entries(LIMITS)) {
          assert.ok((used.get(code) ?? 0) <= most, `${code} is used ${used.get(code)} times`)
          assert.equal(desk.book.usesOf(code, "").total, used.get(code) ?? 0)
        }
        for (const [customer, uses] of byCustomer) assert.ok(uses <= 1, `${customer} uses EACH ${uses} times`)
      })
    },
    TIMEOUT_MS
  )

  it(
    "signing in again changes nothing, and nobody has two open carts",
    () => {
      holds((desk, one) => {
        play(desk, one)
        if ("said" in one && one.said.type === "sign-in") {
          const before = CARTS.map((cart) => desk.book.peek(cart))
          const { refusal, records } = desk.say(one.cart, one.said)
          assert.deepEqual(
            CARTS.map((cart) => desk.book.peek(cart)),
            before,
            `${JSON.stringify(refusal)} ${records.length}`
          )
        }
        const owners = CARTS.flatMap((cart) => {
          const state = desk.book.peek(cart)
          const isOpen = state?.status === "open" || state?.status === "checkout"
          return isOpen && state.customerId !== undefined ? [state.customerId] : []
        })
        assert.equal(new Set(owners).size, owners.length)
      })
    },
    TIMEOUT_MS
  )

  it(
    "versions have no gap, an order is never another's, and steps are asked under ids that are used once",
    () => {
      holds((desk, one) => {
        const before = desk.book.peek(one.cart)
        play(desk, one)
        const after = desk.book.peek(one.cart)
        if (before?.order !== undefined) {
          assert.deepEqual([after?.order?.paymentId, after?.lines], [before.order.paymentId, before.lines])
        }
        const versions = desk.records.filter(isCartEvent).filter(({ cart }) => cart === one.cart)
        versions.forEach(({ version }, index) => assert.equal(version, index + 1))
        const asked = desk.records.filter(isCartEvent).flatMap(({ set }) => set?.steps ?? [])
        const byId = new Map(asked.map((first) => [first.id, JSON.stringify(first)]))
        for (const other of asked) assert.equal(byId.get(other.id), JSON.stringify(other))
      })
    },
    TIMEOUT_MS
  )

  it(
    "a book restored from a snapshot, or folded again, says the same",
    () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
          const desk = open()
          for (const one of steps) play(desk, one)
          const restored = new CartBook()
          for (const name of desk.book.names()) restored.restore(name, desk.book.packed(name) ?? "")
          // Commits that the snapshot has already come again.
          for (const record of desk.records) restored.apply(record, desk.at)
          const telling = (book: CartBook) => [
            CARTS.map((cart) => JSON.parse(JSON.stringify(book.peek(cart) ?? null)) as unknown),
            Object.keys(LIMITS).map((code) => [book.usesOf(code, "").total, book.usesOf(code, "customer:anna")]),
            ["anna", "bert"].map((customer) => book.cartOf(customer)),
            [...book.waiting].toSorted(),
            book.deadlines.dueBy(Number.MAX_SAFE_INTEGER, 100).toSorted(),
            book.policy
          ]
          assert.deepEqual(telling(restored), telling(desk.book))
        }),
        parameters
      )
    },
    TIMEOUT_MS
  )
})
