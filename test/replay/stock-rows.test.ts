/**
 * Goal: counted stock is loaded row by row, and every wrong row is named with its line and what is wrong with it.
 * Method: files with each kind of row.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { readStock, type StockRow, type WrongRow, WrongStockFile } from "../../scripts/load/rows.ts"

const folder = mkdtempSync(join(tmpdir(), "holdfast-stock-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const read = async (...lines: ReadonlyArray<string>): Promise<ReadonlyArray<StockRow | WrongRow>> => {
  const path = join(folder, `${files++}.csv`)
  writeFileSync(path, lines.join("\r\n"))
  const rows: Array<StockRow | WrongRow> = []
  for await (const row of readStock(path)) rows.push(row)
  return rows
}

const HEADER = "sku,quantity,locationId,safetyThreshold"

describe("a file of counted stock", () => {
  it("has a row for each place, with what is left out left out", async () => {
    assert.deepEqual(await read(`\uFEFF${HEADER}`, "85123A,12,,3", '"a, ""b""",0,north,', "C,7"), [
      { line: 2, sku: "85123A", quantity: 12, locationId: undefined, safetyThreshold: 3 },
      { line: 3, sku: 'a, "b"', quantity: 0, locationId: "north", safetyThreshold: undefined },
      { line: 4, sku: "C", quantity: 7, locationId: undefined, safetyThreshold: undefined }
    ])
  })

  it("may have its columns in any order, and others beside them", async () => {
    assert.deepEqual(await read("quantity,shelf, sku ", "5,A7,X"), [
      { line: 2, sku: "X", quantity: 5, locationId: undefined, safetyThreshold: undefined }
    ])
  })

  it.each([
    [",1", "sku must"],
    [`${"x".repeat(129)},1`, "sku must"],
    ["A,-1", 'quantity "-1"'],
    ["A,1.5", 'quantity "1.5"'],
    ["A,", 'quantity ""'],
    ["A,2147483648", "no count"],
    ["A,many", "no count"],
    ["A,1,,-2", "safetyThreshold"],
    [`A,1,${"x".repeat(129)}`, "locationId"],
    ["A,1,,,5", "columns"],
    ['A,"1', "quote"]
  ])("with the row %s names it and loads the others", async (wrong, reason) => {
    const rows = await read(HEADER, "B,1", wrong, "D,2")
    const found = rows.find((row) => "reason" in row)
    assert.equal(found?.line, 3)
    assert.include((found as WrongRow).reason, reason)
    assert.deepEqual(
      rows.flatMap((row) => ("sku" in row ? [row.sku] : [])),
      ["B", "D"]
    )
  })

  it("that counts a place twice is asked which it is", async () => {
    const rows = await read(HEADER, "A,1", "A,2,north", "A,3,default")
    assert.deepEqual(rows[2], { line: 4, reason: "A at default was counted on line 2 already" })
  })

  it("of another kind is refused", async () => {
    for (const lines of [[""], ["sku,units", "A,1"]]) {
      assert.instanceOf(await read(...lines).catch((cause: unknown) => cause), WrongStockFile)
    }
  })
})
