/**
 * Shopify's bench: the local shop, with deliveries kept instead of sent.
 */
import shopify from "../../../src/channels/adapters/shopify/adapter.ts"
import {
  ACCESS_TOKEN,
  SHOP,
  ShopifyMarketplace,
  signedHeaders,
  WEBHOOK_SECRET
} from "../../marketplaces/shopify/marketplace.ts"
import { LOCATION_ID } from "../../marketplaces/shopify/orders.ts"
import type { StartBench } from "../bench.ts"

export const shopifyBench: StartBench = async () => {
  const market = await ShopifyMarketplace.start()
  const settings = {
    shop: SHOP,
    baseUrl: market.url,
    accessToken: ACCESS_TOKEN,
    webhookSecret: WEBHOOK_SECRET,
    locationId: LOCATION_ID
  }
  const delivery = (topic: string, body: Uint8Array, receivedAtMs: number) => ({
    topic: "",
    headers: signedHeaders(topic, body),
    body,
    receivedAtMs
  })
  return {
    module: shopify,
    settings,
    market,
    isTold: true,
    listingId: (index) => String(1_000 + index),
    deliveries: () =>
      market.undelivered.splice(0).map(({ topic, body }) => delivery(topic, Buffer.from(body), Date.now())),
    sign: (body, atMs) => delivery("orders/create", body, atMs),
    nowMs: Date.now
  }
}
