/**
 * Goal: the budget is shown by the shop's days, each with the limit that it had, and what was promised is not hidden when offers
 * are switched off.
 * Method: customers in memory, with the real book and deciders.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { CustomerBook } from "../../actors/customer/book.ts"
import { budgetView } from "../../src/recovery/budget-view.ts"
import { eager, policy } from "../support/offered-customers.ts"
import { DAY, HOUR } from "../support/recovery.ts"

describe("the budget that is shown", () => {
  it("is of nothing where there never were rules of offers", () => {
    assert.deepEqual(budgetView(new CustomerBook(), { at: 0, days: 3 }), { ok: true, isOffering: false, days: [] })
  })

  it("is by the shop's days, each with its own limit: reserved, then spent or free again", () => {
    const customers = eager({ dailyBudgetMinor: 3_000 }).leave("ann").leave("ben")
    const shown = () => budgetView(customers.book, { at: customers.at, days: 3 })
    const day = "2026-07-01"
    const none = { spentMinor: 0, reservedMinor: 0 }
    assert.deepEqual(shown(), {
      ok: true,
      isOffering: true,
      currency: "GBP",
      zone: "Europe/London",
      leftMinor: 1_000,
      days: [
        { day, limitMinor: 3_000, spentMinor: 0, reservedMinor: 2_000 },
        { day: "2026-06-30", ...none },
        { day: "2026-06-29", ...none }
      ]
    })
    // From noon in London, twelve hours later the next day has begun there.
    customers.wait(12 * HOUR).save({ ...policy, dailyBudgetMinor: 500 })
    customers
      .wait(2 * DAY)
      .settle("ann", { state: "used", orderId: "o", spentMinor: 700 })
      .settle("ben", { state: "unused" })
    const { days, leftMinor } = shown()
    assert.equal(leftMinor, 500)
    assert.deepEqual(days, [
      { day: "2026-07-04", limitMinor: 500, ...none },
      { day: "2026-07-03", limitMinor: 500, ...none },
      { day: "2026-07-02", limitMinor: 500, ...none }
    ])
    assert.deepEqual(budgetView(customers.book, { at: customers.at, days: 4 }).days[3], {
      day,
      limitMinor: 3_000,
      spentMinor: 700,
      reservedMinor: 0
    })
  })

  it("never has less than nothing left, and goes on when offers are switched off", () => {
    const customers = eager({ dailyBudgetMinor: 3_000 })
      .leave("ann")
      .save({ ...policy, dailyBudgetMinor: 100 })
    assert.equal(budgetView(customers.book, { at: customers.at, days: 1 }).leftMinor, 0)
    customers.save(null)
    const { days, ...off } = budgetView(customers.book, { at: customers.at, days: 1 })
    assert.deepEqual(off, { ok: true, isOffering: false, currency: "GBP", zone: "Europe/London" })
    assert.deepEqual(days, [{ day: "2026-07-01", spentMinor: 0, reservedMinor: 1_000 }])
  })
})
