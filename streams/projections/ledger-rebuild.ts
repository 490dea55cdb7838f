/**
 * Makes the PostgreSQL ledger and read models anew from the journal, while the hub works and the old ones answer.
 *
 * New tables grow in a schema of their own and take the old ones' places in one transaction at the end, the checkpoint
 * with them. Whoever reads sees the old state or the new one, never half of it, and the append-only ledger needs no
 * exception. A rebuild that was cut off begins again.
 */
import { Clock, Effect } from "effect"
import { Client } from "pg"
import type { StoredCommit } from "../codec.ts"
import type { JournalShape } from "../journal.ts"
import type { Head } from "./head.ts"
import { LedgerMemory } from "./ledger-memory.ts"
import { applyBatch, LEDGER, LEDGER_SETTINGS, ledgerFailed } from "./ledger.ts"
import type { ProjectionFailed } from "./runner.ts"

export const REBUILD_SCHEMA = "holdfast_rebuild"
const TABLES = [
  "projection_checkpoints",
  "stock_ledger",
  "stock_levels",
  "stock_locations",
  "open_holds",
  "incidents",
  "alerts"
]
/** Commits in one transaction: some thousands of records under load. */
const READ_BOUNDS = { commitsMax: 200, bytesMax: 1024 * 1024 }
const CONNECT_MS_MAX = 3_000

export interface RebuildOptions {
  readonly url: string
  readonly journal: Pick<JournalShape, "read">
  readonly head: Head
}

export const rebuildLedger = (options: RebuildOptions): Effect.Effect<void, ProjectionFailed> =>
  Effect.scoped(
    Effect.gen(function* () {
      const client = yield* connection(options.url)
      const run = (sql: string) => Effect.tryPromise({ try: () => client.query(sql), catch: ledgerFailed })
      yield* run(PREPARE)
      yield* fill(client, options)
      yield* run(SWAP)
    })
  )

/** A connection of its own, closed afterwards: its search path is not the pool's. */
const connection = (url: string) =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        const client = new Client({
          connectionString: url,
          connectionTimeoutMillis: CONNECT_MS_MAX,
          options: LEDGER_SETTINGS
        })
        // One that is cut between two queries tells so here; the next query fails.
        client.on("error", () => undefined)
        await client.connect()
        return client
      },
      catch: ledgerFailed
    }),
    (client) => Effect.promise(() => client.end().catch(() => undefined))
  )

const fill = Effect.fnUntraced(function* (client: Client, { journal, head }: RebuildOptions) {
  const until = head.lastSequence
  const memory = new LedgerMemory()
  for (let done = 0; done < until;) {
    const commits = yield* Effect.mapError(journal.read(done + 1, READ_BOUNDS), (cause) =>
      ledgerFailed(`the journal cannot be read: ${cause.detail}`)
    )
    const last = commits[commits.length - 1]
    if (last === undefined) yield* Effect.sleep("20 millis")
    else {
      const startedMs = performance.now()
      yield* Effect.tryPromise({ try: () => apply(client, commits, memory), catch: ledgerFailed })
      done = last.sequence
      // A new database is made so as well: what is as young as the rush that it is of can wait as it would otherwise.
      const ageMs = (yield* Clock.currentTimeMillis) - last.at
      yield* head.restAfter(done, performance.now() - startedMs, ageMs) ?? Effect.void
    }
  }
})

const apply = async (client: Client, commits: ReadonlyArray<StoredCommit>, memory: LedgerMemory): Promise<void> => {
  await client.query("BEGIN")
  await applyBatch(client, commits, memory)
  await client.query("COMMIT")
}

/** `LIKE` brings columns, defaults and indexes, but no triggers: those come with the swap. */
const PREPARE = [
  `DROP SCHEMA IF EXISTS ${REBUILD_SCHEMA} CASCADE`,
  `CREATE SCHEMA ${REBUILD_SCHEMA}`,
  ...TABLES.map((table) => `CREATE TABLE ${REBUILD_SCHEMA}.${table} (LIKE public.${table} INCLUDING ALL)`),
  `INSERT INTO ${REBUILD_SCHEMA}.projection_checkpoints (name, sequence) VALUES ('${LEDGER}', 0)`,
  `SET search_path TO ${REBUILD_SCHEMA}, public`,
  // What is cut off begins again from nothing: nothing is gained by waiting for the disk at each step.
  "SET synchronous_commit TO off"
].join(";\n")

const SWAP = [
  "BEGIN",
  // Other projections' checkpoints stay.
  `INSERT INTO ${REBUILD_SCHEMA}.projection_checkpoints SELECT * FROM public.projection_checkpoints WHERE name <> '${LEDGER}'`,
  ...TABLES.flatMap((table) => [
    `DROP TABLE public.${table}`,
    `ALTER TABLE ${REBUILD_SCHEMA}.${table} SET SCHEMA public`
  ]),
  `CREATE TRIGGER stock_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.stock_ledger
     FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_ledger_change()`,
  `DROP SCHEMA ${REBUILD_SCHEMA}`,
  "SET LOCAL synchronous_commit TO on",
  "COMMIT"
].join(";\n")
