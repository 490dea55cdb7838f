/**
 * The PostgreSQL of a hub: everything in it can be made again, so what matters is that it answers and is up to date.
 */
import { readdirSync } from "node:fs"
import { Client } from "pg"
import { withoutSecret } from "../../config/address.ts"
import { migrationsDirectory } from "../../streams/postgres.ts"
import { doubtful, type Finding, skew, well, wrong } from "./finding.ts"

const ABOUT = "PostgreSQL"
const VERSION_MIN = 14
const ANSWER_MS_MAX = 3_000
/** Two pools of six, and a few for people who look. */
const CONNECTIONS_MIN = 20

export const postgres = async (url: string): Promise<ReadonlyArray<Finding>> => {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: ANSWER_MS_MAX,
    query_timeout: ANSWER_MS_MAX
  })
  client.on("error", () => undefined)
  try {
    await client.connect()
    return await looked(client)
  } catch (error) {
    return [unreachable(url, error as { readonly code?: string })]
  } finally {
    await client.end().catch(() => undefined)
  }
}

const REFUSED: Readonly<Record<string, string>> = {
  "28P01": "refuses the password",
  "28000": "lets this user not in",
  "3D000": "has no such database"
}

const unreachable = (url: string, { code = "" }: { readonly code?: string }): Finding => {
  const why = REFUSED[code]
  return why === undefined
    ? wrong(
        ABOUT,
        `None answers at ${withoutSecret(url)}.`,
        "Start it, or set DATABASE_URL; without that the hub runs its own."
      )
    : wrong(ABOUT, `The one at ${withoutSecret(url)} ${why}.`, "Mend DATABASE_URL, or make what it names.")
}

const SETTINGS = ["server_version", "server_version_num", "fsync", "full_page_writes", "max_connections"] as const

const looked = async (client: Client): Promise<ReadonlyArray<Finding>> => {
  const beforeMs = Date.now()
  const { rows } = await client.query<{ readonly ms: number }>(
    "SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms"
  )
  const clock = skew(ABOUT, Number(rows[0]?.ms ?? 0), beforeMs, Date.now())
  const set = await client.query<{ readonly name: string; readonly setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name = ANY($1)",
    [[...SETTINGS]]
  )
  const settings = Object.fromEntries(set.rows.map(({ name, setting }) => [name, setting]))
  return [...settingFindings(settings), clock, await migrated(client)]
}

export const settingFindings = (settings: Readonly<Record<string, string | undefined>>): ReadonlyArray<Finding> => {
  const version = settings["server_version"] ?? "?"
  const isOld = Number(settings["server_version_num"] ?? 0) < VERSION_MIN * 10_000
  const loose = ["fsync", "full_page_writes"].filter((name) => settings[name] === "off")
  const connections = Number(settings["max_connections"] ?? 0)
  return [
    isOld
      ? wrong(ABOUT, `Version ${version} is too old.`, `Install PostgreSQL ${VERSION_MIN} or newer.`)
      : well(ABOUT, version),
    ...loose.map((name) =>
      doubtful(
        ABOUT,
        `${name} is off: after a power cut its files may be damaged, and all tables must be made again.`,
        `Set ${name} on; the hub does not wait for it.`
      )
    ),
    ...(connections < CONNECTIONS_MIN
      ? [doubtful(ABOUT, `It takes ${connections} connections.`, `Set max_connections to ${CONNECTIONS_MIN} at least.`)]
      : [])
  ]
}

const migrated = async (client: Client): Promise<Finding> => {
  const wanted = readdirSync(migrationsDirectory())
    .filter((file) => file.endsWith(".sql"))
    .map((file) => file.slice(0, -".sql".length))
  const table = await client.query("SELECT to_regclass('schema_migrations') AS found")
  if ((table.rows[0] as { readonly found: string | null }).found === null) {
    return well(ABOUT, "its tables are not there yet; the hub makes them when it starts")
  }
  const { rows } = await client.query<{ readonly name: string }>("SELECT name FROM schema_migrations")
  const done = new Set(rows.map(({ name }) => name))
  const missing = wanted.filter((name) => !done.has(name))
  const strange = [...done].filter((name) => !wanted.includes(name))
  if (strange.length > 0) {
    return wrong(
      ABOUT,
      `Its tables are of a newer release (${strange.join(", ")}).`,
      "Run that release, or name an empty database."
    )
  }
  return missing.length > 0
    ? doubtful(
        ABOUT,
        `Its tables lack ${missing.join(", ")}.`,
        "Start the hub of this release: it brings them up to date."
      )
    : well(ABOUT, "its tables are up to date")
}
