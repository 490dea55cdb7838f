/**
 * The hub itself, over its socket and its own client: a fresh one for each round, as the others begin with empty tables.
 */
import { HoldfastClient } from "../../src/client/holdfast-client.ts"
import type { StockPage } from "../../src/gateway/protocol.ts"
import { type BenchHub, startBenchHub } from "./servers.ts"
import type { Target } from "./target.ts"

const TTL_MS = 60 * 60_000
const RECEIPTS_AT_ONCE = 64

export interface HubTarget extends Target {
  /** The one that was prepared last. */
  readonly hub: () => BenchHub
}

export const holdfastTarget = (): HubTarget => {
  let hub: BenchHub | undefined
  let connected: HoldfastClient | undefined
  const client = (): HoldfastClient => {
    if (connected === undefined) throw new Error("The hub is not prepared.")
    return connected
  }
  const rest = async (): Promise<void> => {
    connected?.close()
    await hub?.stop()
    connected = undefined
    hub = undefined
  }
  return {
    name: "holdfast",
    prepare: async (skus, units) => {
      await rest()
      const { url } = (hub = await startBenchHub())
      connected = await HoldfastClient.connect(url, { timeoutMs: 30_000 })
      for (let first = 0; first < skus.length; first += RECEIPTS_AT_ONCE) {
        await Promise.all(skus.slice(first, first + RECEIPTS_AT_ONCE).map((sku) => receive(url, sku, units)))
      }
    },
    reserve: async (sku, mutationId) => {
      const answer = await client().ask(sku, {
        type: "reserve",
        mutationId,
        holdId: mutationId,
        quantity: 1,
        ttlMs: TTL_MS
      })
      return settled(answer)
    },
    reserveLines: async (skus, mutationId) => {
      const lines = skus.map((sku) => ({ sku, quantity: 1 }))
      return settled(await client().askLines({ type: "reserve", mutationId, holdId: mutationId, ttlMs: TTL_MS, lines }))
    },
    check: async () => {
      let held = 0
      let oversold = 0
      for (let after: string | undefined = ""; after !== undefined;) {
        const page = await fetch(`${hub?.url}/v1/stock?limit=1000&after=${encodeURIComponent(after)}`)
        const { items, next } = (await page.json()) as StockPage
        for (const { allocated, available } of items) {
          held += allocated
          if (available < 0) oversold++
        }
        after = next
      }
      return { held, oversold }
    },
    rest,
    close: rest,
    hub: () => {
      if (hub === undefined) throw new Error("The hub is not prepared.")
      return hub
    }
  }
}

const settled = (answer: { readonly ok: boolean; readonly code?: string; readonly message?: string }): boolean => {
  if (!answer.ok && answer.code !== "insufficient_stock") throw new Error(answer.message)
  return answer.ok
}

/** Opening stock of a SKU. */
export const receive = async (url: string, sku: string, quantity: number): Promise<void> => {
  const response = await fetch(`${url}/v1/stock/${encodeURIComponent(sku)}/facts`, {
    method: "POST",
    body: JSON.stringify({ type: "receipt", mutationId: "opening", quantity })
  })
  if (response.status !== 202) throw new Error(`opening stock was not taken: ${await response.text()}`)
}
