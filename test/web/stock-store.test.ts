/**
 * Goal: what a page has of a SKU is the newest that the hub has told, whichever way it came first.
 * Method: the store alone, without a browser; its frames are painted when the test says so.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import type { StockMessage, StockView } from "../../src/gateway/protocol.ts"
import { StockStore } from "../../src/web/stock/store.ts"

const store = () => new StockStore(() => undefined)

const view = (version: number): StockView => ({
  sku: "MUG",
  version,
  available: 7,
  physical: 9,
  allocated: 2,
  safetyThreshold: 5
})

const message = (version: number): StockMessage => ({
  op: "stock",
  sku: "MUG",
  version,
  available: 7,
  physical: 9,
  allocated: 2,
  at: "2026-11-26T12:00:00.000Z",
  t: 1
})

describe("a SKU that a list told of before the socket", () => {
  it("is not named among what the page has, so that the hub tells when it changed", () => {
    const stock = store()
    stock.applyView(view(3))
    assert.deepEqual([...stock.versions()], [])
    assert.equal(stock.apply(message(3), 0), true)
    assert.equal(stock.row("MUG")?.atMs, Date.parse("2026-11-26T12:00:00.000Z"))
    assert.equal(stock.row("MUG")?.safetyThreshold, 5)
    assert.deepEqual([...stock.versions()], [["MUG", 3]])
  })

  it("does not go back to an older version, and takes each version once", () => {
    const stock = store()
    stock.applyView(view(3))
    assert.equal(stock.apply(message(2), 0), false)
    assert.equal(stock.row("MUG")?.version, 3)
    stock.apply(message(3), 0)
    assert.equal(stock.apply(message(3), 0), false)
    assert.equal(stock.row("MUG")?.history.length, 1)
  })
})
