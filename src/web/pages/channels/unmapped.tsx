/** What a channel lists that no SKU stands behind: mapped one by one, or all by the SKUs that the channel has for them. */
import type { UnmappedItem } from "../../../channels/protocol.ts"
import { UNKNOWN, units } from "../../app/formats.ts"
import { ofNumbers, Table } from "../../app/parts.tsx"
import { MapForm } from "./map-form.tsx"

interface UnmappedProps {
  readonly items: ReadonlyArray<UnmappedItem>
  readonly onMap: (listingId: string, sku: string) => void
}

/** The last one of every table here. */
export const REMEDY = { label: "What to do", isHidden: true }
const COLUMNS = ["Listing", "SKU there", ...ofNumbers("Shows"), REMEDY]

export const Unmapped = ({ items, onMap }: UnmappedProps) => (
  <Table label="Listings without a SKU" columns={COLUMNS}>
    {items.map(({ listingId, sku, quantity }) => (
      <tr key={listingId}>
        <td>{listingId}</td>
        <td>{sku ?? UNKNOWN}</td>
        <td className="number">{units(quantity)}</td>
        <td className="remedy">
          <MapForm listingId={listingId} suggested={sku ?? ""} onMap={onMap} />
        </td>
      </tr>
    ))}
  </Table>
)
