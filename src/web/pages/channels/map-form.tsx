/** Says which SKU stands behind one listing. */
import { type SyntheticEvent, useState } from "react"

interface MapFormProps {
  readonly listingId: string
  /** Filled in to begin with. */
  readonly suggested?: string
  readonly onMap: (listingId: string, sku: string) => void
}

export const MapForm = ({ listingId, suggested = "", onMap }: MapFormProps) => {
  const [sku, setSku] = useState(suggested)
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault()
    if (sku.trim() !== "") onMap(listingId, sku.trim())
  }
  return (
    <form className="map-form" onSubmit={onSubmit}>
      <input
        aria-label={`SKU behind the listing ${listingId}`}
        placeholder="SKU"
        value={sku}
        onChange={(event) => setSku(event.target.value)}
      />
      <button type="submit" className="button">
        Map
      </button>
    </form>
  )
}
