/**
 * Amazon's bench: the local account; nothing is delivered, everything is polled.
 */
import amazon from "../../../src/channels/adapters/amazon/adapter.ts"
import {
  AmazonMarketplace,
  CLIENT_ID,
  CLIENT_SECRET,
  MARKETPLACE_ID,
  REFRESH_TOKEN,
  SELLER_ID
} from "../../marketplaces/amazon/marketplace.ts"
import type { StartBench } from "../bench.ts"

export const amazonSettings = (url: string) => ({
  sellerId: SELLER_ID,
  marketplaceId: MARKETPLACE_ID,
  endpoint: url,
  tokenUrl: `${url}/auth/o2/token`,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  refreshToken: REFRESH_TOKEN,
  queue: {
    url: `${url}/queue`,
    region: "us-east-1",
    accessKeyId: "AKIAOFTHISMACHINE",
    secretAccessKey: "of-this-machine"
  }
})

export const amazonBench: StartBench = async () => {
  const market = await AmazonMarketplace.start()
  return {
    module: amazon,
    settings: amazonSettings(market.url),
    market,
    isTold: true,
    listingId: (index) => `SELLER-SKU-${index}`,
    deliveries: () => [],
    nowMs: Date.now
  }
}
