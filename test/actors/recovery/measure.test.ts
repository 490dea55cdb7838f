/**
 * Goal: what is shown as earned was earned once, and what is shown as lift is more than what would have been bought anyway.
 * Method: examples by hand; intervals against published figures; a thousand experiments with a known truth, by seed.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { attribute, type Delivered, earnings, type Grouping, type Order } from "../../../actors/recovery/attribution.ts"
import { meanDifference, meanOf, shareDifference, wilson } from "../../../actors/recovery/interval.ts"
import { type Left, liftOf, type Period, type Unit, unitsOf } from "../../../actors/recovery/lift.ts"
import { randomFrom } from "../../../actors/recovery/random.ts"
import { DAY, HOUR } from "../../support/recovery.ts"

const message = (more: Partial<Delivered>): Delivered => ({
  attemptId: "r1-1",
  customerId: "ann",
  sequenceId: "default",
  sequenceVersion: 1,
  step: 0,
  channel: "sms",
  arm: "none",
  at: 0,
  ...more
})
const order = (more: Partial<Order>): Order => ({
  orderId: "o1",
  customerId: "ann",
  at: HOUR,
  paidMinor: 1_000,
  refundedMinor: 0,
  currency: "GBP",
  ...more
})
const windowMs = 7 * DAY

describe("an order", () => {
  const mailed = message({ attemptId: "r1-2", channel: "email", step: 1, arm: "5-percent", at: 2 * DAY })

  it("is put down to the last message before it, within the window, and to no other customer's", () => {
    const messages = [message({}), mailed, message({ attemptId: "r2-1", customerId: "bob", at: 3 * DAY })]
    const causeAt = (at: number) => attribute(messages, [order({ at })], windowMs).get("o1")?.attemptId
    assert.equal(causeAt(-1), undefined)
    assert.equal(causeAt(0), "r1-1")
    assert.equal(causeAt(2 * DAY - 1), "r1-1")
    assert.equal(causeAt(2 * DAY), "r1-2")
    assert.equal(causeAt(9 * DAY - 1), "r1-2")
    assert.equal(causeAt(9 * DAY), undefined)
  })

  it("counts in the tables without what was refunded, each currency for itself", () => {
    const orders = [
      order({}),
      order({ orderId: "o2", at: 3 * DAY, paidMinor: 5_000, refundedMinor: 2_000 }),
      order({ orderId: "o3", at: 3 * DAY, paidMinor: 700, currency: "EUR" })
    ]
    assert.deepEqual(earnings([message({}), mailed], orders, { by: "channel", windowMs }), [
      { group: "email", messages: 1, conversions: 2, revenueMinor: { GBP: 3_000, EUR: 700 } },
      { group: "sms", messages: 1, conversions: 1, revenueMinor: { GBP: 1_000 } }
    ])
    const groups = (by: Grouping) => earnings([message({}), mailed], orders, { by, windowMs }).map(({ group }) => group)
    assert.deepEqual(groups("sequence"), ["default v1"])
    assert.deepEqual(groups("step"), ["default v1 step 1", "default v1 step 2"])
    assert.deepEqual(groups("offer"), ["5-percent", "none"])
  })

  it("is counted once, so that every table has the same total", () => {
    const at = fc.integer({ min: 0, max: 20 }).map((days) => days * DAY)
    const customerId = fc.constantFrom("ann", "bob")
    const channel = fc.constantFrom("sms" as const, "email" as const)
    const messages = fc.array(fc.record({ at, customerId, channel, step: fc.nat(2) }), { maxLength: 12 })
    const orders = fc.array(fc.record({ at, customerId, paidMinor: fc.nat(9_000) }), { maxLength: 12 })
    fc.assert(
      fc.property(messages, orders, (sent, bought) => {
        const all = sent.map((one, index) => message({ ...one, attemptId: `m${index}` }))
        const placed = bought.map((one, index) => order({ ...one, orderId: `o${index}` }))
        const caused = attribute(all, placed, windowMs)
        const revenue = placed.filter(({ orderId }) => caused.has(orderId)).reduce((sum, one) => sum + one.paidMinor, 0)
        for (const by of ["sequence", "step", "channel", "offer"] as const) {
          const rows = earnings(all, placed, { by, windowMs })
          assert.equal(
            rows.reduce((sum, row) => sum + row.conversions, 0),
            caused.size
          )
          assert.equal(
            rows.reduce((sum, row) => sum + (row.revenueMinor["GBP"] ?? 0), 0),
            revenue
          )
          assert.equal(
            rows.reduce((sum, row) => sum + row.messages, 0),
            all.length
          )
        }
      }),
      { numRuns: 200 }
    )
  })
})

describe("an interval", () => {
  const rounded = ({ low, high }: { low: number; high: number }) => [low, high].map((bound) => bound.toFixed(4))

  it("of a share is Wilson's, as Newcombe's tables have it", () => {
    assert.deepEqual(rounded(wilson({ hits: 81, of: 263 })), ["0.2553", "0.3662"])
    assert.deepEqual(rounded(wilson({ hits: 15, of: 148 })), ["0.0624", "0.1605"])
    assert.deepEqual(rounded(wilson({ hits: 0, of: 20 })), ["0.0000", "0.1611"])
    assert.deepEqual(rounded(wilson({ hits: 1, of: 29 })), ["0.0061", "0.1718"])
  })

  it("of a difference of shares is Newcombe's, as his tables have it", () => {
    assert.deepEqual(rounded(shareDifference({ hits: 56, of: 70 }, { hits: 48, of: 80 })), ["0.0524", "0.3339"])
    assert.deepEqual(rounded(shareDifference({ hits: 9, of: 10 }, { hits: 3, of: 10 })), ["0.1705", "0.8090"])
    assert.deepEqual(rounded(shareDifference({ hits: 10, of: 10 }, { hits: 0, of: 20 })), ["0.6791", "1.0000"])
  })

  it("of a difference of means is Welch's", () => {
    const left = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4]
    const right = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.4]
    const found = meanDifference(meanOf(left), meanOf(right))
    assert.ok(found)
    // With 27.887 degrees of freedom, whose point was found by integrating Student's density: 2.04878.
    assert.deepEqual(rounded(found), ["-4.8680", "-0.7986"])
    assert.equal(meanDifference(meanOf([1]), meanOf([1, 2])), undefined)
    assert.equal(meanDifference(meanOf([1, 1]), meanOf([1, 1])), undefined)
  })

  it("holds the truth nineteen times in twenty", () => {
    const random = randomFrom(11)
    const hitsOf = (of: number, chance: number) => {
      let hits = 0
      for (let one = 0; one < of; one++) if (random() < chance) hits++
      return { hits, of }
    }
    let held = 0
    for (let experiment = 0; experiment < 2_000; experiment++) {
      const { low, high } = shareDifference(hitsOf(450, 0.09), hitsOf(50, 0.05))
      if (low <= 0.04 && high >= 0.04) held++
    }
    // Four standard deviations of a share of 2,000 around 0.95 are 0.0195.
    assert.ok(Math.abs(held / 2_000 - 0.95) < 0.025, `${held / 2_000}`)
  })
})

describe("lift", () => {
  const period: Period = { fromMs: 0, toMs: 30 * DAY, at: 60 * DAY, windowMs, currency: "GBP" }
  const left = (more: Partial<Left>): Left => ({ customerId: "ann", group: "treated", at: 0, ...more })
  const units = (group: Left["group"], customers: number, bought: number): ReadonlyArray<Unit> =>
    Array.from({ length: customers }, (_, index) => ({
      group,
      isBought: index < bought,
      revenueMinor: index < bought ? 1_000 + index : 0
    }))

  it("counts a customer once, from the first cart left in the period, with what was bought by whichever way", () => {
    const orders = [
      order({ at: 2 * DAY }),
      order({ orderId: "o2", at: 6 * DAY, currency: "EUR" }),
      order({ orderId: "o3", at: 8 * DAY })
    ]
    const found = unitsOf(
      [left({ at: DAY }), left({ at: 0 }), left({ customerId: "bob", group: "holdout" })],
      orders,
      period
    )
    assert.deepEqual(found, [
      { group: "treated", isBought: true, revenueMinor: 1_000 },
      { group: "holdout", isBought: false, revenueMinor: 0 }
    ])
  })

  it("waits for the window of each customer, and looks at one period", () => {
    const early = { ...period, at: 7 * DAY - 1 }
    assert.deepEqual(unitsOf([left({})], [], early), [])
    assert.equal(unitsOf([left({})], [], { ...period, at: 7 * DAY }).length, 1)
    assert.deepEqual(unitsOf([left({ at: 30 * DAY })], [], period), [])
  })

  it("is not spoken of while there are too few, and says what is missing", () => {
    const few = liftOf([...units("treated", 900, 300), ...units("holdout", 99, 1)])
    assert.equal(few.verdict, "too-few")
    assert.match(few.saying, /99 customers held out so far, at least 100 are needed/)
    assert.ok(few.conversion, "the interval is there all the same")
    const rare = liftOf([...units("treated", 900, 8), ...units("holdout", 100, 1)])
    assert.match(rare.saying, /9 of the customers bought and 991 did not, at least 10 of each/)
    assert.equal(liftOf([]).conversion, undefined)
  })

  it("is said only when zero is outside of the interval, either way", () => {
    assert.equal(liftOf([...units("treated", 900, 180), ...units("holdout", 100, 8)]).verdict, "lift")
    assert.equal(liftOf([...units("treated", 900, 90), ...units("holdout", 100, 8)]).verdict, "no-difference-shown")
    assert.equal(liftOf([...units("treated", 900, 45), ...units("holdout", 100, 15)]).verdict, "loss")
  })

  it("in money is the difference a customer times those who were written to", () => {
    const found = liftOf([...units("treated", 200, 100), ...units("holdout", 100, 25)])
    const each = found.treated.revenueMinor / 200 - found.holdout.revenueMinor / 100
    assert.ok(found.revenueMinor && Math.abs(found.revenueMinor.difference - each * 200) < 1e-6)
    assert.ok(found.revenueMinor.low < each * 200 && found.revenueMinor.high > each * 200)
  })
})
