/** Addresses that nothing is sent to, whoever they belong to. */
import type { SuppressedList } from "../../../recovery/figures-protocol.ts"
import { clockTime, units } from "../../app/formats.ts"
import { Box, Pager, Ready } from "./parts.tsx"
import { usePages } from "./use-pages.ts"
import { channelWord, reasonWord } from "./wording.ts"

const EVERY_MS = 10_000
const SHOWN = 15

export const Suppressed = () => {
  const { list, pages } = usePages<SuppressedList>("/v1/recovery/suppressed", { limit: SHOWN, everyMs: EVERY_MS })
  const count =
    list.value === undefined ? null : (
      <p className="box-aside">
        {units(list.value.count)} address{list.value.count === 1 ? "" : "es"}
      </p>
    )
  return (
    <Box id="suppressed" title="Not written to" aside={count}>
      <Ready of={list} what="the list">
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <p className="box-quiet">Nobody has said that they want no more, and no address is dead.</p>
            ) : (
              <div className="scrolls" tabIndex={0} role="group" aria-label="Addresses that nothing is sent to">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Address</th>
                      <th scope="col">Found by</th>
                      <th scope="col">Why</th>
                      <th scope="col">Since</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map(({ address, at, channel, reason }) => (
                      <tr key={`${at} ${address} ${channel}`}>
                        <td>{address}</td>
                        <td>{channelWord(channel)}</td>
                        <td>{reasonWord(reason)}</td>
                        <td>{clockTime(Date.parse(at))}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
            <Pager what="the list" next={next} {...pages} />
          </>
        )}
      </Ready>
    </Box>
  )
}
