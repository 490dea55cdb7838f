/**
 * A look at Redis and PostgreSQL for people who watch the hub: that they answer, which version, and how much they hold.
 */
import { Effect } from "effect"
import { Redis } from "ioredis"
import type { Pool } from "pg"
import { query } from "../../streams/postgres.ts"
import type { ServerLook, ServerLooks } from "../gateway/http/system.ts"

const CONNECT_MS_MAX = 1_500

/** A connection of its own: what is derived waits for none of this, and neither does a look for it. */
const redisFor = (url: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const redis = new Redis(url, {
        lazyConnect: true,
        maxRetriesPerRequest: 0,
        connectTimeout: CONNECT_MS_MAX,
        commandTimeout: CONNECT_MS_MAX
      })
      // That it is away is told by the look that finds it so.
      redis.on("error", () => undefined)
      return redis
    }),
    (redis) => Effect.sync(() => redis.disconnect())
  )

const fieldOf = (info: string, name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? ""

const postgresLook = (pool: Pool): Effect.Effect<ServerLook, string> =>
  query<ServerLook & { readonly [name: string]: unknown }>(
    pool,
    "look",
    `SELECT current_setting('server_version') AS version, pg_database_size(current_database())::float8 AS bytes`,
    []
  ).pipe(
    Effect.mapError(() => "PostgreSQL does not answer; stock is not affected, lists and histories are."),
    Effect.map(([row]) => ({ version: (row?.version ?? "").replace(/ .*/, ""), bytes: row?.bytes ?? 0 }))
  )

export const serverLooks = Effect.fnUntraced(function* (pool: Pool, redisUrl: string) {
  const redis = yield* redisFor(redisUrl)
  const looks: ServerLooks = {
    postgres: postgresLook(pool),
    redis: Effect.tryPromise({
      try: async () => {
        const info = await redis.info()
        return { version: fieldOf(info, "redis_version"), bytes: Number(fieldOf(info, "used_memory")) }
      },
      catch: () => "Redis does not answer; stock is not affected, its register is behind."
    })
  }
  return looks
})
