/**
 * What a hub keeps, store by store, as text to be searched; and its personal data, as a program beside it opens it.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { Redis } from "ioredis"
import { Client } from "pg"
import { PersonalDataService } from "../../src/personal-data/layer.ts"
import { masterKey } from "../../src/personal-data/master-key.ts"
import type { PersonalData } from "../../src/personal-data/personal-data.ts"
import { Nats } from "../../streams/nats/connection.ts"
import type { TestHub } from "./hub.ts"

export const SEALED = /pd1\.[A-Za-z0-9_-]{22}\.(?:phone|email|name|words)\.[A-Za-z0-9_-]+/g

export const withData = <A>(hub: TestHub, use: (data: PersonalData) => Effect.Effect<A, unknown>): Promise<A> => {
  const layer = PersonalDataService.layer(masterKey(undefined, hub.home, false)).pipe(
    Layer.provide(Nats.layer(hub.nats.url))
  )
  return Effect.runPromise(
    Effect.scoped(Effect.flatMap(Layer.build(layer), (context) => use(Context.get(context, PersonalDataService))))
  )
}

const noSuchTable = (error: unknown): [] => {
  if ((error as { readonly code?: string }).code === "42P01") return []
  throw error
}

export const inPostgres = async (hub: TestHub): Promise<string> => {
  const client = new Client({ connectionString: hub.databaseUrl })
  await client.connect()
  const tables = await client.query<{ name: string }>(
    "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'"
  )
  const texts: Array<string> = []
  for (const { name } of tables.rows) {
    // A rebuild that ends just then takes its tables away.
    const rows = await client
      .query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`)
      .then((result) => result.rows, noSuchTable)
    texts.push(...rows.map(({ text }) => text))
  }
  await client.end()
  return texts.join("\n")
}

export const inRedis = async (hub: TestHub): Promise<string> => {
  const redis = new Redis(hub.redis.url)
  const dumps: Array<string> = []
  for (const key of await redis.keys("*")) dumps.push(key, (await redis.dumpBuffer(key))?.toString("latin1") ?? "")
  redis.disconnect()
  return dumps.join("\n")
}

/** The streams, snapshots and buckets as they lie on the disk, Redis's files, and the hub's home. */
export const inFiles = (hub: TestHub): string => {
  const entries = readdirSync(dirname(hub.home), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name !== "personal-data.key")
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("\n")
}
