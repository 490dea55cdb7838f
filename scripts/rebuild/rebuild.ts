/**
 * Has a running hub make again what it derives from its journals: PostgreSQL's ledger and read models, or Redis' register.
 *
 * The checkpoint is taken away and the hub does the rest: it notices within a second. The ledger is built beside the tables
 * in use and swapped at the end; those of carts and of recovery are emptied and fill again. Here is only the waiting.
 */
import { Redis } from "ioredis"
import { Client } from "pg"
import { CARTS_PROJECTION } from "../../streams/projections/carts.ts"
import { LEDGER } from "../../streams/projections/ledger.ts"
import { REBUILD_SCHEMA } from "../../streams/projections/ledger-rebuild.ts"
import { RECOVERY_PROJECTION } from "../../streams/projections/recovery.ts"
import { REGISTER_CHECKPOINT } from "../../streams/projections/register.ts"
import { CART, CUSTOMER, STOCK } from "../../streams/subjects.ts"
import { withJournal } from "../journal-reader.ts"

export const derived = ["ledger", "register", "carts", "recovery"] as const
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

const journals = { ledger: STOCK, register: STOCK, carts: CART, recovery: CUSTOMER }

const projections = { ledger: LEDGER, carts: CARTS_PROJECTION, recovery: RECOVERY_PROJECTION }

/** Settles with the journal's sequence that the new one holds at least. Fails with `RebuildLate`. */
export const rebuild = async (what: Derived, options: RebuildOptions): Promise<number> => {
  const last = await withJournal(options.urls.nats, (journal) => journal.lastSequence, journals[what])
  const { postgres, redis } = options.urls
  const copy = what === "register" ? openRegister(redis) : await openTables(postgres, projections[what])
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

const openTables = async (url: string, projection: string): Promise<Copy> => {
  const checkpoint = `SELECT sequence FROM projection_checkpoints WHERE name = '${projection}'`
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on("error", () => undefined)
  await client.connect()
  const read = async (sql: string): Promise<number | undefined> => {
    const { rows } = await client.query<{ sequence: string }>(sql)
    return rows[0] === undefined ? undefined : Number(rows[0].sequence)
  }
  return {
    discard: () => client.query(`DELETE FROM projection_checkpoints WHERE name = '${projection}'`),
    sequence: () => read(checkpoint),
    // Of the ledger; before the hub has begun, and once it has swapped, there is no such table.
    underWay: () =>
      read(checkpoint.replace("projection_checkpoints", `${REBUILD_SCHEMA}.projection_checkpoints`)).then(
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
