/** What each sales channel is to show of the SKU, and shows. */
import { timeOf, UNKNOWN } from "../../app/formats.ts"
import { Box, ofNumbers, Ready, Table } from "../../app/parts.tsx"
import { Link } from "../../app/router.tsx"
import { useReading } from "../../app/use-reading.ts"
import { countOf, ListingState } from "../../stock/listing-state.tsx"
import { placeHref } from "../../stock/places.ts"

const EVERY_MS = 3_000

const COLUMNS = ["Channel", "Listing", ...ofNumbers("Shows", "Ought to"), "State", "Confirmed"]

export const Listings = ({ sku }: { readonly sku: string }) => {
  const list = useReading("/v1/stock/:sku/listings", { names: { sku } }, EVERY_MS)
  return (
    <Box id="listings" title="What channels show">
      <Ready of={list} what="the channels">
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">No channel lists it.</p>
          ) : (
            <Table label="What channels show" columns={COLUMNS}>
              {items.map((item) => (
                <tr key={`${item.channel} ${item.listingId}`}>
                  <th scope="row">
                    <Link href={placeHref("channel", item.channel)}>{item.channel}</Link>
                  </th>
                  <td>{item.listingId}</td>
                  <td className="number detail-strong">{countOf(item.shown)}</td>
                  <td className="number">{countOf(item.wanted)}</td>
                  <td title={item.givenUp?.message}>
                    <ListingState listing={item} />
                  </td>
                  <td>{item.confirmedAt === null ? UNKNOWN : timeOf(item.confirmedAt)}</td>
                </tr>
              ))}
            </Table>
          )
        }
      </Ready>
    </Box>
  )
}
