/**
 * One SKU's past, from the ledger: what it was at a moment, how its numbers went, and what made the one of the other.
 *
 * A row's primary key is its SKU and version, and within a SKU time rises with the version, so each of these reads a range of one
 * SKU's rows and nothing else.
 */
import { Effect } from "effect"
import type pg from "pg"
import { query, type PostgresFailed } from "../postgres.ts"
import { storable } from "./ledger-rows.ts"
import { type ListQuery, type Page, paged, position } from "./queries.ts"

type Row = Readonly<Record<string, unknown>>

export interface MomentRow extends Row {
  readonly version: number
  readonly at: Date
  readonly physical: number
  readonly allocated: number
}

/** A version or a time, whichever is given; neither is the newest. */
export interface MomentQuery {
  readonly version?: number
  readonly atMs?: number
}

const NUMBERS = "version::float8 AS version, at, physical::float8 AS physical, allocated::float8 AS allocated"

/** Beyond every version, and every time that PostgreSQL is asked for. */
const VERSION_MAX = Number.MAX_SAFE_INTEGER
const AT_MS_MAX = 8_640_000_000_000_000

const timeOf = (atMs: number): Date => new Date(Math.max(0, Math.min(AT_MS_MAX, atMs)))

/** The newest version up to the moment; none when the SKU was not known then. */
export const momentOf = (
  pool: pg.Pool,
  sku: string,
  { version = VERSION_MAX, atMs = AT_MS_MAX }: MomentQuery
): Effect.Effect<MomentRow | undefined, PostgresFailed> =>
  query<MomentRow>(
    pool,
    "moment",
    `SELECT ${NUMBERS} FROM stock_ledger WHERE sku = $1 AND version <= $2 AND at <= $3 ORDER BY version DESC LIMIT 1`,
    [storable(sku), Math.min(version, VERSION_MAX), timeOf(atMs)]
  ).pipe(Effect.map(([row]) => row))

export interface LevelsQuery {
  readonly fromMs: number
  readonly toMs: number
  readonly points: number
}

/** The time is cut into as many pieces as there are to be points; of each the last version and the lowest are told. */
export const levels = (
  pool: pg.Pool,
  sku: string,
  { fromMs, toMs, points }: LevelsQuery
): Effect.Effect<ReadonlyArray<MomentRow>, PostgresFailed> =>
  query<MomentRow>(
    pool,
    "levels",
    `WITH chosen AS (
       SELECT ${NUMBERS}, extract(epoch FROM at) AS second FROM stock_ledger WHERE sku = $1 AND at >= $2 AND at <= $3
     ), edges AS (SELECT min(second) AS low, max(second) AS high FROM chosen),
     placed AS (
       SELECT chosen.*, CASE WHEN high > low THEN floor((second - low) / (high - low) * $4) ELSE 0 END AS piece
       FROM chosen, edges
     )
     SELECT version, at, physical, allocated FROM (
       SELECT DISTINCT ON (piece) * FROM placed ORDER BY piece, version DESC) last
     UNION
     SELECT version, at, physical, allocated FROM (
       SELECT DISTINCT ON (piece) * FROM placed ORDER BY piece, physical - allocated, version) lowest
     ORDER BY version`,
    [storable(sku), timeOf(fromMs), timeOf(toMs), points]
  )

export interface Versions {
  readonly from: number
  readonly to: number
}

/** What the versions after `from` did up to `to`, by their type and channel, the greatest first. */
export const causes = (
  pool: pg.Pool,
  sku: string,
  { from, to }: Versions
): Effect.Effect<ReadonlyArray<Row>, PostgresFailed> =>
  query<Row>(
    pool,
    "causes",
    `WITH moved AS (
       SELECT version, type, channel, physical - lag(physical, 1, 0::bigint) OVER before AS physical,
         allocated - lag(allocated, 1, 0::bigint) OVER before AS allocated
       FROM stock_ledger WHERE sku = $1 AND version >= $2 AND version <= $3 WINDOW before AS (ORDER BY version)
     )
     SELECT type, channel, count(*)::float8 AS changes, sum(physical)::float8 AS physical,
       sum(allocated)::float8 AS allocated
     FROM moved WHERE version > $2 GROUP BY type, channel
     ORDER BY abs(sum(physical) - sum(allocated)) DESC, count(*) DESC, type, channel`,
    [storable(sku), from, to]
  )

/** `until`: no later version. */
export interface LedgerQuery extends ListQuery {
  readonly until: number | undefined
  readonly isNewestFirst: boolean
}

/** Each with what it did: the row before it is its neighbour by key. */
export const ledger = (
  pool: pg.Pool,
  sku: string,
  { after, limit, until, isNewestFirst }: LedgerQuery
): Effect.Effect<Page, PostgresFailed> => {
  const bound = isNewestFirst
    ? Math.min(until ?? VERSION_MAX, after === undefined ? VERSION_MAX : position(after) - 1)
    : (until ?? VERSION_MAX)
  return query<Row>(
    pool,
    "ledger",
    `SELECT row.version::float8 AS version, row.type, row.mutation_id AS "mutationId", row.scope,
       row.quantity::float8 AS quantity, row.physical::float8 AS physical, row.allocated::float8 AS allocated,
       row.location_id AS "locationId", row.channel, row.hold_id AS "holdId", row.reference, row.reason, row.at,
       row.journal_sequence::float8 AS "journalSequence",
       (row.physical - coalesce(before.physical, 0))::float8 AS "physicalBy",
       (row.allocated - coalesce(before.allocated, 0))::float8 AS "allocatedBy"
     FROM stock_ledger row LEFT JOIN stock_ledger before ON before.sku = row.sku AND before.version = row.version - 1
     WHERE row.sku = $1 AND row.version > $2 AND row.version <= $3
     ORDER BY row.version ${isNewestFirst ? "DESC" : ""} LIMIT $4`,
    [storable(sku), isNewestFirst ? 0 : position(after), bound, limit + 1]
  ).pipe(Effect.map((rows) => paged(rows, limit, "version")))
}

/** Where in the journal the versions after `from` stand up to `to`, in order, each place once. */
export const placesOf = (
  pool: pg.Pool,
  sku: string,
  { from, to }: Versions
): Effect.Effect<ReadonlyArray<number>, PostgresFailed> =>
  query<{ readonly sequence: number }>(
    pool,
    "places",
    `SELECT DISTINCT journal_sequence::float8 AS sequence FROM stock_ledger
     WHERE sku = $1 AND version > $2 AND version <= $3 ORDER BY sequence`,
    [storable(sku), from, to]
  ).pipe(Effect.map((rows) => rows.map(({ sequence }) => sequence)))
