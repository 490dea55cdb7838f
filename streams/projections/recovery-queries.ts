/**
 * Lists of recovery for people, from the read models, page by page.
 */
import { Effect } from "effect"
import type pg from "pg"
import { query, type PostgresFailed } from "../postgres.ts"
import { storable } from "./ledger-rows.ts"
import type { ListQuery } from "./queries.ts"

export interface Paged<Item> {
  readonly items: ReadonlyArray<Item>
  /** The `after` of the page that follows; absent on the last. */
  readonly next?: string
}

/** A page of rows that know their own place; one more than fits was asked for. */
const paged = <Item extends { readonly place: string }>(
  rows: ReadonlyArray<Item>,
  limit: number
): Paged<Omit<Item, "place">> => {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  const items = rows.slice(0, limit).map(({ place: _place, ...item }) => item)
  return last === undefined ? { items } : { items, next: last.place }
}

/** No moment and no position is beyond. */
const NUMBER_MAX = 999_999_999_999_999

/** A place is `<number>.<text>`; anything else is the beginning. */
const placeOf = (after: string | undefined, beginning: number): readonly [number, string] => {
  const [, number, text = ""] = /^(\d{1,15})\.(.*)$/s.exec(after ?? "") ?? []
  return number === undefined ? [beginning, ""] : [Number(number), text]
}

export interface Queued {
  readonly recoveryId: string
  readonly customerId: string
  readonly cart: string
  readonly sequence: string
  /** From 0. */
  readonly step: number
  readonly phase: "waiting" | "planned" | "sending" | "retrying"
  readonly channel: string | null
  readonly dueAt: Date
  readonly leftAt: Date
  readonly messages: number
}

const MS = (moment: string): string => `round(extract(epoch FROM ${moment}) * 1000)::bigint`

export const queue = (pool: pg.Pool, { after, limit }: ListQuery): Effect.Effect<Paged<Queued>, PostgresFailed> => {
  const [dueMs, recoveryId] = placeOf(after, 0)
  return query<Queued & { readonly place: string }>(
    pool,
    "recovery queue",
    `SELECT recovery_id AS "recoveryId", customer_id AS "customerId", cart,
       sequence_id || ' v' || sequence_version AS sequence, step, phase, next_channel AS channel, due_at AS "dueAt",
       left_at AS "leftAt", message_count AS messages, ${MS("due_at")} || '.' || recovery_id AS place
     FROM recoveries WHERE due_at IS NOT NULL AND (due_at, recovery_id) > (to_timestamp($1 / 1000.0), $2)
     ORDER BY due_at, recovery_id LIMIT $3`,
    [dueMs, storable(recoveryId), limit + 1]
  ).pipe(Effect.map((rows) => paged(rows, limit)))
}

export interface QueueCounts {
  readonly running: number
  /** Messages that are on their way, or wait to be tried again. */
  readonly underWay: number
  readonly withinAnHour: number
}

export const queueCounts = (pool: pg.Pool, atMs: number): Effect.Effect<QueueCounts, PostgresFailed> =>
  query<QueueCounts & pg.QueryResultRow>(
    pool,
    "recovery queue counts",
    `SELECT count(*)::float8 AS running, (count(*) FILTER (WHERE phase IN ('sending', 'retrying')))::float8 AS "underWay",
       (count(*) FILTER (WHERE due_at <= to_timestamp($1 / 1000.0)))::float8 AS "withinAnHour"
     FROM recoveries WHERE due_at IS NOT NULL`,
    [atMs + 3_600_000]
  ).pipe(Effect.map(([row]) => row ?? { running: 0, underWay: 0, withinAnHour: 0 }))

export interface SuppressedAddress {
  /** Blind. */
  readonly address: string
  readonly channel: string
  readonly reason: string
  readonly at: Date
}

/** The newest first. */
export const suppressed = (
  pool: pg.Pool,
  { after, limit }: ListQuery
): Effect.Effect<Paged<SuppressedAddress>, PostgresFailed> => {
  const [position, address] = placeOf(after, NUMBER_MAX)
  return query<SuppressedAddress & { readonly place: string }>(
    pool,
    "suppressed addresses",
    `SELECT address, channel, reason, at, position || '.' || address AS place FROM suppressed_addresses
     WHERE (position, address) < ($1, $2) ORDER BY position DESC, address DESC LIMIT $3`,
    [position, storable(address), limit + 1]
  ).pipe(Effect.map((rows) => paged(rows, limit)))
}

export const suppressedCount = (pool: pg.Pool): Effect.Effect<number, PostgresFailed> =>
  query<{ count: number }>(
    pool,
    "suppressed count",
    "SELECT count(*)::float8 AS count FROM suppressed_addresses",
    []
  ).pipe(Effect.map(([row]) => row?.count ?? 0))

export interface TimelineEntry {
  readonly at: Date
  /** As it was recorded, but for the customer; an order as `{"type":"ordered",...}`. */
  readonly event: Readonly<Record<string, unknown>> & { readonly type: string }
}

const TIMELINE = `SELECT at, event, ${MS("at")} || '.' || key AS place FROM (
    SELECT at, event, 'e' || lpad(version::text, 16, '0') || lpad(ordinal::text, 8, '0') AS key
    FROM customer_timeline WHERE customer_id = $1
    UNION ALL
    SELECT ordered_at, json_build_object('type', 'ordered', 'cart', cart, 'orderId', order_id, 'state', order_state,
      'paidMinor', paid_minor, 'refundedMinor', refunded_minor, 'currency', currency)::text, 'o' || cart
    FROM carts WHERE customer_id = $1 AND ordered_at IS NOT NULL
  ) told
  WHERE (${MS("at")}, key COLLATE "C") < ($2, $3)
  ORDER BY ${MS("at")} DESC, key COLLATE "C" DESC LIMIT $4`

/** What happened to one customer and what was decided for them, the newest first. */
export const timeline = (
  pool: pg.Pool,
  customerId: string,
  { after, limit }: ListQuery
): Effect.Effect<Paged<TimelineEntry>, PostgresFailed> => {
  const [ms, key] = placeOf(after, NUMBER_MAX)
  return query<{ readonly at: Date; readonly event: string; readonly place: string }>(pool, "timeline", TIMELINE, [
    storable(customerId),
    ms,
    storable(key),
    limit + 1
  ]).pipe(
    Effect.map((rows) =>
      paged(
        rows.map((row) => ({ ...row, event: JSON.parse(row.event) as TimelineEntry["event"] })),
        limit
      )
    )
  )
}
