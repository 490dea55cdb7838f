/** What the palette offers just now: pages and acts always, and of SKUs, carts and customers those that are written. */
import { useEffect, useMemo, useState } from "react"
import type { CartView } from "../../carts/protocol.ts"
import { type HubClient, useHub } from "../hub/client.ts"
import { get, messageOf, post } from "../hub/http.ts"
import { placeHref } from "../stock/places.ts"
import type { StockFilter } from "../stock/arrange.ts"
import { type Command, skusCalled } from "./commands.ts"
import { money, units } from "./formats.ts"
import { GROUPS } from "./pages.tsx"
import { navigate } from "./router.tsx"
import { useReading } from "./use-reading.ts"
import { useSettled } from "./use-settled.ts"

/** What is there is looked up once while the palette is open; nobody keeps it so for long. */
const EVERY_MS = 30_000
/** Of 100,000 SKUs a few are offered; more are found by writing on. */
const SKUS_OFFERED_MAX = 6
const SETTLED_MS = 250
const LOCATIONS_MAX = 1_000

const to = (href: string) => (): void => navigate(href)

const PAGE_COMMANDS: ReadonlyArray<Command> = GROUPS.flatMap(({ label: group, pages }) =>
  pages.map(({ path, label }): Command => ({ id: `page ${path}`, group: "Page", label, words: group, run: to(path) }))
)

export const useCommands = (written: string, onShortcuts: () => void): ReadonlyArray<Command> => {
  const hub = useHub()
  const channels = useReading("/v1/channels", {}, EVERY_MS).value?.channels
  const locations = useReading("/v1/locations", { query: { limit: LOCATIONS_MAX } }, EVERY_MS).value?.items
  const cart = useCart(written)
  const fixed = useMemo(
    () => [
      ...PAGE_COMMANDS,
      ...actsOf(hub, onShortcuts),
      ...(channels ?? []).flatMap(({ name }) => ofChannel(name)),
      ...(locations ?? []).map(({ locationId }) => ofLocation(locationId))
    ],
    [hub, onShortcuts, channels, locations]
  )
  return [...skusOf(hub, written), ...cart, ...customerOf(written), ...fixed]
}

const ofChannel = (name: string): ReadonlyArray<Command> => [
  {
    id: `channel ${name}`,
    group: "Channel",
    label: name,
    words: "channel",
    run: to(`/channels?channel=${encodeURIComponent(name)}`)
  },
  {
    id: `listed ${name}`,
    group: "Channel",
    label: `Stock on ${name}`,
    run: to(placeHref("channel", name))
  },
  {
    id: `reconcile ${name}`,
    group: "Do",
    label: `Reconcile ${name}`,
    run: async () => {
      const { compared, driftCount } = await post("/v1/channels/:channel/reconcile", { names: { channel: name } })
      return `${name}: ${units(compared)} listings compared, ${units(driftCount)} differed.`
    }
  }
]

const ofLocation = (name: string): Command => ({
  id: `location ${name}`,
  group: "Location",
  label: `Stock at ${name}`,
  words: `location ${name}`,
  run: to(placeHref("location", name))
})

const actsOf = ({ listing, socket }: HubClient, onShortcuts: () => void): ReadonlyArray<Command> => {
  const showing = (label: string, filter: StockFilter): Command => ({
    id: `show ${filter}`,
    group: "Do",
    label,
    run: () => {
      listing.arrange((current) => ({ ...current, search: "", filter }))
      navigate("/")
    }
  })
  return [
    showing("Show only low stock", "low"),
    showing("Show only oversold SKUs", "oversold"),
    showing("Show all SKUs", "all"),
    {
      id: "hold",
      group: "Do",
      label: "Hold or release the order of live stock",
      run: () => listing.hold(!listing.view().held)
    },
    { id: "connect", group: "Do", label: "Try the connection again", run: () => socket.retryNow() },
    { id: "shortcuts", group: "Do", label: "Keyboard shortcuts", words: "keys help", run: onShortcuts }
  ]
}

const skusOf = ({ stock }: HubClient, written: string): ReadonlyArray<Command> =>
  skusCalled(stock, written, SKUS_OFFERED_MAX).map(({ available, sku }) => ({
    id: `sku ${sku}`,
    group: "SKU",
    label: sku,
    hint: `${units(available)} available`,
    run: to(`/sku?sku=${encodeURIComponent(sku)}`)
  }))

/** `cart c-1`: what is written behind the word. */
const behind = (word: string, written: string): string | undefined => {
  const [first, ...rest] = written.trim().split(/\s+/)
  const name = rest.join(" ")
  return first?.toLowerCase() === word && name !== "" ? name : undefined
}

const customerOf = (written: string): ReadonlyArray<Command> => {
  const name = behind("customer", written)
  if (name === undefined) return []
  const run = to(`/recovery?customer=${encodeURIComponent(name)}`)
  return [{ id: `customer ${name}`, group: "Customer", label: `Customer ${name}`, hint: "their story", run }]
}

/** Leads to whose it is; one that belongs to nobody known is told of all the same. */
const useCart = (written: string): ReadonlyArray<Command> => {
  const name = useSettled(behind("cart", written), SETTLED_MS)
  const [found, setFound] = useState<Found | undefined>()
  useEffect(() => {
    if (name === undefined) return undefined
    const gone = new AbortController()
    const tell = (what: Omit<Found, "name">): void => {
      if (!gone.signal.aborted) setFound({ name, ...what })
    }
    get("/v1/carts/:cart", { names: { cart: name }, signal: gone.signal }).then(
      (cart) => tell({ said: toldOf(cart), customerId: cart.customerId }),
      (error: unknown) => tell({ said: messageOf(error), customerId: undefined })
    )
    return () => gone.abort()
  }, [name])
  if (found === undefined || found.name !== name) return []
  const { customerId, said } = found
  const run = customerId === undefined ? async () => said : to(`/recovery?customer=${encodeURIComponent(customerId)}`)
  return [{ id: `cart ${name}`, group: "Cart", label: `Cart ${name}`, hint: said, run }]
}

interface Found {
  readonly name: string
  readonly said: string
  readonly customerId: string | undefined
}

const toldOf = ({ currency, customerId, lines, status, totals }: CartView): string => {
  const worth = currency === undefined ? "" : `, ${money(totals.totalMinor, currency)}`
  return `${status}, ${units(lines.length)} lines${worth}, ${customerId ?? "nobody signed in"}`
}
