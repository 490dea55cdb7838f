/**
 * Whether Redis says the same as the journal; and the wait until what is derived has caught up with it.
 */
import { Redis } from "ioredis"
import { Pool } from "pg"
import type { Accounts } from "./accounts.ts"

/** SKUs asked for in one pipeline: about 100 KB of answers. */
const PAGE = 1_000
const ASK_MS = 200

/**
 * Told of a SKU that is newer than the journal as it was read: the hub goes on while the audit reads. Without it, newer
 * is a difference like any other.
 */
export type OnAhead = (sku: string) => void

const register = (url: string): Redis =>
  // Cannot be reached: fails with a word, in place of trying for ever.
  new Redis(url, { maxRetriesPerRequest: 3, connectTimeout: 5_000, retryStrategy: (times) => (times > 5 ? null : 200) })

/** Waits until the projections have what the journal had; answers what is still missing after `patienceMs`. */
export const waitForProjections = async (
  urls: { readonly redis: string; readonly postgres: string },
  sequence: number,
  patienceMs: number
): Promise<string | undefined> => {
  const redis = register(urls.redis)
  redis.on("error", () => undefined)
  const pool = new Pool({ connectionString: urls.postgres, max: 1 })
  pool.on("error", () => undefined)
  try {
    const deadlineMs = performance.now() + patienceMs
    for (;;) {
      const inRedis = Number(await redis.get("holdfast:register:sequence"))
      const { rows } = await pool.query<{ sequence: string }>(
        "SELECT sequence FROM projection_checkpoints WHERE name = 'postgres-ledger'"
      )
      const inPostgres = Number(rows[0]?.sequence ?? 0)
      if (inRedis >= sequence && inPostgres >= sequence) return undefined
      if (performance.now() > deadlineMs) {
        return `after ${patienceMs / 1_000} s Redis has the journal up to ${inRedis} and PostgreSQL up to ${inPostgres}, of ${sequence}`
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_MS))
    }
  } finally {
    redis.disconnect()
    await pool.end()
  }
}

/** Every SKU's hash, or those of `only`; and, when all are compared, hashes of SKUs that the journal does not know. */
export const compareRedis = async (
  url: string,
  accounts: Accounts,
  options: { readonly only?: ReadonlyArray<string>; readonly onAhead?: OnAhead } = {}
): Promise<void> => {
  const redis = register(url)
  redis.on("error", () => undefined)
  try {
    const skus = options.only ?? [...accounts.bySku.keys()]
    for (let first = 0; first < skus.length; first += PAGE) {
      const some = skus.slice(first, first + PAGE)
      const pipeline = redis.pipeline()
      for (const sku of some) pipeline.hgetall(`inventory:sku:${sku}`)
      const results = (await pipeline.exec()) ?? []
      for (const [index, sku] of some.entries()) {
        compareHash(sku, (results[index]?.[1] ?? {}) as Record<string, string>, accounts, options.onAhead)
      }
    }
    if (options.only === undefined) await compareKeys(redis, accounts, options.onAhead)
  } finally {
    redis.disconnect()
  }
}

const compareHash = (
  sku: string,
  hash: Readonly<Record<string, string>>,
  accounts: Accounts,
  onAhead: OnAhead | undefined
): void => {
  const account = accounts.account(sku)
  if (onAhead !== undefined && Number(hash["version"]) > account.version) return onAhead(sku)
  const wanted = {
    sku_code: sku,
    total_available: String(account.available),
    physical_stock: String(account.physical),
    allocated_stock: String(account.allocated),
    safety_threshold: String(account.safetyThreshold),
    version: String(account.version)
  }
  for (const [field, value] of Object.entries(wanted)) {
    if (hash[field] !== value)
      accounts.find(sku, `Redis has ${field} ${hash[field] ?? "missing"}, the journal ${value}`)
  }
}

const KEY = "inventory:sku:"

const compareKeys = async (redis: Redis, accounts: Accounts, onAhead: OnAhead | undefined): Promise<void> => {
  for (let cursor = "0"; ;) {
    const [next, keys] = await redis.scan(cursor, "MATCH", `${KEY}*`, "COUNT", PAGE)
    for (const key of keys) {
      const sku = key.slice(KEY.length)
      if (accounts.bySku.has(sku)) continue
      if (onAhead === undefined) accounts.find(sku, "Redis has it, and the journal does not know it")
      else onAhead(sku)
    }
    if (next === "0") return
    cursor = next
  }
}
