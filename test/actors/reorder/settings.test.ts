/**
 * Goal: lead times and cover are changed by who has seen the newest, once, and a SKU has its own or those for all.
 * Method: examples, then any number of changes by several people who may have seen something older.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { decideReorder, reorderOf, type ReorderVersion } from "../../../actors/reorder/settings.ts"
import { runs } from "../../support/runs.ts"

const first: ReorderVersion = { version: 1, leadDays: 3, coverDays: null, by: "kim", at: 1 }

describe("how long a delivery takes and is to last", () => {
  it("is a week and two until somebody says otherwise, then as for all SKUs, then the SKU's own", () => {
    assert.deepEqual(reorderOf(undefined, undefined), { leadDays: 7, coverDays: 14 })
    assert.deepEqual(reorderOf({ leadDays: 5, coverDays: 30 }, undefined), { leadDays: 5, coverDays: 30 })
    assert.deepEqual(reorderOf({ leadDays: 5, coverDays: 30 }, first), { leadDays: 3, coverDays: 30 })
    assert.deepEqual(reorderOf(undefined, { leadDays: 0, coverDays: null }), { leadDays: 0, coverDays: 14 })
  })

  it("is set by who has seen the newest version, and refused with who was there first", () => {
    const change = { leadDays: 9, coverDays: 9, by: "ben", at: 2 }
    assert.deepEqual(decideReorder(first, { ...change, expectedVersion: 1 }), {
      ok: true,
      event: { version: 2, leadDays: 9, coverDays: 9, by: "ben", at: 2 }
    })
    const late = decideReorder(first, { ...change, expectedVersion: 0 })
    assert.match(late.ok ? "" : late.message, /kim has saved version 1/)
  })

  it("is stored once when the same is asked again", () => {
    const again = { leadDays: 3, coverDays: null, by: "kim", at: 9, expectedVersion: 0 }
    assert.deepEqual(decideReorder(first, again), { ok: true, event: undefined })
    assert.equal(decideReorder(first, { ...again, by: "ben" }).ok, false)
  })

  it("loses no change that was taken, whoever asks in whatever order", () => {
    const days = fc.option(fc.integer({ min: 0, max: 365 }), { nil: null })
    const asked = fc.record({ leadDays: days, coverDays: days, seen: fc.integer({ min: 0, max: 6 }) })
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 12 }), (changes) => {
        let newest: ReorderVersion | undefined
        for (const [at, { seen, ...settings }] of changes.entries()) {
          const outcome = decideReorder(newest, { ...settings, expectedVersion: seen, by: `clerk ${at}`, at })
          if (!outcome.ok || outcome.event === undefined) continue
          assert.equal(seen, newest?.version ?? 0)
          assert.equal(outcome.event.version, seen + 1)
          newest = outcome.event
        }
      }),
      runs(200)
    )
  })
})
