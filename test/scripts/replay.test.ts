/**
 * Goal: the retailer's file means for the stock what it means for the retailer, traps included.
 * Method: real lines of the file, and the whole extract planned; the audit's own reading of the file must agree.
 */
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { fileTotals } from "../../scripts/audit/compare.ts"
import { computeOpening, emptyCounts, planOrders } from "../../scripts/replay/plan.ts"
import { effectOf, meaningOf, readRows, type Row } from "../../scripts/replay/rows.ts"
import { projectRoot } from "../../src/servers/servers.ts"

const EXTRACT = join(projectRoot(), "data", "online-retail-extract.csv.gz")

const row = (fields: Partial<Row>): Row => ({
  line: 2,
  invoice: "536365",
  code: "85123A",
  description: "",
  quantity: 1,
  at: 0,
  ...fields
})

describe("a row", () => {
  it("with a positive quantity is a sale, of the SKU in upper case", () => {
    assert.deepEqual(meaningOf(row({ code: "85099b ", quantity: 6 })), { kind: "sale", sku: "85099B", units: 6 })
    assert.deepEqual(meaningOf(row({ code: "DCGS0076", quantity: 1 })), { kind: "sale", sku: "DCGS0076", units: 1 })
  })

  it("of a cancellation is a return, however large", () => {
    assert.deepEqual(meaningOf(row({ invoice: "C541433", code: "23166", quantity: -74_215 })), {
      kind: "return",
      sku: "23166",
      units: 74_215
    })
  })

  it("with a negative quantity on a common invoice is lost stock", () => {
    assert.deepEqual(meaningOf(row({ quantity: -10 })), { kind: "adjustment", sku: "85123A", units: -10 })
  })

  it("that is no product is left out with its reason, one that cannot be read is rejected", () => {
    for (const code of ["POST", "DOT", "M", "m", "BANK CHARGES", "AMAZONFEE", "gift_0001_20", "C2", "PADS"]) {
      assert.equal(meaningOf(row({ code })).kind, "skipped", code)
    }
    assert.equal(meaningOf(row({ quantity: Number.NaN })).kind, "rejected")
    assert.equal(meaningOf(row({ at: Number.NaN })).kind, "rejected")
  })
})

describe("the extract", () => {
  it("is planned with an id for each line, the same at every replay", async () => {
    const ids = async () => {
      const found: Array<string> = []
      for await (const order of planOrders(readRows(EXTRACT), emptyCounts())) {
        found.push(...order.lines.map(({ mutationId }) => mutationId))
      }
      return found
    }
    const first = await ids()
    assert.isAbove(first.length, 2_000)
    assert.equal(new Set(first).size, first.length)
    assert.deepEqual(await ids(), first)
  })

  it("moves each SKU as the audit's own reading of the file says", async () => {
    const moved = new Map<string, number>()
    for await (const order of planOrders(readRows(EXTRACT), emptyCounts())) {
      for (const { meaning } of order.lines) {
        moved.set(meaning.sku, (moved.get(meaning.sku) ?? 0) + effectOf(meaning))
      }
    }
    assert.deepEqual(Object.fromEntries(fileTotals(EXTRACT)), Object.fromEntries(moved))
  })

  it("never oversells with the opening stock that is computed for it", async () => {
    const stock = new Map((await computeOpening(readRows(EXTRACT))).map(({ sku, units }) => [sku, units]))
    for await (const one of readRows(EXTRACT)) {
      const meaning = meaningOf(one)
      if (meaning.kind === "skipped" || meaning.kind === "rejected") continue
      const left = (stock.get(meaning.sku) ?? 0) + effectOf(meaning)
      assert.isAtLeast(left, 0, meaning.sku)
      stock.set(meaning.sku, left)
    }
  })
})
