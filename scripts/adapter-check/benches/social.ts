/**
 * The signed webhook's bench: the local social shop, with deliveries kept instead of sent.
 */
import signedWebhook from "../../../src/channels/adapters/signed-webhook/adapter.ts"
import { SECRET, SocialMarketplace } from "../../marketplaces/social/marketplace.ts"
import type { StartBench } from "../bench.ts"

export const socialBench: StartBench = async () => {
  const market = await SocialMarketplace.start()
  const delivery = (id: string, body: Uint8Array, atMs: number) => ({
    topic: "",
    headers: market.sign(id, body, atMs),
    body,
    receivedAtMs: atMs
  })
  return {
    module: signedWebhook,
    settings: { url: market.url, secret: SECRET, currency: "EUR" },
    market,
    isTold: true,
    listingId: (index) => `listing-${index}`,
    deliveries: () => market.undelivered.splice(0).map(({ id, body }) => delivery(id, Buffer.from(body), Date.now())),
    sign: (body, atMs) => delivery("msg_check", body, atMs),
    nowMs: Date.now
  }
}
