/**
 * The adapters that come with the hub.
 */
import type { AdapterModule } from "../adapter.ts"
import shopify from "./shopify/adapter.ts"

export const builtIn: ReadonlyArray<AdapterModule> = [shopify]
