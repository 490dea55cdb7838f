/** What one channel did not take, what it told that cannot be applied yet, and what nobody mapped, each with its remedy. */
import { useEffect, useState } from "react"
import { clockTime, units } from "../../app/formats.ts"
import { getJson, postJson } from "../../hub/http.ts"
import type { ChannelHealth, DeadListing, HeldItem, UnmappedItem } from "../../../channels/protocol.ts"
import { MapForm } from "./map-form.tsx"
import { Unmapped } from "./unmapped.tsx"

interface Items<Item> {
  readonly items: ReadonlyArray<Item>
}

const SHOWN = 200

/** As many as before may be others. */
const READ_AGAIN_MS = 5_000

/** Read anew whenever their number changes, after something was done, and now and then while there are any. */
const useItems = <Item,>(path: string, count: number, round: number): ReadonlyArray<Item> => {
  const [items, setItems] = useState<ReadonlyArray<Item>>([])
  useEffect(() => {
    const leave = new AbortController()
    const read = () =>
      getJson<Items<Item>>(`${path}?limit=${SHOWN}`, leave.signal).then(
        (answer) => setItems(answer.items),
        () => undefined
      )
    void read()
    const again = count === 0 ? undefined : setInterval(() => void read(), READ_AGAIN_MS)
    return () => {
      leave.abort()
      clearInterval(again)
    }
  }, [path, count, round])
  return items
}

interface TroublesProps {
  readonly channel: ChannelHealth
  readonly onNotice: (notice: string) => void
}

export const Troubles = ({ channel, onNotice }: TroublesProps) => {
  const base = `/v1/channels/${encodeURIComponent(channel.name)}`
  const [round, setRound] = useState(0)
  const letters = useItems<DeadListing>(`${base}/dead-letters`, channel.deadLetters, round)
  const held = useItems<HeldItem>(`${base}/held`, channel.held, round)
  const unmapped = useItems<UnmappedItem>(`${base}/unmapped`, channel.unmapped, round)
  const act = async (work: () => Promise<string>): Promise<void> => {
    try {
      onNotice(await work())
      setRound((before) => before + 1)
    } catch (error) {
      onNotice(error instanceof Error ? error.message : String(error))
    }
  }
  const redrive = (body: object) =>
    act(async () => {
      const { redriven } = await postJson<{ readonly redriven: number }>(`${base}/dead-letters/redrive`, body)
      return `${units(redriven)} tried again on ${channel.name}.`
    })
  const map = (listingId: string, sku: string) =>
    act(async () => {
      const { released } = await postJson<{ readonly released: number }>(`${base}/mappings`, { listingId, sku })
      return `${listingId} is ${sku} from now on; ${units(released)} held happenings were applied.`
    })
  const mapAll = () =>
    act(async () => {
      const { found, mapped } = await postJson<{ readonly found: number; readonly mapped: number }>(
        `${base}/mappings/by-sku`,
        {}
      )
      return `${units(mapped)} of ${units(found)} listings of ${channel.name} are mapped by its own SKUs.`
    })
  return (
    <div className="troubles">
      <section aria-labelledby="dead-letters">
        <header>
          <h2 id="dead-letters">Given up on {channel.name}</h2>
          {letters.length === 0 ? null : (
            <button type="button" onClick={() => void redrive({ all: true })}>
              Try all again
            </button>
          )}
        </header>
        {letters.length === 0 ? <p className="quiet">Nothing: every write was taken.</p> : null}
        {letters.length === 0 ? null : <DeadLetters letters={letters} onRedrive={(body) => void redrive(body)} />}
      </section>
      <section aria-labelledby="held">
        <header>
          <h2 id="held">Waits for somebody</h2>
        </header>
        {held.length === 0 ? (
          <p className="quiet">Nothing: all that {channel.name} told could be applied.</p>
        ) : (
          <Held items={held} onMap={(listingId, sku) => void map(listingId, sku)} />
        )}
      </section>
      <Unmapped
        channel={channel.name}
        items={unmapped}
        onMap={(listingId, sku) => void map(listingId, sku)}
        onMapAll={() => void mapAll()}
      />
    </div>
  )
}

interface DeadLettersProps {
  readonly letters: ReadonlyArray<DeadListing>
  readonly onRedrive: (body: object) => void
}

const DeadLetters = ({ letters, onRedrive }: DeadLettersProps) => (
  <table>
    <thead>
      <tr>
        <th scope="col">Listing</th>
        <th scope="col">SKU</th>
        <th scope="col">Ought to show</th>
        <th scope="col">Why</th>
        <th scope="col">Attempts</th>
        <th scope="col">When</th>
        <th scope="col">
          <span className="visually-hidden">What to do</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {letters.map((letter) => (
        <tr key={letter.listingId}>
          <td>{letter.listingId}</td>
          <td>{letter.sku}</td>
          <td className="number">{letter.wanted === null ? "\u2013" : units(letter.wanted)}</td>
          <td>{letter.message}</td>
          <td className="number">{letter.attempts}</td>
          <td>{clockTime(Date.parse(letter.at ?? "") || 0)}</td>
          <td>
            <button type="button" onClick={() => onRedrive({ listingIds: [letter.listingId] })}>
              Try again
            </button>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

interface HeldProps {
  readonly items: ReadonlyArray<HeldItem>
  readonly onMap: (listingId: string, sku: string) => void
}

const Held = ({ items, onMap }: HeldProps) => (
  <table>
    <thead>
      <tr>
        <th scope="col">Listing</th>
        <th scope="col">What</th>
        <th scope="col">Units</th>
        <th scope="col">Why it waits</th>
        <th scope="col">When</th>
        <th scope="col">
          <span className="visually-hidden">What to do</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {items.map((item) => (
        <tr key={item.id}>
          <td>{item.listingId ?? "\u2013"}</td>
          <td>{item.type}</td>
          <td className="number">{item.quantity === undefined ? "\u2013" : units(item.quantity)}</td>
          <td>{item.detail}</td>
          <td>{clockTime(Date.parse(item.at ?? "") || 0)}</td>
          <td>{item.why === "unmapped" ? <MapForm listingId={item.listingId ?? ""} onMap={onMap} /> : null}</td>
        </tr>
      ))}
    </tbody>
  </table>
)
