/**
 * Goal: an ERP's file is in the stock of a real hub once, whatever is killed meanwhile, and rows that the hub refuses
 * are in the report.
 * Method: files for a hub in a process of its own, over its HTTP facts endpoint.
 */
import assert from "node:assert/strict"
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest"
import { httpPublish } from "../../src/channels/erp/http-publish.ts"
import { Desk, PLAIN, plainFile, SAP_CSV, SAP_HEADER } from "../support/erp.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
let desk: Desk
beforeAll(async () => void (hub = await startHub()))
afterAll(() => hub.stop())
beforeEach(() => void (desk = new Desk()))
afterEach(() => desk.remove())

const physical = async (sku: string): Promise<unknown> =>
  (await http(hub, "GET", `/v1/stock/${encodeURIComponent(sku)}`)).body["physical"]

describe("a file for a hub", () => {
  it("changes the stock as its movements say, and not again when it comes again", async () => {
    const rows = [
      SAP_HEADER,
      "49;2026;1;101;0815;1.200;0001;;31.01.2026;",
      "49;2026;2;601;0815;12-;0001;;31.01.2026;",
      "49;2026;3;311;0815;100-;0001;0002;31.01.2026;",
      "49;2026;4;101;SKU ä/%.*;5;;;31.01.2026;"
    ]
    const file = Buffer.from(rows.join("\r\n"), "latin1")
    desk.drop("a.csv", file)
    const ports = { publish: httpPublish(hub.url) }
    const [outcome] = await desk.run(SAP_CSV, { channel: "sap" }, ports)
    assert.deepEqual([outcome?.outcome, outcome?.facts], ["processed", 4])
    await eventually(
      () => physical("815"),
      (units) => units === 1_188
    )
    await eventually(
      () => physical("SKU ä/%.*"),
      (units) => units === 5
    )
    // Another bridge that knows nothing of the first: the document's numbers are the ids.
    const other = new Desk()
    other.drop("again.csv", Buffer.concat([file, Buffer.from("\n49;2026;5;601;0815;1-;0001;;;")]))
    const [again] = await other.run(SAP_CSV, { channel: "sap" }, ports)
    other.remove()
    assert.deepEqual([again?.outcome, again?.rejected], ["processed", 0])
    await eventually(
      () => physical("815"),
      (units) => units === 1_187
    )
    const { body } = await http(hub, "GET", "/v1/stock/815")
    assert.deepEqual(
      (body["locations"] as ReadonlyArray<{ locationId: string; physical: number }>).map((one) => [
        one.locationId,
        one.physical
      ]),
      [
        ["0001", 1_087],
        ["0002", 100]
      ]
    )
  })

  it("with a document that is known with another content has that row in its report", async () => {
    const row = (units: number): string =>
      `${SAP_HEADER}\n50;2026;1;101;CONFLICT;${units};;;;\n51;2026;1;101;FINE;1;;;;\n`
    const ports = { publish: httpPublish(hub.url) }
    desk.drop("a.csv", row(1))
    await desk.run(SAP_CSV, {}, ports)
    await eventually(
      () => physical("CONFLICT"),
      (units) => units === 1
    )
    desk.drop("b.csv", row(2))
    const [outcome] = await desk.run(SAP_CSV, {}, ports)
    assert.deepEqual([outcome?.facts, outcome?.rejected], [1, 1])
    const [rejected] = desk.report("b.csv")
    assert.deepEqual([rejected?.[0], rejected?.[2]], ["2", "50;2026;1;101;CONFLICT;2;;;;"])
    assert.notEqual(rejected?.[1], "")
  })

  it("whose hub is killed with -9 meanwhile is in the stock once", async () => {
    const rows = 4_000
    desk.drop("a.csv", plainFile(rows, 20).replaceAll("S-", "KILLED-"))
    const publish = httpPublish(hub.url)
    let blocks = 0
    let crash: Promise<void> | undefined
    const [outcome] = await desk.run(
      PLAIN,
      {},
      {
        patience: { firstMs: 50, mostMs: 400 },
        publish: async (facts) => {
          if (++blocks === 2) setTimeout(() => (crash = hub.crash()), 15)
          if (blocks === 3) await new Promise((resolve) => setTimeout(resolve, 30))
          return publish(facts)
        }
      }
    )
    await crash
    assert.deepEqual([outcome?.outcome, outcome?.facts, desk.waits.length], ["processed", rows, 2])
    const wanted = Array.from({ length: rows }, (_, row) => (row % 9) + 1).reduce((sum, units) => sum + units, 0)
    const total = async (): Promise<number> => {
      const each = Array.from({ length: 20 }, (_, sku) => physical(`KILLED-${sku}`))
      return (await Promise.all(each)).reduce<number>((sum, units) => sum + Number(units), 0)
    }
    assert.equal(await eventually(total, (sum) => sum >= wanted), wanted)
  })
})
