/**
 * Goal: what is shown as lift is more than what would have been bought anyway, and shown only when there is enough of it.
 * Method: examples by hand; intervals against published figures; a thousand experiments with a known truth, by seed.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { meanDifference, meanOf, shareDifference, wilson } from "../../../actors/recovery/interval.ts"
import { type Group, liftOf, NOBODY, together } from "../../../actors/recovery/lift.ts"
import { randomFrom } from "../../../actors/recovery/random.ts"

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
  const group = (customers: number, bought: number): Group => ({
    bought,
    revenue: meanOf(Array.from({ length: customers }, (_, index) => (index < bought ? 1_000 + index : 0)))
  })
  const found = (treated: Group, holdout: Group) => liftOf({ treated, holdout })

  it("is not spoken of while there are too few, and says what is missing", () => {
    const few = found(group(900, 300), group(99, 1))
    assert.equal(few.verdict, "not-enough-yet")
    assert.match(few.saying, /^Not enough yet: 99 customers held out .* at least 100 are needed/)
    assert.deepEqual(Object.keys(few), ["verdict", "saying"])
    assert.match(
      found(group(900, 8), group(100, 1)).saying,
      /9 of the customers bought and 991 did not, at least 10 of each/
    )
    assert.equal(found(NOBODY, NOBODY).verdict, "not-enough-yet")
  })

  it("is said only when zero is outside of the interval, either way", () => {
    assert.equal(found(group(900, 180), group(100, 8)).verdict, "lift")
    assert.equal(found(group(900, 90), group(100, 8)).verdict, "no-difference-shown")
    assert.equal(found(group(900, 45), group(100, 15)).verdict, "loss")
  })

  it("in money is the difference a customer times those who were written to, beside what they would have bought", () => {
    const [treated, holdout] = [group(200, 100), group(100, 25)]
    const lift = found(treated, holdout)
    assert.ok(lift.verdict === "lift" && lift.revenueMinor !== undefined)
    const each = treated.revenue.sum / 200 - holdout.revenue.sum / 100
    assert.ok(Math.abs(lift.revenueMinor.difference - each * 200) < 1e-6)
    assert.ok(lift.revenueMinor.low < each * 200 && lift.revenueMinor.high > each * 200)
    assert.deepEqual(lift.baseline, { bought: 50, revenueMinor: holdout.revenue.sum * 2 })
    assert.ok(Math.abs(treated.revenue.sum - lift.baseline.revenueMinor - lift.revenueMinor.difference) < 1e-6)
  })

  it("is the same whether customers are counted at once or in parts", () => {
    const parts = together(group(60, 12), group(0, 0))
    assert.deepEqual(together(parts, NOBODY), group(60, 12))
    assert.deepEqual(together(group(3, 1), group(2, 2)), { bought: 3, revenue: meanOf([1_000, 0, 0, 1_000, 1_001]) })
  })
})
