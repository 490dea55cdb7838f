/**
 * Has a running hub make again what it derives from the journal: PostgreSQL's ledger and read models, or Redis' register.
 *
 * The checkpoint is taken away and the hub does the rest: it notices within a second, builds beside the tables in use and
 * swaps at the end. Here is only the waiting.
 */
import { Redis } from "ioredis"
import { Client } from "pg"
import { LEDGER } from "../../streams/projections/ledger.ts"
import { REBUILD_SCHEMA } from "../../streams/projections/ledger-rebuild.ts"
import { REGISTER_CHECKPOINT } from "../../streams/projections/register.ts"
import { withJournal } from "../journal-reader.ts"

export const derived = ["ledger", "register"] as const
export type Derived = (typeof derived)[number]

export interface RebuildOptions {
  readonly urls: { readonly nats: string; readonly redis: string; readonly postgres: string }
  readonly patienceMs: number
  /** Told how far the new one reaches, of the journal as it was at the start. */
  readonly onProgress: (sequence: number, last: number) => void
}

/** Nothing came of it in time; the hub may be down, or the server that holds the copy. */
export class RebuildLate extends Error {
  override readonly name = "RebuildLate"
}

const ASK_MS = 100

/** Settles with the journal's sequence that the new one holds at least. Fails with `RebuildLate`. */
export const rebuild = async (what: Derived, options: RebuildOptions): Promise<number> => {
  const last = await withJournal(options.urls.nats, (journal) => journal.lastSequence)
  const copy = what === "ledger" ? await openLedger(options.urls.postgres) : openRegister(options.urls.redis)
  try {
    await copy.discard()
    const deadlineMs = performance.now() + options.patienceMs
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, ASK_MS))
      const sequence = await copy.sequence()
      if (sequence !== undefined && sequence >= last) return sequence
      options.onProgress(sequence ?? (await copy.underWay()), last)
      if (performance.now() > deadlineMs) {
        throw new RebuildLate(
          `after ${options.patienceMs / 1_000} s the ${what} is not made again; is the hub up? It goes on by itself.`
        )
      }
    }
  } finally {
    await copy.close()
  }
}

interface Copy {
  readonly discard: () => Promise<unknown>
  /** Where it stands; `undefined` while it is being made. */
  readonly sequence: () => Promise<number | undefined>
  /** How far the one reaches that is being made. */
  readonly underWay: () => Promise<number>
  readonly close: () => Promise<void>
}

const CHECKPOINT = `SELECT sequence FROM projection_checkpoints WHERE name = '${LEDGER}'`

const openLedger = async (url: string): Promise<Copy> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on("error", () => undefined)
  await client.connect()
  const read = async (sql: string): Promise<number | undefined> => {
    const { rows } = await client.query<{ sequence: string }>(sql)
    return rows[0] === undefined ? undefined : Number(rows[0].sequence)
  }
  return {
    discard: () => client.query(`DELETE FROM projection_checkpoints WHERE name = '${LEDGER}'`),
    sequence: () => read(CHECKPOINT),
    // Before the hub has begun, and once it has swapped, there is no such table.
    underWay: () =>
      read(CHECKPOINT.replace("projection_checkpoints", `${REBUILD_SCHEMA}.projection_checkpoints`)).then(
        (sequence) => sequence ?? 0,
        () => 0
      ),
    close: () => client.end()
  }
}

const openRegister = (url: string): Copy => {
  const redis = new Redis(url, { maxRetriesPerRequest: 3, connectTimeout: 5_000 })
  redis.on("error", () => undefined)
  return {
    discard: () => redis.del(REGISTER_CHECKPOINT),
    sequence: async () => {
      const text = await redis.get(REGISTER_CHECKPOINT)
      return text === null ? undefined : Number(text)
    },
    underWay: async () => 0,
    close: async () => redis.disconnect()
  }
}
