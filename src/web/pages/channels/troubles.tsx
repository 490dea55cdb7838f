/** What one channel did not take, what it told that cannot be applied yet, and what nobody mapped, each with its remedy. */
import { type ReactNode, useState } from "react"
import type { ChannelHealth, DeadListing, HeldItem } from "../../../channels/protocol.ts"
import { timeOf, UNKNOWN, units } from "../../app/formats.ts"
import { Box, ofNumbers, Ready, Table } from "../../app/parts.tsx"
import { useReading } from "../../app/use-reading.ts"
import { type AnswerOf, type AskedOf, messageOf, post } from "../../hub/http.ts"
import { MapForm } from "./map-form.tsx"
import { REMEDY, Unmapped } from "./unmapped.tsx"

const SHOWN = 200

/** As many as before may be others. */
const EVERY_MS = 5_000

const LISTS = {
  letters: "/v1/channels/:channel/dead-letters",
  held: "/v1/channels/:channel/held",
  unmapped: "/v1/channels/:channel/unmapped"
} as const

type ListName = keyof typeof LISTS
type ItemOf<Name extends ListName> = AnswerOf<(typeof LISTS)[Name]>["items"][number]

interface ItemsProps<Name extends ListName> {
  readonly channel: string
  readonly list: Name
  readonly what: string
  /** Read anew whenever it changes: their number, and after something was done. */
  readonly round: string
  readonly children: (items: ReadonlyArray<ItemOf<Name>>) => ReactNode
}

const Items = <Name extends ListName>({ channel, list: name, what, round, children }: ItemsProps<Name>) => {
  const asked = { names: { channel }, query: { limit: SHOWN } } as unknown as AskedOf<(typeof LISTS)[Name]>
  const list = useReading(LISTS[name], asked, EVERY_MS, round)
  return (
    <Ready of={list} what={what}>
      {({ items }) => children(items as ReadonlyArray<ItemOf<Name>>)}
    </Ready>
  )
}

interface TroublesProps {
  readonly channel: ChannelHealth
  readonly onNotice: (notice: string) => void
}

type Redriven = Parameters<typeof post<"/v1/channels/:channel/dead-letters/redrive">>[1]["body"]

/** What an operator does about them; after each the lists are read again. */
const useRemedies = ({ channel: { name }, onNotice }: TroublesProps) => {
  const names = { channel: name }
  const [round, setRound] = useState(0)
  const act = async (work: () => Promise<string>): Promise<void> => {
    try {
      onNotice(await work())
      setRound((before) => before + 1)
    } catch (error) {
      onNotice(messageOf(error))
    }
  }
  const redrive = (body: Redriven) =>
    act(async () => {
      const { redriven } = await post("/v1/channels/:channel/dead-letters/redrive", { names, body })
      return `${units(redriven)} tried again on ${name}.`
    })
  const map = (listingId: string, sku: string) =>
    act(async () => {
      const { released } = await post("/v1/channels/:channel/mappings", { names, body: { listingId, sku } })
      return `${listingId} is ${sku} from now on; ${units(released)} held happenings were applied.`
    })
  const mapAll = () =>
    act(async () => {
      const { found, mapped } = await post("/v1/channels/:channel/mappings/by-sku", { names })
      return `${units(mapped)} of ${units(found)} listings of ${name} are mapped by its own SKUs.`
    })
  return { map, mapAll, redrive, round }
}

export const Troubles = ({ channel, onNotice }: TroublesProps) => {
  const { map, mapAll, redrive, round } = useRemedies({ channel, onNotice })
  return (
    <>
      <Box
        id="dead-letters"
        title={`Given up on ${channel.name}`}
        aside={channel.deadLetters > 0 && <Remedy word="Try all again" onClick={() => void redrive({ all: true })} />}
      >
        {channel.deadLetters === 0 ? (
          <p className="quiet">Nothing: every write was taken.</p>
        ) : (
          <Items
            channel={channel.name}
            list="letters"
            what="what was given up"
            round={`${round} ${channel.deadLetters}`}
          >
            {(letters) => <DeadLetters letters={letters} onRedrive={(body) => void redrive(body)} />}
          </Items>
        )}
      </Box>
      <Box id="held" title="Waits for somebody">
        {channel.held === 0 ? (
          <p className="quiet">Nothing: all that {channel.name} told could be applied.</p>
        ) : (
          <Items channel={channel.name} list="held" what="what waits" round={`${round} ${channel.held}`}>
            {(items) => <Held items={items} onMap={(listingId, sku) => void map(listingId, sku)} />}
          </Items>
        )}
      </Box>
      <Box
        id="unmapped"
        title="Listings without a SKU"
        aside={channel.unmapped > 0 && <Remedy word="Map by the channel’s SKUs" onClick={() => void mapAll()} />}
      >
        {channel.unmapped === 0 ? (
          <p className="quiet">None: every listing that was seen on {channel.name} has its SKU.</p>
        ) : (
          <Items channel={channel.name} list="unmapped" what="the listings" round={`${round} ${channel.unmapped}`}>
            {(items) => <Unmapped items={items} onMap={(listingId, sku) => void map(listingId, sku)} />}
          </Items>
        )}
      </Box>
    </>
  )
}

const Remedy = ({ word, onClick }: { readonly word: string; readonly onClick: () => void }) => (
  <button type="button" className="button" onClick={onClick}>
    {word}
  </button>
)

interface DeadLettersProps {
  readonly letters: ReadonlyArray<DeadListing>
  readonly onRedrive: (body: Redriven) => void
}

const LETTER_COLUMNS = [
  "Listing",
  "SKU",
  ...ofNumbers("Ought to show"),
  "Why",
  ...ofNumbers("Attempts"),
  "When",
  REMEDY
]

const DeadLetters = ({ letters, onRedrive }: DeadLettersProps) => (
  <Table label="Given up" columns={LETTER_COLUMNS}>
    {letters.map((letter) => (
      <tr key={letter.listingId}>
        <td>{letter.listingId}</td>
        <td>{letter.sku}</td>
        <td className="number">{letter.wanted === null ? UNKNOWN : units(letter.wanted)}</td>
        <td className="words">{letter.message}</td>
        <td className="number">{letter.attempts}</td>
        <td>{timeOf(letter.at)}</td>
        <td className="remedy">
          <Remedy word="Try again" onClick={() => onRedrive({ listingIds: [letter.listingId] })} />
        </td>
      </tr>
    ))}
  </Table>
)

interface HeldProps {
  readonly items: ReadonlyArray<HeldItem>
  readonly onMap: (listingId: string, sku: string) => void
}

const HELD_COLUMNS = ["Listing", "What", ...ofNumbers("Units"), "Why it waits", "When", REMEDY]

const Held = ({ items, onMap }: HeldProps) => (
  <Table label="Waits for somebody" columns={HELD_COLUMNS}>
    {items.map((item) => (
      <tr key={item.id}>
        <td>{item.listingId ?? UNKNOWN}</td>
        <td>{item.type}</td>
        <td className="number">{item.quantity === undefined ? UNKNOWN : units(item.quantity)}</td>
        <td className="words">{item.detail}</td>
        <td>{timeOf(item.at)}</td>
        <td className="remedy">
          {item.why === "unmapped" ? <MapForm listingId={item.listingId ?? ""} onMap={onMap} /> : null}
        </td>
      </tr>
    ))}
  </Table>
)
