/**
 * The demonstration's three shops and its Stripe, in a thread of their own: Shopify, WooCommerce and a social shop list the same SKUs,
 * sell at random, now and then cancel, throttle and fail.
 */
import { parentPort } from "node:worker_threads"
import type { Fault, Marketplace, Order } from "../marketplaces/marketplace.ts"
import { ACCESS_TOKEN, SHOP, ShopifyMarketplace, WEBHOOK_SECRET } from "../marketplaces/shopify/marketplace.ts"
import { LOCATION_ID } from "../marketplaces/shopify/orders.ts"
import { SECRET, SocialMarketplace } from "../marketplaces/social/marketplace.ts"
import * as Woo from "../marketplaces/woocommerce/marketplace.ts"
import { Random } from "../simulate/random.ts"
import { SECRET_KEY, StripeServer, WEBHOOK_SECRET as STRIPE_WEBHOOK_SECRET } from "../stripe/server.ts"
import type { HubReady, ShopsOpen } from "./demo.ts"
import { sendShoppers } from "./shoppers.ts"

const LISTED = 60
const STOCK_PATIENCE_MS = 60_000
const ORDER_EVERY_MS = 400
const CANCEL_SHARE = 0.05
const FAULT_SHARE = 0.03
const FAULTS: ReadonlyArray<Fault> = ["throttle", "error", "act-then-hang"]

const random = new Random(Date.now())

const shopify = await ShopifyMarketplace.start()
const social = await SocialMarketplace.start()
const woo = await Woo.WooMarketplace.start()
const stripe = await StripeServer.start({ isPrompt: true })

const shops: ReadonlyArray<{
  readonly name: string
  readonly market: Marketplace
  readonly listing: (n: number) => string
}> = [
  { name: "demo-shopify", market: shopify, listing: (n) => String(4_000 + n) },
  { name: "demo-woocommerce", market: woo, listing: (n) => String(700 + n) },
  { name: "demo-social", market: social, listing: (n) => `post-${n}` }
]

// Of an earlier demonstration the hub remembers the listings, and writes to them before it is ready.
for (const { market, listing } of shops) {
  for (let n = 0; n < LISTED; n++) market.shelf.put(listing(n), `not known yet ${n}`, 0)
}

const pace = { pollMs: 10_000, callTimeoutMs: 5_000 }
const channels = [
  {
    name: "demo-shopify",
    adapter: "shopify",
    settings: {
      shop: SHOP,
      baseUrl: shopify.url,
      accessToken: ACCESS_TOKEN,
      webhookSecret: WEBHOOK_SECRET,
      locationId: LOCATION_ID
    },
    ...pace
  },
  {
    name: "demo-woocommerce",
    adapter: "woocommerce",
    settings: {
      url: woo.url,
      consumerKey: Woo.CONSUMER_KEY,
      consumerSecret: Woo.CONSUMER_SECRET,
      webhookSecret: Woo.WEBHOOK_SECRET
    },
    ...pace
  },
  { name: "demo-social", adapter: "signed-webhook", settings: { url: social.url, secret: SECRET }, ...pace }
]

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

const post = async (url: string, body: unknown): Promise<void> => {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) })
  await response.arrayBuffer()
}

/** The first SKUs that the tills know; they load their stock while this waits. */
const knownSkus = async (url: string): Promise<ReadonlyArray<string>> => {
  let skus: ReadonlyArray<string> = []
  for (let waitedMs = 0; skus.length < LISTED && waitedMs < STOCK_PATIENCE_MS; waitedMs += 500) {
    await pause(500)
    const page = (await (await fetch(`${url}/v1/stock?limit=${LISTED}`)).json()) as {
      readonly items?: ReadonlyArray<{ readonly sku: string }>
    }
    skus = (page.items ?? []).map(({ sku }) => sku)
  }
  return skus
}

const open = async (url: string): Promise<void> => {
  const webhooks = (name: string) => `${url}/v1/channels/${name}/webhooks`
  shopify.callbackUrl = webhooks("demo-shopify")
  social.callbackUrl = webhooks("demo-social")
  for (const topic of ["order.created", "order.updated"]) {
    woo.subscribe(topic, webhooks("demo-woocommerce"))
  }
  const skus = await knownSkus(url)
  for (const { name, market, listing } of shops) {
    const mappings = skus.map((sku, n) => ({ listingId: listing(n), sku }))
    for (const { listingId, sku } of mappings) market.shelf.put(listingId, sku, 0)
    await post(`${url}/v1/channels/${name}/mappings`, mappings)
    // The shelves are empty after every start, and the hub may remember them full.
    await post(`${url}/v1/channels/${name}/reconcile`, {})
    market.faults.set({ seed: random.integer(1, 1e9), share: FAULT_SHARE, kinds: FAULTS })
  }
  stripe.webhookUrl = `${url}/v1/payments/stripe/webhooks`
  void sendShoppers(url, skus, random, Date.now().toString(36))
  await trade(skus.length)
}

const trade = async (listed: number): Promise<void> => {
  const orders: Array<{ readonly market: Marketplace; readonly order: Order }> = []
  for (;;) {
    await pause(random.integer(ORDER_EVERY_MS / 2, ORDER_EVERY_MS * 1.5))
    const { market, listing } = random.pick(shops)
    const order = await market.sell([{ listingId: listing(random.integer(0, listed - 1)), quantity: 1 }])
    if (order !== undefined) orders.push({ market, order })
    if (orders.length > 0 && random.chance(CANCEL_SHARE)) {
      const [changed] = orders.splice(random.integer(0, orders.length - 1), 1)
      await changed?.market.cancel(changed.order)
    }
    if (orders.length > 100) orders.shift()
    await social.redeliver()
  }
}

parentPort?.once("message", ({ url }: HubReady) => void open(url))
const isOpen: ShopsOpen = {
  channels: JSON.stringify({ channels }),
  payments: { STRIPE_SECRET_KEY: SECRET_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_API_URL: stripe.url }
}
parentPort?.postMessage(isOpen)
