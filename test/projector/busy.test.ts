/**
 * Goal: the projector's thread knows whether the hub has its hands full, however late it is with everything else.
 * Method: the hub's side and the thread's over the same memory, on a clock that the test moves.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { Busy } from "../../src/projector/busy.ts"

const setUp = () => {
  let nowMs = 1_000n
  const hub = new Busy(undefined, () => nowMs)
  const thread = new Busy(hub.memory, () => nowMs)
  return { hub, thread, pass: (ms: number) => void (nowMs += BigInt(ms)) }
}

describe("a hub that has its hands full", () => {
  it("is known to have at once, of one kind of actors and not of the others", () => {
    const { hub, thread } = setUp()
    assert.equal(thread.isBusy("stock"), false)
    hub.note("stock", true)
    assert.equal(thread.isBusy("stock"), true)
    assert.equal(thread.isBusy("cart"), false)
  })

  it("has no more when it says so, or says nothing for a tenth of a second", () => {
    const { hub, thread, pass } = setUp()
    hub.note("cart", true)
    hub.note("cart", false)
    assert.equal(thread.isBusy("cart"), false)
    hub.note("cart", true)
    pass(99)
    assert.equal(thread.isBusy("cart"), true)
    pass(1)
    assert.equal(thread.isBusy("cart"), false)
  })
})
