/**
 * Goal: an offer is used once, by its customer, takes off no more than was put aside for it and never the shop's margin; and
 * once it has ended it comes to no more, whatever is paid late.
 * Method: examples at a desk; then any commands in any order around one offer.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import type { OfferUse } from "../../../actors/cart/decision.ts"
import { withOffer } from "../../../actors/cart/offers.ts"
import type { OfferBounds, Promotion } from "../../../actors/cart/promotions.ts"
import { type CartState, claimsOf, isAsAt } from "../../../actors/cart/state.ts"
import { add, CartDesk, NOON } from "../../support/cart-desk.ts"
import { runs } from "../../support/runs.ts"

const CODE = "BACK-ANNA"
const HOUR = 3_600_000
const bounds: OfferBounds = { amountMinorMax: 300, marginFloorBasisPoints: 2_000, shippingCostMinor: 0 }

const offered = (more: Partial<Promotion> = {}, bound: Partial<OfferBounds> = {}): Promotion => ({
  code: CODE,
  kind: "percentage",
  basisPoints: 1_000,
  currency: "GBP",
  customerId: "anna",
  usesMax: 1,
  endsAt: NOON + 48 * HOUR,
  stackable: true,
  automatic: false,
  isActive: true,
  offer: { ...bounds, ...bound },
  ...more
})

const make = (desk: CartDesk, promotion = offered()) =>
  desk.take({ type: "make-offer", mutationId: `offer:${promotion.code}`, promotion })
const end = (desk: CartDesk): OfferUse | undefined =>
  desk.take({ type: "end-offer", mutationId: `offer:${CODE}:end`, code: CODE }).offer
const costing = (sku: string, quantity: number, unitPriceMinor: number, unitCostMinor: number) => ({
  ...add(sku, quantity, unitPriceMinor),
  unitCostMinor
})
const apply = { type: "apply-code", code: CODE } as const

/** Anna's cart, with goods that cost the shop half of their price. */
const annas = (desk: CartDesk, cart = "a"): void => {
  desk.ok(cart, { type: "sign-in", customerId: "anna" })
  desk.ok(cart, costing("mug", 2, 1_000, 500))
}

describe("an offer among the promotions", () => {
  it("is made once and ended once, however often it is asked for", () => {
    const desk = new CartDesk()
    assert.equal(make(desk).records.length, 1)
    assert.equal(make(desk, offered({ basisPoints: 9_000 })).records.length, 0)
    assert.deepEqual(end(desk), { state: "unused" })
    const count = desk.records.length
    assert.deepEqual(end(desk), { state: "unused" })
    assert.equal(desk.records.length, count)
    assert.equal(desk.book.promotion(CODE), undefined)
  })

  it("does not take the place of a shop's own code, nor the shop's its place", () => {
    const desk = new CartDesk()
    desk.promote({ code: CODE, kind: "percentage", basisPoints: 500 })
    assert.equal(make(desk).refusal?.code, "offer_code")
    const other = new CartDesk()
    make(other)
    const promotion = { ...offered(), customerId: "bob" }
    assert.equal(other.take({ type: "promotion", mutationId: "m", promotion }).refusal?.code, "offer_code")
    assert.equal(other.book.promotion(CODE)?.customerId, "anna")
  })

  it("takes off no more than was put aside for it, of the goods or of the shipping", () => {
    const desk = new CartDesk()
    desk.rule({ shipping: [{ method: "post", currency: "GBP", baseMinor: 500, perItemMinor: 0 }] })
    make(desk)
    annas(desk)
    assert.equal(desk.ok("a", apply).totals.discountMinor, 200)
    assert.equal(desk.ok("a", costing("lamp", 1, 9_000, 1_000)).totals.discountMinor, 300)
    const shipping = new CartDesk()
    shipping.rule({ shipping: [{ method: "post", currency: "GBP", baseMinor: 500, perItemMinor: 0 }] })
    make(shipping, offered({ kind: "free-shipping" }))
    annas(shipping)
    shipping.ok("a", { type: "ship-to", destination: { country: "GB" } })
    const { discounts, totals } = shipping.ok("a", apply)
    assert.equal(totals.shippingMinor, 200)
    assert.deepEqual(discounts, [{ code: CODE, amountMinor: 0, freeShipping: true, shippingMinor: 300 }])
  })

  it("holds while the shop keeps its margin, and waits in the cart while it does not", () => {
    const desk = new CartDesk()
    make(desk)
    annas(desk)
    assert.equal(desk.ok("a", apply).totals.discountMinor, 200)
    assert.equal(desk.ok("a", costing("gold", 1, 10_000, 9_500)).totals.discountMinor, 0, "9 % would be left")
    assert.equal(desk.ok("a", { type: "remove", sku: "gold" }).totals.discountMinor, 200)
    assert.equal(desk.ok("a", add("tea", 1, 100)).totals.discountMinor, 0, "nobody knows what tea costs")
  })

  it("reckons a line without a cost by the share of its price, where there is one, and leaves the tax out", () => {
    const desk = new CartDesk()
    desk.rule({ shipping: [], tax: [{ country: "GB", basisPoints: 2_000, isIncluded: true, onShipping: true }] })
    make(desk, offered({}, { costBasisPoints: 5_500 }))
    desk.ok("a", { type: "sign-in", customerId: "anna" })
    desk.ok("a", add("mug", 1, 1_200))
    desk.ok("a", { type: "ship-to", destination: { country: "GB" } })
    // 1,080 with 180 tax in it are 900; 660 of cost leave 26 %.
    assert.equal(desk.ok("a", apply).totals.discountMinor, 120)
    const dear = new CartDesk()
    dear.rule({ shipping: [], tax: [{ country: "GB", basisPoints: 2_000, isIncluded: true, onShipping: true }] })
    make(dear, offered({}, { costBasisPoints: 6_100 }))
    dear.ok("a", { type: "sign-in", customerId: "anna" })
    dear.ok("a", { type: "ship-to", destination: { country: "GB" } })
    dear.ok("a", add("mug", 1, 1_200))
    assert.equal(dear.ok("a", apply).totals.discountMinor, 0, "19 % of 900")
  })
})

describe("scenario 23: an offer that works once", () => {
  it("is ended for everybody when another customer tries it, but not by one who has yet to sign in", () => {
    const desk = new CartDesk()
    make(desk)
    annas(desk)
    desk.ok("phone", add("mug"))
    assert.equal(desk.refused("phone", apply, "code_not_applicable").reason, "other_customer")
    desk.ok("a", apply)
    desk.ok("b", { type: "sign-in", customerId: "bob" })
    desk.ok("b", add("mug"))
    desk.at += HOUR
    assert.equal(desk.refused("b", apply, "code_not_applicable").reason, "other_customer")
    assert.equal(desk.book.promotion(CODE)?.offer?.misusedAt, NOON + HOUR)
    desk.refused("a", { type: "checkout" }, "cart_changed")
    assert.deepEqual(desk.cart("a").notes, [{ type: "code-ended", code: CODE, reason: "inactive" }])
  })

  it("is given back by a checkout that ends and by an order that is cancelled, until it ends itself", () => {
    const desk = new CartDesk()
    make(desk)
    annas(desk)
    desk.ok("a", apply)
    desk.checkOut("a")
    desk.ok("a", { type: "cancel-checkout" })
    desk.answer("a")
    desk.pay("a", desk.checkOut("a"))
    desk.ok("a", { type: "cancelled" })
    annas(desk, "again")
    assert.equal(desk.ok("again", apply).totals.discountMinor, 200)
    assert.deepEqual(end(desk), { state: "unused" })
    assert.deepEqual(desk.ok("again", add("lamp")).notes, [{ type: "code-ended", code: CODE, reason: "ended" }])
  })

  it("that ends in the middle of a checkout is used by that checkout or by none", () => {
    const desk = new CartDesk()
    make(desk)
    annas(desk)
    desk.ok("a", apply)
    const shown = desk.checkOut("a")
    assert.deepEqual(end(desk), { state: "claimed" })
    desk.pay("a", shown)
    assert.deepEqual(end(desk), { state: "used", orderId: `a:${shown.contents}`, spentMinor: 200 })
    const late = new CartDesk()
    make(late)
    annas(late)
    late.ok("a", apply)
    const seen = late.checkOut("a")
    assert.deepEqual(end(late), { state: "claimed" })
    late.ok("a", { type: "cancel-checkout" })
    assert.deepEqual(end(late), { state: "unused" })
    late.pay("a", seen)
    assert.deepEqual(
      late.cart("a").strays?.map(({ reason }) => reason),
      ["code_used_up"]
    )
  })
})

describe("a cart that a message was about", () => {
  const said = (desk: CartDesk, contents: number): boolean => isAsAt(desk.cart("a"), contents)
  const left = (): { readonly desk: CartDesk; readonly contents: number } => {
    const desk = new CartDesk()
    make(desk)
    annas(desk)
    return { desk, contents: desk.cart("a").contents }
  }

  it("is the same with the offer's code, without it again, and when the offer has ended", () => {
    const { contents, desk } = left()
    assert.ok(said(desk, contents) && !said(desk, contents - 1) && !said(desk, contents + 1))
    assert.ok(desk.ok("a", apply).contents > contents)
    assert.ok(said(desk, contents))
    desk.ok("a", { type: "remove-code", code: CODE })
    assert.ok(said(desk, contents))
    desk.ok("a", apply)
    end(desk)
    desk.refused("a", { type: "checkout" }, "cart_changed")
    assert.deepEqual([desk.cart("a").totals.discountMinor, said(desk, contents)], [0, true])
  })

  it("is another one once anything else has changed it, also beside the code", () => {
    const changes = [
      costing("lamp", 1, 1_000, 100),
      { type: "set", sku: "mug", quantity: 3 },
      { type: "reprice", prices: [{ sku: "mug", unitPriceMinor: 1_100 }] },
      { type: "ship-to", destination: { country: "GB" } },
      { type: "apply-code", code: "SHOP" }
    ] as const
    for (const one of changes) {
      const { contents, desk } = left()
      desk.promote({ code: "SHOP", kind: "percentage", basisPoints: 500, stackable: true })
      desk.ok("a", one)
      desk.ok("a", apply)
      assert.ok(!said(desk, contents), one.type)
      const { sameSince, contents: now } = desk.cart("a")
      assert.ok(sameSince !== undefined && sameSince > contents && sameSince < now, one.type)
    }
  })

  it("is reckoned with the offer beforehand as it will be, and is not changed by that", () => {
    const { desk } = left()
    const given = { at: desk.at, availableOf: () => 10 }
    const before = desk.cart("a")
    const { cart, standing } = withOffer(desk.book, before, CODE, given)
    assert.deepEqual([standing, desk.cart("a")], ["holds", before])
    assert.deepEqual(cart.totals, desk.ok("a", apply).totals)
    assert.equal(withOffer(desk.book, desk.cart("a"), CODE, given).standing, "holds")
    desk.ok("a", costing("gold", 1, 10_000, 9_500))
    assert.equal(withOffer(desk.book, desk.cart("a"), CODE, given).standing, "idle", "9 % would be left")
    const late = withOffer(desk.book, before, CODE, { ...given, at: NOON + 48 * HOUR })
    assert.deepEqual([late.standing, late.cart.totals.discountMinor], ["over", 0])
    end(desk)
    assert.equal(withOffer(desk.book, before, CODE, given).standing, "over")
  })
})

type Move =
  | "apply"
  | "apply-bob"
  | "checkout"
  | "answer"
  | "cancel"
  | "pay"
  | "pay-late"
  | "refund"
  | "add"
  | "wait"
  | "end"

/** Anna, who begins a new cart when she has bought one. */
class Anna {
  readonly desk = new CartDesk()
  readonly carts: Array<string> = []
  /** Her carts as they were when their checkout began. */
  private readonly seen: Array<CartState> = []

  constructor() {
    make(this.desk)
    this.desk.ok("bobs", { type: "sign-in", customerId: "bob" })
    this.desk.ok("bobs", add("mug"))
  }

  /** What an end has come to. */
  does(move: Move, which: number): OfferUse | undefined {
    const { desk } = this
    const cart = this.current()
    const state = desk.cart(cart)
    const before = this.seen[which % Math.max(1, this.seen.length)]
    const any = this.carts[which % this.carts.length] ?? cart
    if (move === "end") return end(desk)
    if (move === "apply") desk.say(cart, apply)
    if (move === "apply-bob") desk.say("bobs", apply)
    if (move === "cancel") desk.say(cart, { type: "cancel-checkout" })
    if (move === "pay") desk.pay(cart, state, `p${cart}${state.version}`)
    if (move === "pay-late" && before !== undefined) desk.pay(before.cart, before, `p${before.cart}${before.version}`)
    if (move === "refund") desk.say(any, { type: "cancelled" })
    if (move === "add") desk.say(cart, costing("lamp", 1, 500, 100))
    if (move === "wait") desk.wait(10 * 60_000)
    if (move === "answer" && desk.cart(any).steps !== undefined) desk.answer(any)
    if (move === "checkout") {
      desk.say(cart, { type: "checkout" })
      this.seen.push(desk.cart(cart))
    }
    return undefined
  }

  private current(): string {
    const known = this.desk.book.cartOf("anna")
    if (known !== undefined) return known
    const cart = `cart${this.carts.length}`
    this.carts.push(cart)
    annas(this.desk, cart)
    return cart
  }
}

describe("after any commands in any order", () => {
  it("an offer is paid for once at most, and nothing more of it once it has ended", () => {
    const often = ["apply", "apply", "apply", "checkout", "checkout", "answer", "answer", "pay", "pay"] as const
    const seldom = ["cancel", "pay-late", "refund", "add", "wait", "end", "apply-bob"] as const
    const move = fc.tuple(fc.constantFrom<Move>(...often, ...seldom), fc.nat(5))
    let [used, claimed] = [0, 0]
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60, size: "max" }), (moves) => {
        const anna = new Anna()
        let ended: OfferUse | undefined
        for (const [one, which] of moves) {
          const use = anna.does(one, which)
          // The order may have been cancelled since.
          if (ended !== undefined && use !== undefined && use.state !== "unused") assert.deepEqual(use, ended)
          if (use?.state === "claimed") claimed++
          else ended = use ?? ended
          const using = anna.carts.map((cart) => anna.desk.cart(cart)).filter((state) => claimsOf(state).includes(CODE))
          assert.ok(using.length <= 1, `${using.length} carts use it at once`)
          if (ended?.state === "unused") assert.deepEqual(using, [])
          const discount = using[0]?.discounts?.find(({ code }) => code === CODE)
          assert.ok((discount?.amountMinor ?? 0) <= bounds.amountMinorMax)
        }
        if (ended?.state === "used") used++
      }),
      runs(300)
    )
    assert.ok(used > 0 && claimed > 0, `the moves must meet: ${used} used, ${claimed} claimed`)
  })
})
