/**
 * The three servers, each with the settings that the hub wants of a private one. All listen on the loopback address only.
 */
import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { Redis } from "ioredis"
import { Client } from "pg"
import { answers, freePort, type RunningServer, ServerFailed, startServer } from "./server-process.ts"

/** Found or fetched by the set-up, which hands them over in `HOLDFAST_BINARIES`. */
export interface Binaries {
  /** Folder of programs that were fetched; they find their libraries in it. */
  readonly tools: string
  readonly nats: string
  readonly redis: string
  readonly postgresBin: string
}

export const binaries = (): Binaries => {
  const given = process.env["HOLDFAST_BINARIES"]
  if (given === undefined) {
    throw new ServerFailed("The servers' programs are not known; start with npm start, npm test or npm run holdfast.")
  }
  return JSON.parse(given) as Binaries
}

/** The project's folder, from the sources as from their compiled form. */
export const projectRoot = (): string => {
  let directory = import.meta.dirname
  while (!existsSync(join(directory, "nats-server.conf"))) directory = dirname(directory)
  return directory
}

const librariesOf = (tools: string, program: string): Record<string, string> =>
  program.startsWith(tools)
    ? {
        LD_LIBRARY_PATH: ["usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib/x86_64-linux-gnu"]
          .map((path) => join(tools, path))
          .join(delimiter)
      }
    : {}

export interface StartOptions {
  readonly binaries: Binaries
  /** The server's own data. */
  readonly directory: string
  readonly port: number
}

export const startNats = (options: StartOptions): Promise<RunningServer> => {
  const { directory, port } = options
  const program = options.binaries.nats
  return startServer({
    name: "nats-server",
    program,
    args: [
      "-c",
      join(projectRoot(), "nats-server.conf"),
      "-a",
      "127.0.0.1",
      "-p",
      String(port),
      "-js",
      "-sd",
      directory
    ],
    directory,
    port,
    url: `nats://127.0.0.1:${port}`,
    stopSignal: "SIGTERM",
    environment: librariesOf(options.binaries.tools, program),
    isReady: () => answers(port)
  })
}

export const startRedis = (
  options: StartOptions & { readonly appendonly?: "always" | "everysec" | "no" }
): Promise<RunningServer> => {
  const { directory, port, appendonly = "everysec" } = options
  const program = options.binaries.redis
  const settings: Record<string, string> = {
    bind: "127.0.0.1",
    port: String(port),
    dir: directory,
    appendonly: appendonly === "no" ? "no" : "yes",
    appendfsync: appendonly === "no" ? "everysec" : appendonly,
    save: "",
    "maxmemory-policy": "noeviction",
    // Its command line must go on naming its directory: that is how it is recognised after the hub was killed.
    "set-proc-title": "no"
  }
  return startServer({
    name: "redis-server",
    program,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    directory,
    port,
    url: `redis://127.0.0.1:${port}`,
    stopSignal: "SIGTERM",
    environment: librariesOf(options.binaries.tools, program),
    isReady: () => pings(port)
  })
}

/** It answers before its data is loaded, but only with an error. */
const pings = async (port: number): Promise<boolean> => {
  if (!(await answers(port))) return false
  const redis = new Redis({ port, host: "127.0.0.1", lazyConnect: true, retryStrategy: () => null })
  redis.on("error", () => undefined)
  try {
    await redis.connect()
    return (await redis.ping()) === "PONG"
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}

const DATABASE = "holdfast"

export const startPostgres = async (
  options: StartOptions & { readonly settings?: Readonly<Record<string, string>> }
): Promise<RunningServer> => {
  const { directory, port, settings = {} } = options
  const user = unprivileged()
  const environment = librariesOf(options.binaries.tools, options.binaries.postgresBin)
  const password = initialised(options, user, environment)
  const wanted = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    jit: "off",
    shared_buffers: "128MB",
    ...settings
  }
  const url = `postgres://holdfast:${password}@127.0.0.1:${port}/`
  const server = await startServer({
    name: "postgres",
    program: join(options.binaries.postgresBin, "postgres"),
    args: ["-D", directory, ...Object.entries(wanted).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    directory,
    port,
    url: `${url}${DATABASE}`,
    stopSignal: "SIGINT",
    environment,
    ...(user === undefined ? {} : { user }),
    isReady: () => takesQueries(`${url}postgres`)
  })
  await ensureDatabase(`${url}postgres`)
  return server
}

/** PostgreSQL refuses to run as root: then it runs as another user of the system. */
const unprivileged = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ["postgres", "nobody"]) {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((entry) => entry.startsWith(`${name}:`))
    const [, , uid, gid] = line?.split(":") ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new ServerFailed("PostgreSQL does not run as root and this system has no user postgres or nobody to run it as.")
}

/** Makes the cluster when there is none; answers the password that it was made with. */
const initialised = (
  options: StartOptions,
  user: { readonly uid: number; readonly gid: number } | undefined,
  environment: Record<string, string>
): string => {
  const { directory } = options
  const passwordPath = `${directory}.password`
  if (existsSync(join(directory, "PG_VERSION"))) return readFileSync(passwordPath, "utf8")
  mkdirSync(dirname(directory), { recursive: true })
  // What a first start that was killed half way has left is no cluster.
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  chmodSync(directory, 0o700)
  const password = randomBytes(18).toString("base64url")
  writeFileSync(passwordPath, password, { mode: 0o600 })
  if (user !== undefined) for (const path of [directory, passwordPath]) chownSync(path, user.uid, user.gid)
  const args = ["-D", directory, "-U", "holdfast", "-A", "scram-sha-256", `--pwfile=${passwordPath}`, "-E", "UTF8"]
  execFileSync(join(options.binaries.postgresBin, "initdb"), [...args, "--locale=C.UTF-8"], {
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe"],
    ...user
  })
  return password
}

const withClient = async <A>(url: string, use: (client: Client) => Promise<A>): Promise<A> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on("error", () => undefined)
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

const takesQueries = (url: string): Promise<boolean> =>
  withClient(url, (client) => client.query("SELECT 1")).then(
    () => true,
    () => false
  )

const ensureDatabase = (url: string): Promise<void> =>
  withClient(url, async (client) => {
    const known = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [DATABASE])
    if (known.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`)
  })

export interface ThrowAwayServers {
  readonly nats: RunningServer
  readonly redis: RunningServer
  readonly postgres: RunningServer
  readonly directory: string
  /** Stops all three and removes what they stored. */
  readonly stop: () => Promise<void>
}

/** Servers on free ports with data of their own, for tests and measurements. */
export const throwAwayServers = async (): Promise<ThrowAwayServers> => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-"))
  chmodSync(directory, 0o755)
  const at = async (name: string) => ({
    binaries: binaries(),
    directory: join(directory, name),
    port: await freePort()
  })
  const [nats, redis, postgres] = await Promise.all([
    at("nats").then(startNats),
    at("redis").then(startRedis),
    at("postgres").then(startPostgres)
  ])
  return {
    nats,
    redis,
    postgres,
    directory,
    stop: async () => {
      await Promise.all([nats.stop(), redis.stop(), postgres.stop()])
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

export { freePort, type RunningServer, ServerFailed } from "./server-process.ts"
