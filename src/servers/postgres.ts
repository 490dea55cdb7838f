/**
 * A private PostgreSQL: its cluster made on first use, with a password of its own, then started on the loopback address.
 *
 * What is in it is derived from the journal. PostgreSQL refuses to run as root; then it runs as another user.
 */
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { Client } from "pg"
import { libraryEnvironment, type StartOptions } from "./binaries.ts"
import { type RunningServer, ServerFailed, startServer } from "./server-process.ts"

/** As root, another user must be able to pass through all folders above the directory. */
export interface PostgresOptions extends StartOptions {
  /** Settings of postgresql.conf, over the defaults here. */
  readonly settings?: Readonly<Record<string, string>>
}

const DATABASE = "holdfast"

export const startPostgres = async (options: PostgresOptions): Promise<RunningServer> => {
  const { directory, port, settings = {} } = options
  const user = unprivileged()
  const environment = libraryEnvironment(options.binaries.tools, options.binaries.postgresBin)
  const password = await initialised(options, user, environment)
  removeStaleLock(directory)
  const wanted = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    // The ledger's statements are short: compiling them takes longer than running them.
    jit: "off",
    // Sixteen megabytes of zeros, fsynced, for each new file of its log: at 3,000 requests a second that held up the journal's own
    // fsync every six seconds, and a request in 300 for it.
    wal_init_zero: "off",
    ...settings
  }
  const url = `postgres://holdfast:${password}@127.0.0.1:${port}/`
  const server = await startServer({
    name: "postgres",
    program: join(options.binaries.postgresBin, "postgres"),
    args: ["-D", directory, ...Object.entries(wanted).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    directory,
    port,
    precedence: options.precedence,
    hold: options.hold,
    url: `${url}${DATABASE}`,
    stopSignal: "SIGINT",
    environment,
    ...(user === undefined ? {} : { user }),
    isReady: () => takesQueries(`${url}postgres`),
    // The sessions of a postmaster that was killed end a moment after it.
    refusesForNow: /shared memory block|postmaster\.pid/
  })
  await ensureDatabase(`${url}postgres`)
  return server
}

interface User {
  readonly uid: number
  readonly gid: number
}

const unprivileged = (): User | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync("/etc/passwd", "utf8").split("\n")
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(":") ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new ServerFailed("it does not run as root and this system has no user postgres or nobody to run it as")
}

/** Makes the cluster when there is none; answers the password that it was made with. */
const initialised = async (
  { binaries, directory }: PostgresOptions,
  user: User | undefined,
  environment: Record<string, string>
): Promise<string> => {
  const passwordPath = `${directory}.password`
  if (existsSync(join(directory, "PG_VERSION"))) return readFileSync(passwordPath, "utf8")
  // Made beside its place and then moved: a first start that is killed half way leaves nothing that looks like a cluster.
  const unfinished = `${directory}.new`
  for (const path of [directory, unfinished]) rmSync(path, { recursive: true, force: true })
  mkdirSync(dirname(directory), { recursive: true })
  mkdirSync(unfinished, { mode: 0o700 })
  const password = randomBytes(18).toString("base64url")
  writeFileSync(passwordPath, password)
  chmodSync(passwordPath, 0o600)
  if (user !== undefined) for (const path of [unfinished, passwordPath]) chownSync(path, user.uid, user.gid)
  const args = ["-D", unfinished, "-U", "holdfast", "-A", "scram-sha-256", `--pwfile=${passwordPath}`, "-E", "UTF8"]
  try {
    await promisify(execFile)(join(binaries.postgresBin, "initdb"), [...args, "--locale=C.UTF-8"], {
      env: { PATH: process.env["PATH"] ?? "", ...environment },
      cwd: "/",
      ...user
    })
  } catch (error) {
    const { stderr = "", message } = error as { readonly stderr?: string; readonly message: string }
    const said = stderr.trim().split("\n").slice(-3).join(" / ")
    throw new ServerFailed(`initdb cannot make its files in ${directory}: ${said === "" ? message : said}`)
  }
  renameSync(unfinished, directory)
  return password
}

/**
 * After a power cut the process number in the lock may be another program's of the same user: PostgreSQL would take that
 * for a server of its own and refuse. A lock whose process is gone stays: PostgreSQL finds by it the sessions that a
 * killed server may have left for a moment.
 */
const removeStaleLock = (directory: string): void => {
  const lock = join(directory, "postmaster.pid")
  if (!existsSync(lock)) return
  const pid = readFileSync(lock, "utf8").split("\n")[0] ?? ""
  const name = `/proc/${pid}/comm`
  if (existsSync(name) && !readFileSync(name, "utf8").startsWith("postgres")) rmSync(lock)
}

const withClient = async <A>(url: string, use: (client: Client) => Promise<A>): Promise<A> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on("error", () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
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
