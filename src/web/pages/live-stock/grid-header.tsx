/** The grid's header row: names, and sorting by a button in each, which a keyboard reaches like any other. */
import { sortedBy } from "../../stock/arrange.ts"
import type { Arrangement } from "../../stock/arrange.ts"
import { useHub } from "../../hub/client.ts"
import { COLUMNS } from "./columns.ts"
import type { Column } from "./columns.ts"

const ariaSort = (column: Column, arrangement: Arrangement): "ascending" | "descending" | "none" => {
  if (column.id !== arrangement.column) return "none"
  return arrangement.ascending ? "ascending" : "descending"
}

const SortMark = () => (
  <svg className="sort-mark" viewBox="0 0 8 8" width="8" height="8" aria-hidden="true" focusable="false">
    <path d="M1 5.5 4 2l3 3.5" />
  </svg>
)

export const GridHeader = ({ arrangement }: { readonly arrangement: Arrangement }) => {
  const { listing } = useHub()
  return (
    <div role="rowgroup" className="grid-head">
      <div role="row" aria-rowindex={1} className="grid-head-row">
        {COLUMNS.map((column, index) => (
          <div
            key={column.id}
            role="columnheader"
            aria-colindex={index + 1}
            aria-sort={ariaSort(column, arrangement)}
            className="head-cell"
            data-column={column.id}
            data-align={column.align}
          >
            <button
              type="button"
              className="head-button"
              title={column.meaning}
              onClick={() => listing.arrange((current) => sortedBy(current, column.id))}
            >
              {column.label}
              <SortMark />
            </button>
          </div>
        ))}
      </div>
    </div>
  )
}
