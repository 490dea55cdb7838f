/** Addresses that nothing is sent to, whoever they belong to. */
import { timeOf, units } from "../../app/formats.ts"
import { Box, Pager, Ready, Table } from "../../app/parts.tsx"
import { usePages } from "../../app/use-pages.ts"
import { channelWord, reasonWord } from "./wording.ts"

const EVERY_MS = 10_000
const SHOWN = 15

export const Suppressed = () => {
  const { list, pages } = usePages("/v1/recovery/suppressed", {}, { limit: SHOWN, everyMs: EVERY_MS })
  const count = list.value && `${units(list.value.count)} address${list.value.count === 1 ? "" : "es"}`
  return (
    <Box id="suppressed" title="Not written to" aside={count}>
      <Ready of={list} what="the list">
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <p className="quiet">Nobody has said that they want no more, and no address is dead.</p>
            ) : (
              <Table label="Addresses that nothing is sent to" columns={["Address", "Found by", "Why", "Since"]}>
                {items.map(({ address, at, channel, reason }) => (
                  <tr key={`${at} ${address} ${channel}`}>
                    <td>{address}</td>
                    <td>{channelWord(channel)}</td>
                    <td>{reasonWord(reason)}</td>
                    <td>{timeOf(at)}</td>
                  </tr>
                ))}
              </Table>
            )}
            <Pager what="the list" next={next} {...pages} />
          </>
        )}
      </Ready>
    </Box>
  )
}
