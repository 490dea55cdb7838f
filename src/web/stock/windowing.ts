/**
 * Which rows of a long list need to exist: fixed-height windowing as arithmetic, without a browser.
 */

export interface Viewport {
  readonly scrollTop: number
  /** Of the rows' part alone, without a header that stays in place. */
  readonly heightPx: number
  readonly rowHeightPx: number
}

export interface RowRange {
  readonly first: number
  /** One past the last. */
  readonly end: number
}

/** Rows kept beyond each edge: more than a wheel's notch, which is 3, moves in one frame. */
export const OVERSCAN_ROWS = 5

export const visibleRange = (viewport: Viewport, count: number, overscanRows = OVERSCAN_ROWS): RowRange => {
  // A browser that bounces at the edges reports positions outside of the list.
  const top = Math.max(0, Math.min(viewport.scrollTop, count * viewport.rowHeightPx - viewport.heightPx))
  const first = Math.max(0, Math.floor(top / viewport.rowHeightPx) - overscanRows)
  const end = Math.min(count, Math.ceil((top + viewport.heightPx) / viewport.rowHeightPx) + overscanRows)
  return { first: Math.min(first, end), end }
}

/**
 * How many row elements serve the whole list. Element `index % slots` shows row `index`, so scrolling and sorting change
 * what elements say instead of making new ones.
 */
export const slotCount = (viewport: Viewport, overscanRows = OVERSCAN_ROWS): number =>
  Math.ceil(viewport.heightPx / viewport.rowHeightPx) + 1 + 2 * overscanRows

/** Where to scroll so that the row is wholly in sight, moving as little as possible. */
export const scrollTopToShow = (index: number, viewport: Viewport): number => {
  const top = index * viewport.rowHeightPx
  if (top < viewport.scrollTop) return top
  return Math.max(viewport.scrollTop, top + viewport.rowHeightPx - viewport.heightPx)
}

export type GridMove = "up" | "down" | "pageUp" | "pageDown" | "first" | "last"

/** The row a key leads to. From nowhere (-1), "down" and the like start at the first row in sight. */
export const movedIndex = (index: number, move: GridMove, viewport: Viewport, count: number): number => {
  if (count === 0) return -1
  const pageRows = Math.max(1, Math.floor(viewport.heightPx / viewport.rowHeightPx) - 1)
  const steps = { up: -1, down: 1, pageUp: -pageRows, pageDown: pageRows, first: -count, last: count }
  if (index < 0 && (move === "up" || move === "down")) {
    return Math.min(count - 1, Math.ceil(viewport.scrollTop / viewport.rowHeightPx))
  }
  return Math.max(0, Math.min(count - 1, Math.max(0, index) + steps[move]))
}
