/**
 * Stock by location, from the ledger's tables: what each location holds, and of which SKUs. A bundle has none of its own.
 */
import { Effect } from "effect"
import type pg from "pg"
import { query, type PostgresFailed } from "../postgres.ts"
import { storable } from "./ledger-rows.ts"
import { type ListQuery, type Page, paged } from "./queries.ts"

type Row = Readonly<Record<string, unknown>>

/** In the order of their names. Physical and allocated are over all SKUs. */
export const locations = (pool: pg.Pool, { after, limit }: ListQuery): Effect.Effect<Page, PostgresFailed> =>
  query<Row>(
    pool,
    "locations",
    `SELECT location_id AS "locationId", count(*)::float8 AS skus, sum(physical)::float8 AS physical,
       sum(allocated)::float8 AS allocated, (count(*) FILTER (WHERE available <= 0))::float8 AS "soldOut"
     FROM stock_locations WHERE location_id > $1 GROUP BY location_id ORDER BY location_id LIMIT $2`,
    [storable(after ?? ""), limit + 1]
  ).pipe(Effect.map((rows) => paged(rows, limit, "locationId")))

export interface LocationQuery extends ListQuery {
  readonly locationId: string
  /** Part of a SKU, in capitals or not; empty: every SKU. */
  readonly search: string
}

/** In the order of the SKUs. */
export const stockAt = (
  pool: pg.Pool,
  { after, limit, locationId, search }: LocationQuery
): Effect.Effect<Page, PostgresFailed> =>
  query<Row>(
    pool,
    "stock-at",
    `SELECT sku, physical::float8 AS physical, allocated::float8 AS allocated, available::float8 AS available
     FROM stock_locations WHERE location_id = $1 AND sku > $2 AND strpos(lower(sku), lower($3)) > 0
     ORDER BY sku LIMIT $4`,
    [storable(locationId), storable(after ?? ""), storable(search), limit + 1]
  ).pipe(Effect.map((rows) => paged(rows, limit, "sku")))
