/**
 * Every SKU in a row, with search, sort, filters and one SKU in detail.
 *
 * Puts the parts together and owns what goes between them: the keys that work anywhere on the page, where the focus
 * goes, and which SKU is open (in the address, so it can be linked).
 */
import { useCallback, useEffect, useRef, useSyncExternalStore } from "react"
import { isTyping } from "../../app/keys.ts"
import { useMedia } from "../../app/media.ts"
import { setQuery, useQuery } from "../../app/router.tsx"
import { useHub } from "../../hub/client.ts"
import { ROW_HEIGHT_NARROW_PX, ROW_HEIGHT_PX } from "./columns.ts"
import { Detail } from "./detail.tsx"
import { Empty } from "./empty.tsx"
import { StockGrid } from "./stock-grid.tsx"
import { Toolbar } from "./toolbar.tsx"

/** "/" goes to the search from anywhere; Escape closes the detail unless a field made use of it. */
const usePageKeys = (onSearch: () => void, onEscape: () => void): void => {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.key === "/" && !isTyping(event.target)) {
        event.preventDefault()
        onSearch()
      } else if (event.key === "Escape") onEscape()
    }
    window.addEventListener("keydown", onKeyDown)
    return () => window.removeEventListener("keydown", onKeyDown)
  }, [onSearch, onEscape])
}

export const BySku = () => {
  const { listing } = useHub()
  const view = useSyncExternalStore(listing.subscribe, listing.view)
  const narrow = useMedia("(max-width: 640px)")
  // As detail.css has it: the detail stands where the list was.
  const isListHidden = useMedia("(max-width: 860px)")
  const openSku = useQuery("sku")
  const grid = useRef<HTMLDivElement>(null)
  const search = useRef<HTMLInputElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const focusDetail = useRef(false)
  const focusList = useRef(false)

  const focusGrid = useCallback(() => grid.current?.focus(), [])
  const focusSearch = useCallback(() => search.current?.select(), [])
  const open = useCallback(
    (sku: string, how: "pointer" | "keyboard") => {
      focusDetail.current = how === "keyboard" || isListHidden
      setQuery("sku", sku)
      // The panel may be open already, and on this very SKU: then nothing renders and no effect runs.
      if (focusDetail.current) heading.current?.focus()
    },
    [isListHidden]
  )
  const close = useCallback(() => {
    focusList.current = true
    setQuery("sku", undefined)
  }, [])
  useEffect(() => {
    if (openSku !== undefined && focusDetail.current) heading.current?.focus()
    // On a phone the list is there again only when the detail is gone.
    if (openSku === undefined && focusList.current) focusGrid()
    focusList.current = false
  }, [openSku, focusGrid])
  usePageKeys(focusSearch, close)

  return (
    <div className="workspace" data-detail={openSku === undefined ? undefined : true}>
      <section className="list" aria-label="Stock list">
        <Toolbar view={view} search={search} onLeave={focusGrid} />
        <div className="grid-frame">
          <StockGrid
            grid={grid}
            view={view}
            rowHeightPx={narrow ? ROW_HEIGHT_NARROW_PX : ROW_HEIGHT_PX}
            openSku={openSku}
            onOpen={open}
          />
          <Empty view={view} />
        </div>
      </section>
      {openSku === undefined ? null : <Detail sku={openSku} heading={heading} onClose={close} />}
    </div>
  )
}
