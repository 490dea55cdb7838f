/**
 * Goal: whoever asks gets the answer to what they asked, however ids come and go.
 * Method: histories by chance beside a plain map.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { UnderWay } from "../../src/client/under-way.ts"
import { runs } from "../support/runs.ts"

const PLACES = 4

describe("what is under way", () => {
  it("is found by its id, once, and by no id of before", () => {
    const acts = fc.array(fc.record({ takes: fc.boolean(), which: fc.nat({ max: 30 }) }), { maxLength: 60 })
    fc.assert(
      fc.property(acts, (taken) => {
        const underWay = new UnderWay<number>(PLACES)
        const known = new Map<string, number>()
        const ids: Array<string> = []
        for (const [value, { takes, which }] of taken.entries()) {
          const id = ids[which % Math.max(1, ids.length)]
          if (takes && id !== undefined) {
            assert.equal(underWay.take(id), known.get(id))
            known.delete(id)
          } else if (!underWay.isFull) {
            const added = underWay.add(value)
            assert.ok(!ids.includes(added))
            ids.push(added)
            known.set(added, value)
          }
          assert.equal(underWay.isFull, known.size === PLACES)
        }
        assert.deepEqual(new Set(underWay.takeIf(() => true)), new Set(known.values()))
        for (const id of ids) assert.equal(underWay.take(id), undefined)
      }),
      runs(200)
    )
  })

  it("is not found by what is no id", () => {
    const underWay = new UnderWay<string>(PLACES)
    underWay.add("first")
    for (const id of ["", "4", "-1", "!", "0.5"]) assert.equal(underWay.take(id), undefined, id)
    assert.equal(underWay.take("0"), "first")
  })

  it("is taken out in part, and its places are used again", () => {
    const underWay = new UnderWay<number>(PLACES)
    for (let value = 0; value < PLACES; value++) underWay.add(value)
    assert.deepEqual(
      underWay.takeIf((value) => value % 2 === 0),
      [0, 2]
    )
    const added = [underWay.add(4), underWay.add(5)]
    assert.ok(underWay.isFull)
    assert.deepEqual(
      added.map((id) => underWay.take(id)),
      [4, 5]
    )
  })
})
