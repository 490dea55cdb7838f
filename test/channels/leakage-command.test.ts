/**
 * Goal: the command gives the calculator's numbers, from assumptions, from intervals and from a hub's own incidents.
 * Method: its rows directly; then the compiled command beside a real hub that oversells.
 */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, it } from "vitest"
import { WrongLeakageInput } from "../../actors/channel/leakage.ts"
import { type Given, rowsOf } from "../../scripts/leakage/command.ts"
import { leakageTable } from "../../scripts/leakage/report.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

const given: Given = {
  ordersPerDay: "500",
  orderValue: "1500",
  lifetimeValue: "8000",
  churn: "0.3",
  currency: "EUR",
  unitsPerOrder: "1"
}

describe("the rows of holdfast leakage", () => {
  it("are the published example's in minor units, written as the currency writes them", () => {
    const rows = rowsOf({ ...given, oversellProbability: "0.02" }, [], 0)
    assert.match(leakageTable(rows, "EUR"), /assumed +2 % +10 +150\.00 EUR +240\.00 EUR +390\.00 EUR$/)
    assert.match(leakageTable(rows, "JPY"), /15000 JPY +24000 JPY +39000 JPY$/)
    assert.match(leakageTable(rows, "KWD"), /15\.000 KWD +24\.000 KWD +39\.000 KWD$/)
  })

  it("rise with the interval, the first being none at 0", () => {
    const rows = rowsOf(
      { ...given, syncInterval: "0s,500ms,30s,15m,1h,1d", salesPerDay: "40", unitsLeft: "1:0.1" },
      [],
      0
    )
    const totals = rows.map(({ leakage }) => leakage.totalLossMinor)
    assert.equal(totals[0], 0)
    assert.deepEqual(
      totals,
      totals.toSorted((left, right) => left - right)
    )
    assert.equal(new Set(totals).size, 6)
  })

  it.each([
    [{}, /one of --oversell-probability, --sync-interval, --incidents must be given/],
    [{ syncInterval: "15m" }, /--sales-per-day must be given with/],
    [{ syncInterval: "soon", salesPerDay: "1" }, /--sync-interval must be times such as/],
    [{ syncInterval: "1m", salesPerDay: "1", unitsLeft: "some" }, /unitsLeft.units must be/],
    [{ oversellProbability: "2%" }, /oversellProbability must be a share/],
    [{ oversellProbability: "0.1", ordersPerDay: "" }, /ordersPerDay must be a number/]
  ])("are none for %j, and it says what to give", (change, message) => {
    const ask = () => rowsOf({ ...given, ...change }, [], 0)
    assert.throws(ask, WrongLeakageInput)
    assert.throws(ask, message)
  })
})

describe("commands beside a running hub", () => {
  let hub: TestHub
  let folder: string
  beforeAll(async () => {
    hub = await startHub()
    folder = mkdtempSync(join(tmpdir(), "holdfast-leakage-"))
  })
  afterAll(async () => {
    await hub.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const cli = (...more: ReadonlyArray<string>) =>
    promisify(execFile)(process.execPath, [join(projectRoot(), "dist", "scripts", "cli.js"), ...more])

  it("reckon with the incidents that it recorded", async () => {
    for (const [mutationId, quantity] of [
      ["a", 3],
      ["b", 1]
    ]) {
      await http(hub, "POST", "/v1/stock/LEAK/facts", { type: "sale", mutationId, quantity })
    }
    const incidents = async () => (await http(hub, "GET", "/v1/incidents")).body["items"] as ReadonlyArray<unknown>
    await eventually(incidents, (items) => items.length === 2)
    const worth = ["--order-value", "1500", "--lifetime-value", "8000", "--churn", "0.3", "--orders-per-day", "100"]
    const { stdout } = await cli("leakage", ...worth, "--incidents", "2", "--hub", hub.url, "--json")
    assert.deepEqual(JSON.parse(stdout), {
      currency: "EUR",
      rows: [
        {
          from: "2 incidents in 2 days",
          oversellProbability: 0.02,
          oversellsPerDay: 2,
          directLossMinor: 3_000,
          lifetimeLossMinor: 4_800,
          totalLossMinor: 7_800
        }
      ]
    })
  })

  it("bring an ERP's file to it over NATS", async () => {
    const format = { type: "csv", fields: { sku: "sku", quantity: "quantity" }, everyRow: { type: "count" } }
    writeFileSync(join(folder, "format.json"), JSON.stringify(format))
    writeFileSync(join(folder, "count.csv"), "sku,quantity\nCOUNTED,7\n")
    const more = ["--format", join(folder, "format.json"), "--files", "*.csv", "--stable", "0", "--via", "nats"]
    const { stdout } = await cli("erp", folder, ...more, "--nats", hub.nats.url)
    assert.equal(stdout, "count.csv: processed: 1 rows, 1 facts, 0 ignored, 0 rejected\n")
    const { body } = await eventually(
      () => http(hub, "GET", "/v1/stock/COUNTED"),
      ({ status }) => status === 200
    )
    assert.equal(body["physical"], 7)
  })
})
