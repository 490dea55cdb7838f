/** The grid's columns: what they are called, how they are aligned, and what a click on the header sorts by. */
import type { SortColumn } from "../../stock/arrange.ts"

export interface Column {
  readonly id: SortColumn
  readonly label: string
  /** Said by the header's tooltip. */
  readonly meaning: string
  readonly align: "start" | "end"
}

export const COLUMNS: ReadonlyArray<Column> = [
  { id: "sku", label: "SKU", meaning: "Stock keeping unit", align: "start" },
  { id: "available", label: "Available", meaning: "Physical less allocated", align: "end" },
  { id: "trend", label: "Last changes", meaning: "Available over the last 32 changes seen", align: "start" },
  { id: "physical", label: "Physical", meaning: "Units that are there", align: "end" },
  { id: "allocated", label: "Allocated", meaning: "Units promised to open holds", align: "end" },
  { id: "safetyThreshold", label: "Safety", meaning: "At or below it, stock is low", align: "end" },
  { id: "version", label: "Version", meaning: "Changes since the SKU was first known", align: "end" },
  { id: "atMs", label: "Changed", meaning: "When the newest version was made", align: "end" }
]

/** Two lines of text would need more; 33 with its border leaves 25 rows on a 1,280 x 900 screen. */
export const ROW_HEIGHT_PX = 33

/** A finger needs more room than a pointer. */
export const ROW_HEIGHT_NARROW_PX = 44
