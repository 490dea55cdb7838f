/**
 * Rows of the Online Retail file: read as a stream, told apart into what they mean for the stock.
 *
 * The file's traps, and what is made of them:
 * - codes that are no product (postage, fees, vouchers, manual corrections): not stock, counted and left out. A product's
 *   code is five digits with letters after them, or DCGS with what follows (goods sold for a sister shop).
 * - codes that differ only by letter case (`85099b`, `85099B`): one product; SKUs here are written in upper case.
 * - exact duplicate lines: kept. The same article scanned twice is how a till writes two of it, and the source's own
 *   totals count both. Each line has an id of its own: the invoice and the line's number in it.
 * - an invoice that starts with C and has negative quantities: a return. A reversed giant order (±74,215) is a sale and its
 *   return; stock is opened high enough that it could have been sold.
 * - negative quantities on other invoices ("damaged", "lost", "?"): adjustments.
 * - zero and negative prices, blank customers, trailing spaces: nothing to do with stock; the row counts.
 */
import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import { parse } from "csv-parse"

export interface Row {
  /** Line of the file, the header being 1. */
  readonly line: number
  readonly invoice: string
  readonly code: string
  readonly description: string
  readonly quantity: number
  /** Milliseconds since the epoch; the file's times are taken as UTC. */
  readonly at: number
}

export type Meaning =
  | { readonly kind: "sale" | "return"; readonly sku: string; readonly units: number }
  | { readonly kind: "adjustment"; readonly sku: string; readonly units: number }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "rejected"; readonly reason: string }

const PRODUCT = /^(\d{5}[A-Z]*|DCGS\w+)$/

export const meaningOf = (row: Row): Meaning => {
  const sku = row.code.trim().toUpperCase()
  if (!Number.isSafeInteger(row.quantity)) return { kind: "rejected", reason: "the quantity is no integer" }
  if (Number.isNaN(row.at)) return { kind: "rejected", reason: "the date cannot be read" }
  if (!PRODUCT.test(sku)) return { kind: "skipped", reason: `no product: ${sku}` }
  if (row.quantity === 0) return { kind: "skipped", reason: "quantity 0" }
  if (row.quantity > 0) return { kind: "sale", sku, units: row.quantity }
  if (row.invoice.startsWith("C")) return { kind: "return", sku, units: -row.quantity }
  return { kind: "adjustment", sku, units: row.quantity }
}

/** How the row changes the stock of its product; 0 for what is left out. */
export const effectOf = (meaning: Meaning): number => {
  if (meaning.kind === "sale") return -meaning.units
  return meaning.kind === "return" || meaning.kind === "adjustment" ? meaning.units : 0
}

const COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate"] as const

/** Reads `.csv` and `.csv.gz`, in constant memory. Throws when the header is not the file's that this is made for. */
export async function* readRows(path: string): AsyncGenerator<Row> {
  const file = createReadStream(path)
  const text = path.endsWith(".gz") ? file.pipe(createGunzip()) : file
  file.on("error", (error: Error) => text.destroy(error))
  const records = text.pipe(parse({ columns: true, bom: true, relax_column_count: true }))
  text.on("error", (error: Error) => records.destroy(error))
  let line = 1
  for await (const record of records as AsyncIterable<Record<string, string | undefined>>) {
    if (line === 1) checkHeader(record)
    line++
    yield {
      line,
      invoice: record["InvoiceNo"] ?? "",
      code: record["StockCode"] ?? "",
      description: record["Description"] ?? "",
      quantity: Number(record["Quantity"] === "" ? Number.NaN : record["Quantity"]),
      at: Date.parse(`${(record["InvoiceDate"] ?? "").replace(" ", "T")}Z`)
    }
  }
}

const checkHeader = (record: Readonly<Record<string, unknown>>): void => {
  const missing = COLUMNS.filter((column) => !(column in record))
  if (missing.length > 0) throw new Error(`The file has no column ${missing.join(", ")}; it is not Online Retail data.`)
}
