/**
 * Goal: a row of the retailer's file means for the stock what it means for the retailer, traps included.
 * Method: real lines of the file, and files broken on purpose.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { afterAll, assert, describe, it } from "vitest"
import { effectOf, meaningOf, readRows, type Row, WrongFile } from "../../scripts/replay/rows.ts"

const folder = mkdtempSync(join(tmpdir(), "holdfast-rows-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"

const fileOf = (name: string, ...lines: ReadonlyArray<string>): string => {
  const path = join(folder, name)
  const text = `${[HEADER, ...lines].join("\n")}\n`
  writeFileSync(path, name.endsWith(".gz") ? gzipSync(text) : text)
  return path
}

const read = async (path: string) => {
  const rows: Array<Row> = []
  const broken: Array<number> = []
  for await (const row of readRows(path, (line) => broken.push(line))) rows.push(row)
  return { rows, broken }
}

let files = 0
const meaningOfLine = async (line: string) => {
  const { rows } = await read(fileOf(`line-${files++}.csv`, line))
  assert.lengthOf(rows, 1)
  return meaningOf(rows[0] as Row)
}

describe("a line of the file", () => {
  it.each([
    [
      "a sale, its code in upper case",
      "536412,85099b,RED RETROSPOT JUMBO BAG,6,2010-12-01 11:49:00,1.95,17920,United Kingdom",
      { kind: "sale", sku: "85099B", units: 6 }
    ],
    [
      "a sale of the web shop's own goods",
      "538071,DCGS0076,SUNJAR LED NIGHT NIGHT LIGHT,1,2010-12-09 14:09:00,16.13,,United Kingdom",
      { kind: "sale", sku: "DCGS0076", units: 1 }
    ],
    [
      "a gift: no price, but a customer",
      "537197,22841,ROUND CAKE TIN VINTAGE GREEN,1,2010-12-05 14:02:00,0.0,12647,Germany",
      { kind: "sale", sku: "22841", units: 1 }
    ],
    [
      "goods that left without a price and a customer, named as goods",
      "537534,22676,FRENCH BLUE METAL DOOR SIGN No,3,2010-12-07 11:48:00,0.0,,United Kingdom",
      { kind: "sale", sku: "22676", units: 3 }
    ],
    [
      "the giant order",
      '541431,23166,"MEDIUM CERAMIC TOP STORAGE JAR",74215,2011-01-18 10:01:00,1.04,12346,United Kingdom',
      { kind: "sale", sku: "23166", units: 74_215 }
    ],
    [
      "its cancellation",
      "C541433,23166,MEDIUM CERAMIC TOP STORAGE JAR,-74215,2011-01-18 10:17:00,1.04,12346,United Kingdom",
      { kind: "return", sku: "23166", units: 74_215 }
    ],
    [
      "stock that was lost, without a word",
      "536589,21777,,-10,2010-12-01 16:50:00,0.0,,United Kingdom",
      { kind: "adjustment", sku: "21777", units: -10 }
    ],
    [
      "stock that was damaged",
      "546152,72140F,throw away,-5368,2011-03-09 17:25:00,0.0,,United Kingdom",
      { kind: "adjustment", sku: "72140F", units: -5_368 }
    ],
    [
      "stock that was found",
      "540558,21258,found,29,2011-01-10 10:04:00,0.0,,United Kingdom",
      { kind: "adjustment", sku: "21258", units: 29 }
    ],
    [
      "stock that came back without a word",
      "536995,35951,,57,2010-12-03 15:30:00,0.0,,United Kingdom",
      { kind: "adjustment", sku: "35951", units: 57 }
    ]
  ])("is %s", async (_what, line, meaning) => {
    assert.deepEqual(await meaningOfLine(line), meaning as never)
  })

  it.each([
    ["POST", "postage"],
    ["DOT", "postage"],
    ["C2", "carriage"],
    ["M", "correction by hand"],
    ["m", "correction by hand"],
    ["D", "discount"],
    ["S", "samples"],
    ["B", "bad debt"],
    ["BANK CHARGES", "bank charges"],
    ["AMAZONFEE", "marketplace fee"],
    ["CRUK", "donation"],
    ["PADS", "pads"],
    ["gift_0001_20", "gift voucher"],
    ["ABC", "no product's code"]
  ])("whose code is %s is no product: %s", async (code, reason) => {
    const meaning = await meaningOfLine(`536370,${code},X,3,2010-12-01 08:45:00,18.0,12583,France`)
    assert.equal(meaning.kind, "skipped")
    assert.include("reason" in meaning ? meaning.reason : "", reason)
  })

  it.each([
    ["two,71053", "six,2010-12-01 08:26:00", "no integer"],
    ["536365,71053", "1.5,2010-12-01 08:26:00", "no integer"],
    ["536365,71053", ",2010-12-01 08:26:00", "no integer"],
    ["536365,71053", "99999999999,2010-12-01 08:26:00", "above"],
    ["536365,71053", "6,yesterday", "date"],
    [",71053", "6,2010-12-01 08:26:00", "invoice"],
    ["536365, ", "6,2010-12-01 08:26:00", "code"]
  ])("that cannot be read (%s … %s) is rejected with the reason", async (start, end, reason) => {
    const meaning = await meaningOfLine(`${start},WHITE METAL LANTERN,${end},3.39,17850,United Kingdom`)
    assert.equal(meaning.kind, "rejected")
    assert.include("reason" in meaning ? meaning.reason : "", reason)
  })

  it("takes from the stock, gives back or sets right as it says", () => {
    assert.equal(effectOf({ kind: "sale", sku: "A", units: 3 }), -3)
    assert.equal(effectOf({ kind: "return", sku: "A", units: 3 }), 3)
    assert.equal(effectOf({ kind: "adjustment", sku: "A", units: -3 }), -3)
    assert.equal(effectOf({ kind: "skipped", reason: "" }), 0)
  })
})

const LANTERN = "536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom"

describe("a file", () => {
  it("is read with its rows' true lines, quoted line breaks and commas included", async () => {
    const path = fileOf(
      "quoted.csv.gz",
      LANTERN,
      '536365,71053,"WHITE\n""METAL"", LANTERN ",6,2010-12-01 08:26:00,1,,UK',
      LANTERN
    )
    const { rows } = await read(path)
    assert.deepEqual(
      rows.map(({ line }) => line),
      [2, 3, 5]
    )
    assert.equal(rows[1]?.description, 'WHITE\n"METAL", LANTERN ')
    assert.equal(rows[0]?.at, Date.UTC(2010, 11, 1, 8, 26))
  })

  it("with a broken row loses that row, not the ones behind it, and says which", async () => {
    const broken = `536365,71053,"never closed,6,2010-12-01 08:26:00,3.39,17850,United Kingdom`
    const many = Array.from({ length: 30 }, () => LANTERN)
    const found = await read(fileOf("broken.csv", LANTERN, broken, ...many, "", "536365,71053", broken, LANTERN))
    assert.deepEqual(found.broken, [3, 35, 36])
    assert.lengthOf(found.rows, 32)
  })

  it("may have a quote within a word", async () => {
    const { rows, broken } = await read(fileOf("inch.csv", LANTERN.replace("METAL", '12"'), LANTERN))
    assert.deepEqual(broken, [])
    assert.equal(rows[0]?.description, 'WHITE 12" LANTERN')
  })

  it("of another kind is refused", async () => {
    const path = join(folder, "other.csv")
    writeFileSync(path, "sku,quantity\nA,1\n")
    const error = await read(path).catch((cause: unknown) => cause)
    assert.instanceOf(error, WrongFile)
    assert.include((error as Error).message, "InvoiceNo")
  })

  it("that is not there, or no gzip, fails", async () => {
    assert.instanceOf(await read(join(folder, "none.csv")).catch((cause: unknown) => cause), Error)
    const path = join(folder, "not.csv.gz")
    writeFileSync(path, HEADER)
    assert.instanceOf(await read(path).catch((cause: unknown) => cause), Error)
  })
})
