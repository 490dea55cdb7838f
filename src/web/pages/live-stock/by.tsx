/** By what live stock is looked at. */
import { Link } from "../../app/router.tsx"
import { placeHref, type View, VIEWS } from "../../stock/places.ts"

const WORDS: Readonly<Record<View, string>> = { sku: "SKUs", location: "Locations", channel: "Channels" }

export const By = ({ by }: { readonly by: View }) => (
  <nav className="filters by" aria-label="Live stock by">
    {VIEWS.map((view) => (
      <Link key={view} href={view === "sku" ? "/" : placeHref(view)} className="filter" isCurrent={view === by}>
        {WORDS[view]}
      </Link>
    ))}
  </nav>
)
