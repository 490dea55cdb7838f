/**
 * Rows of the Online Retail file: read as a stream, told apart into what they mean for the stock.
 *
 * The file's traps, and what is made of them:
 * - codes that are no product (postage, fees, vouchers, corrections by hand): not stock, counted by kind and left out. A
 *   product's code is five digits with letters after them, or DCGS with what follows: those are goods with quantities
 *   and prices like any other. `PADS`, `M` and the like are listed below; an unlisted code is left out and named.
 * - codes that differ only by letter case (`85099b`, `85099B`): one product; SKUs here are written in upper case.
 * - exact duplicate lines: kept. The same article scanned twice is how a till writes two of it, and the source's own
 *   totals count both. Each line has an id of its own: the invoice and the line's number in it.
 * - an invoice that starts with C and has negative quantities: a return. A reversed giant order (±74,215) is a sale and its
 *   return; stock is opened high enough that it could have been sold.
 * - corrections of the stock that are written as invoices: a negative quantity on a common invoice ("damaged", "lost",
 *   "?"), and a positive one that has neither price nor customer and a note in place of the article's name ("found",
 *   "returned", or nothing). Both are adjustments, with the sign that the file gives them.
 * - other zero prices (gifts), negative prices, blank customers, trailing spaces: nothing to do with stock; the row counts.
 * - what cannot be read is rejected with its line and reason, and reading goes on.
 */
import { QUANTITY_MAX } from "../../config/limits.ts"
import { readCsv } from "../csv.ts"

export interface Row {
  /** Line of the file on which the row starts, the header's being 1. */
  readonly line: number
  readonly invoice: string
  readonly code: string
  readonly description: string
  /** NaN when it is no number. */
  readonly quantity: number
  /** Milliseconds since the epoch, NaN when it cannot be read; the file's times are taken as UTC. */
  readonly at: number
  readonly price: number
  readonly customer: string
}

export type Meaning =
  | { readonly kind: "sale" | "return" | "adjustment"; readonly sku: string; readonly units: number }
  | { readonly kind: "skipped" | "rejected"; readonly reason: string }

export type Movement = Extract<Meaning, { readonly sku: string }>

const PRODUCT = /^(\d{5}[A-Z]*|DCGS\w+)$/

/** What the codes stand for that are no product. */
const notGoods: Readonly<Record<string, string>> = {
  POST: "postage",
  DOT: "postage",
  C2: "carriage",
  M: "correction by hand",
  D: "discount",
  S: "samples",
  B: "bad debt",
  "BANK CHARGES": "bank charges",
  AMAZONFEE: "marketplace fee",
  CRUK: "donation",
  PADS: "pads that go with another article"
}

export const skuOf = (code: string): string => code.trim().toUpperCase()

export const meaningOf = (row: Row): Meaning => {
  const sku = skuOf(row.code)
  const wrong = unreadable(row)
  if (wrong !== undefined) return { kind: "rejected", reason: wrong }
  if (!PRODUCT.test(sku)) return { kind: "skipped", reason: notGoodsReason(sku) }
  if (row.quantity === 0) return { kind: "skipped", reason: "quantity 0" }
  if (row.quantity < 0 && row.invoice.startsWith("C")) return { kind: "return", sku, units: -row.quantity }
  if (row.quantity < 0 || isNote(row)) return { kind: "adjustment", sku, units: row.quantity }
  return { kind: "sale", sku, units: row.quantity }
}

const unreadable = (row: Row): string | undefined => {
  if (row.invoice === "") return "the invoice number is missing"
  if (row.code.trim() === "") return "the stock code is missing"
  if (!Number.isSafeInteger(row.quantity)) return "the quantity is no integer"
  if (Math.abs(row.quantity) > QUANTITY_MAX) return `the quantity is above ${QUANTITY_MAX}`
  return Number.isNaN(row.at) ? "the date cannot be read" : undefined
}

const notGoodsReason = (sku: string): string =>
  `${sku}: ${sku.startsWith("GIFT_") ? "gift voucher" : (notGoods[sku] ?? "no product's code")}`

/** Articles are named in capitals; who corrects the stock writes "found", "Manual", "came coded as …", or nothing. */
const isNote = ({ price, customer, description }: Row): boolean =>
  price === 0 && customer === "" && /^$|\p{Ll}/u.test(description.trim().split(/\s/, 1)[0] ?? "")

/** How the row changes the stock of its product; 0 for what is left out. */
export const effectOf = (meaning: Meaning): number => {
  if (meaning.kind === "sale") return -meaning.units
  return meaning.kind === "return" || meaning.kind === "adjustment" ? meaning.units : 0
}

const COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"] as const

type Column = (typeof COLUMNS)[number]

/** A row that is not even a row: told to `onBroken` with the line and what is wrong. */
export type OnBroken = (line: number, reason: string) => void

/** Reads `.csv` and `.csv.gz`, in constant memory. Throws when the header is not the file's that this is made for. */
export async function* readRows(path: string, onBroken: OnBroken = () => undefined): AsyncGenerator<Row> {
  let columns: Readonly<Record<Column, number>> | undefined
  for await (const { line, fields } of readCsv(path)) {
    if (columns === undefined) columns = columnsOf(fields ?? [])
    else if (fields === undefined) onBroken(line, "a quote is opened and never closed")
    else if (fields.length < COLUMNS.length) onBroken(line, `there are ${fields.length} columns in place of 8`)
    else yield rowOf(fields, columns, line)
  }
  if (columns === undefined) throw new WrongFile("The file is empty.")
}

const columnsOf = (header: ReadonlyArray<string>): Readonly<Record<Column, number>> => {
  const missing = COLUMNS.filter((column) => !header.includes(column))
  if (missing.length > 0) {
    throw new WrongFile(`The file has no column ${missing.join(", ")}; it is not Online Retail data.`)
  }
  return Object.fromEntries(COLUMNS.map((column) => [column, header.indexOf(column)])) as Record<Column, number>
}

const rowOf = (fields: ReadonlyArray<string>, columns: Readonly<Record<Column, number>>, line: number): Row => {
  const field = (column: Column): string => fields[columns[column]] ?? ""
  return {
    line,
    invoice: field("InvoiceNo").trim(),
    code: field("StockCode"),
    description: field("Description"),
    quantity: numberOf(field("Quantity")),
    at: Date.parse(`${field("InvoiceDate").trim().replace(" ", "T")}Z`),
    price: numberOf(field("UnitPrice")),
    customer: field("CustomerID").trim()
  }
}

const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text))

/** The file is not what it is taken for. */
export class WrongFile extends Error {
  override readonly name = "WrongFile"
}
