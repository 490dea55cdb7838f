/** The synchroniser's log of one channel: what was written, what failed, what was mapped and held, the newest first, as it goes on. */
import { useState } from "react"
import type { LogItem } from "../../../channels/protocol.ts"
import { timeOf, UNKNOWN, units } from "../../app/formats.ts"
import { Box, Choices, ofNumbers, Pager, Ready, Table } from "../../app/parts.tsx"
import { usePages } from "../../app/use-pages.ts"

const EVERY_MS = 2_000
const SHOWN = 50

const KINDS = ["all", "written", "failed", "dead", "mapped", "held"] as const
type Kind = (typeof KINDS)[number]

const KIND_WORDS: Readonly<Record<Kind, string>> = {
  all: "All",
  written: "Written",
  failed: "Failed",
  dead: "Given up",
  mapped: "Mapping",
  held: "Held"
}

const TYPES: Readonly<Record<string, string>> = {
  written: "Written",
  accepted: "Accepted, not carried out yet",
  failed: "Failed, tried again",
  dead: "Given up",
  redriven: "Tried again by hand",
  discarded: "Let be",
  mapped: "Mapped",
  unmapped: "Mapping taken away",
  held: "Held",
  settled: "No longer held"
}

export const Log = ({ channel }: { readonly channel: string }) => {
  const [kind, setKind] = useState<Kind>("all")
  const [written, setWritten] = useState("")
  const listing = written.trim()
  const query = { ...(kind === "all" ? {} : { type: kind }), ...(listing === "" ? {} : { listing }) }
  const { list, pages } = usePages(
    "/v1/channels/:channel/log",
    { names: { channel }, query },
    { limit: SHOWN, everyMs: EVERY_MS, cursor: "before" }
  )
  return (
    <Box
      id="log"
      title={`Log of ${channel}`}
      note={pages.isFirst ? "as it goes on" : "older"}
      aside={
        <input
          className="log-search"
          aria-label="Only of the listing"
          placeholder="Listing"
          value={written}
          onChange={({ target }) => setWritten(target.value)}
        />
      }
    >
      <Choices
        label="Show of the log"
        choices={KINDS}
        chosen={kind}
        word={(choice) => KIND_WORDS[choice]}
        onChoose={setKind}
      />
      <Ready of={list} what="the log">
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <p className="quiet log-none">Nothing of this kind is in the log.</p>
            ) : (
              <Lines items={items} />
            )}
            <Pager what="the log" next={next} {...pages} />
          </>
        )}
      </Ready>
    </Box>
  )
}

const COLUMNS = ["When", "What", "Listing", ...ofNumbers("Units", "Version"), "More"]

const Lines = ({ items }: { readonly items: ReadonlyArray<LogItem> }) => (
  <Table label="Log" columns={COLUMNS}>
    {items.map((item) => (
      <tr key={item.id} data-tone={item.type === "dead" || item.type === "failed" ? "bad" : undefined}>
        <td>{timeOf(item.at)}</td>
        <td>{TYPES[item.type] ?? item.type}</td>
        <td>{item.listingId ?? UNKNOWN}</td>
        <td className="number">{item.quantity === undefined ? UNKNOWN : units(item.quantity)}</td>
        <td className="number">{item.version === undefined ? UNKNOWN : units(item.version)}</td>
        <td className="words">{item.detail}</td>
      </tr>
    ))}
  </Table>
)
