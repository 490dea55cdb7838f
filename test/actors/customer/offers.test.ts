/**
 * Goal: a message that may have an offer gets one by what is known of the customer, the cart and the stock, within margin and
 * budget however many ask at once; it ends for a reason that is written down; and what worked is learned once.
 * Method: customers in memory, with the real book and deciders, who leave carts, buy and opt out; then any of it in any order.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { CustomerBook, settingsRecord } from "../../../actors/customer/book.ts"
import type { CartOffered } from "../../../actors/customer/offers.ts"
import { Customers, eager, NOON, policy, settings, worth } from "../../support/offered-customers.ts"
import { DAY, HOUR } from "../../support/recovery.ts"
import { runs } from "../../support/runs.ts"

describe("a message that may have an offer", () => {
  it("gets one in the same commit, with what spoke for it; the budget has it reserved", () => {
    const customers = eager().leave("ann")
    const last = customers.records.at(-1)?.events.map(({ type }) => type)
    assert.deepEqual(last?.slice(-2), ["message-intended", "offer-decided"])
    const [offer] = customers.offers("ann")
    assert.deepEqual([offer?.offerKey, offer?.reservedMinor, offer?.state], ["10-percent", 1_000, "open"])
    assert.equal(customers.left(), 1_000_000 - 1_000)
    const reason = customers.reasonOf("ann")
    assert.deepEqual([reason?.arm, reason?.against, reason?.draws.length], ["10-percent", [], 2])
  })

  it("gets none when the customer's orders, the stock or the unknown cost speak against it, and says which", () => {
    const against = (customers: Customers): ReadonlyArray<string> => {
      customers.leave("ann")
      assert.equal(customers.offers("ann").length, 0)
      const { against: common = [], offers = [] } = customers.reasonOf("ann") ?? {}
      return [...common, ...offers.flatMap((offer) => offer.against)].map(({ rule }) => rule)
    }
    const often = eager()
    for (const orderId of ["a", "b", "c"]) often.buy("ann", { orderId, cartId: orderId })
    assert.deepEqual(against(often), ["buys-anyway"])
    const returning = eager()
    for (const orderId of ["a", "b"]) returning.buy("ann", { orderId, cartId: orderId, refundedMinor: 9_000 })
    assert.deepEqual(against(returning), ["sends-back"])
    const waiting = eager()
    for (const orderId of ["a", "b"]) waiting.buy("ann", { orderId, cartId: orderId, isReduced: true })
    assert.deepEqual(against(waiting), ["waits-for-discounts"])
    const scarce = eager()
    scarce.worth = { ...worth, lines: worth.lines.map((line) => ({ ...line, unitsLeft: 6 })) }
    assert.deepEqual(against(scarce), ["sells-out"])
    const unknown = eager()
    const [{ unitCostMinor: _cost, ...line }] = worth.lines as [CartOffered["lines"][number]]
    unknown.worth = { ...worth, lines: [line] }
    assert.deepEqual(against(unknown), ["below-margin"])
    assert.deepEqual(against(eager({ dailyBudgetMinor: 999 })), ["budget-spent"])
  })

  it("goes with the offer that is open already, also a day later", () => {
    const customers = eager().leave("ann").came("ann", "sent").wait(DAY)
    assert.equal(customers.of("message-intended").length, 2)
    assert.equal(customers.of("offer-decided").length, 1)
    const [repeated] = customers.of("offer-repeated")
    assert.deepEqual(
      [repeated?.attemptId, repeated?.arm],
      [customers.of("message-intended")[1]?.attemptId, "10-percent"]
    )
    assert.equal(customers.left(), 1_000_000 - 1_000)
  })

  it("gets one by the rules that hold then; one that was made stays what it was when they change", () => {
    const customers = eager().leave("ann")
    const half = { offerKey: "half", terms: { kind: "percentage", basisPoints: 5_000 }, says: "Half: {code}" } as const
    const rules = { ...policy, catalogue: [half], dailyBudgetMinor: 1_000_000 }
    customers.save(rules).leave("ben")
    assert.deepEqual(
      ["ann", "ben"].map((who) => customers.offers(who).map((one) => [one.offerKey, one.reservedMinor, one.state])),
      [[["10-percent", 1_000, "open"]], [["half", 5_000, "open"]]]
    )
    const [anns, bens] = ["ann", "ben"].map((who) => customers.book.settings.rulesOf(customers.offers(who)[0] ?? {}))
    assert.deepEqual([anns?.catalogue[0]?.offerKey, bens?.catalogue], ["10-percent", [half]])
    assert.deepEqual(customers.book.settings.rulesOf({}), rules, "one that does not say is of those of now")
    const decided = customers.of("offer-decided").length
    customers.save(null).leave("cid")
    assert.deepEqual([customers.of("offer-decided").length, customers.of("message-intended").length], [decided, 3])
    assert.equal(customers.book.settings.rulesOf(customers.offers("ben")[0] ?? {})?.catalogue[0]?.offerKey, "half")
  })

  it("is judged by the budget of its own currency: pounds that were spent take nothing from euros", () => {
    const customers = eager({ dailyBudgetMinor: 1_000 }).leave("ann")
    assert.equal(customers.left(), 0)
    customers.worth = { ...worth, currency: "EUR" }
    customers.save({ ...policy, currency: "EUR", dailyBudgetMinor: 1_000 }).leave("ben")
    assert.equal(customers.reasonOf("ben")?.budgetLeftMinor, 1_000)
  })

  it("that nobody got takes its offer back; the other channel's has one of its own", () => {
    const customers = eager().leave("ann").came("ann", "refused").wait(0)
    assert.deepEqual(
      customers.of("offer-ending").map(({ reason }) => reason),
      ["withdrawn"]
    )
    assert.deepEqual(
      customers.offers("ann").map(({ state }) => state),
      ["ending", "open"]
    )
    assert.equal(customers.book.peek("ann")?.trials.length, 1, "nothing is learned from what nobody got")
  })

  it("does not go with an offer that has ended while it waited", () => {
    const customers = eager({ offerTtlMs: HOUR }).leave("ann")
    assert.ok(customers.mayGo("ann"))
    customers.wait(2 * HOUR)
    assert.ok(!customers.mayGo("ann"))
    customers.came("ann", "withdrawn")
    assert.deepEqual(
      customers.of("message-failed").map(({ code, isUnsent }) => [code, isUnsent]),
      [["offer-ended", true]]
    )
  })
})

describe("an offer ends", () => {
  const cases = [
    ["in its time", (customers: Customers) => customers.wait(48 * HOUR), "expired"],
    [
      "when somebody else tries it",
      (customers: Customers) => {
        const offerId = customers.offers("ann")[0]?.offerId ?? ""
        return customers.say({ type: "offer-misused", customerId: "ann", offerId })
      },
      "revoked"
    ],
    [
      "when its customer wants no more messages",
      (customers: Customers) =>
        customers.say({ type: "opt-out", customerId: "ann", channel: "email", address: "email-of-ann" }),
      "opted-out"
    ],
    ["when its cart is bought without it", (customers: Customers) => customers.buy("ann"), "unneeded"]
  ] as const

  it.each(cases)("%s, and its budget is free once the carts say that nobody uses it", (_name, how, reason) => {
    const customers = eager().leave("ann").came("ann", "sent")
    how(customers)
    assert.deepEqual(
      customers.of("offer-ending").map((event) => event.reason),
      [reason]
    )
    assert.equal(customers.left(), 1_000_000 - 1_000)
    customers.settle("ann", { state: "unused" }).settle("ann", { state: "unused" })
    assert.deepEqual(
      customers.of("offer-closed").map((event) => event.reason),
      [reason]
    )
    assert.equal(customers.left(), 1_000_000)
    assert.equal(customers.offers("ann")[0]?.state, "closed")
  })

  it("as used, with what it cost; an order with it keeps it open until then, because it may be cancelled", () => {
    const customers = eager().leave("ann").came("ann", "sent")
    const offerId = customers.offers("ann")[0]?.offerId ?? ""
    customers.buy("ann", { offerId, isReduced: true })
    assert.deepEqual(
      [customers.offers("ann")[0]?.state, customers.offers("ann")[0]?.orderId],
      ["open", "cart-of-ann:1"]
    )
    customers.buy("ann", { offerId, isReduced: true, isCancelled: true })
    assert.equal(customers.offers("ann")[0]?.orderId, undefined)
    customers.buy("ann", { offerId, isReduced: true, orderId: "cart-of-ann:2" }).wait(48 * HOUR)
    customers.settle("ann", { state: "used", orderId: "cart-of-ann:2", spentMinor: 700 })
    assert.deepEqual([customers.offers("ann")[0]?.state, customers.offers("ann")[0]?.spentMinor], ["redeemed", 700])
    assert.equal(customers.left(), 1_000_000 - 700)
  })

  it("and whoever passed one on gets no other", () => {
    const customers = eager().leave("ann").came("ann", "sent")
    customers.say({ type: "offer-misused", customerId: "ann", offerId: customers.offers("ann")[0]?.offerId ?? "" })
    customers.settle("ann", { state: "unused" }).wait(DAY)
    assert.deepEqual(
      customers.reasonOf("ann")?.against.map(({ rule }) => rule),
      ["misused-before"]
    )
  })
})

describe("what is learned", () => {
  it("is that it was bought, once, or that it was not by the end of the window", () => {
    const customers = eager().leave("ann").leave("bob")
    for (const customerId of ["ann", "bob"]) customers.came(customerId, "sent")
    customers
      .wait(HOUR)
      .buy("ann")
      .buy("ann", { refundedMinor: 100 })
      .wait(30 * DAY)
    const learned = customers.of("offer-learned").map(({ customerId, arm, isBought }) => [customerId, arm, isBought])
    assert.deepEqual(learned.slice(0, 2), [
      ["ann", "10-percent", true],
      ["bob", "10-percent", false]
    ])
    assert.deepEqual(customers.book.posteriors.get("new-large|10-percent"), { bought: 401, notBought: 1 })
  })
})

describe("for any customers in any order", () => {
  const move = fc.record({
    who: fc.constantFrom("ann", "bob", "cid", "dee", "eve"),
    what: fc.constantFrom(
      "leave",
      "leave",
      "sent",
      "refused",
      "buy",
      "buy-with",
      "stop",
      "misuse",
      "wait",
      "settle",
      "use"
    ),
    waitMs: fc.integer({ min: 1, max: 30 * HOUR }),
    goodsMinor: fc.integer({ min: 1_000, max: 60_000 })
  })

  it("the day's budget is never overspent, and it and what was learned follow from the customers alone", () => {
    let made = 0
    fc.assert(
      fc.property(
        fc.array(move, { maxLength: 60, size: "max" }),
        fc.integer({ min: 0, max: 6_000 }),
        (moves, limit) => {
          const customers = new Customers({ dailyBudgetMinor: limit, offersPerCustomerMax: 50 })
          for (const { who, what, waitMs, goodsMinor } of moves) {
            const last = customers.offers(who).at(-1)
            const ending = customers.ending(who)
            customers.worth = { ...worth, goodsMinor }
            if (what === "leave") customers.leave(who)
            else if (what === "sent" || what === "refused") customers.came(who, what)
            else if (what === "buy") customers.buy(who, { orderId: `${customers.at}` })
            else if (what === "buy-with" && last !== undefined) customers.buy(who, { offerId: last.offerId })
            else if (what === "stop") customers.say({ type: "opt-out", customerId: who, channel: "sms", address: "a" })
            else if (what === "wait") customers.wait(waitMs)
            else if (what === "settle") customers.settle(who, { state: "unused" })
            else if (what === "use" && ending !== undefined) {
              customers.settle(who, { state: "used", orderId: "o", spentMinor: ending.reservedMinor })
            } else if (what === "misuse" && last !== undefined) {
              customers.say({ type: "offer-misused", customerId: who, offerId: last.offerId })
            }
            for (const { spentMinor, reservedMinor } of customers.book.budget.values()) {
              assert.ok(spentMinor >= 0 && reservedMinor >= 0 && spentMinor + reservedMinor <= limit)
            }
          }
          made += customers.of("offer-decided").filter(({ offer }) => offer !== undefined).length
          const restored = new CustomerBook()
          restored.apply(settingsRecord({ version: 1, at: NOON, by: "ann", settings }))
          for (const name of customers.book.names()) restored.restore(name, customers.book.packed(name) ?? "")
          for (const record of customers.records) restored.apply(record)
          const telling = ({ budget, holding, posteriors, deadlines }: CustomerBook) => [
            [...budget].toSorted(),
            [...holding].toSorted(),
            [...posteriors].toSorted(),
            deadlines.size
          ]
          assert.deepEqual(telling(restored), telling(customers.book))
        }
      ),
      runs(200)
    )
    assert.ok(made > 100, `the moves must meet: ${made} offers`)
  })
})
