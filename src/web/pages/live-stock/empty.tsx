/** What stands where rows would be: not yet, none at all, none that match, or no hub. */
import { useSyncExternalStore } from "react"
import { usePhase } from "../../app/connection.tsx"
import { useHub } from "../../hub/client.ts"
import type { ListingView } from "../../stock/listing.ts"

const SKELETON_ROWS = Array.from({ length: 14 }, (_, index) => index)

const Skeleton = () => (
  <div className="skeleton" aria-hidden="true">
    {SKELETON_ROWS.map((row) => (
      <div key={row} className="skeleton-row">
        <span />
        <span />
        <span />
        <span />
      </div>
    ))}
  </div>
)

const Message = ({ title, text }: { readonly title: string; readonly text: string }) => (
  <div className="empty-message">
    <h2>{title}</h2>
    <p>{text}</p>
  </div>
)

const NoneMatch = ({ view }: { readonly view: ListingView }) => {
  const { listing } = useHub()
  const { search, filter } = view.arrangement
  const what = { all: "SKU", low: "SKU with low stock", oversold: "oversold SKU" }[filter]
  const title = search.trim() === "" ? `No ${what}` : `No ${what} contains “${search.trim()}”`
  return (
    <div className="empty-message">
      <h2>{title}</h2>
      <button
        type="button"
        className="button"
        onClick={() => listing.arrange((current) => ({ ...current, search: "", filter: "all" }))}
      >
        Show all
      </button>
    </div>
  )
}

export const Empty = ({ view }: { readonly view: ListingView }) => {
  const { stock } = useHub()
  const phase = usePhase()
  const { skus } = useSyncExternalStore(stock.subscribe, stock.totals)
  if (view.skus.length > 0) return null
  return (
    <div className="empty">
      {skus > 0 ? <NoneMatch view={view} /> : null}
      {skus === 0 && phase === "live" ? (
        <Message title="No stock yet" text="A SKU appears with its first fact: a receipt, a count, a sale." />
      ) : null}
      {skus === 0 && phase === "connecting" ? <Skeleton /> : null}
      {skus === 0 && (phase === "offline" || phase === "stale") ? (
        <Message title="The hub cannot be reached" text="The page keeps trying and fills in as soon as it answers." />
      ) : null}
    </div>
  )
}
