/**
 * Whether what is derived says the same as the journal: Redis, PostgreSQL, and the retailer's own file.
 */
import { readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import { Redis } from "ioredis"
import { Pool } from "pg"
import type { Accounts } from "./accounts.ts"

const PAGE = 1_000

/** Waits until the projections have what the journal had; answers what is still missing after `patienceMs`. */
export const waitForProjections = async (
  urls: { readonly redis: string; readonly postgres: string },
  sequence: number,
  patienceMs: number
): Promise<string | undefined> => {
  const redis = new Redis(urls.redis)
  const pool = new Pool({ connectionString: urls.postgres, max: 1 })
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
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  } finally {
    redis.disconnect()
    await pool.end()
  }
}

export const compareRedis = async (url: string, accounts: Accounts): Promise<void> => {
  const redis = new Redis(url)
  const skus = [...accounts.bySku.keys()]
  for (let first = 0; first < skus.length; first += PAGE) {
    const some = skus.slice(first, first + PAGE)
    const pipeline = redis.pipeline()
    for (const sku of some) pipeline.hgetall(`inventory:sku:${sku}`)
    const results = (await pipeline.exec()) ?? []
    for (const [index, sku] of some.entries()) {
      const hash = (results[index]?.[1] ?? {}) as Record<string, string>
      const account = accounts.account(sku)
      const wanted = {
        sku_code: sku,
        total_available: String(account.physical - account.allocated),
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
  }
  redis.disconnect()
}

export const comparePostgres = async (url: string, accounts: Accounts): Promise<void> => {
  const pool = new Pool({ connectionString: url, max: 2 })
  try {
    await compareLevels(pool, accounts)
    await compareLedger(pool, accounts)
  } finally {
    await pool.end()
  }
}

const names = (accounts: Accounts): Map<string, string> =>
  new Map([...accounts.bySku.keys()].map((sku) => [sku.replaceAll("\u0000", "\u2400"), sku]))

const compareLevels = async (pool: Pool, accounts: Accounts): Promise<void> => {
  const known = names(accounts)
  for (let after = ""; ;) {
    const { rows } = await pool.query<{ sku: string; version: string; physical: string; allocated: string }>(
      "SELECT sku, version, physical, allocated FROM stock_levels WHERE sku > $1 ORDER BY sku LIMIT $2",
      [after, PAGE]
    )
    for (const row of rows) {
      const sku = known.get(row.sku) ?? row.sku
      known.delete(row.sku)
      const account = accounts.account(sku)
      for (const name of ["version", "physical", "allocated"] as const) {
        if (Number(row[name]) !== account[name])
          accounts.find(sku, `PostgreSQL has ${name} ${row[name]}, the journal ${account[name]}`)
      }
    }
    if (rows.length < PAGE) break
    after = rows[rows.length - 1]?.sku ?? ""
  }
  for (const sku of known.values()) accounts.find(sku, "PostgreSQL does not know it")
}

/** One row for each version, from 1 without a gap, and the newest row's numbers are the account's. */
const compareLedger = async (pool: Pool, accounts: Accounts): Promise<void> => {
  const known = names(accounts)
  const { rows } = await pool.query<{ sku: string; rows: string; newest: string; physical: string }>(
    `SELECT sku, count(*) AS rows, max(version) AS newest, (array_agg(physical ORDER BY version DESC))[1] AS physical
     FROM stock_ledger GROUP BY sku`
  )
  const counted = new Map(rows.map((row) => [row.sku, row]))
  for (const [stored, sku] of known) {
    const row = counted.get(stored)
    const { version, physical } = accounts.account(sku)
    if (Number(row?.rows ?? 0) !== version)
      accounts.find(sku, `the ledger has ${row?.rows ?? 0} rows, the journal ${version} versions`)
    else if (Number(row?.newest) !== version)
      accounts.find(sku, `the ledger ends at version ${String(row?.newest)}, the journal at ${version}`)
    else if (Number(row?.physical) !== physical)
      accounts.find(sku, `the ledger's newest physical is ${String(row?.physical)}, the journal's ${physical}`)
  }
}

/**
 * The file's own totals, from its text alone: units that each product's stock moved. No code is shared with the replay.
 * A positive quantity was sold, a negative one came back if the invoice is a cancellation, and is lost stock if not.
 */
export const fileTotals = (path: string): Map<string, number> => {
  const bytes = readFileSync(path)
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8")
  const totals = new Map<string, number>()
  for (const line of text.split(/\r?\n/).slice(1)) {
    // Quoted text may hold commas; quantities and codes are never quoted.
    const fields = line.replace(/"(?:[^"]|"")*"/g, "").split(",")
    const sku = (fields[1] ?? "").trim().toUpperCase()
    if (!/^(\d{5}[A-Z]*|DCGS\w+)$/.test(sku)) continue
    const quantity = Number(fields[3])
    const isLoss = quantity < 0 && !line.startsWith("C")
    totals.set(sku, (totals.get(sku) ?? 0) + (isLoss ? quantity : -quantity))
  }
  return totals
}

export const compareFile = (path: string, accounts: Accounts): number => {
  const totals = fileTotals(path)
  for (const [sku, units] of totals) {
    const moved = accounts.bySku.get(sku)?.fileUnits ?? 0
    if (moved !== units) accounts.find(sku, `the file says ${units} units moved, the journal ${moved}`)
  }
  return totals.size
}
