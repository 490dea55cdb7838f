/**
 * Goal: what is due is found at its millisecond and never before, each thing once, and every quarter second that holds
 * something has asked for a timer.
 * Method: random histories beside a map of names to moments, looked at in the order of time and out of it.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { bucketEnd, bucketOf, Deadlines } from "../../../actors/stock/deadlines.ts"
import { runs } from "../../support/runs.ts"

const START_AT = 1_700_000_000_000

const moment = fc.integer({ min: 0, max: 3_000 }).map((ms) => START_AT + ms)
const far = fc.integer({ min: 0, max: 10_000_000 }).map((ms) => START_AT + ms)
const step = fc.oneof(
  fc.record({
    do: fc.constant("move" as const),
    name: fc.integer({ min: 0, max: 9 }).map(String),
    to: fc.option(fc.oneof(moment, far), { nil: undefined })
  }),
  fc.record({ do: fc.constant("look" as const), at: fc.oneof(moment, far) })
)

describe("deadlines", () => {
  it("are due from their own millisecond on, whatever was moved, taken out and looked at before", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const deadlines = new Deadlines<string>()
        const model = new Map<string, number>()
        const timers = new Set<number>()
        for (const one of steps) {
          if (one.do === "move") {
            deadlines.move(one.name, model.get(one.name), one.to)
            if (one.to === undefined) model.delete(one.name)
            else model.set(one.name, one.to)
            for (const bucket of deadlines.takeFresh()) timers.add(bucket)
            assert.equal(deadlines.size, model.size)
            continue
          }
          const due = deadlines.dueBy(one.at, 100)
          const wanted = [...model].flatMap(([name, at]) => (at <= one.at ? [name] : []))
          assert.deepEqual(due.toSorted(), wanted.toSorted())
          const buckets = due.map((name) => bucketOf(model.get(name) ?? Number.NaN))
          assert.deepEqual(
            buckets,
            buckets.toSorted((a, b) => a - b)
          )
        }
        for (const at of model.values()) assert.ok(timers.has(bucketOf(at)), "no timer is set for it")
      }),
      runs(500)
    )
  })

  it("that are many are handed out in parts, the soonest first, and stay until they are taken out", () => {
    const deadlines = new Deadlines<string>()
    for (let n = 0; n < 10; n++) deadlines.add(`late-${n}`, START_AT + 500)
    for (let n = 0; n < 10; n++) deadlines.add(`soon-${n}`, START_AT)
    const first = deadlines.dueBy(START_AT + 500, 10)
    assert.ok(first.length === 10 && first.every((name) => name.startsWith("soon-")))
    assert.deepEqual(deadlines.dueBy(START_AT + 500, 10), first)
    for (const name of first) deadlines.remove(name, START_AT)
    assert.equal(deadlines.dueBy(START_AT + 500, 100).length, 10)
  })

  it("of one quarter second share a timer, which comes when all of them are due", () => {
    const deadlines = new Deadlines<string>()
    const end = bucketEnd(bucketOf(START_AT + 1))
    for (let at = end - 249; at <= end; at++) deadlines.add(`at-${at}`, at)
    assert.deepEqual(deadlines.takeFresh(), [bucketOf(end)])
    assert.equal(deadlines.dueBy(end - 1, 1_000).length, 249)
    assert.equal(deadlines.dueBy(end, 1_000).length, 250)
  })
})
