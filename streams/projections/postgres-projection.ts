/**
 * What projections in PostgreSQL share: rows and checkpoint in one transaction, so that what is applied twice is applied once.
 *
 * The checkpoint's row is locked first: two runners cannot both apply a batch, a late one finds that it is done. One whose
 * batch does not follow the checkpoint (a backup of the database was restored) fails, and reads it again.
 */
import { Effect } from "effect"
import type pg from "pg"
import type { StoredCommit } from "../codec.ts"
import { storable } from "./ledger-rows.ts"
import { type Checkpoint, type Projection, ProjectionFailed } from "./runner.ts"

interface CheckpointRow {
  readonly sequence: string
  readonly commit_id: string | null
}

/** Names of tables are looked up along the connection's search path, which is how a rebuild writes beside those in use. */
const READ_CHECKPOINT = "SELECT sequence, commit_id FROM projection_checkpoints WHERE name = $1"

/** Where a batch goes on, and what it moves to. */
export interface Move {
  readonly from: Checkpoint
  readonly to: Required<Checkpoint>
}

const checkpointOf = (row: CheckpointRow | undefined): Checkpoint | undefined => {
  if (row === undefined) return undefined
  const sequence = Number(row.sequence)
  return row.commit_id === null ? { sequence } : { sequence, commitId: row.commit_id }
}

export const readCheckpoint = async (pool: pg.Pool, projection: string): Promise<Checkpoint | undefined> =>
  checkpointOf((await pool.query<CheckpointRow>(READ_CHECKPOINT, [projection])).rows[0])

/**
 * Within a transaction: `write` gets the commits that were not applied before, and the checkpoint moves behind them. Throws
 * when the checkpoint is gone, or when there are commits between it and these.
 */
export const applyBehind = async <R>(
  client: pg.ClientBase,
  projection: string,
  commits: ReadonlyArray<StoredCommit<R>>,
  write: (client: pg.ClientBase, fresh: ReadonlyArray<StoredCommit<R>>, move: Move) => Promise<void>
): Promise<void> => {
  const { rows } = await client.query<CheckpointRow>({
    name: "lock-checkpoint",
    text: `${READ_CHECKPOINT} FOR UPDATE`,
    values: [projection]
  })
  const from = checkpointOf(rows[0])
  const [first] = commits
  if (first === undefined) return
  if (from === undefined || from.sequence < first.sequence - 1) {
    throw new Error(`the checkpoint is ${from?.sequence ?? "gone"} where ${first.sequence - 1} was written`)
  }
  const fresh = commits.filter((commit) => commit.sequence > from.sequence)
  const last = fresh[fresh.length - 1]
  if (last === undefined) return
  const to = { sequence: last.sequence, commitId: storable(last.id) }
  await write(client, fresh, { from, to })
  await client.query({
    name: "move-checkpoint",
    text: "UPDATE projection_checkpoints SET sequence = $1, commit_id = $2 WHERE name = $3",
    values: [to.sequence, to.commitId, projection]
  })
}

export const inTransaction = async (pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> => {
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

const RECORDS_MAX = 1_000
/** As for the ledger: small turns would each be a transaction with an fsync of its own. */
const GATHER_MS = 50

export interface TablesOptions<R> {
  readonly name: string
  readonly pool: pg.Pool
  /** Sees to the tables: a database may have been dropped and made again. */
  readonly prepare: Effect.Effect<void, ProjectionFailed>
  /** Nobody else writes to them; they are emptied when it starts over. */
  readonly tables: ReadonlyArray<string>
  readonly write: (client: pg.ClientBase, fresh: ReadonlyArray<StoredCommit<R>>) => Promise<void>
}

/** A projection that is made anew by emptying its tables. */
export const tablesProjection = <R>({ name, pool, prepare, tables, write }: TablesOptions<R>): Projection<R> => {
  const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, ProjectionFailed> =>
    Effect.tryPromise({
      try: act,
      catch: (cause) => new ProjectionFailed({ projection: name, detail: String(cause) })
    })
  const emptied = async (client: pg.ClientBase): Promise<void> => {
    await client.query(`TRUNCATE ${tables.join(", ")}`)
    await client.query(
      `INSERT INTO projection_checkpoints (name, sequence) VALUES ($1, 0)
       ON CONFLICT (name) DO UPDATE SET sequence = 0, commit_id = NULL`,
      [name]
    )
  }
  return {
    name,
    recordsMax: RECORDS_MAX,
    goesInSteps: false,
    gatherMs: GATHER_MS,
    visitMs: 0,
    isWatched: true,
    prepare,
    checkpoint: attempt(() => readCheckpoint(pool, name)),
    startOver: attempt(() => inTransaction(pool, emptied)),
    apply: (commits) => attempt(() => inTransaction(pool, (client) => applyBehind(client, name, commits, write)))
  }
}
