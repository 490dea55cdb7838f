/**
 * Goal: a proposal is enough for what will be sold and no more than its own arithmetic says, and gives that arithmetic.
 * Method: examples that can be reckoned by hand, then properties over any sales.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { propose, type Selling } from "../../../actors/reorder/propose.ts"
import { runs } from "../../support/runs.ts"

const steady: Selling = {
  soldByDay: Array.from({ length: 28 }, () => 3),
  available: 5,
  safetyThreshold: 8,
  leadDays: 7,
  coverDays: 14
}

describe("a proposal", () => {
  it("of a SKU that sells the same each day is what is sold until and after a delivery, and the threshold, less what is there", () => {
    const { daysLeft, quantity, reasons, velocity } = propose(steady)
    assert.equal(quantity, 3 * 7 + 3 * 14 + 8 - 5)
    assert.equal(velocity, 3)
    assert.equal(daysLeft, 1.7)
    assert.deepEqual(reasons, [
      "Sold 84 in 28 days: 3 a day.",
      "21 will be sold in the 7 days until a delivery, 42 in the 14 days that it is to last.",
      "8 is the safety threshold; swings would ask for 0.",
      "5 are there."
    ])
  })

  it("holds more back for one that sells as much by fits and starts", () => {
    const soldByDay = Array.from({ length: 28 }, (_, day) => (day % 7 === 0 ? 21 : 0))
    const { quantity, reasons } = propose({ ...steady, soldByDay })
    assert.equal(quantity, 91)
    assert.match(reasons[2] ?? "", /^32\.6 against swings: from day to day sales differ by 7\.5/)
  })

  it("counts what is owed already, and of what does not sell asks for the threshold alone", () => {
    assert.equal(propose({ ...steady, available: -4 }).quantity, 3 * 21 + 8 + 4)
    const resting = propose({ ...steady, soldByDay: [0, 0, 0] })
    assert.deepEqual([resting.quantity, resting.velocity, resting.daysLeft], [3, 0, undefined])
    assert.equal(propose({ ...steady, available: 500 }).quantity, 0)
  })

  it("never falls when more is sold each day, less is there, or a delivery takes longer", () => {
    const selling = fc.record({
      soldByDay: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 28 }),
      available: fc.integer({ min: -1_000, max: 10_000 }),
      safetyThreshold: fc.integer({ min: 0, max: 1_000 }),
      leadDays: fc.integer({ min: 0, max: 365 }),
      coverDays: fc.integer({ min: 0, max: 365 })
    })
    fc.assert(
      fc.property(selling, fc.integer({ min: 1, max: 50 }), (one, more) => {
        const { quantity } = propose(one)
        assert.ok(Number.isSafeInteger(quantity) && quantity >= 0)
        assert.ok(propose({ ...one, available: one.available - more }).quantity >= quantity)
        assert.ok(propose({ ...one, leadDays: one.leadDays + more }).quantity >= quantity)
        assert.ok(propose({ ...one, soldByDay: one.soldByDay.map((sold) => sold + more) }).quantity >= quantity)
      }),
      runs(200)
    )
  })

  it("takes returns for less sold, and never for a pace below nothing", () => {
    const { quantity, velocity } = propose({ ...steady, soldByDay: [-3, 0, 1] })
    assert.equal(velocity, 0)
    assert.ok(quantity >= 3)
  })
})
