/**
 * Goal: remembered ids are found again, forgotten only when they may be, and cost what is said.
 * Method: the table beside a plain map; memory is counted, not guessed.
 */
import { assert, describe, it } from "vitest"
import { fingerprintOf, Generation, Remembered } from "../../src/host/remembered.ts"

const HOUR_MS = 3_600_000

describe("remembered ids", () => {
  it("are found where they were put, and nowhere else", () => {
    const remembered = new Remembered({ windowMs: 24 * HOUR_MS, idsMax: 1_000_000 })
    for (let n = 0; n < 50_000; n++) {
      remembered.add(fingerprintOf("m", `sku-${n % 7}`, `id-${n}`), { sequence: 1 + (n >> 3), index: n & 7 }, n)
    }
    for (let n = 0; n < 50_000; n += 97) {
      const found = remembered.find(fingerprintOf("m", `sku-${n % 7}`, `id-${n}`))
      assert.deepEqual(found, [{ sequence: 1 + (n >> 3), index: n & 7 }])
      assert.lengthOf(remembered.find(fingerprintOf("h", `sku-${n % 7}`, `id-${n}`)), 0)
      assert.lengthOf(remembered.find(fingerprintOf("m", `sku-${n % 7}`, `id-${n}x`)), 0)
    }
  })

  it("are noted once however often recovery reads them", () => {
    const remembered = new Remembered({ windowMs: 24 * HOUR_MS, idsMax: 1_000 })
    const id = fingerprintOf("m", "a", "b")
    for (let times = 0; times < 3; times++) remembered.add(id, { sequence: 5, index: 1 }, 0)
    assert.equal(remembered.count, 1)
    remembered.add(id, { sequence: 9, index: 0 }, 0)
    assert.deepEqual(remembered.find(id), [
      { sequence: 5, index: 1 },
      { sequence: 9, index: 0 }
    ])
  })

  it("last as long as the window and not much longer", () => {
    const remembered = new Remembered({ windowMs: 24 * HOUR_MS, idsMax: 1_000_000 })
    for (let hour = 0; hour <= 60; hour++) {
      remembered.add(fingerprintOf("m", "a", `id-${hour}`), { sequence: hour + 1, index: 0 }, hour * HOUR_MS)
      const oldest = Math.max(0, hour - 24)
      assert.lengthOf(remembered.find(fingerprintOf("m", "a", `id-${oldest}`)), 1, `id of ${oldest} h at ${hour} h`)
    }
    assert.lengthOf(remembered.find(fingerprintOf("m", "a", "id-30")), 0)
  })

  it("never are more than allowed, and the oldest go first", () => {
    const remembered = new Remembered({ windowMs: 24 * HOUR_MS, idsMax: 10_000 })
    for (let n = 0; n < 50_000; n++) remembered.add(fingerprintOf("m", "a", `${n}`), { sequence: n + 1, index: 0 }, n)
    assert.isAtMost(remembered.count, 12_500)
    assert.lengthOf(remembered.find(fingerprintOf("m", "a", "49999")), 1)
    assert.lengthOf(remembered.find(fingerprintOf("m", "a", "1")), 0)
    assert.isBelow(remembered.reachMs(50_000), 24 * HOUR_MS)
  })

  it("cost at most 40 MB a million", () => {
    const remembered = new Remembered({ windowMs: 24 * HOUR_MS, idsMax: 4_000_000 })
    for (let n = 0; n < 1_000_000; n++)
      remembered.add(fingerprintOf("m", "a", `${n}`), { sequence: n + 1, index: 0 }, n)
    assert.equal(remembered.count, 1_000_000)
    assert.isBelow(remembered.sizeBytes, 40_000_000)
  })

  it("come back from a snapshot", () => {
    const generation = new Generation(7, 100)
    for (let n = 0; n < 1_000; n++) generation.add(fingerprintOf("m", "a", `${n}`), { sequence: 101 + n, index: n % 5 })
    const restored = new Generation(7, 100)
    restored.decode(generation.encode())
    assert.equal(restored.count, 1_000)
    assert.deepEqual(restored.find(fingerprintOf("m", "a", "999"), undefined), [{ sequence: 1_100, index: 4 }])
  })
})
