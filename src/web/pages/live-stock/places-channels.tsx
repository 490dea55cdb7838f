/** What each channel shows, and one of them listing by listing beside what the hub has. */
import type { ListedItem } from "../../../gateway/history-protocol.ts"
import { milliseconds, timeOf, UNKNOWN, units } from "../../app/formats.ts"
import { Box, ofNumbers, Pager, Ready, Table } from "../../app/parts.tsx"
import { Link } from "../../app/router.tsx"
import { usePages } from "../../app/use-pages.ts"
import { useReading } from "../../app/use-reading.ts"
import { countOf, ListingState } from "../../stock/listing-state.tsx"
import { placeHref } from "../../stock/places.ts"
import { useStockRow } from "../../stock/use-stock-row.ts"
import { ChannelState } from "../channels/card.tsx"

const EVERY_MS = 3_000
const SHOWN = 100

const CHANNEL_COLUMNS = ["Channel", "State", ...ofNumbers("Listings", "Behind", "Given up", "Unmapped", "Synced, p99")]

export const ChannelsTable = () => {
  const list = useReading("/v1/channels", {}, EVERY_MS)
  return (
    <Box id="places" title="By channel">
      <Ready of={list} what="the channels" isAsked={true}>
        {({ channels }) =>
          channels.length === 0 ? (
            <p className="quiet">No sales channel is set up: stock is sold over the hub’s own addresses only.</p>
          ) : (
            <Table label="By channel" columns={CHANNEL_COLUMNS}>
              {channels.map((channel) => (
                <tr key={channel.name}>
                  <th scope="row">
                    <Link href={placeHref("channel", channel.name)}>{channel.name}</Link>
                  </th>
                  <td>
                    <ChannelState channel={channel} />
                  </td>
                  <td className="number detail-strong">{units(channel.listings)}</td>
                  <td className="number">{units(channel.behind)}</td>
                  <td className="number">{units(channel.deadLetters)}</td>
                  <td className="number">{units(channel.unmapped)}</td>
                  <td className="number">
                    {channel.syncedMs.p99 === 0 ? UNKNOWN : `${milliseconds(channel.syncedMs.p99)} ms`}
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Ready>
    </Box>
  )
}

type Listed = Omit<ListedItem, "channel"> & { readonly sku: string }

const LISTING_COLUMNS = [
  "SKU",
  "Listing",
  ...ofNumbers("Available now", "Ought to show", "Shows"),
  "State",
  "Confirmed"
]

export const ChannelStock = ({ name }: { readonly name: string }) => {
  const { list, pages } = usePages(
    "/v1/channels/:channel/listings",
    { names: { channel: name } },
    { limit: SHOWN, everyMs: EVERY_MS }
  )
  return (
    <Box
      id="places"
      title={`On ${name}`}
      aside={<Link href={`/channels?channel=${encodeURIComponent(name)}`}>How the channel is</Link>}
    >
      <Ready of={list} what="what is listed" isAsked={true}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <p className="quiet">Nothing is listed there.</p>
            ) : (
              <Table label={`On ${name}`} columns={LISTING_COLUMNS}>
                {items.map((item) => (
                  <ListingRow key={item.listingId} item={item} />
                ))}
              </Table>
            )}
            <Pager what="what is listed" next={next} {...pages} />
          </>
        )}
      </Ready>
    </Box>
  )
}

/** What the hub has comes over the socket: what the channel shows follows it. */
const ListingRow = ({ item }: { readonly item: Listed }) => {
  const row = useStockRow(item.sku)
  return (
    <tr>
      <th scope="row">
        <Link href={`/sku?sku=${encodeURIComponent(item.sku)}`}>{item.sku}</Link>
      </th>
      <td>{item.listingId}</td>
      <td className="number detail-strong">{row === undefined ? UNKNOWN : units(row.available)}</td>
      <td className="number">{countOf(item.wanted)}</td>
      <td className="number">{countOf(item.shown)}</td>
      <td title={item.givenUp?.message}>
        <ListingState listing={item} />
      </td>
      <td>{item.confirmedAt === null ? UNKNOWN : timeOf(item.confirmedAt)}</td>
    </tr>
  )
}
