/**
 * The retailer's file against the journal: totals from the file's own text, by a few lines that share no code with the
 * replay. What a product is and what a row means is written down in the replay's `rows.ts`; this is another reading of it.
 */
import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import { parse } from "csv-parse"
import type { Accounts } from "./accounts.ts"

export interface FileTotals {
  /** Units by which the file has moved each product, up (+) or down (-). */
  readonly units: Map<string, number>
  readonly rows: number
  /** Lines of carts that were not bought, and are not in the units. */
  readonly unbought: number
}

export interface FileOptions {
  /** Carts (`invoice <number>:<first line>-<last line>`) whose sold lines did not come about. */
  readonly unboughtCarts?: ReadonlySet<string>
  /** Milliseconds since the epoch. */
  readonly fromMs?: number
  readonly untilMs?: number
}

export const fileTotals = async (path: string, options: FileOptions = {}): Promise<FileTotals> => {
  const { fromMs = -Infinity, untilMs = Infinity } = options
  const missed = rangesOf(options.unboughtCarts ?? new Set())
  const file = createReadStream(path)
  const text = path.endsWith(".gz") ? file.pipe(createGunzip()) : file
  const parser = text.pipe(parse({ bom: true, from_line: 2, relax_column_count: true, relax_quotes: true }))
  for (const stream of [file, text]) stream.on("error", (error: Error) => parser.destroy(error))
  const units = new Map<string, number>()
  const lineOf = new Map<string, number>()
  let rows = 0
  let unbought = 0
  for await (const fields of parser as AsyncIterable<ReadonlyArray<string>>) {
    const [invoice = "", code = "", description = "", quantity = "", date = "", price = "", customer = ""] = fields
    const line = (lineOf.get(invoice) ?? 0) + 1
    lineOf.set(invoice, line)
    const atMs = Date.parse(`${date}Z`)
    if (!(atMs >= fromMs && atMs < untilMs)) continue
    rows++
    const sku = code.trim().toUpperCase()
    if (!/^(\d{5}[A-Z]*|DCGS\w+)$/.test(sku) || !/^-?\d+$/.test(quantity)) continue
    const count = Number(quantity)
    const isCorrection = Number(price) === 0 && customer === "" && !isNamedInCapitals(description)
    const isSale = count > 0 && !isCorrection
    if (isSale && missed.get(invoice)?.some(([first, last]) => line >= first && line <= last) === true) {
      unbought++
      continue
    }
    const comesBack = count < 0 && invoice.startsWith("C")
    units.set(sku, (units.get(sku) ?? 0) + (isSale ? -count : comesBack ? -count : count))
  }
  return { units, rows, unbought }
}

/** "FRENCH BLUE METAL DOOR SIGN No" is an article; "found", "Manual" and nothing are not. */
const isNamedInCapitals = (description: string): boolean => {
  const [first = ""] = description.trim().split(/\s+/)
  return first !== "" && first === first.toUpperCase()
}

const rangesOf = (carts: ReadonlySet<string>): Map<string, Array<readonly [first: number, last: number]>> => {
  const ranges = new Map<string, Array<readonly [number, number]>>()
  for (const cart of carts) {
    const [, invoice = "", first, last] = /^invoice (.*):(\d+)-(\d+)$/.exec(cart) ?? []
    if (first === undefined) continue
    ranges.set(invoice, [...(ranges.get(invoice) ?? []), [Number(first), Number(last)]])
  }
  return ranges
}

export const compareFile = async (path: string, accounts: Accounts, options: FileOptions = {}): Promise<FileTotals> => {
  const totals = await fileTotals(path, { ...options, unboughtCarts: accounts.unboughtCarts })
  for (const [sku, units] of totals.units) {
    const moved = accounts.bySku.get(sku)?.fileUnits ?? 0
    if (moved !== units) accounts.find(sku, `the file moves it by ${units} units, the journal by ${moved}`)
  }
  for (const [sku, { fileUnits }] of accounts.bySku) {
    if (fileUnits !== 0 && !totals.units.has(sku)) {
      accounts.find(sku, `the journal moves it by ${fileUnits} units, and the file does not name it`)
    }
  }
  return totals
}
