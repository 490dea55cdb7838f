/**
 * Goal: a change's message says what the contract says, whatever its names are made of.
 * Method: a recorded journal and events with odd names, beside an object put together by hand.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "vitest"
import { isStockEvent, type StockEvent } from "../../actors/sku/events.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { decodeCommit } from "../../streams/codec.ts"
import { stockEventMessage } from "../../streams/projections/stock-events.ts"

const AT = "2026-01-02T03:04:05.006Z"

const expected = (event: StockEvent): string => {
  const { sku, version, type, mutationId, physical, allocated, hash: _hash, ...rest } = event
  return JSON.stringify({
    sku,
    version,
    type,
    at: AT,
    mutationId,
    ...("quantity" in event ? { locationId: "default" } : {}),
    ...rest,
    ...("expiresAt" in event ? { expiresAt: new Date(event.expiresAt).toISOString() } : {}),
    available: physical - allocated,
    physical,
    allocated
  })
}

const told = (event: StockEvent): string => new TextDecoder().decode(stockEventMessage(event, AT))

describe("the message of a change", () => {
  it("is what the contract says, for each change of a recorded journal", () => {
    const lines = readFileSync(join(projectRoot(), "test", "golden", "commits.v1.jsonl"), "utf8")
      .trim()
      .split("\n")
    const events = lines.flatMap((line) => decodeCommit(Buffer.from(line)).records.filter(isStockEvent))
    const types = new Set(events.map(({ type }) => type))
    for (const type of ["receipt", "sale", "reserve", "commit", "configure"] as const) assert.ok(types.has(type), type)
    for (const event of events) assert.equal(told(event), expected(event))
  })

  it("names where it was, names of any letters, and every field that the change has", () => {
    const name = 'Käse "7" \\ \n 🧀'
    const numbers = { sku: name, version: 7, mutationId: name, physical: -3, allocated: 2, safetyThreshold: 4 }
    const reserve: StockEvent = {
      ...numbers,
      type: "reserve",
      hash: "h",
      holdId: name,
      quantity: 5,
      locationId: "store-1",
      split: [["store-1", 5]],
      channel: "web",
      holder: name,
      expiresAt: 1_763_668_800_400,
      bundle: true
    }
    for (const event of [reserve, { ...reserve, expiresAt: 1_763_668_800_401 }]) {
      assert.equal(told(event), expected(event))
    }
  })
})
