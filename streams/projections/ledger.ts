/**
 * The PostgreSQL ledger and read models, applied in batches: rows and checkpoint in one transaction.
 *
 * When the checkpoint's row is gone, or names a commit that this journal does not have, everything is made anew, see
 * `ledger-rebuild.ts`; deleting the row is therefore how an operator asks for that.
 */
import { Effect } from "effect"
import type pg from "pg"
import type { StoredCommit } from "../codec.ts"
import {
  foldStock,
  type Folded,
  type Known,
  type LocationRow,
  type StockRows,
  type Touched,
  touchedBy
} from "./ledger-fold.ts"
import { LedgerMemory } from "./ledger-memory.ts"
import { entriesOf, LEDGER_FIELDS, type LedgerEntry, ledgerRows, rowsText, signalsOf } from "./ledger-rows.ts"
import { applyBehind, inTransaction, type Move, readCheckpoint } from "./postgres-projection.ts"
import { type Pause, type Projection, ProjectionFailed } from "./runner.ts"
import { Steps } from "./steps.ts"

export const LEDGER = "postgres-ledger"

/** Records in a batch: one of 1,000 costs as much a record as one of 16,000. */
const RECORDS_MAX = 1_000

/**
 * For connections that write the ledger. Every row is found by its key; the planner, whose figures are a minute old,
 * took a table of holds that had just grown from nothing for small, and read all of it for each batch.
 */
export const LEDGER_SETTINGS = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"

/**
 * Of a thousand small turns a second each was a transaction with an fsync of its own, and the hub's answers waited behind
 * them. Lists wait for what they are asked to show, so nobody is told less for it. At 3,000 requests a second so many commits come in
 * half a second; at 20 changes a second a batch for each quarter of one was a quarter of the thread's time.
 */
const GATHER_MS = 1_000
const GATHER_COMMITS_MAX = 400

export const ledgerFailed = (cause: unknown) => new ProjectionFailed({ projection: LEDGER, detail: String(cause) })

export const ledgerProjection = (
  pool: pg.Pool,
  steps: {
    /** Sees to the tables: a database may have been dropped and made again. */
    readonly prepare: Effect.Effect<void, ProjectionFailed>
    readonly rebuild: Effect.Effect<void, ProjectionFailed>
  }
): Projection => {
  const memory = new LedgerMemory()
  return {
    name: LEDGER,
    recordsMax: RECORDS_MAX,
    goesInSteps: true,
    gatherMs: GATHER_MS,
    gatherCommitsMax: GATHER_COMMITS_MAX,
    visitMs: 0,
    isWatched: true,
    prepare: steps.prepare,
    checkpoint: Effect.tryPromise({
      try: () => readCheckpoint(pool, LEDGER),
      catch: ledgerFailed
    }),
    startOver: steps.rebuild,
    apply: (commits, pause) =>
      Effect.tryPromise({
        try: () => inTransaction(pool, (client) => applyBatch(client, commits, memory, pause)),
        catch: ledgerFailed
      })
  }
}

/** In a transaction of the caller's. `memory`: of the batches before, applied to the same tables. */
export const applyBatch = (
  client: pg.ClientBase,
  commits: ReadonlyArray<StoredCommit>,
  memory: LedgerMemory,
  pause?: Pause
): Promise<void> =>
  applyBehind(client, LEDGER, commits, async (_, fresh, move) => {
    const steps = new Steps(client, pause)
    await writeStock(steps, entriesOf(fresh), memory, move)
    await insertSignals(steps, fresh)
  })

const UNIQUE_VIOLATION = "23505"

const writeStock = async (
  steps: Steps,
  entries: ReadonlyArray<LedgerEntry>,
  memory: LedgerMemory,
  { from, to }: Move
): Promise<void> => {
  const remembered = memory.at(from)
  const stock =
    entries.length === 0 ? new Map<string, StockRows>() : (await storeStock(steps, entries, remembered)).stock
  memory.note(stock, to)
}

/**
 * Behind the checkpoint nothing of the batch is there: not a row of the ledger, nor a hold that is reserved. Looking for each whether
 * it is took a quarter of the server's time. What is there after all fails at its key, and the batch is written the careful way.
 */
const storeStock = async (
  steps: Steps,
  entries: ReadonlyArray<LedgerEntry>,
  remembered: ReadonlyMap<string, StockRows>
): Promise<Folded> => {
  await steps.client.query("SAVEPOINT stock")
  try {
    const folded = await fold(steps, entries, remembered, true)
    // First what may be there: a hold that replaces another is no mistake, and all that was done before it is undone.
    await storeHolds(steps, folded)
    for (const some of steps.partsOf(entries)) {
      await steps.query("insert-ledger", INSERT_LEDGER, ledgerRows(some, false))
    }
    await storeLevels(steps, folded)
    return folded
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === UNIQUE_VIOLATION)) throw cause
    await steps.client.query("ROLLBACK TO SAVEPOINT stock")
    const folded = await fold(steps, entries, remembered, false)
    await storeHolds(steps, folded)
    await insertMissing(steps.client, entries)
    await storeLevels(steps, folded)
    return folded
  }
}

/** `trusting`: holds may be taken for new. */
const fold = async (
  steps: Steps,
  entries: ReadonlyArray<LedgerEntry>,
  remembered: ReadonlyMap<string, StockRows>,
  trusting: boolean
): Promise<Folded> => {
  const touched = touchedBy(entries, trusting)
  return foldStock(entries, touched, await load(steps, touched, remembered))
}

const INSERT_LEDGER = `INSERT INTO stock_ledger (sku, version, type, mutation_id, scope, quantity, physical, allocated,
    location_id, to_location_id, channel, hold_id, reference, reason, occurred_at, at, journal_sequence, entry, reuse)
  SELECT sku, version, type, "mutationId", coalesce(scope, ''), quantity, physical, allocated, "locationId",
    "toLocationId", channel, "holdId", reference, reason, "occurredAt", to_timestamp("_at" / 1000), "_sequence",
    "_entry", "_reuse"
  FROM json_to_recordset($1::json) AS event (${LEDGER_FIELDS})`

const INSERT_MISSING = `${INSERT_LEDGER} ON CONFLICT DO NOTHING`

const insertMissing = async (client: pg.ClientBase, entries: ReadonlyArray<LedgerEntry>): Promise<void> => {
  const insert = (some: ReadonlyArray<LedgerEntry>, reused: boolean) =>
    client.query({ name: "insert-missing", text: INSERT_MISSING, values: [ledgerRows(some, reused)] })
  const inserted = await insert(entries, false)
  if (inserted.rowCount === entries.length) return
  // A row that is missing now has a mutation id that was forgotten and used again: it is told apart by its version.
  const { rows } = await client.query<{ sku: string; version: string }>(
    `SELECT wanted.sku, wanted.version FROM json_to_recordset($1::json) AS wanted (sku text, version bigint)
     WHERE NOT EXISTS (SELECT 1 FROM stock_ledger known WHERE known.sku = wanted.sku AND known.version = wanted.version)`,
    [ledgerRows(entries, false)]
  )
  const missing = new Set(rows.map((row) => `${row.version} ${row.sku}`))
  const reused = entries.filter(({ event }) => missing.has(`${event.version} ${event.sku}`))
  if (reused.length > 0) await insert(reused, true)
}

/** `ARRAY(...)`: the planner then takes the index however large the tables are. */
const LOAD = `SELECT
  (SELECT json_agg(json_build_array(sku, version, bundle)) FROM stock_levels
    WHERE sku = ANY (ARRAY(SELECT json_array_elements_text($1::json)))) AS levels,
  (SELECT json_agg(json_build_array(sku, location_id, physical, allocated)) FROM stock_locations
    WHERE sku = ANY (ARRAY(SELECT json_array_elements_text($1::json)))) AS locations,
  (SELECT json_agg(json_build_array(hold.sku, hold.scope, hold.hold_id, hold.split))
    FROM json_to_recordset($2::json) AS wanted (sku text, scope text, hold_id text)
    JOIN open_holds hold ON hold.sku = wanted.sku AND hold.scope = wanted.scope AND hold.hold_id = wanted.hold_id) AS holds`

interface LoadedRow {
  readonly levels: ReadonlyArray<readonly [sku: string, version: number, bundle: boolean]> | null
  readonly locations: ReadonlyArray<
    readonly [sku: string, locationId: string, physical: number, allocated: number]
  > | null
  readonly holds: Known["holds"] | null
}

/** What is remembered is not asked for. */
const load = async (steps: Steps, touched: Touched, remembered: ReadonlyMap<string, StockRows>): Promise<Known> => {
  const stock = new Map<string, StockRows>()
  const holds: Array<Known["holds"][number]> = []
  const unknown: Array<string> = []
  for (const sku of touched.skus) {
    const rows = remembered.get(sku)
    if (rows === undefined) unknown.push(sku)
    else stock.set(sku, rows)
  }
  const [skuParts, holdParts] = [steps.partsOf(unknown), steps.partsOf(touched.holds)]
  for (let part = 0; part < skuParts.length || part < holdParts.length; part++) {
    const wanted = [rowsText(skuParts[part] ?? []), rowsText(holdParts[part] ?? [])]
    const [row] = await steps.query<LoadedRow>("load-stock", LOAD, ...wanted)
    const places = new Map<string, Array<LocationRow>>()
    for (const [sku, version, bundle] of row?.levels ?? []) {
      const locations: Array<LocationRow> = []
      places.set(sku, locations)
      stock.set(sku, { version, bundle, locations })
    }
    for (const [sku, location_id, physical, allocated] of row?.locations ?? []) {
      places.get(sku)?.push({ sku, location_id, physical, allocated })
    }
    holds.push(...(row?.holds ?? []))
  }
  return { stock, holds }
}

const UPSERT_LEVELS = `INSERT INTO stock_levels (sku, version, physical, allocated, safety_threshold, bundle, updated_at)
  SELECT sku, version, physical, allocated, threshold, bundle, to_timestamp("changedAt" / 1000.0)
  FROM json_to_recordset($1::json) AS level (sku text, version bigint, physical bigint, allocated bigint,
    threshold bigint, bundle boolean, "changedAt" bigint)
  ON CONFLICT (sku) DO UPDATE SET version = excluded.version, physical = excluded.physical,
    allocated = excluded.allocated, safety_threshold = excluded.safety_threshold, bundle = excluded.bundle,
    updated_at = excluded.updated_at
  WHERE stock_levels.version < excluded.version`

const UPSERT_LOCATIONS = `INSERT INTO stock_locations (sku, location_id, physical, allocated)
  SELECT * FROM json_to_recordset($1::json) AS place (sku text, location_id text, physical bigint, allocated bigint)
  ON CONFLICT (sku, location_id) DO UPDATE SET physical = excluded.physical, allocated = excluded.allocated
  WHERE (stock_locations.physical, stock_locations.allocated) <> (excluded.physical, excluded.allocated)`

const DELETE_LOCATIONS = `DELETE FROM stock_locations USING
  json_to_recordset($1::json) AS gone (sku text, location_id text)
  WHERE stock_locations.sku = gone.sku AND stock_locations.location_id = gone.location_id`

const DELETE_HOLDS = `DELETE FROM open_holds USING
  json_to_recordset($1::json) AS gone (sku text, scope text, hold_id text)
  WHERE open_holds.sku = gone.sku AND open_holds.scope = gone.scope AND open_holds.hold_id = gone.hold_id`

const INSERT_HOLDS = `INSERT INTO open_holds (sku, scope, hold_id, quantity, channel, holder, expires_at, split)
  SELECT sku, scope, hold_id, quantity, channel, holder, to_timestamp(expires / 1000), split
  FROM json_to_recordset($1::json) AS hold (sku text, scope text, hold_id text, quantity bigint, channel text,
    holder text, expires float8, split jsonb)`

const REPLACE_HOLDS = `${INSERT_HOLDS}
  ON CONFLICT (sku, scope, hold_id) DO UPDATE SET quantity = excluded.quantity, channel = excluded.channel,
    holder = excluded.holder, expires_at = excluded.expires_at, split = excluded.split`

const storeHolds = async (steps: Steps, { closed, opened, replaced }: Folded): Promise<void> => {
  await steps.write("delete-holds", DELETE_HOLDS, closed)
  await steps.write("insert-holds", INSERT_HOLDS, opened)
  await steps.write("replace-holds", REPLACE_HOLDS, replaced)
}

const storeLevels = async (steps: Steps, { goneLocations, levels, locations }: Folded): Promise<void> => {
  await steps.write("upsert-levels", UPSERT_LEVELS, levels)
  await steps.write("upsert-locations", UPSERT_LOCATIONS, locations)
  await steps.write("delete-locations", DELETE_LOCATIONS, goneLocations)
}

const INSERT_INCIDENTS = `INSERT INTO incidents (id, kind, sku, version, location_id, units, mutation_id, channel, reference,
    hold_id, at, position)
  SELECT id, kind, sku, version, "locationId", units, "mutationId", channel, reference, "holdId",
    to_timestamp(at / 1000.0), position
  FROM json_to_recordset($1::json) AS incident (id text, kind text, sku text, version bigint, "locationId" text,
    units bigint, "mutationId" text, channel text, reference text, "holdId" text, at bigint, position bigint)
  ON CONFLICT DO NOTHING`

const RESOLVE_INCIDENTS = `UPDATE incidents SET status = 'resolved', outcome = resolution.outcome, note = resolution.note,
    resolved_at = to_timestamp(resolution.at / 1000.0)
  FROM json_to_recordset($1::json) AS resolution ("incidentId" text, outcome text, note text, at bigint)
  WHERE incidents.id = resolution."incidentId"`

const INSERT_ALERTS = `INSERT INTO alerts (sku, version, state, available, safety_threshold, at, position)
  SELECT sku, version, state, available, "safetyThreshold", to_timestamp(at / 1000.0), position
  FROM json_to_recordset($1::json) AS alert (sku text, version bigint, state text, available bigint,
    "safetyThreshold" bigint, at bigint, position bigint)
  ON CONFLICT DO NOTHING`

const insertSignals = async (steps: Steps, commits: ReadonlyArray<StoredCommit>): Promise<void> => {
  const { incidents, resolutions, alerts } = signalsOf(commits)
  await steps.write("insert-incidents", INSERT_INCIDENTS, incidents)
  await steps.write("resolve-incidents", RESOLVE_INCIDENTS, resolutions)
  await steps.write("insert-alerts", INSERT_ALERTS, alerts)
}
