/**
 * PostgreSQL: a bounded pool, and migrations run at the start of the hub.
 */
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { Context, Effect, Layer, Schedule, Schema } from "effect"
import { runner } from "node-pg-migrate"
import { Client, Pool, type PoolConfig, type QueryResultRow } from "pg"

/** PostgreSQL does not answer, or refused; trying again may help. */
export class PostgresFailed extends Schema.TaggedError<PostgresFailed>()("PostgresFailed", {
  operation: Schema.String,
  detail: Schema.String
}) {}

/** The projection needs one connection, queries for pages a few. */
const CONNECTIONS_MAX = 6
const CONNECT_MS_MAX = 3_000
/** A server behind a broken line answers never: people are told so after three seconds, a batch is tried again later. */
const QUERY_MS_MAX = 3_000
const BATCH_QUERY_MS_MAX = 60_000
/** A step of a migration may make an index of a large table. */
const MIGRATION_QUERY_MS_MAX = 30 * 60_000

export class Postgres extends Context.Service<Postgres, Pool>()("holdfast/streams/Postgres") {
  /** Brings the schema up to date first; fails when the server cannot be reached. */
  static readonly layer = (url: string): Layer.Layer<Postgres, PostgresFailed> =>
    Layer.effect(Postgres, Effect.andThen(migrate(url), connections(url, { query_timeout: QUERY_MS_MAX })))
  /**
   * For batches of what is derived, which can wait for a server that is not there yet; with settings for each connection. A commit
   * does not wait for the disk, where it would hold up the journal: a batch that a crash takes back takes its checkpoint along.
   */
  static readonly layerForBatches = (url: string, settings: string): Layer.Layer<Postgres> => {
    const options = `${settings} -c synchronous_commit=off`
    return Layer.effect(Postgres, connections(url, { query_timeout: BATCH_QUERY_MS_MAX, options }))
  }
}

const connections = (url: string, more: PoolConfig) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pool = new Pool({
        connectionString: url,
        max: CONNECTIONS_MAX,
        connectionTimeoutMillis: CONNECT_MS_MAX,
        keepAlive: true,
        ...more
      })
      // An idle connection that is cut tells so here; the next query takes a new one.
      pool.on("error", () => undefined)
      // One that is cut while it is in use, between two queries of a transaction, tells so itself; the next query fails.
      pool.on("connect", (client) => client.on("error", () => undefined))
      return pool
    }),
    (pool) => Effect.promise(() => pool.end())
  )

export const migrationsDirectory = (): string => {
  let directory = import.meta.dirname
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory)
  return join(directory, "scripts", "migrations")
}

/** Brings the schema up to date; two hubs that start together wait for each other. */
export const migrate = (url: string): Effect.Effect<void, PostgresFailed> =>
  Effect.tryPromise({
    try: () => migrateOver(url),
    catch: (cause) => new PostgresFailed({ operation: "migrate", detail: String(cause) })
  }).pipe(
    Effect.retry({ schedule: LOCKED, while: ({ detail }) => detail.includes("Another migration is already running") })
  )

/** The library's own connection would bring the process down when it is cut: nobody hears there that it failed. */
const migrateOver = async (url: string): Promise<void> => {
  const dbClient = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: MIGRATION_QUERY_MS_MAX,
    keepAlive: true
  })
  dbClient.on("error", () => undefined)
  try {
    await dbClient.connect()
    await runner({
      dbClient,
      dir: migrationsDirectory(),
      direction: "up",
      migrationsTable: "schema_migrations",
      log: () => undefined
    })
  } finally {
    // Not waited for: a line that has fallen silent never ends.
    dbClient.end().catch(() => undefined)
  }
}

/** Another connection migrates, or has just died while it did; the library gives up at once. */
const LOCKED = Schedule.spaced("200 millis").pipe(Schedule.upTo({ times: 150 }))

/** Runs a query, with the failure as a value. */
export const query = <Row extends QueryResultRow>(
  pool: Pool,
  operation: string,
  text: string,
  values: ReadonlyArray<unknown>
): Effect.Effect<ReadonlyArray<Row>, PostgresFailed> =>
  Effect.tryPromise({
    try: () => pool.query<Row>(text, [...values]),
    catch: (cause) => new PostgresFailed({ operation, detail: String(cause) })
  }).pipe(Effect.map((result) => result.rows))
