/**
 * The PostgreSQL read model of carts, applied in batches: rows and checkpoint in one transaction.
 *
 * An event says what changed, so the carts that a batch touches are read, taken on by the actors' own fold, and written
 * back. A batch that comes again changes nothing: a cart skips what it has.
 */
import type { Effect } from "effect"
import type pg from "pg"
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import { packCart, unpackCart } from "../../actors/cart/pack.ts"
import { type CartState, evolve, initialCart } from "../../actors/cart/state.ts"
import type { StoredCommit } from "../codec.ts"
import { storable } from "./ledger-rows.ts"
import { tablesProjection } from "./postgres-projection.ts"
import type { Projection, ProjectionFailed } from "./runner.ts"

export const CARTS_PROJECTION = "postgres-carts"

/** `prepare` sees to the tables: a database may have been dropped and made again. */
export const cartsProjection = (
  pool: pg.Pool,
  prepare: Effect.Effect<void, ProjectionFailed>
): Projection<CartRecord> =>
  tablesProjection({ name: CARTS_PROJECTION, pool, prepare, tables: ["carts"], write: writeBatch })

const writeBatch = async (client: pg.ClientBase, commits: ReadonlyArray<StoredCommit<CartRecord>>): Promise<void> => {
  const carts = await load(client, commits)
  /** Carts that were bought in this batch, and when. */
  const orderedAt = new Map<string, number>()
  for (const { records, at } of commits) {
    for (const record of records) {
      if (!isCartEvent(record)) continue
      const before = carts.get(record.cart) ?? initialCart(record.cart)
      if (record.version <= before.version) continue
      const after = evolve(before, record, at)
      carts.set(record.cart, after)
      if (after.order === undefined) orderedAt.delete(record.cart)
      else if (before.order?.orderId !== after.order.orderId) orderedAt.set(record.cart, at)
    }
  }
  if (carts.size > 0) {
    const changed = [...carts.values()].map((state) => ({ ...rowOf(state), ordered: orderedAt.get(state.cart) }))
    await client.query({ name: "upsert-carts", text: UPSERT, values: [JSON.stringify(changed)] })
  }
}

const load = async (
  client: pg.ClientBase,
  commits: ReadonlyArray<StoredCommit<CartRecord>>
): Promise<Map<string, CartState>> => {
  /** By their names as PostgreSQL knows them. */
  const touched = new Map<string, string>()
  for (const { records } of commits) {
    for (const record of records) if (isCartEvent(record)) touched.set(storable(record.cart), record.cart)
  }
  const carts = new Map<string, CartState>()
  if (touched.size === 0) return carts
  const { rows } = await client.query<{ cart: string; state: string }>({
    name: "load-carts",
    text: "SELECT cart, state FROM carts WHERE cart = ANY (ARRAY(SELECT json_array_elements_text($1::json)))",
    values: [JSON.stringify([...touched.keys()])]
  })
  for (const row of rows) {
    const cart = touched.get(row.cart) ?? row.cart
    carts.set(cart, unpackCart(cart, row.state))
  }
  return carts
}

const rowOf = (state: CartState) => {
  const { cart, version, contents, status, totals, lines, abandoned, order } = state
  return {
    cart: storable(cart),
    version,
    contents,
    status,
    customer: state.customerId === undefined ? null : storable(state.customerId),
    segment: state.segment === undefined ? null : storable(state.segment),
    currency: state.currency,
    total: totals.totalMinor,
    lines: lines.length,
    items: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    changed: state.changedAt,
    idle: state.idleAt,
    abandoned: abandoned?.at,
    reason: abandoned?.reason,
    contacted: state.contactedAt,
    order: order === undefined ? null : storable(order.orderId),
    order_state: order?.state,
    paid: order?.paidMinor,
    refunded: order?.refundedMinor,
    state: packCart(state)
  }
}

const UPSERT = `INSERT INTO carts (cart, version, contents, status, customer_id, segment, currency, total_minor, line_count,
    item_count, changed_at, idle_at, abandoned_at, abandoned_reason, contacted_at, order_id, order_state, ordered_at,
    paid_minor, refunded_minor, state)
  SELECT cart, version, contents, status, customer, segment, currency, total, lines, items,
    to_timestamp(changed / 1000.0), to_timestamp(idle / 1000.0), to_timestamp(abandoned / 1000.0), reason,
    to_timestamp(contacted / 1000.0), "order", order_state,
    to_timestamp(ordered / 1000.0), paid, refunded, state
  FROM json_to_recordset($1::json) AS cart (cart text, version bigint, contents bigint, status text, customer text,
    segment text, currency text, total bigint, lines integer, items bigint, changed double precision,
    idle double precision, abandoned double precision, reason text, contacted double precision, "order" text,
    order_state text, ordered double precision, paid bigint, refunded bigint, state text)
  ON CONFLICT (cart) DO UPDATE SET version = excluded.version, contents = excluded.contents, status = excluded.status,
    customer_id = excluded.customer_id, segment = excluded.segment, currency = excluded.currency,
    total_minor = excluded.total_minor, line_count = excluded.line_count, item_count = excluded.item_count,
    changed_at = excluded.changed_at, idle_at = excluded.idle_at, abandoned_at = excluded.abandoned_at,
    abandoned_reason = excluded.abandoned_reason, contacted_at = excluded.contacted_at, order_id = excluded.order_id,
    order_state = excluded.order_state, ordered_at = CASE WHEN carts.order_id = excluded.order_id
      THEN carts.ordered_at ELSE excluded.ordered_at END,
    paid_minor = excluded.paid_minor, refunded_minor = excluded.refunded_minor, state = excluded.state
  WHERE carts.version < excluded.version`

/** Idle for 15 to 60 minutes, overdue, not told of and not written to: in normal operation there are none. */
export const IDLE_WINDOW = `SELECT cart FROM carts
  WHERE abandoned_at IS NULL AND status IN ('open', 'checkout')
    AND changed_at BETWEEN to_timestamp($1 / 1000.0) AND to_timestamp($2 / 1000.0)
    AND contacted_at IS NULL AND idle_at < to_timestamp($3 / 1000.0)
  ORDER BY changed_at LIMIT $4`
