/**
 * The channel that is measured: takes quantities over HTTP without limits, as fast as its adapter sends them.
 */
import { type AdapterModule, succeeded } from "../../src/channels/adapter.ts"
import { callChannel } from "../../src/channels/http-call.ts"

const plain: AdapterModule = {
  kind: "plain",
  make: ({ settings, fetch }) => {
    const { url } = settings as { readonly url: string }
    return {
      limits: { batchMax: 50, callsPerSecond: Infinity, burst: 1_000, concurrencyMax: 8, windowMs: 0 },
      push: async (writes, signal) => {
        const body = writes.map(({ listingId, quantity }) => ({ sku: listingId, quantity }))
        const result = await callChannel(fetch, { method: "POST", url, body, signal })
        return result.ok ? succeeded(writes.map(() => ({ type: "applied" }) as const)) : result
      }
    }
  }
}

export default plain
