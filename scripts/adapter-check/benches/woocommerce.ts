/**
 * WooCommerce's bench: the local shop, with deliveries kept instead of sent; every third listing is a variation.
 */
import woocommerce from "../../../src/channels/adapters/woocommerce/adapter.ts"
import {
  CONSUMER_KEY,
  CONSUMER_SECRET,
  signedHeaders,
  WEBHOOK_SECRET,
  WooMarketplace
} from "../../marketplaces/woocommerce/marketplace.ts"
import type { StartBench } from "../bench.ts"

export const wooBench: StartBench = async () => {
  const market = await WooMarketplace.start()
  const delivery = (topic: string, body: Uint8Array, receivedAtMs: number) => ({
    topic: "",
    headers: signedHeaders(topic, body),
    body,
    receivedAtMs
  })
  return {
    module: woocommerce,
    settings: {
      url: market.url,
      consumerKey: CONSUMER_KEY,
      consumerSecret: CONSUMER_SECRET,
      webhookSecret: WEBHOOK_SECRET
    },
    market,
    isTold: true,
    listingId: (index) => (index % 3 === 2 ? `90:${1_000 + index}` : String(1_000 + index)),
    deliveries: () =>
      market.undelivered.splice(0).map(({ topic, body }) => delivery(topic, Buffer.from(body), Date.now())),
    sign: (body, atMs) => delivery("order.updated", body, atMs),
    nowMs: Date.now
  }
}
