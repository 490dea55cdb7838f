/**
 * A desk for cart deciders: takes commands, folds what they decide, answers as the hub would, and lets time pass. Stock is a
 * table; steps that a checkout asks of it are answered when the test says so.
 *
 * Checked at every step, whatever the test looks at: deciding leaves the state as it was; records survive JSON; a state
 * folded from an event is the one that the next decision finds; pack and unpack give the same cart.
 */
import assert from "node:assert/strict"
import { CartBook } from "../../actors/cart/book.ts"
import type { CartCommand, OnOneCart, SetPolicy, SetPromotion } from "../../actors/cart/commands.ts"
import { decideCarts, decideDueCart } from "../../actors/cart/decide.ts"
import type { CartDecision, CartRefusal } from "../../actors/cart/decision.ts"
import type { CartRecord } from "../../actors/cart/events.ts"
import { packCart, unpackCart } from "../../actors/cart/pack.ts"
import { defaultPolicy, type Policy } from "../../actors/cart/policy.ts"
import type { Promotion } from "../../actors/cart/promotions.ts"
import type { CartState, Step } from "../../actors/cart/state.ts"

export const NOON = Date.parse("2026-03-02T12:00:00.000Z")

type WithoutId<C> = C extends { readonly mutationId: string } ? Omit<C, "mutationId" | "cart"> : never
export type Said = WithoutId<OnOneCart>

export const add = (sku: string, quantity = 1, unitPriceMinor = 1_000, currency = "GBP") =>
  ({ type: "add", sku, quantity, unitPriceMinor, currency }) as const

export class CartDesk {
  readonly book = new CartBook()
  readonly records: Array<CartRecord> = []
  /** When each of them was decided. */
  readonly times: Array<number> = []
  /** Units by SKU; what is not here the stock does not know. */
  readonly stock = new Map<string, number>()
  at = NOON
  private count = 0

  private readonly given = () => ({
    at: this.at,
    hash: `hash${this.count}`,
    availableOf: ({ sku }: { readonly sku: string }) => this.stock.get(sku)
  })

  take(command: CartCommand): CartDecision {
    const before = "cart" in command ? JSON.stringify(this.book.find(command.cart)) : ""
    const decision = decideCarts(this.book, command, this.given())
    if ("cart" in command) {
      assert.equal(JSON.stringify(this.book.find(command.cart)), before, "a decision must change nothing")
    }
    this.keep(decision.records)
    return decision
  }

  private keep(records: ReadonlyArray<CartRecord>): void {
    for (const record of records) {
      const read = JSON.parse(JSON.stringify(record)) as CartRecord
      assert.deepEqual(read, record, "a record survives JSON")
      this.records.push(read)
      this.times.push(this.at)
      this.book.apply(read, this.at)
      if (!("cart" in read) || read.type === "forgotten") continue
      const state = this.cart(read.cart)
      assert.deepEqual(
        JSON.parse(JSON.stringify(unpackCart(read.cart, packCart(state)))),
        JSON.parse(JSON.stringify(state))
      )
    }
  }

  /** Says something to a cart, under an id of its own. */
  say(cart: string, said: Said): CartDecision {
    return this.take({ ...said, cart, mutationId: `m${++this.count}` } as CartCommand)
  }

  /** As `say`, for what must be accepted. */
  ok(cart: string, said: Said): CartState {
    const { refusal } = this.say(cart, said)
    assert.equal(refusal, undefined, refusal?.message)
    return this.cart(cart)
  }

  /** As `say`, for what must be refused with this code. */
  refused(cart: string, said: Said, code: string): CartRefusal {
    const { refusal } = this.say(cart, said)
    assert.equal(refusal?.code, code)
    return refusal as CartRefusal
  }

  promote(promotion: Partial<Promotion> & Pick<Promotion, "code" | "kind">): void {
    const command: SetPromotion = {
      type: "promotion",
      mutationId: `m${++this.count}`,
      promotion: { stackable: false, automatic: false, isActive: true, ...promotion }
    }
    this.take(command)
  }

  rule(policy: Partial<Policy>): void {
    const command: SetPolicy = {
      type: "policy",
      mutationId: `m${++this.count}`,
      policy: { ...defaultPolicy, ...policy }
    }
    this.take(command)
  }

  cart(cart: string): CartState {
    const state = this.book.find(cart)
    assert.ok(state, `there is no cart ${cart}`)
    return state
  }

  /** Time passes, and what has become due is decided. */
  wait(ms: number): void {
    this.at += ms
    const due = () => this.book.deadlines.dueBy(this.at, 1_000_000)
    for (let some = due(); some.length > 0; some = due()) {
      for (const key of some) {
        const decision = decideDueCart(this.book, key, this.given())
        assert.ok(decision, `${key} is due and nothing is decided`)
        this.keep(decision.records)
      }
    }
  }

  /** The stock answers the cart's first step. */
  answer(cart: string, outcome: Outcome = { ok: true }): Step {
    const step = this.cart(cart).steps?.[0]
    assert.ok(step, `${cart} asks nothing of the stock`)
    this.say(cart, { type: "outcome", stepId: step.id, outcome: outcome as never })
    return step
  }

  /** A checkout that gets its hold. */
  checkOut(cart: string): CartState {
    this.ok(cart, { type: "checkout" })
    this.answer(cart)
    return this.cart(cart)
  }

  pay(cart: string, state: CartState, paymentId = "pay-1"): CartState {
    const { contents, totals, currency = "GBP" } = state
    return this.ok(cart, { type: "paid", contents, paymentId, amountMinor: totals.totalMinor, currency })
  }
}

export type Outcome =
  | { readonly ok: true; readonly expiresAt?: number }
  | {
      readonly ok: false
      readonly code: string
      readonly faults?: ReadonlyArray<{ readonly sku: string; readonly available: number }>
    }

export const gone = (sku: string, available = 0): Outcome => ({
  ok: false,
  code: "insufficient_stock",
  faults: [{ sku, available }]
})
