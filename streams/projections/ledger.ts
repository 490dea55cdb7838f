/**
 * The PostgreSQL ledger and read models, applied in batches: rows and checkpoint in one transaction.
 *
 * The checkpoint's row is locked first, so two runners cannot both apply a batch, and a late one finds that it is done.
 * PostgreSQL's text cannot hold NUL, which identifiers may: it is written as U+2400 (the picture of it).
 */
import { Effect } from "effect"
import type pg from "pg"
import {
  type AlertRecord,
  incidentId,
  type IncidentRecord,
  isStockEvent,
  type ResolutionRecord
} from "../../actors/sku/events.ts"
import type { StoredCommit } from "../codec.ts"
import { holdColumns, ledgerColumns, levelColumns, type LedgerEntry, storable } from "./ledger-rows.ts"
import { type Projection, ProjectionFailed } from "./runner.ts"

const NAME = "postgres-ledger"

const failed = (cause: unknown) => new ProjectionFailed({ projection: NAME, detail: String(cause) })

export const ledgerProjection = (pool: pg.Pool): Projection => ({
  name: NAME,
  recordsMax: 500,
  checkpoint: Effect.tryPromise({
    try: async () => {
      const { rows } = await pool.query<{ sequence: string }>(
        "SELECT sequence FROM projection_checkpoints WHERE name = $1",
        [NAME]
      )
      return Number(rows[0]?.sequence ?? 0)
    },
    catch: failed
  }),
  apply: (commits) =>
    Effect.tryPromise({ try: () => inTransaction(pool, (client) => applyBatch(client, commits)), catch: failed })
})

const inTransaction = async (pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> => {
  const client = await pool.connect()
  try {
    await client.query("BEGIN")
    await work(client)
    await client.query("COMMIT")
    client.release()
  } catch (cause) {
    // The connection may be broken or in a transaction that failed: it is not used again.
    client.release(true)
    throw cause
  }
}

const applyBatch = async (client: pg.PoolClient, commits: ReadonlyArray<StoredCommit>): Promise<void> => {
  await client.query("INSERT INTO projection_checkpoints VALUES ($1, 0) ON CONFLICT DO NOTHING", [NAME])
  const { rows } = await client.query<{ sequence: string }>(
    "SELECT sequence FROM projection_checkpoints WHERE name = $1 FOR UPDATE",
    [NAME]
  )
  const done = Number(rows[0]?.sequence ?? 0)
  const fresh = commits.filter((commit) => commit.sequence > done)
  const last = fresh[fresh.length - 1]
  if (last === undefined) return
  const entries = entriesOf(fresh)
  if (entries.length > 0) {
    await insertLedger(client, entries)
    await upsertLevels(client, entries)
    await replaceHolds(client, entries)
  }
  await insertSignals(client, fresh)
  await client.query("UPDATE projection_checkpoints SET sequence = $2 WHERE name = $1", [NAME, last.sequence])
}

const entriesOf = (commits: ReadonlyArray<StoredCommit>): ReadonlyArray<LedgerEntry> => {
  const entries: Array<LedgerEntry> = []
  for (const commit of commits) {
    for (const record of commit.records) {
      if (isStockEvent(record)) entries.push({ event: record, at: commit.at, sequence: commit.sequence })
    }
  }
  return entries
}

const INSERT_LEDGER = `INSERT INTO stock_ledger (sku, version, type, mutation_id, scope, quantity, physical, allocated,
  location_id, to_location_id, channel, hold_id, reference, reason, occurred_at, at, journal_sequence, reuse)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
    $16::timestamptz[], $17::bigint[], $18::bigint[])
  ON CONFLICT DO NOTHING`

const insertLedger = async (client: pg.PoolClient, entries: ReadonlyArray<LedgerEntry>): Promise<void> => {
  const inserted = await client.query({
    name: "insert-ledger",
    text: INSERT_LEDGER,
    values: ledgerColumns(entries, false)
  })
  if (inserted.rowCount === entries.length) return
  // A row that is missing now has a mutation id that was forgotten and used again: it is told apart by its version.
  const { rows } = await client.query<{ sku: string; version: string }>(
    `SELECT wanted.sku, wanted.version FROM unnest($1::text[], $2::bigint[]) AS wanted (sku, version)
     WHERE NOT EXISTS (SELECT 1 FROM stock_ledger known WHERE known.sku = wanted.sku AND known.version = wanted.version)`,
    [entries.map(({ event }) => storable(event.sku)), entries.map(({ event }) => event.version)]
  )
  const missing = new Set(rows.map((row) => `${row.version} ${row.sku}`))
  const reused = entries.filter(({ event }) => missing.has(`${event.version} ${storable(event.sku)}`))
  if (reused.length > 0)
    await client.query({ name: "insert-ledger", text: INSERT_LEDGER, values: ledgerColumns(reused, true) })
}

const upsertLevels = async (client: pg.PoolClient, entries: ReadonlyArray<LedgerEntry>): Promise<void> => {
  await client.query({
    name: "upsert-levels",
    text: `INSERT INTO stock_levels (sku, version, physical, allocated, safety_threshold, updated_at)
      SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[])
      ON CONFLICT (sku) DO UPDATE SET version = excluded.version, physical = excluded.physical,
        allocated = excluded.allocated, safety_threshold = excluded.safety_threshold, updated_at = excluded.updated_at
      WHERE stock_levels.version < excluded.version`,
    values: levelColumns(entries)
  })
}

const replaceHolds = async (client: pg.PoolClient, entries: ReadonlyArray<LedgerEntry>): Promise<void> => {
  const { touched, open } = holdColumns(entries)
  if (touched[0].length === 0) return
  await client.query({
    name: "delete-holds",
    text: `DELETE FROM open_holds USING unnest($1::text[], $2::text[], $3::text[]) AS gone (sku, scope, hold_id)
      WHERE open_holds.sku = gone.sku AND open_holds.scope = gone.scope AND open_holds.hold_id = gone.hold_id`,
    values: touched
  })
  if (open[0].length === 0) return
  await client.query({
    name: "insert-holds",
    text: `INSERT INTO open_holds (sku, scope, hold_id, quantity, channel, expires_at)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[])`,
    values: open
  })
}

const insertSignals = async (client: pg.PoolClient, commits: ReadonlyArray<StoredCommit>): Promise<void> => {
  for (const commit of commits) {
    const at = new Date(commit.at)
    for (const record of commit.records) {
      if (record.type === "incident") await insertIncident(client, record, at)
      else if (record.type === "resolution") await resolveIncident(client, record, at)
      else if (record.type === "alert") await insertAlert(client, record, at)
    }
  }
}

const optional = (text: string | undefined): string | null => (text === undefined ? null : storable(text))

const insertIncident = async (client: pg.PoolClient, incident: IncidentRecord, at: Date): Promise<void> => {
  await client.query(
    `INSERT INTO incidents (id, kind, sku, version, location_id, units, mutation_id, channel, reference, hold_id, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
    [
      storable(incidentId(incident)),
      incident.kind,
      storable(incident.sku),
      incident.version,
      storable(incident.locationId),
      incident.units,
      storable(incident.mutationId),
      optional(incident.channel),
      optional(incident.reference),
      optional(incident.holdId),
      at
    ]
  )
}

const resolveIncident = async (client: pg.PoolClient, resolution: ResolutionRecord, at: Date): Promise<void> => {
  await client.query(
    `UPDATE incidents SET status = 'resolved', outcome = $2, note = $3, resolved_at = $4 WHERE id = $1`,
    [storable(resolution.incidentId), resolution.outcome, optional(resolution.note), at]
  )
}

const insertAlert = async (client: pg.PoolClient, alert: AlertRecord, at: Date): Promise<void> => {
  await client.query(
    `INSERT INTO alerts (sku, version, state, available, safety_threshold, at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT DO NOTHING`,
    [storable(alert.sku), alert.version, alert.state, alert.available, alert.safetyThreshold, at]
  )
}
