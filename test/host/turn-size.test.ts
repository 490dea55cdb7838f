/**
 * Goal: turns are as large as the disk makes worth while, whatever the disk.
 * Method: a history of appends and decisions with given times.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { TURN_COMMANDS_UNDIVIDED_MAX, TURN_COMMANDS_UNDIVIDED_MIN } from "../../config/limits.ts"
import { TurnSize } from "../../src/host/turn-size.ts"
import { runs } from "../support/runs.ts"

const COMMAND_MS = 0.02

/** Turns one after the other, each append as long as `appendMs` says. */
const after = (appendsMs: ReadonlyArray<number>, commands = 64): TurnSize => {
  const size = new TurnSize()
  let now = 1_000
  for (const ms of appendsMs) {
    size.decided(commands, commands * COMMAND_MS)
    size.appended(now, now + ms)
    now += ms
  }
  return size
}

const steadily = (ms: number) => Array.from({ length: 300 }, () => ms)

describe("the size of a turn", () => {
  it("is what is decided while an append takes its time", () => {
    assert.ok(Math.abs(after(steadily(4)).undivided - 200) <= 1)
    assert.equal(after(steadily(4), 1).undivided, after(steadily(4), 256).undivided)
  })

  it("is the least at first and on a fast disk, the most on a slow one", () => {
    assert.equal(new TurnSize().undivided, TURN_COMMANDS_UNDIVIDED_MIN)
    assert.equal(after(steadily(0.2)).undivided, TURN_COMMANDS_UNDIVIDED_MIN)
    assert.equal(after(steadily(100)).undivided, TURN_COMMANDS_UNDIVIDED_MAX)
  })

  it("does not count the time in which an append waits behind another", () => {
    const size = new TurnSize()
    for (let turn = 0; turn < 300; turn++) {
      size.decided(64, 64 * COMMAND_MS)
      size.appended(turn * 4, turn * 4 + 8)
    }
    assert.ok(Math.abs(size.undivided - 200) <= 1)
  })

  it("comes back from one append that took long", () => {
    assert.ok(after([...steadily(4), 500, ...steadily(4)]).undivided <= 205)
  })

  it("is within its bounds whatever was measured", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (appendsMs) => {
        const { undivided } = after(appendsMs)
        assert.ok(Number.isInteger(undivided))
        assert.ok(undivided >= TURN_COMMANDS_UNDIVIDED_MIN && undivided <= TURN_COMMANDS_UNDIVIDED_MAX)
      }),
      runs()
    )
  })
})
