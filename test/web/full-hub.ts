/**
 * A real hub with something to show on every page, the awkward things too: stock that is low, sold out and sold twice, a
 * channel that is well and one that waits for somebody, recoveries that run, have ended and are weeks old.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SECRET, SocialMarketplace } from "../../scripts/marketplaces/social/marketplace.ts"
import { introductions, isLeftAlone, phoneOf } from "../../scripts/shoppers/hub-files.ts"
import { eventually, http, type TestHub } from "../support/hub.ts"
import { startTextingHub, type TextingHub } from "../support/texting-hub.ts"
import { addPastWeeks } from "./past-weeks.ts"

export interface FullHub {
  readonly hub: TestHub
  /** Has left a cart, was written to, and waits for the next step. */
  readonly customerId: string
  readonly close: () => Promise<void>
}

export const LONG_SKU = "CHRISTMAS-BAUBLE-SET-OF-24-HAND-BLOWN-GLASS-RED-AND-GOLD"

const post = async (hub: TestHub, path: string, body: object): Promise<void> => {
  const reply = await http(hub, "POST", path, body)
  assert.ok(reply.status < 300, `${path}: ${JSON.stringify(reply.body)}`)
}

const stock = async (hub: TestHub): Promise<void> => {
  const receive = (sku: string, quantity: number) =>
    post(hub, `/v1/stock/${sku}/facts`, { type: "receipt", mutationId: `receipt-${sku}`, quantity })
  const sell = (sku: string, quantity: number) =>
    post(hub, `/v1/stock/${sku}/facts`, { type: "sale", mutationId: `sale-${sku}`, quantity })
  for (let index = 0; index < 12; index++) await receive(`LAMP-${100 + index}`, 40 + index * 97)
  for (const [sku, quantity] of [
    ["A", 9],
    ["TEA", 12],
    ["TIN", 3],
    ["MUG", 400],
    [LONG_SKU, 12_480]
  ] as const) {
    await receive(sku, quantity)
    await post(hub, `/v1/stock/${sku}/requests`, { type: "configure", mutationId: `low-${sku}`, safetyThreshold: 10 })
  }
  await sell("TEA", 12)
  await sell("TIN", 5)
  await sell(LONG_SKU, 3)
  await post(hub, "/v1/stock/MUG/requests", { type: "reserve", mutationId: "held", holdId: "cart-1", quantity: 2 })
}

/** A listing that is gone, one that is not mapped, and what the shop sold of it. */
const troubles = async (hub: TestHub, shop: SocialMarketplace): Promise<void> => {
  shop.callbackUrl = `${hub.url}/v1/channels/social/webhooks`
  shop.shelf.put("L1", "A", 0)
  await post(hub, "/v1/channels/social/mappings", [
    { listingId: "L1", sku: "A" },
    { listingId: "GONE", sku: "A" }
  ] as object)
  shop.shelf.put("NEW", "A", 5)
  await shop.sell([{ listingId: "NEW", quantity: 2 }])
}

/** Adds a cart and leaves it; until the customer was written to. */
const leaves = async ({ hub, twilio }: TextingHub, index: number): Promise<void> => {
  const customerId = `shopper-${index}`
  for (const known of introductions(index)) await post(hub, `/v1/customers/${customerId}/requests`, known)
  const cart = `/v1/carts/cart-${customerId}/requests`
  const mug = { sku: "MUG", name: "Blue mug", quantity: 1, unitPriceMinor: 950, currency: "GBP" }
  await post(hub, cart, { type: "add", mutationId: "add", ...mug })
  await post(hub, cart, { type: "sign-in", mutationId: "sign-in", customerId })
  await eventually(
    async () => twilio.sent(phoneOf(index)),
    (sent) => sent.length === 1
  )
}

const recoveries = async (texting: TextingHub): Promise<string> => {
  const { hub, twilio } = texting
  const customers = Array.from({ length: 20 }, (_, index) => index).filter((index) => !isLeftAlone(`shopper-${index}`))
  const [waits = 0, stops = 0, other = 0] = customers
  await Promise.all([waits, stops, other].map((index) => leaves(texting, index)))
  await twilio.write(`${hub.url}/v1/outreach/texts/inbound`, phoneOf(stops), "STOP")
  await addPastWeeks(hub)
  return `shopper-${waits}`
}

export const startFullHub = async (): Promise<FullHub> => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-full-hub-"))
  const shop = await SocialMarketplace.start()
  const channel = { adapter: "signed-webhook", heartbeatMs: 200 }
  const wrong = `whsec_${Buffer.from("not the secret of this shop").toString("base64")}`
  const file = join(directory, "channels.json")
  const channels = [
    { name: "social", ...channel, settings: { url: shop.url, secret: SECRET } },
    { name: "harbour-market-north", ...channel, settings: { url: shop.url, secret: wrong } },
    { name: "trial", ...channel, shadow: true, settings: { url: shop.url, secret: SECRET } }
  ]
  writeFileSync(file, JSON.stringify({ channels }))
  const texting = await startTextingHub({}, () => ({ CHANNELS_FILE: file }))
  const { hub } = texting
  const close = async (): Promise<void> => {
    await texting.close()
    await shop.close()
    rmSync(directory, { recursive: true, force: true })
  }
  await stock(hub)
  await troubles(hub, shop)
  return { hub, customerId: await recoveries(texting), close }
}
