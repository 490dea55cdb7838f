/**
 * Goal: what an ERP writes becomes the fact that it means, or a reason; a wrong format is one sentence.
 * Method: SAP and Oracle style files in full, then one value at a time.
 */
import assert from "node:assert/strict"
import { afterEach, beforeEach, describe, it } from "vitest"
import { erpFormat } from "../../src/channels/erp/format.ts"
import { SAP_MOVEMENTS } from "../../src/channels/erp/movements.ts"
import { quantityOf, timeOf } from "../../src/channels/erp/values.ts"
import { Desk, PLAIN, SAP_CSV, SAP_HEADER } from "../support/erp.ts"

let desk: Desk
beforeEach(() => void (desk = new Desk()))
afterEach(() => desk.remove())

const bodies = () => desk.facts.map(({ sku, body }) => ({ sku, ...body }))
/** What moved, without what it is called by. */
const moves = () =>
  bodies().map(({ type, quantity, locationId, toLocationId }) => [type, quantity, locationId, toLocationId])
const reasons = (name: string): ReadonlyArray<string> => desk.report(name).map(([, reason]) => reason ?? "")

const DOCUMENTS = [
  SAP_HEADER,
  "4900000012;2026;0001;101;000000000000004711;1.200,000;0001;;31.01.2026;Anlieferung Köln",
  "4900000012;2026;0002;102;000000000000004711;200,000-;0001;;31.01.2026;",
  "4900000013;2026;1;601;RÖHRE-7;12-;0001;;01.02.2026;",
  "4900000014;2026;1;651;RÖHRE-7;2;0002;;01.02.2026;",
  "4900000015;2026;1;261;4711;7,000-;;;;",
  "4900000016;2026;1;311;4711;30-;0001;0002;01.02.2026;",
  "4900000016;2026;2;311;4711;30;0002;0001;01.02.2026;",
  "4900000017;2026;1;561;4711;5;;;;",
  "4900000018;2026;1;701;4711;3;;;;",
  "4900000018;2026;2;702;4711;4-;;;;"
]

describe("an export of SAP's material documents", () => {
  it("becomes facts: trailing signs, thousands, padded numbers, movement types, Latin-1", async () => {
    desk.drop("MB51.csv", Buffer.from(DOCUMENTS.join("\r\n"), "latin1"))
    const [outcome] = await desk.run(SAP_CSV, { channel: "sap" })
    assert.deepEqual(outcome, {
      file: "MB51.csv",
      outcome: "processed",
      rows: 10,
      facts: 9,
      ignored: 1,
      rejected: 0
    })
    const common = { channel: "sap", occurredAt: "2026-02-01T00:00:00+01:00" }
    assert.deepEqual(bodies().slice(0, 4), [
      {
        sku: "4711",
        type: "receipt",
        quantity: 1_200,
        locationId: "0001",
        mutationId: "erp:4900000012/2026:1",
        channel: "sap",
        occurredAt: "2026-01-31T00:00:00+01:00",
        reference: "4900000012/2026",
        reason: "Anlieferung Köln"
      },
      {
        sku: "4711",
        type: "adjustment",
        quantity: -200,
        locationId: "0001",
        mutationId: "erp:4900000012/2026:2",
        channel: "sap",
        occurredAt: "2026-01-31T00:00:00+01:00",
        reference: "4900000012/2026",
        reason: "movement 102"
      },
      {
        ...common,
        sku: "RÖHRE-7",
        type: "sale",
        quantity: 12,
        locationId: "0001",
        mutationId: "erp:4900000013/2026:1",
        reference: "4900000013/2026",
        reason: "movement 601"
      },
      {
        ...common,
        sku: "RÖHRE-7",
        type: "return",
        quantity: 2,
        locationId: "0002",
        mutationId: "erp:4900000014/2026:1",
        reference: "4900000014/2026",
        reason: "movement 651"
      }
    ])
    assert.deepEqual(moves().slice(4), [
      ["adjustment", -7, undefined, undefined],
      ["transfer", 30, "0001", "0002"],
      ["receipt", 5, undefined, undefined],
      ["adjustment", 3, undefined, undefined],
      ["adjustment", -4, undefined, undefined]
    ])
  })
})

describe("a row of SAP's that cannot be meant", () => {
  it("is rejected, with the row, the reason and the text", async () => {
    const row = (type: string, quantity: string, rest = ";;;;"): string => `49;2026;1;${type};4711;${quantity}${rest}`
    const rows = [
      SAP_HEADER,
      row("999", "1"),
      row("", "1"),
      row("101", "5-"),
      row("101", ""),
      row("101", "1,5"),
      row("101", "1.20"),
      row("101", "zwölf"),
      row("101", "-5-"),
      row("101", "9.999.999.999"),
      row("101", "1", ";;;31.02.2026;"),
      row("101", "1", ";;;2026-02-01;"),
      row("311", "5-"),
      "49;2026;;101;4711;1;;;;",
      "49;2026;1;101;;1;;;;",
      row("101", "1", ";;;;Text;mit;Semikolon"),
      `49;2026;1;101;${"x".repeat(129)};1;;;;`
    ]
    desk.drop("wrong.csv", Buffer.from(rows.join("\n"), "latin1"))
    const [outcome] = await desk.run(SAP_CSV)
    assert.equal(outcome?.rejected, 16)
    assert.equal(desk.facts.length, 0)
    assert.deepEqual(reasons("wrong.csv"), [
      'the movement type "999" is not in the table',
      "the movement type is missing",
      "the row takes units out, its movement type 101 brings them in",
      "the quantity is missing",
      'the quantity "1,5" is no whole number of units',
      'the quantity "1.20" is no number',
      'the quantity "zwölf" is no number',
      'the quantity "-5-" is no number',
      'the quantity "9.999.999.999" is above 2147483647',
      'there is no day "31.02.2026"',
      'the date "2026-02-01" is not written as DD.MM.YYYY',
      "the transfer's receiving location is missing",
      "the document's number or item is missing",
      "the SKU is missing",
      "there are 12 columns, the header has 10",
      "Send sku with 1 to 128 characters."
    ])
    assert.match(
      desk.read("rejected/wrong.csv.csv"),
      /^row,reason,text\r\n2,"the movement.*","49;2026;1;999;4711;1;;;;"\r\n/
    )
  })
})

describe("a fixed-width file", () => {
  const fixed = {
    type: "fixed",
    skipLines: 1,
    fields: {
      movement: { start: 2, length: 3 },
      sku: { start: 5, length: 18, trimZeros: true },
      quantity: { start: 23, length: 14 },
      direction: { start: 37, length: 1 },
      document: { start: 38, length: 10, trimZeros: true },
      item: { start: 48, length: 4, trimZeros: true },
      date: { start: 52, length: 8 },
      time: { start: 60, length: 6 }
    },
    number: { impliedDecimals: 3 },
    trailer: { marker: "T", count: { start: 2, length: 8 }, plus: 2 }
  }
  const row = (type: string, quantity: string, direction: string, item: string): string =>
    `D${type}${"4711".padStart(18, "0")}${quantity.padStart(14, "0")}${direction}${"49000012".padStart(10, "0")}${item}20260131235959`

  it("has padded numbers, implied decimals, debit and credit, dates and a trailer with a count", async () => {
    const rows = ["H2026013", row("101", "12000", "S", "0001"), row("601", "3000", "H", "0002"), "T00000004"]
    desk.drop("stock.txt", rows.join("\n"))
    const [outcome] = await desk.run(fixed)
    assert.equal(outcome?.outcome, "processed")
    const common = { sku: "4711", occurredAt: "2026-01-31T23:59:59Z", reference: "49000012" }
    assert.deepEqual(bodies(), [
      { ...common, type: "receipt", quantity: 12, mutationId: "erp:49000012:1", reason: "movement 101" },
      { ...common, type: "sale", quantity: 3, mutationId: "erp:49000012:2", reason: "movement 601" }
    ])
  })

  it("rejects a direction that contradicts the movement, or is none", async () => {
    const rows = [
      "H",
      row("101", "1000", "H", "0001"),
      row("601", "1000", "S", "0002"),
      row("601", "1000", "?", "0003")
    ]
    desk.drop("stock.txt", [...rows, "T00000005"].join("\n"))
    await desk.run(fixed)
    assert.deepEqual(reasons("stock.txt"), [
      "the row takes units out, its movement type 101 brings them in",
      "the row brings units in, its movement type 601 takes them out",
      'the direction "?" is neither S nor H'
    ])
  })

  it("is cut short within a row: what is missing is said", async () => {
    const { trailer: _, ...open } = fixed
    desk.drop("short.txt", `H\n${row("101", "1000", "S", "0001").slice(0, 20)}\n`)
    await desk.run(open)
    assert.deepEqual(reasons("short.txt"), ["the quantity is missing"])
  })
})

describe("an export of Oracle's transactions", () => {
  const oracle = {
    type: "csv",
    fields: {
      sku: "ITEM_NUMBER",
      quantity: "TRANSACTION_QUANTITY",
      movement: "TRANSACTION_TYPE_NAME",
      document: "TRANSACTION_ID",
      item: "LINE_ID",
      location: "SUBINVENTORY_CODE",
      toLocation: "TRANSFER_SUBINVENTORY",
      date: "TRANSACTION_DATE"
    },
    date: { format: "ISO" },
    sapMovements: false,
    movements: {
      "PO Receipt": { type: "receipt" },
      "Sales Order Pick": { type: "sale" },
      "RMA Receipt": { type: "return" },
      "Subinventory Transfer": { type: "transfer" },
      "Cycle Count Adjust": { type: "adjustment", direction: "given" }
    },
    ignore: [{ field: "SUBINVENTORY_CODE", values: ["SCRAP"] }]
  }

  it("has types in words, signs in front, quoted texts over several lines, and locations that are ignored", async () => {
    const rows = [
      "TRANSACTION_ID,LINE_ID,TRANSACTION_TYPE_NAME,ITEM_NUMBER,TRANSACTION_QUANTITY,SUBINVENTORY_CODE,TRANSFER_SUBINVENTORY,TRANSACTION_DATE,NOTE",
      '77,1,PO Receipt,AS54888,+40.0,FGI,,2026-01-31T08:00:00Z,"two\nlines, and a ""quote"""',
      "77,2,Sales Order Pick,AS54888,-2,FGI,,2026-01-31T09:00:00.123Z,",
      "78,1,Cycle Count Adjust,AS54888,-3,FGI,,2026-01-31,",
      "78,2,Cycle Count Adjust,AS54888,3,FGI,,2026-01-31,",
      "79,1,Subinventory Transfer,AS54888,5,FGI,STORES,,",
      "79,2,PO Receipt,AS54888,5,SCRAP,,,",
      "80,1,Sales Order Pick,AS54888,0,FGI,,,"
    ]
    desk.drop("mtl.csv", rows.join("\r\n"))
    const [outcome] = await desk.run(oracle)
    assert.deepEqual([outcome?.rows, outcome?.facts, outcome?.ignored, outcome?.rejected], [7, 5, 2, 0])
    assert.deepEqual(
      bodies().map(({ type, quantity, mutationId, occurredAt }) => [type, quantity, mutationId, occurredAt]),
      [
        ["receipt", 40, "erp:77:1", "2026-01-31T08:00:00Z"],
        ["sale", 2, "erp:77:2", "2026-01-31T09:00:00.123Z"],
        ["adjustment", -3, "erp:78:1", "2026-01-31T00:00:00Z"],
        ["adjustment", 3, "erp:78:2", "2026-01-31T00:00:00Z"],
        ["transfer", 5, "erp:79:1", undefined]
      ]
    )
  })
})

describe("an id of a row", () => {
  it("tells documents apart whose numbers hold the marks between them", async () => {
    const format = {
      type: "csv",
      fields: { sku: "s", quantity: "q", document: ["a", "b"], item: "i" },
      everyRow: { type: "receipt" }
    }
    desk.drop("ids.csv", "s,q,a,b,i\nS,1,x:y,z,1\nS,1,x,y:z,1\nS,1,x/y,z,1\nS,1,x,y/z,1\nS,1,x%3Ay,z,1\n")
    await desk.run(format)
    assert.equal(new Set(desk.facts.map(({ body }) => body.mutationId)).size, 5)
  })
})

describe("a quantity", () => {
  const plain = { impliedDecimals: 0, point: ".", thousands: "" } as const
  it.each([
    ["12", plain, 12, false],
    ["12-", plain, 12, true],
    ["-12", plain, 12, true],
    ["12 -", plain, 12, true],
    ["000000000012", plain, 12, false],
    ["12.000", plain, 12, false],
    ["12.", plain, 12, false],
    ["0-", plain, 0, false],
    ["2147483647", plain, 2_147_483_647, false],
    ["1'234", { ...plain, thousands: "'" }, 1_234, false],
    ["1.234,00-", { ...plain, point: ",", thousands: "." }, 1_234, true],
    ["5000", { ...plain, impliedDecimals: 3 }, 5, false],
    ["0", { ...plain, impliedDecimals: 3 }, 0, false],
    ["7.000", { ...plain, impliedDecimals: 3 }, 7, false]
  ] as const)("%s is read", (text, format, units, isNegative) => {
    assert.deepEqual(quantityOf(text, format), { units, isNegative })
  })

  it.each([
    "",
    "-",
    "1e3",
    "0x10",
    "1 2",
    "1..2",
    ".5",
    "１２",
    "NaN",
    "Infinity",
    "=1+1",
    "1,000",
    "5",
    "2147483648000"
  ])("%s with three implied decimals, or as it is, is refused", (text) => {
    const format = text === "5" || text.startsWith("21") ? { ...plain, impliedDecimals: 3 } : plain
    assert.throws(() => quantityOf(text, format), /quantity/)
  })
})

describe("a date", () => {
  const as = (format: "YYYYMMDD" | "MM/DD/YYYY" | "ISO", offset = "Z") => ({ format, offset })
  it.each([
    ["20260131", "", as("YYYYMMDD"), "2026-01-31T00:00:00Z"],
    ["20240229", "235959", as("YYYYMMDD", "-05:00"), "2024-02-29T23:59:59-05:00"],
    ["20260131", "240000", as("YYYYMMDD"), "2026-01-31T23:59:59Z"],
    ["00000000", "", as("YYYYMMDD"), undefined],
    ["", "", as("YYYYMMDD"), undefined],
    ["12/31/2026", "", as("MM/DD/YYYY"), "2026-12-31T00:00:00Z"],
    ["2026-01-31 10:20", "", as("ISO", "+01:00"), "2026-01-31T10:20:00+01:00"],
    ["2026-01-31T10:20:30+02:00", "", as("ISO"), "2026-01-31T10:20:30+02:00"]
  ] as const)("%s %s is read", (date, time, format, expected) => {
    assert.equal(timeOf(date, time, format), expected)
  })

  it.each([
    ["20260229", ""],
    ["20261301", ""],
    ["2026-1-1", ""],
    ["20260131", "250000"],
    ["20260131", "noon"]
  ])("%s %s is refused", (date, time) => {
    assert.throws(() => timeOf(date, time, as("YYYYMMDD")), /date|day|time/)
  })
})

describe("a format", () => {
  const fields = PLAIN.fields
  it.each([
    [undefined, /An ERP format needs its settings as an object/],
    [{ ...PLAIN, type: "xml" }, /The setting type must be one of "csv", "fixed"/],
    [{ ...PLAIN, delimitter: ";" }, /has no delimitter/],
    [{ ...PLAIN, delimiter: ";;" }, /delimiter must be one character/],
    [{ ...PLAIN, delimiter: '"' }, /delimiter and quote must differ/],
    [{ ...PLAIN, encoding: "utf16" }, /The setting encoding/],
    [{ ...PLAIN, fields: { sku: "sku" } }, /needs fields.sku and fields.quantity/],
    [{ ...PLAIN, fields: { ...fields, item: "item" } }, /fields.item needs fields.document/],
    [{ ...PLAIN, header: false }, /fields.sku needs a column: its number from 1/],
    [{ ...PLAIN, fields: { ...fields, movement: "type" } }, /either fields.movement, or everyRow/],
    [{ type: "csv", fields }, /either fields.movement, or everyRow/],
    [{ ...PLAIN, everyRow: { type: "sold" } }, /everyRow needs a type: sale, receipt/],
    [{ ...PLAIN, everyRow: { type: "sale", direction: "in" } }, /everyRow is of type sale and needs a direction: out/],
    [{ ...PLAIN, everyRow: { type: "adjustment" } }, /needs a direction: in, out, given/],
    [{ ...PLAIN, number: { point: ",", thousands: "," } }, /must differ/],
    [{ ...PLAIN, number: { impliedDecimals: 1.5 } }, /number.impliedDecimals must be an integer from 0 to 9/],
    [{ ...PLAIN, date: { format: "YYMMDD" } }, /The setting format must be one of "YYYYMMDD"/],
    [{ ...PLAIN, date: { offset: "CET" } }, /date.offset must be Z or/],
    [{ ...PLAIN, trailer: { marker: "T", count: "rows" } }, /trailer.count needs its column's number/],
    [{ ...PLAIN, ignore: [{ field: "x", values: "y" }] }, /ignore.values must be a list/],
    [{ type: "fixed", fields: { sku: { start: 0, length: 3 } } }, /fields.sku.start must be an integer from 1/]
  ])("%j is refused in one sentence", (format, message) => {
    assert.throws(() => erpFormat(format), message)
  })

  it("takes every movement of SAP's table through its own check", () => {
    const table = { type: "csv", fields: { ...fields, movement: "m" }, sapMovements: false, movements: SAP_MOVEMENTS }
    const read = erpFormat(table).movements
    assert.deepEqual(Object.fromEntries(read), { ...SAP_MOVEMENTS })
  })
})
