/**
 * One row of the grid. Listens to its own SKU only, so a change paints one row and nothing around it.
 */
import { memo } from "react"
import { clockTime, signedUnits, UNKNOWN, units } from "../../app/formats.ts"
import { nowMs } from "../../hub/clock.ts"
import { levelOf } from "../../stock/levels.ts"
import type { StockRow } from "../../stock/store.ts"
import { useStockRow } from "../../stock/use-stock-row.ts"
import { LevelBadge } from "./level-badge.tsx"
import { Sparkline } from "./sparkline.tsx"

/** As long as the animation in grid.css; a row scrolled into sight later does not flash for what is past. */
const FLASH_MS = 900

/** Two names for one animation: going from the one to the other starts it again without replacing the element. */
const flashOf = (row: StockRow): string | undefined => {
  if (row.changedAtMs === 0 || nowMs() - row.changedAtMs > FLASH_MS) return undefined
  return row.version % 2 === 0 ? "even" : "odd"
}

const directionOf = (delta: number): string => {
  if (delta === 0) return "same"
  return delta > 0 ? "up" : "down"
}

interface StockGridRowProps {
  readonly sku: string
  readonly index: number
  readonly rowHeightPx: number
  readonly active: boolean
  readonly selected: boolean
  readonly onOpen: (sku: string) => void
}

export const rowId = (index: number): string => `stock-row-${index}`

export const StockGridRow = memo((props: StockGridRowProps) => {
  const { sku, index, rowHeightPx, active, selected, onOpen } = props
  const row = useStockRow(sku)
  if (row === undefined) return null
  const level = levelOf(row)
  const trend = row.history.trend()
  return (
    <div
      role="row"
      id={rowId(index)}
      className="grid-row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-active={active || undefined}
      data-level={level}
      style={{ transform: `translateY(${index * rowHeightPx}px)`, height: rowHeightPx }}
      onClick={() => onOpen(sku)}
    >
      <div role="rowheader" aria-colindex={1} className="cell cell-sku" title={sku}>
        <span className="cell-sku-name">{sku}</span>
        <LevelBadge level={level} />
      </div>
      <div role="gridcell" aria-colindex={2} className="cell cell-available">
        <span className="flash" data-flash={flashOf(row)} data-direction={directionOf(row.delta)}>
          {units(row.available)}
        </span>
      </div>
      <div role="gridcell" aria-colindex={3} className="cell cell-trend">
        <Sparkline history={row.history} />
        <span className="cell-trend-delta">{trend === 0 ? "" : signedUnits(trend)}</span>
      </div>
      <div role="gridcell" aria-colindex={4} className="cell cell-wide">
        {units(row.physical)}
      </div>
      <div role="gridcell" aria-colindex={5} className="cell cell-wide">
        {units(row.allocated)}
      </div>
      <div role="gridcell" aria-colindex={6} className="cell cell-wide cell-quiet">
        {row.safetyThreshold === 0 ? UNKNOWN : units(row.safetyThreshold)}
      </div>
      <div role="gridcell" aria-colindex={7} className="cell cell-wide cell-quiet">
        {units(row.version)}
      </div>
      <div role="gridcell" aria-colindex={8} className="cell cell-wide cell-quiet">
        {clockTime(row.atMs)}
      </div>
    </div>
  )
})
