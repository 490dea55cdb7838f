/**
 * The benches of the adapters that come with the hub.
 */
import type { StartBench } from "../bench.ts"
import { amazonBench } from "./amazon.ts"
import { shopifyBench } from "./shopify.ts"
import { socialBench } from "./social.ts"
import { mobileBench, posBench } from "./tills.ts"
import { wooBench } from "./woocommerce.ts"

export const benches: Readonly<Record<string, StartBench>> = {
  amazon: amazonBench,
  shopify: shopifyBench,
  "signed-webhook": socialBench,
  woocommerce: wooBench,
  pos: posBench,
  mobile: mobileBench
}
