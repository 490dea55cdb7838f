/**
 * The adapters that come with the hub.
 */
import type { AdapterModule } from "../adapter.ts"

export const builtIn: ReadonlyArray<AdapterModule> = []
