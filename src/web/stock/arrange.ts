/**
 * Which SKUs are shown and in what order: search, filter and sort as plain functions of the rows.
 *
 * Equal values fall back to the SKU, so rows that tie never trade places while other numbers change.
 */
import { isLow, isOversold } from "./levels.ts"
import type { StockRow } from "./store.ts"

export type SortColumn =
  | "sku"
  | "available"
  | "physical"
  | "allocated"
  | "safetyThreshold"
  | "version"
  | "trend"
  | "atMs"
export type StockFilter = "all" | "low" | "oversold"

export interface Arrangement {
  readonly search: string
  readonly filter: StockFilter
  readonly column: SortColumn
  readonly ascending: boolean
}

export const INITIAL_ARRANGEMENT: Arrangement = { search: "", filter: "all", column: "sku", ascending: true }

/** Names in the order people count in: SKU-9 before SKU-10. One collator, because making one costs more than a sort. */
const byName = new Intl.Collator("en", { numeric: true, sensitivity: "variant" })

export const compareSkus = (left: string, right: string): number => {
  const order = byName.compare(left, right)
  if (order !== 0) return order
  return left < right ? -1 : Number(left > right)
}

const isShown = (row: StockRow, filter: StockFilter): boolean => {
  if (filter === "low") return isLow(row)
  return filter === "all" || isOversold(row)
}

const valueOf = (row: StockRow, column: Exclude<SortColumn, "sku">): number =>
  column === "trend" ? row.history.trend() : row[column]

interface Ranked {
  readonly sku: string
  readonly rank: number
  readonly value: number
}

/**
 * `inNameOrder` holds every SKU by name. Values are read once per row rather than once per comparison, because a
 * trend is worked out and because a comparator must not see a number move under it.
 */
export const arrange = (
  inNameOrder: ReadonlyArray<string>,
  rowOf: (sku: string) => StockRow | undefined,
  arrangement: Arrangement
): ReadonlyArray<string> => {
  const { filter, column, ascending } = arrangement
  const search = arrangement.search.trim().toLowerCase()
  const shown: Array<Ranked> = []
  for (const [rank, sku] of inNameOrder.entries()) {
    const row = rowOf(sku)
    if (row === undefined || !isShown(row, filter)) continue
    if (search !== "" && !sku.toLowerCase().includes(search)) continue
    shown.push({ sku, rank, value: column === "sku" ? 0 : valueOf(row, column) })
  }
  const sign = ascending ? 1 : -1
  if (column === "sku") {
    if (!ascending) shown.reverse()
  } else shown.sort((left, right) => sign * (left.value - right.value) || left.rank - right.rank)
  return shown.map((ranked) => ranked.sku)
}

/** A second choice of the same column turns it round. Numbers start with what needs attention: the least, or newest. */
export const sortedBy = (arrangement: Arrangement, column: SortColumn): Arrangement => {
  if (arrangement.column === column) return { ...arrangement, ascending: !arrangement.ascending }
  const newestFirst = column === "atMs" || column === "version" || column === "allocated"
  return { ...arrangement, column, ascending: !newestFirst }
}
