/**
 * Goal: the ledger remembers what stands in the database at the checkpoint that it finds there, and nothing else.
 * Method: the memory alone; checkpoints as a database would show them after a commit, after a rollback, and after a stranger's.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import type { StockRows } from "../../streams/projections/ledger-fold.ts"
import { LedgerMemory } from "../../streams/projections/ledger-memory.ts"

const rows = (version: number): StockRows => ({ version, bundle: false, locations: [] })
const noted = (...entries: ReadonlyArray<readonly [string, number]>) =>
  new Map(entries.map(([sku, version]) => [sku, rows(version)]))
const at = (memory: LedgerMemory, sequence: number, commitId = `c${sequence}`) =>
  [...memory.at({ sequence, commitId })].map(([sku, { version }]) => `${sku} ${version}`)
const note = (memory: LedgerMemory, sequence: number, ...entries: ReadonlyArray<readonly [string, number]>) =>
  memory.note(noted(...entries), { sequence, commitId: `c${sequence}` })

/** Has seen a batch up to 5 committed. */
const withA = (rowsMax?: number): LedgerMemory => {
  const memory = new LedgerMemory(rowsMax)
  assert.deepEqual(at(memory, 0), [])
  note(memory, 5, ["A", 1])
  assert.deepEqual(at(memory, 5), ["A 1"])
  return memory
}

describe("the ledger's memory", () => {
  it("takes what was written when it is committed, and keeps the rest", () => {
    const memory = withA()
    note(memory, 9, ["B", 1], ["A", 2])
    assert.deepEqual(at(memory, 9).toSorted(), ["A 2", "B 1"])
  })

  it("has what it had where the batch was undone", () => {
    const memory = withA()
    note(memory, 9, ["A", 2], ["B", 1])
    assert.deepEqual(at(memory, 5), ["A 1"])
    // And what was undone does not come back with a later batch that ends in the same place.
    assert.deepEqual(at(memory, 9), [])
  })

  it("has nothing where somebody else has written", () => {
    const memory = withA()
    assert.deepEqual(at(memory, 7), [])
  })

  it("has nothing where the commit of that place is another journal's", () => {
    const memory = withA()
    assert.deepEqual(at(memory, 5, "other"), [])
  })

  it("counts a SKU's locations, and all of it anew where it has forgotten", () => {
    const memory = withA(4)
    const location = { sku: "B", location_id: "north", physical: 1, allocated: 0 }
    const manyLocations: StockRows = { version: 1, bundle: false, locations: [location, location, location] }
    memory.note(new Map([["B", manyLocations]]), { sequence: 9, commitId: "c9" })
    assert.deepEqual(at(memory, 9), ["B 1"])
    assert.deepEqual(at(memory, 11), [])
    note(memory, 12, ["A", 3], ["C", 1], ["D", 1], ["E", 1])
    assert.deepEqual(at(memory, 12), ["A 3", "C 1", "D 1", "E 1"])
  })

  it("keeps no more than it may, those written last", () => {
    const memory = withA(2)
    note(memory, 9, ["B", 1])
    assert.deepEqual(at(memory, 9), ["A 1", "B 1"])
    note(memory, 12, ["A", 2])
    assert.deepEqual(at(memory, 12), ["B 1", "A 2"])
    note(memory, 15, ["C", 1])
    assert.deepEqual(at(memory, 15), ["A 2", "C 1"])
  })
})
