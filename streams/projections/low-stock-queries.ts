/**
 * Low stock that was raised and is not cleared, and how those SKUs sell, from the ledger's tables.
 */
import { Effect } from "effect"
import type pg from "pg"
import { query, type PostgresFailed } from "../postgres.ts"
import { within } from "./queries.ts"
import { storable } from "./ledger-rows.ts"

export interface RaisedRow {
  readonly sku: string
  /** Of the alert. */
  readonly version: number
  readonly raisedAt: Date
  readonly availableThen: number
  readonly available: number
  readonly safetyThreshold: number
}

export interface RaisedQuery {
  /** A SKU; `undefined` begins. */
  readonly after: string | undefined
  readonly limit: number
  /** Only SKUs that begin so; "" or absent: all. */
  readonly below?: string
}

const raisedWhere = (
  condition: string
) => `SELECT newest.sku, newest.version::float8 AS version, newest.at AS "raisedAt",
    newest.available::float8 AS "availableThen", level.available::float8 AS available,
    level.safety_threshold::float8 AS "safetyThreshold"
  FROM (SELECT DISTINCT ON (sku) * FROM alerts WHERE ${condition} ORDER BY sku, version DESC, position DESC) newest
  JOIN stock_levels level ON level.sku = newest.sku
  WHERE newest.state = 'raised' ORDER BY newest.sku`

/** In the order of the SKUs. */
export const raised = (
  pool: pg.Pool,
  { after = "", below, limit }: RaisedQuery
): Effect.Effect<ReadonlyArray<RaisedRow>, PostgresFailed> => {
  const own = within(below, 2)
  const text = `${raisedWhere(`sku > $1${own.text}`)} LIMIT $2`
  return query<RaisedRow>(pool, `raised${own.name}`, text, [storable(after), limit, ...own.values])
}

export const raisedOf = (pool: pg.Pool, sku: string): Effect.Effect<RaisedRow | undefined, PostgresFailed> =>
  query<RaisedRow>(pool, "raised-of", raisedWhere("sku = $1"), [storable(sku)]).pipe(Effect.map(([row]) => row))

export interface SoldRow {
  readonly sku: string
  /** 0: the last twenty-four hours, 1 those before. */
  readonly daysAgo: number
  readonly sold: number
  /** How long the SKU has been known, in days, at most as many as were asked for. */
  readonly known: number
}

export interface SoldQuery {
  readonly skus: ReadonlyArray<string>
  readonly nowMs: number
  readonly days: number
}

const DAY_MS = 86_400_000

/** What left by sales and by holds that were sold, less what came back; nothing for a day without. */
export const sold = (
  pool: pg.Pool,
  { skus, nowMs, days }: SoldQuery
): Effect.Effect<ReadonlyArray<SoldRow>, PostgresFailed> =>
  query<SoldRow>(
    pool,
    "sold",
    `SELECT row.sku, floor(extract(epoch FROM $2::timestamptz - row.at) / 86400)::float8 AS "daysAgo",
       sum(CASE WHEN row.type IN ('sale', 'commit') THEN row.quantity WHEN row.type = 'return' THEN -row.quantity ELSE 0 END)::float8 AS sold,
       least($4, greatest(1, ceil(extract(epoch FROM $2::timestamptz - first.at) / 86400)))::float8 AS known
     FROM stock_ledger row JOIN stock_ledger first ON first.sku = row.sku AND first.version = 1
     WHERE row.sku = ANY ($1) AND row.at > $3 AND row.at <= $2
     GROUP BY 1, 2, 4 ORDER BY 1, 2`,
    [skus.map(storable), new Date(nowMs), new Date(nowMs - days * DAY_MS), days]
  )
