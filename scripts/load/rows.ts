/**
 * Rows of counted stock: `sku,quantity[,locationId][,safetyThreshold]`, told apart into what can be loaded and what not.
 *
 * Columns are found by their names, in any order; others are left alone. A place that was counted twice in one file is an
 * error: which of the two is right cannot be known.
 */
import { ID_LENGTH_MAX, QUANTITY_MAX } from "../../config/limits.ts"
import { readCsv } from "../csv.ts"

export interface StockRow {
  /** The file's first line, the header, is 1. */
  readonly line: number
  readonly sku: string
  readonly quantity: number
  readonly locationId: string | undefined
  readonly safetyThreshold: number | undefined
}

export interface WrongRow {
  readonly line: number
  readonly reason: string
}

/** The file is not what it is taken for. */
export class WrongStockFile extends Error {
  override readonly name = "WrongStockFile"
}

const COLUMNS = ["sku", "quantity", "locationId", "safetyThreshold"] as const
type Column = (typeof COLUMNS)[number]

/** In constant memory but for the places that were counted, which are remembered to notice a second count. */
export async function* readStock(path: string): AsyncGenerator<StockRow | WrongRow> {
  let header: ReadonlyArray<string> | undefined
  const counted = new Map<string, number>()
  for await (const { line, fields } of readCsv(path)) {
    if (header === undefined) {
      header = headerOf(fields ?? [])
      continue
    }
    const row =
      fields === undefined ? { line, reason: "a quote is opened and never closed" } : rowOf(fields, header, line)
    if ("reason" in row) {
      yield row
      continue
    }
    const place = JSON.stringify([row.sku, row.locationId ?? "default"])
    const before = counted.get(place)
    if (before === undefined) {
      counted.set(place, line)
      yield row
    } else yield { line, reason: `${row.sku} at ${row.locationId ?? "default"} was counted on line ${before} already` }
  }
  if (header === undefined) throw new WrongStockFile("The file is empty.")
}

const headerOf = (fields: ReadonlyArray<string>): ReadonlyArray<string> => {
  const names = fields.map((field) => field.trim())
  const missing = ["sku", "quantity"].filter((name) => !names.includes(name))
  if (missing.length === 0) return names
  throw new WrongStockFile(`The file has no column ${missing.join(", ")}; its first line must name sku and quantity.`)
}

const rowOf = (fields: ReadonlyArray<string>, header: ReadonlyArray<string>, line: number): StockRow | WrongRow => {
  if (fields.length > header.length)
    return { line, reason: `there are ${fields.length} columns, the header has ${header.length}` }
  const field = (name: Column): string => (fields[header.indexOf(name)] ?? "").trim()
  const sku = field("sku")
  const quantity = field("quantity")
  const locationId = field("locationId")
  const safetyThreshold = field("safetyThreshold")
  if (sku === "" || sku.length > ID_LENGTH_MAX)
    return { line, reason: `sku must have 1 to ${ID_LENGTH_MAX} characters` }
  if (locationId.length > ID_LENGTH_MAX)
    return { line, reason: `locationId must have at most ${ID_LENGTH_MAX} characters` }
  if (!isUnits(quantity)) return { line, reason: `quantity "${quantity}" is no count of units` }
  if (safetyThreshold !== "" && !isUnits(safetyThreshold)) {
    return { line, reason: `safetyThreshold "${safetyThreshold}" is no count of units` }
  }
  return {
    line,
    sku,
    quantity: Number(quantity),
    locationId: locationId === "" ? undefined : locationId,
    safetyThreshold: safetyThreshold === "" ? undefined : Number(safetyThreshold)
  }
}

const isUnits = (text: string): boolean => /^\d{1,10}$/.test(text) && Number(text) <= QUANTITY_MAX
