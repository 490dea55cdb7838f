/**
 * Goal: a payment is the same whatever the order, and however often, its events come; a refund counts when it is confirmed.
 * Method: Stripe's own example events of one payment, folded in every order that chance gives, all of them when few.
 */
import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import type { PaymentEvent } from "../../../actors/payment/observations.ts"
import {
  decidePayment,
  EVENTS_PER_PAYMENT_MAX,
  factsOf,
  moneyOfPayment,
  phaseOf
} from "../../../actors/payment/payment.ts"
import { evolvePayment, initialPayment, type PaymentState } from "../../../actors/payment/state.ts"
import { runs } from "../../support/runs.ts"
import { metadata, observed, PAYMENT_INTENT, taken } from "../../support/stripe-events.ts"

const parameters = runs(300)

/** As the host does: what is decided is written down, and folded from what was written. */
const folded = (events: ReadonlyArray<PaymentEvent>): PaymentState =>
  events
    .reduce<ReadonlyArray<PaymentEvent>>((kept, event) => {
      const state = kept.reduce(evolvePayment, initialPayment)
      return [...kept, ...(JSON.parse(JSON.stringify(decidePayment(state, event))) as ReadonlyArray<PaymentEvent>)]
    }, [])
    .reduce(evolvePayment, initialPayment)

/** Maps and sets by content, not by the order they were filled in. */
const plain = (state: PaymentState) => ({
  ...state,
  seen: [...state.seen].toSorted(),
  sessions: [...state.sessions].toSorted(),
  charges: [...state.charges].toSorted(),
  refunds: [...state.refunds].toSorted()
})

const told = (events: ReadonlyArray<PaymentEvent>) => {
  const state = folded(events)
  return {
    state: plain(state),
    phase: phaseOf(state),
    money: moneyOfPayment(state),
    facts: factsOf(PAYMENT_INTENT, state)
  }
}

const permutations = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  items.length <= 1
    ? [items]
    : items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))

const card = { payment_method_details: { type: "card" } }

const paid = (): ReadonlyArray<PaymentEvent> => [
  taken("payment_intent.created", "evt_1", { amount: 2_000, metadata }),
  taken("payment_intent.requires_action", "evt_2", { amount: 2_000, metadata }),
  taken("charge.succeeded", "evt_3", { id: "ch_1", amount: 2_000, amount_captured: 2_000, ...card }),
  taken("payment_intent.succeeded", "evt_4", { charges: undefined, metadata }),
  taken("checkout.session.completed", "evt_5", { id: "cs_1", amount_total: 2_000, metadata, status: "complete" })
]

describe("a payment", () => {
  it("27. is paid and then refunded in every order of its events, and tells the same facts", () => {
    const events = [
      ...paid().slice(2),
      taken("charge.refunded", "evt_6", {
        id: "ch_1",
        amount: 2_000,
        amount_captured: 2_000,
        amount_refunded: 2_000,
        refunds: undefined,
        ...card
      }),
      taken("charge.refund.updated", "evt_7", { id: "re_1", amount: 2_000, status: "succeeded" })
    ]
    const orders = permutations(events)
    assert.equal(orders.length, 120)
    const expected = told(events)
    assert.equal(expected.phase, "refunded")
    assert.deepEqual(
      expected.facts.map(({ kind, id }) => [kind, id]),
      [
        ["paid", `${PAYMENT_INTENT}:paid`],
        ["refunded", `${PAYMENT_INTENT}:refunded:2000:0`]
      ]
    )
    for (const order of orders) assert.deepEqual(told(order), expected)
  })

  it("27. is the same for any permutation, with repeats, of every example that Stripe gives", () => {
    const names = readdirSync("../shared/fixtures/stripe-events").filter((name) => name.endsWith(".json"))
    const events = names.flatMap((name, index) => {
      const event = observed(name.replace(".json", ""), `evt_${index}`)
      return event === undefined ? [] : [event]
    })
    // Customers, invoices, disputes and set-ups say nothing of what was paid.
    assert.equal(events.length, 15)
    const withCart = [...events, taken("payment_intent.created", "evt_cart", { metadata })]
    const expected = told(withCart)
    assert.ok(expected.facts.length > 0)
    fc.assert(
      fc.property(
        fc.shuffledSubarray(withCart, { minLength: withCart.length }),
        fc.array(fc.constantFrom(...withCart), { maxLength: 20 }),
        (order, repeats) => assert.deepEqual(told([...order, ...repeats]), expected)
      ),
      parameters
    )
  })

  it("that is told in part is the same in every order of that part", () => {
    const all = [
      ...paid(),
      taken("payment_intent.payment_failed", "evt_8", { metadata }),
      taken("charge.failed", "evt_9", { id: "ch_2" })
    ]
    fc.assert(
      fc.property(fc.subarray(all), fc.infiniteStream(fc.nat()), (part, places) => {
        const keys = new Map(part.map((event) => [event, places.next().value as number]))
        const order = part.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0))
        assert.deepEqual(told(order), told(part))
      }),
      parameters
    )
  })

  it("stays paid when a failure of an earlier try comes late", () => {
    const [late] = [taken("payment_intent.payment_failed", "evt_9", { amount: 2_000, metadata })]
    assert.equal(told([...paid(), late]).phase, "paid")
    assert.deepEqual(
      told([...paid(), late]).facts.map(({ kind }) => kind),
      ["paid"]
    )
    assert.deepEqual(
      told([late]).facts.map(({ kind, id }) => [kind, id]),
      [["payment-failed", `${PAYMENT_INTENT}:failed:evt_9`]]
    )
  })

  it("tells a cart nothing before it is known which cart it is for", () => {
    const [, , charge, intent] = paid() as [PaymentEvent, PaymentEvent, PaymentEvent, PaymentEvent]
    assert.deepEqual(told([charge]).facts, [])
    assert.equal(told([charge]).phase, "paid")
    const [fact] = told([charge, intent]).facts
    assert.deepEqual(fact, {
      kind: "paid",
      id: `${PAYMENT_INTENT}:paid`,
      paymentIntent: PAYMENT_INTENT,
      amountMinor: 2_000,
      currency: "USD",
      cartId: "cart-1",
      cartVersion: 7,
      holdId: "cart:cart-1:7"
    })
  })

  it("keeps no event twice, and no more than a cart's payment can have", () => {
    const [first] = paid() as [PaymentEvent]
    assert.deepEqual(decidePayment(folded([first]), first), [])
    const full = {
      ...initialPayment,
      seen: new Set(Array.from({ length: EVENTS_PER_PAYMENT_MAX }, (_, index) => `evt_${index}`))
    }
    assert.deepEqual(decidePayment(full, { ...first, eventId: "evt_more" }), [])
  })
})

describe("a refund", () => {
  const refund = (eventId: string, status: string, change: object = {}) =>
    taken("charge.refund.updated", eventId, { id: "re_1", amount: 500, status, ...change })
  const charge = (eventId: string, refundedMinor: number, change: object = {}) =>
    taken("charge.refunded", eventId, {
      id: "ch_1",
      amount: 2_000,
      amount_captured: 2_000,
      amount_refunded: refundedMinor,
      refunds: undefined,
      ...card,
      ...change
    })

  it("28. of a card that is told by the charge alone counts", () => {
    const { phase, money } = told([...paid(), charge("evt_6", 2_000)])
    assert.equal(phase, "refunded")
    assert.deepEqual(money, { receivedMinor: 2_000, refundedMinor: 2_000, refundPendingMinor: 0, refundFailedMinor: 0 })
  })

  it("28. of one of two payments leaves the other one paid", () => {
    const other = paid().map((event) => ({ ...event, eventId: `${event.eventId}_other` }))
    assert.equal(told([...paid(), charge("evt_6", 2_000)]).phase, "refunded")
    assert.equal(told(other).phase, "paid")
  })

  it("is told to the cart as pending until Stripe confirms it", () => {
    const byBank = { payment_method_details: { type: "sepa_debit" } }
    const events = [
      taken("charge.succeeded", "evt_3", { id: "ch_1", amount: 2_000, amount_captured: 2_000, metadata, ...byBank }),
      charge("evt_6", 500, byBank)
    ]
    for (const order of permutations([...events, refund("evt_7", "pending")])) {
      assert.equal(told(order).phase, "refund_pending")
      assert.deepEqual(
        told(order).facts.map(({ kind }) => kind),
        ["paid", "refund-pending"]
      )
    }
    assert.equal(told(events).phase, "refund_pending", "also when only the charge says so")
    const confirmed = told([...events, refund("evt_8", "succeeded"), refund("evt_7", "pending")])
    assert.equal(confirmed.phase, "partly_refunded")
    assert.equal(confirmed.money.refundedMinor, 500)
  })

  it("that the bank sends back is no refund any more, in any order", () => {
    const events = [...paid().slice(3), charge("evt_6", 500), refund("evt_7", "succeeded"), refund("evt_8", "failed")]
    for (const order of permutations(events)) {
      const { phase, money, facts } = told(order)
      assert.equal(phase, "paid")
      assert.deepEqual(money, { receivedMinor: 2_000, refundedMinor: 0, refundPendingMinor: 0, refundFailedMinor: 500 })
      assert.deepEqual(
        facts.slice(1).map(({ id }) => id),
        [`${PAYMENT_INTENT}:refunded:0:500`, `${PAYMENT_INTENT}:refund-failed:0:0:500`]
      )
    }
  })
})
