/**
 * The hub itself, over its socket and its own client.
 */
import { HoldfastClient } from "../../src/client/holdfast-client.ts"
import type { StockPage } from "../../src/gateway/protocol.ts"
import type { Target } from "./target.ts"

const TTL_MS = 60 * 60_000

export const holdfastTarget = async (url: string): Promise<Target> => {
  const client = await HoldfastClient.connect(url, { timeoutMs: 30_000 })
  let prefix = ""
  let runs = 0
  const named = (sku: string): string => prefix + sku
  return {
    name: "holdfast",
    prepare: async (skus, units) => {
      // Nothing can be forgotten in the hub: each round has SKUs of its own.
      prefix = `run${Date.now().toString(36)}${runs++}-`
      for (let first = 0; first < skus.length; first += 64) {
        await Promise.all(skus.slice(first, first + 64).map((sku) => receive(url, named(sku), units)))
      }
    },
    reserve: async (sku, mutationId) => {
      const answer = await client.ask(named(sku), {
        type: "reserve",
        mutationId,
        holdId: mutationId,
        quantity: 1,
        ttlMs: TTL_MS
      })
      return settled(answer)
    },
    reserveLines: async (skus, mutationId) => {
      const lines = skus.map((sku) => ({ sku: named(sku), quantity: 1 }))
      return settled(await client.askLines({ type: "reserve", mutationId, holdId: mutationId, ttlMs: TTL_MS, lines }))
    },
    check: async () => {
      let held = 0
      let oversold = 0
      for (let after: string | undefined = prefix; after !== undefined;) {
        const page = (await (
          await fetch(`${url}/v1/stock?limit=1000&after=${encodeURIComponent(after)}`)
        ).json()) as StockPage
        const mine = page.items.filter(({ sku }) => sku.startsWith(prefix))
        for (const { allocated, available } of mine) {
          held += allocated
          if (available < 0) oversold++
        }
        after = mine.length === page.items.length ? page.next : undefined
      }
      return { held, oversold }
    },
    close: async () => client.close()
  }
}

const settled = (answer: { readonly ok: boolean; readonly code?: string; readonly message?: string }): boolean => {
  if (!answer.ok && answer.code !== "insufficient_stock") throw new Error(answer.message)
  return answer.ok
}

const receive = async (url: string, sku: string, quantity: number): Promise<void> => {
  const response = await fetch(`${url}/v1/stock/${encodeURIComponent(sku)}/facts`, {
    method: "POST",
    body: JSON.stringify({ type: "receipt", mutationId: "opening", quantity })
  })
  if (response.status !== 202) throw new Error(`opening stock was not taken: ${await response.text()}`)
}
