/**
 * The adapters that come with the hub.
 */
import type { AdapterModule } from "../adapter.ts"
import amazon from "./amazon/adapter.ts"
import mobile from "./mobile/adapter.ts"
import pos from "./pos/adapter.ts"
import shopify from "./shopify/adapter.ts"
import signedWebhook from "./signed-webhook/adapter.ts"
import woocommerce from "./woocommerce/adapter.ts"

export const builtIn: ReadonlyArray<AdapterModule> = [amazon, shopify, signedWebhook, woocommerce, pos, mobile]
