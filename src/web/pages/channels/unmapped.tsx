/** What a channel lists that no SKU stands behind: mapped one by one, or all by the SKUs that the channel has for them. */
import type { UnmappedItem } from "../../../channels/protocol.ts"
import { units } from "../../app/formats.ts"
import { MapForm } from "./map-form.tsx"

interface UnmappedProps {
  readonly channel: string
  readonly items: ReadonlyArray<UnmappedItem>
  readonly onMap: (listingId: string, sku: string) => void
  readonly onMapAll: () => void
}

export const Unmapped = ({ channel, items, onMap, onMapAll }: UnmappedProps) => (
  <section aria-labelledby="unmapped">
    <header>
      <h2 id="unmapped">Listings without a SKU</h2>
      {items.some(({ sku }) => sku !== null) ? (
        <button type="button" onClick={onMapAll}>
          Map by the channel&rsquo;s SKUs
        </button>
      ) : null}
    </header>
    {items.length === 0 ? (
      <p className="quiet">None: every listing that was seen on {channel} has its SKU.</p>
    ) : (
      <table>
        <thead>
          <tr>
            <th scope="col">Listing</th>
            <th scope="col">SKU there</th>
            <th scope="col">Shows</th>
            <th scope="col">
              <span className="visually-hidden">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ listingId, sku, quantity }) => (
            <tr key={listingId}>
              <td>{listingId}</td>
              <td>{sku ?? "\u2013"}</td>
              <td className="number">{units(quantity)}</td>
              <td>
                <MapForm listingId={listingId} suggested={sku ?? ""} onMap={onMap} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </section>
)
