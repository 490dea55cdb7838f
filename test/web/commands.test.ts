/**
 * Goal: what is meant is found by a few letters, and stands first.
 * Method: the choosing alone, without a browser.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { type Command, matching, skusCalled } from "../../src/web/app/commands.ts"
import { StockStore } from "../../src/web/stock/store.ts"

const command = (label: string, words?: string): Command => ({
  id: label,
  group: "Page",
  label,
  run: () => undefined,
  ...(words === undefined ? {} : { words })
})

const all = [command("Low stock"), command("Live stock"), command("Audit log", "Hub"), command("Show only low stock")]

const found = (written: string, most = 10) => matching(written, all, most).map(({ label }) => label)

describe("what is offered", () => {
  it("is everything while nothing is written, in its order and within its bound", () => {
    assert.deepEqual(found("  "), ["Low stock", "Live stock", "Audit log", "Show only low stock"])
    assert.deepEqual(found("", 2), ["Low stock", "Live stock"])
  })

  it("has every word that is written, in any order and in capitals or not", () => {
    assert.deepEqual(found("STOCK low"), ["Low stock", "Show only low stock"])
    assert.deepEqual(found("stock nobody"), [])
  })

  it("begins with what begins so, then what has a word that does, then what has it somewhere", () => {
    assert.deepEqual(found("lo"), ["Low stock", "Audit log", "Show only low stock"])
    assert.deepEqual(found("tock"), ["Low stock", "Live stock", "Show only low stock"])
  })

  it("is found by words that are not shown, too", () => {
    assert.deepEqual(found("hub"), ["Audit log"])
  })
})

describe("of SKUs", () => {
  const stock = new StockStore(() => undefined)
  for (const sku of ["X-10", "X-100", "X-101", "A-1", "1", "10", "b7"]) {
    stock.applyView({ sku, version: 1, available: 1, physical: 1, allocated: 0, safetyThreshold: 0 })
  }
  const called = (written: string, most: number) => skusCalled(stock, written, most).map(({ sku }) => sku)

  it("the one that is called just so stands first, however many have its name in theirs", () => {
    assert.deepEqual(called("1", 2), ["1", "10"])
    assert.deepEqual(called(" x-10 ", 1), ["X-10"])
  })

  it("those that begin so come before those that have it somewhere", () => {
    assert.deepEqual(called("10", 3), ["10", "X-10", "X-100"])
    assert.deepEqual(called("1", 10), ["1", "10", "X-10", "X-100", "X-101", "A-1"])
    assert.deepEqual(called("B", 3), ["b7"])
  })

  it("none is offered before anything is written", () => {
    assert.deepEqual(called("  ", 3), [])
  })
})
