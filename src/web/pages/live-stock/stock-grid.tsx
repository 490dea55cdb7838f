/**
 * The stock grid: only the rows in sight exist, however many SKUs there are.
 *
 * The grid itself holds the focus and names the active row (`aria-activedescendant`), because a focused row element
 * would lose the focus whenever it is scrolled or sorted out of the window. The active row is remembered by SKU.
 */
import type { KeyboardEvent, RefObject } from "react"
import { useCallback, useEffect, useLayoutEffect, useMemo, useState } from "react"
import type { ListingView } from "../../stock/listing.ts"
import { movedIndex, scrollTopToShow, slotCount, visibleRange } from "../../stock/windowing.ts"
import type { GridMove, Viewport } from "../../stock/windowing.ts"
import { COLUMNS } from "./columns.ts"
import { GridHeader } from "./grid-header.tsx"
import { rowId, StockGridRow } from "./stock-row.tsx"

const MOVES: Readonly<Record<string, GridMove>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  PageUp: "pageUp",
  PageDown: "pageDown",
  Home: "first",
  End: "last"
}

/** As grid.css sets it. */
const HEADER_HEIGHT_PX = 34

interface StockGridProps {
  readonly grid: RefObject<HTMLDivElement | null>
  readonly view: ListingView
  readonly rowHeightPx: number
  readonly openSku: string | undefined
  readonly onOpen: (sku: string, how: "pointer" | "keyboard") => void
}

/** The part of the list in sight. Its top is kept to whole rows, so that scrolling renders once a row. */
const useViewport = (grid: RefObject<HTMLDivElement | null>, rowHeightPx: number) => {
  const [top, setTop] = useState(0)
  const [heightPx, setHeightPx] = useState(0)
  useLayoutEffect(() => {
    const element = grid.current
    if (element === null) return undefined
    const measure = (): void => setHeightPx(Math.max(0, element.clientHeight - HEADER_HEIGHT_PX))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [grid])
  const onScroll = useCallback(() => {
    setTop(Math.floor((grid.current?.scrollTop ?? 0) / rowHeightPx) * rowHeightPx)
  }, [grid, rowHeightPx])
  return { viewport: { scrollTop: top, heightPx: heightPx + rowHeightPx, rowHeightPx }, onScroll }
}

export const StockGrid = ({ grid, view, rowHeightPx, openSku, onOpen }: StockGridProps) => {
  const { skus, arrangement } = view
  const { viewport, onScroll } = useViewport(grid, rowHeightPx)
  const [activeSku, setActiveSku] = useState<string>()
  const activeIndex = useMemo(() => (activeSku === undefined ? -1 : skus.indexOf(activeSku)), [activeSku, skus])
  const { first, end } = visibleRange(viewport, skus.length)
  const slots = slotCount(viewport)

  useEffect(() => {
    if (grid.current !== null) grid.current.scrollTop = 0
  }, [grid, arrangement])

  const openByPointer = useCallback(
    (sku: string) => {
      setActiveSku(sku)
      onOpen(sku, "pointer")
    },
    [onOpen]
  )

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const element = grid.current
    if (event.target !== element || element === null || event.ctrlKey || event.metaKey || event.altKey) return
    const move = MOVES[event.key]
    if (move !== undefined) {
      event.preventDefault()
      const heightPx = element.clientHeight - HEADER_HEIGHT_PX
      const exact: Viewport = { scrollTop: element.scrollTop, heightPx, rowHeightPx }
      const index = movedIndex(activeIndex, move, exact, skus.length)
      setActiveSku(skus[index])
      if (index >= 0) element.scrollTop = scrollTopToShow(index, exact)
    } else if ((event.key === "Enter" || event.key === " ") && activeSku !== undefined && activeIndex >= 0) {
      event.preventDefault()
      onOpen(activeSku, "keyboard")
    }
  }

  const activeExists = activeIndex >= first && activeIndex < end
  return (
    <div
      ref={grid}
      role="grid"
      className="grid"
      aria-label="Stock by SKU"
      aria-rowcount={skus.length + 1}
      aria-colcount={COLUMNS.length}
      aria-activedescendant={activeExists ? rowId(activeIndex) : undefined}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <GridHeader arrangement={arrangement} />
      <div role="rowgroup" className="grid-body" style={{ height: skus.length * rowHeightPx }}>
        {skus.slice(first, end).map((sku, offset) => (
          <StockGridRow
            key={(first + offset) % slots}
            sku={sku}
            index={first + offset}
            rowHeightPx={rowHeightPx}
            active={sku === activeSku}
            selected={sku === openSku}
            onOpen={openByPointer}
          />
        ))}
      </div>
    </div>
  )
}
