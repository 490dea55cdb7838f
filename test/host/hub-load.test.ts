/**
 * Goal: what can wait waits while the hub has its hands full: with the journal, or with anything else that its event loop works at.
 * Method: the real clock and the real loop, because what is measured is theirs.
 */
import assert from "node:assert/strict"
import { setTimeout as rest } from "node:timers/promises"
import { describe, it } from "vitest"
import { HubLoad } from "../../src/host/stats.ts"

/** Longer than what is looked at together. */
const WINDOW_MS = 130

const work = (ms: number): void => {
  for (const untilMs = performance.now() + ms; performance.now() < untilMs;);
}

describe("a hub", () => {
  it("that does nothing is not busy", async () => {
    const load = new HubLoad()
    await rest(WINDOW_MS)
    assert.equal(load.isBusy(), false)
  })

  it("that waits for the journal most of the time is busy", async () => {
    const load = new HubLoad()
    load.add(WINDOW_MS)
    await rest(WINDOW_MS)
    assert.equal(load.isBusy(), true)
  })

  it("whose event loop works is busy, also with turns that are seldom under way; and not any more when it rests", async () => {
    const load = new HubLoad()
    load.add(1)
    for (let slice = 0; slice < 4; slice++) {
      work(WINDOW_MS / 4)
      await rest(1)
    }
    assert.equal(load.isBusy(), true)
    await rest(2 * WINDOW_MS)
    load.isBusy()
    await rest(WINDOW_MS)
    assert.equal(load.isBusy(), false)
  })
})
