/**
 * Goal: shops that sell the same stock at once lose no update and no sale, count none twice, show every oversell as an
 * incident, and are in step after one reconciliation, whatever befell them and the hub.
 * Method: a short piece of the compressed hour of `holdfast trade`, over real processes, with failures and a kill -9.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { shopsOf, unitsFor } from "../../scripts/trade/command.ts"
import { trade } from "../../scripts/trade/trade.ts"

const run = (seconds: number, change: { readonly isTroubled: boolean; readonly kills: number }) =>
  trade({
    seed: 7,
    seconds,
    ordersPerSecond: 50,
    skus: 40,
    unitsEach: unitsFor(seconds * 50),
    shops: shopsOf(4),
    onProgress: () => undefined,
    ...change
  })

describe("four shops that sell the same stock at once", () => {
  it("in trouble, with the hub killed: nothing lost, nothing twice, every oversell an incident, no drift left", async () => {
    const report = await run(8, { isTroubled: true, kills: 1 })
    assert.deepEqual(report.wrong, [])
    assert.ok(report.faults > 10 && report.orders > 100, JSON.stringify(report))
  }, 120_000)

  it("when all is well: few shoppers are quicker than the news, and each of those is an incident", async () => {
    const report = await run(5, { isTroubled: false, kills: 0 })
    assert.deepEqual(report.wrong, [])
    assert.ok(report.refusedByShelf > 0, "the stock ran out")
    assert.ok(report.oversoldUnits <= report.orders * 0.1, JSON.stringify(report))
  }, 120_000)
})
