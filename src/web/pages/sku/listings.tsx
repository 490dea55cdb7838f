/** What each sales channel is to show of the SKU, and shows. */
import type { ListedItem } from "../../../gateway/history-protocol.ts"
import { timeOf, UNKNOWN, units } from "../../app/formats.ts"
import { Box, ofNumbers, Ready, Table } from "../../app/parts.tsx"
import { useReading } from "../../app/use-reading.ts"

const EVERY_MS = 3_000

const COLUMNS = ["Channel", "Listing", ...ofNumbers("Shows", "Ought to"), "State", "Confirmed"]

const stateOf = ({ givenUp, inStep, retryAt }: ListedItem): readonly [word: string, tone: string] => {
  if (givenUp !== null) return ["Given up", "down"]
  if (inStep) return ["In step", "ok"]
  return retryAt === null ? ["On its way", "ok"] : ["Tried again", "throttled"]
}

const count = (value: number | null): string => (value === null ? UNKNOWN : units(value))

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
              {items.map((item) => {
                const [word, tone] = stateOf(item)
                return (
                  <tr key={`${item.channel} ${item.listingId}`}>
                    <th scope="row">{item.channel}</th>
                    <td>{item.listingId}</td>
                    <td className="number detail-strong">{count(item.shown)}</td>
                    <td className="number">{count(item.wanted)}</td>
                    <td title={item.givenUp?.message}>
                      <span className="channel-state" data-state={tone}>
                        {word}
                      </span>
                    </td>
                    <td>{item.confirmedAt === null ? UNKNOWN : timeOf(item.confirmedAt)}</td>
                  </tr>
                )
              })}
            </Table>
          )
        }
      </Ready>
    </Box>
  )
}
