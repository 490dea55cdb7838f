/**
 * Lists for people, from the read models: pages in the order in which things happened.
 */
import { Effect } from "effect"
import type pg from "pg"
import { query, type PostgresFailed } from "../postgres.ts"

export interface Page {
  readonly items: ReadonlyArray<unknown>
  /** The `after` of the page that follows; absent on the last. */
  readonly next?: string
}

export interface ListQuery {
  readonly after: string | undefined
  readonly limit: number
  /** Only SKUs that begin so; "" or absent: all. */
  readonly below?: string
}

/** SKUs that begin with `below`, as a range that an index of SKUs finds: up to the first text that begins otherwise. */
const rangeOf = (below: string): readonly [from: string, to: string] => {
  const last = below.length - 1
  return [below, below.slice(0, last) + String.fromCharCode(below.charCodeAt(last) + 1)]
}

/** For a condition behind those with the first `count` parameters: its text, its parameters, and the query's name. */
export const within = (below: string | undefined, count: number) =>
  below === undefined || below === ""
    ? { text: "", values: [], name: "" }
    : { text: ` AND sku >= $${count + 1} AND sku < $${count + 2}`, values: rangeOf(below), name: " of a tenant" }

type Row = Readonly<Record<string, unknown>>

export const paged = (rows: ReadonlyArray<Row>, limit: number, place: string): Page => {
  const items = rows.slice(0, limit)
  const last = items[items.length - 1]
  return rows.length > limit && last !== undefined ? { items, next: String(last[place]) } : { items }
}

export const position = (after: string | undefined): number => {
  const place = Number(after ?? 0)
  return Number.isSafeInteger(place) ? place : 0
}

export const incidents = (
  pool: pg.Pool,
  { after, below, limit, status }: ListQuery & { readonly status: "open" | "resolved" | undefined }
): Effect.Effect<Page, PostgresFailed> => {
  const own = within(below, 3)
  return query<Row>(
    pool,
    `incidents${own.name}`,
    `SELECT position::float8 AS position, id, kind, sku, version::float8 AS version, location_id AS "locationId",
       units::float8 AS units, mutation_id AS "mutationId", channel, reference, hold_id AS "holdId", at, status, outcome,
       note, resolved_at AS "resolvedAt"
     FROM incidents WHERE position > $1 AND ($2::text IS NULL OR status = $2)${own.text} ORDER BY position LIMIT $3`,
    [position(after), status ?? null, limit + 1, ...own.values]
  ).pipe(Effect.map((rows) => paged(rows, limit, "position")))
}

export const alerts = (pool: pg.Pool, { after, below, limit }: ListQuery): Effect.Effect<Page, PostgresFailed> => {
  const own = within(below, 2)
  return query<Row>(
    pool,
    `alerts${own.name}`,
    `SELECT position::float8 AS position, sku, version::float8 AS version, state, available::float8 AS available,
       safety_threshold::float8 AS "safetyThreshold", at
     FROM alerts WHERE position > $1${own.text} ORDER BY position LIMIT $2`,
    [position(after), limit + 1, ...own.values]
  ).pipe(Effect.map((rows) => paged(rows, limit, "position")))
}
