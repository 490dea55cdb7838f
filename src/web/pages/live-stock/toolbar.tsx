/** Search, filter, and holding the order still. What they do to the list is the listing's work. */
import type { KeyboardEvent, RefObject } from "react"
import { useEffect, useRef, useState, useSyncExternalStore } from "react"
import { units } from "../../app/formats.ts"
import { HoldIcon, SearchIcon } from "../../app/icons.tsx"
import { useHub } from "../../hub/client.ts"
import type { StockFilter } from "../../stock/arrange.ts"
import type { ListingView } from "../../stock/listing.ts"
import { By } from "./by.tsx"

interface ToolbarProps {
  readonly view: ListingView
  readonly search: RefObject<HTMLInputElement | null>
  /** Leaves the search field for the list. */
  readonly onLeave: () => void
}

const SearchField = ({ view, search, onLeave }: ToolbarProps) => {
  const { listing } = useHub()
  const setSearch = (text: string): void => listing.arrange((current) => ({ ...current, search: text }))
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.preventDefault()
      if (view.arrangement.search === "") onLeave()
      else setSearch("")
    } else if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault()
      onLeave()
    }
  }
  return (
    <div className="search">
      <SearchIcon />
      <input
        ref={search}
        type="search"
        className="search-input"
        aria-label="Search by SKU"
        aria-keyshortcuts="/"
        placeholder="Search SKU"
        autoComplete="off"
        spellCheck={false}
        maxLength={128}
        value={view.arrangement.search}
        onChange={(event) => setSearch(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <kbd className="search-key" aria-hidden="true">
        /
      </kbd>
    </div>
  )
}

const SAID_AFTER_MS = 700

/** How many a search or filter has found, said once: their number moves with the stock, and nobody wants to hear all of that. */
const Found = ({ view: { arrangement, skus } }: { readonly view: ListingView }) => {
  const { filter, search } = arrangement
  const [said, setSaid] = useState("")
  const newest = useRef(skus.length)
  useEffect(() => {
    newest.current = skus.length
  }, [skus.length])
  useEffect(() => {
    if (search.trim() === "" && filter === "all") return setSaid("")
    const timer = setTimeout(() => setSaid(`${units(newest.current)} found`), SAID_AFTER_MS)
    return () => clearTimeout(timer)
  }, [search, filter])
  return (
    <p className="visually-hidden" role="status">
      {said}
    </p>
  )
}

export const Toolbar = ({ view, search, onLeave }: ToolbarProps) => {
  const { listing, stock } = useHub()
  const totals = useSyncExternalStore(stock.subscribe, stock.totals)
  const filters: ReadonlyArray<readonly [StockFilter, string, number]> = [
    ["all", "All", totals.skus],
    ["low", "Low stock", totals.low],
    ["oversold", "Oversold", totals.oversold]
  ]
  return (
    <div className="toolbar">
      <By by="sku" />
      <SearchField view={view} search={search} onLeave={onLeave} />
      <div className="filters" role="group" aria-label="Show">
        {filters.map(([filter, label, count]) => (
          <button
            key={filter}
            type="button"
            className="filter"
            data-filter={filter}
            aria-pressed={view.arrangement.filter === filter}
            onClick={() => listing.arrange((current) => ({ ...current, filter }))}
          >
            {label} <span className="filter-count">{units(count)}</span>
          </button>
        ))}
      </div>
      <p className="shown">
        {units(view.skus.length)} shown{totals.truncated ? `, the first ${units(totals.skus)} SKUs only` : ""}
      </p>
      <Found view={view} />
      <button
        type="button"
        className="button hold"
        aria-label="Hold order"
        aria-pressed={view.held}
        title="Keep the rows where they are while their numbers change"
        onClick={() => listing.hold(!view.held)}
      >
        <HoldIcon />
        <span>Hold order</span>
      </button>
    </div>
  )
}
