/**
 * Goal: the leakage calculator's numbers are exact, its refusals name the field, and the model behaves as it must.
 * Method: the published example, properties against sums by integers, and the model against a simulation of it.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { fractionOf, numberOf } from "../../../actors/channel/fraction.ts"
import { leakage, leakageFromIncidents, WrongLeakageInput } from "../../../actors/channel/leakage.ts"
import { oversellProbability } from "../../../actors/channel/oversell-probability.ts"
import { Random } from "../../../scripts/simulate/random.ts"
import { runs } from "../../support/runs.ts"

const worth = { orderValueMinor: 1_500, lifetimeValueMinor: 8_000, churn: 0.3, currency: "EUR" }
const example = { ...worth, ordersPerDay: 500, oversellProbability: 0.02 }

describe("leakage", () => {
  it("of 500 orders at 2 %, 1500, 8000 and churn 0.3 is 15000 + 24000 = 39000 a day", () => {
    assert.deepEqual(leakage(example), {
      oversellsPerDay: 10,
      directLossMinor: 15_000,
      lifetimeLossMinor: 24_000,
      totalLossMinor: 39_000
    })
  })

  it("is rounded once, a half upwards, where doubles would fall below the half", () => {
    // 0.145 × 100 is 14.499999999999998 as doubles.
    const input = { ...worth, ordersPerDay: 100, oversellProbability: 0.145, orderValueMinor: 1, churn: 1 }
    assert.deepEqual(leakage({ ...input, lifetimeValueMinor: 1 }), {
      oversellsPerDay: 14.5,
      directLossMinor: 15,
      lifetimeLossMinor: 15,
      totalLossMinor: 30
    })
    assert.equal(leakage({ ...input, ordersPerDay: 100, oversellProbability: 0.07 }).oversellsPerDay, 7)
  })

  it("agrees with integers for shares in hundredths, and its lines add up", () => {
    const percent = fc.integer({ min: 0, max: 100 })
    const value = fc.integer({ min: 0, max: 1_000_000 })
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        percent,
        percent,
        value,
        value,
        (orders, p, churn, one, life) => {
          const found = leakage({
            ordersPerDay: orders,
            oversellProbability: p / 100,
            orderValueMinor: one,
            lifetimeValueMinor: life,
            churn: churn / 100,
            currency: "JPY"
          })
          const direct = (BigInt(orders * p) * BigInt(one) * 2n + 100n) / 200n
          const lifetime = (BigInt(orders * p * churn) * BigInt(life) * 2n + 10_000n) / 20_000n
          assert.equal(found.directLossMinor, Number(direct))
          assert.equal(found.lifetimeLossMinor, Number(lifetime))
          assert.equal(found.totalLossMinor, found.directLossMinor + found.lifetimeLossMinor)
        }
      ),
      runs(500)
    )
  })

  it.each([
    ["ordersPerDay", -1],
    ["ordersPerDay", Number.POSITIVE_INFINITY],
    ["ordersPerDay", Number.NaN],
    ["oversellProbability", 2],
    ["oversellProbability", -0.1],
    ["orderValueMinor", 15.5],
    ["orderValueMinor", -1],
    ["lifetimeValueMinor", Number.MAX_SAFE_INTEGER + 1],
    ["churn", 30],
    ["churn", Number.NaN],
    ["currency", "eur"],
    ["currency", "EURO"]
  ])("refuses %s of %s and names it", (path, value) => {
    assert.throws(
      () => leakage({ ...example, [path]: value }),
      (error) =>
        error instanceof WrongLeakageInput && error.path === path && error.message.startsWith(`${path} must be`)
    )
  })

  it("refuses a loss that has more digits than a number holds", () => {
    const huge = { ...example, ordersPerDay: 1e12, oversellProbability: 1, orderValueMinor: 1_000_000 }
    assert.throws(() => leakage(huge), WrongLeakageInput)
  })
})

describe("a fraction", () => {
  it("gives back every number that it was made from", () => {
    const finite = fc.double({ min: 0, max: 1e15, noNaN: true })
    fc.assert(
      fc.property(finite, (value) => assert.equal(numberOf(fractionOf(value)), value === 0 ? 0 : value)),
      runs(2_000)
    )
  })
})

describe("leakage from incidents", () => {
  const day = 86_400_000
  const untilMs = 30 * day
  const incidents = [
    { unitsShort: 100, at: untilMs - 7 * day },
    { unitsShort: 3, at: untilMs - 7 * day + 1 },
    { unitsShort: 4, at: untilMs },
    { unitsShort: 50, at: untilMs + 1 }
  ]

  it("counts those of the window, and says what share of the orders they were", () => {
    const found = leakageFromIncidents({ ...worth, incidents, windowDays: 7, untilMs, ordersPerDay: 50 })
    assert.deepEqual(found, {
      oversellsPerDay: 1,
      directLossMinor: 1_500,
      lifetimeLossMinor: 2_400,
      totalLossMinor: 3_900,
      incidents: 2,
      unitsShort: 7,
      oversellProbability: 0.02
    })
  })

  it("counts orders and not units when an order has several", () => {
    const found = leakageFromIncidents({ ...worth, incidents, windowDays: 7, untilMs, unitsPerOrder: 3.5 })
    assert.equal(found.oversellsPerDay * 7, 2)
    assert.equal(found.oversellProbability, undefined)
  })

  it("is nothing without incidents, and refuses a window of no length", () => {
    const none = { ...worth, incidents: [], untilMs }
    assert.equal(leakageFromIncidents({ ...none, windowDays: 1 }).totalLossMinor, 0)
    assert.throws(() => leakageFromIncidents({ ...none, windowDays: 0 }), /windowDays must be a number above 0/)
    const broken = { ...none, windowDays: 1, incidents: [{ unitsShort: 0.5, at: untilMs }] }
    assert.throws(() => leakageFromIncidents(broken), /unitsShort must be an integer from 1/)
  })
})

describe("the probability of an oversell", () => {
  const salesPerDay = fc.double({ min: 0, max: 1e6, noNaN: true })
  const intervalMs = fc.double({ min: 0, max: 7 * 86_400_000, noNaN: true })
  const unitsLeft = fc.array(
    fc.record({ units: fc.integer({ min: 1, max: 2_000 }), share: fc.double({ min: 0, max: 0.25, noNaN: true }) }),
    { maxLength: 4 }
  )

  it("is 0 at an interval of 0, without sales, and when stock is always ample", () => {
    assert.equal(oversellProbability({ salesPerDay: 1e6, syncIntervalMs: 0 }), 0)
    assert.equal(oversellProbability({ salesPerDay: 0, syncIntervalMs: 1e9 }), 0)
    assert.equal(oversellProbability({ salesPerDay: 1e6, syncIntervalMs: 1e9, unitsLeft: [] }), 0)
  })

  it("never falls when the interval grows or sales rise, and stays a share", () => {
    fc.assert(
      fc.property(salesPerDay, intervalMs, intervalMs, unitsLeft, (sales, one, other, left) => {
        const [shorter, longer] = [Math.min(one, other), Math.max(one, other)]
        const less = oversellProbability({ salesPerDay: sales, syncIntervalMs: shorter, unitsLeft: left })
        const more = oversellProbability({ salesPerDay: sales, syncIntervalMs: longer, unitsLeft: left })
        assert.ok(less <= more + 1e-9, `${less} at ${shorter}, ${more} at ${longer}`)
        assert.ok(less >= 0 && more <= 1)
      }),
      runs(500)
    )
  })

  it("never rises with the units left", () => {
    fc.assert(
      fc.property(salesPerDay, intervalMs, fc.integer({ min: 1, max: 1_999 }), (sales, interval, units) => {
        const at = (left: number): number =>
          oversellProbability({
            salesPerDay: sales,
            syncIntervalMs: interval,
            unitsLeft: [{ units: left, share: 1 }]
          })
        assert.ok(at(units + 1) <= at(units) + 1e-9)
      }),
      runs(500)
    )
  })

  it("is half the expected sales for a short interval at the last unit, to all digits", () => {
    // x/2 − x²/6: the second term is below a double's precision here.
    const probability = oversellProbability({ salesPerDay: 1, syncIntervalMs: 86_400_000 * 1e-17 })
    assert.ok(Math.abs(probability / 5e-18 - 1) < 1e-12, String(probability))
  })

  it.each([
    [1, 0.4],
    [2, 2],
    [3, 9],
    [5, 4]
  ])("is what a simulation of the model finds, with %i units left and %f sales expected", (units, expected) => {
    const random = new Random(7)
    const orders = 40_000
    let oversold = 0
    for (let order = 0; order < orders; order++) {
      const age = random.next() * expected
      let sold = 0
      for (let at = -Math.log(1 - random.next()); at <= age; at -= Math.log(1 - random.next())) sold++
      if (sold >= units) oversold++
    }
    const model = { salesPerDay: expected, syncIntervalMs: 86_400_000, unitsLeft: [{ units, share: 1 }] }
    // Four standard errors of a share at its widest.
    assert.ok(Math.abs(oversellProbability(model) - oversold / orders) < 4 * Math.sqrt(0.25 / orders))
  })

  it.each([
    [{ salesPerDay: -1, syncIntervalMs: 1 }, "salesPerDay"],
    [{ salesPerDay: 1, syncIntervalMs: Number.NaN }, "syncIntervalMs"],
    [{ salesPerDay: 1, syncIntervalMs: 1, unitsLeft: [{ units: 0, share: 1 }] }, "unitsLeft.units"],
    [{ salesPerDay: 1, syncIntervalMs: 1, unitsLeft: [{ units: 1, share: 2 }] }, "unitsLeft.share"],
    [
      {
        salesPerDay: 1,
        syncIntervalMs: 1,
        unitsLeft: [
          { units: 1, share: 0.6 },
          { units: 2, share: 0.6 }
        ]
      },
      "unitsLeft"
    ]
  ])("refuses %j", (model, path) => {
    assert.throws(
      () => oversellProbability(model),
      (error) => error instanceof WrongLeakageInput && error.path === path
    )
  })
})
