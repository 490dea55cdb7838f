/**
 * The servers that the hub runs for itself: those that no URL names. A scoped resource: closing the scope stops them.
 *
 * A server that dies is started again, a bounded number of times in a minute; when that does not help the hub stops, with
 * one sentence that says which server and where its log is.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Deferred, Effect, Schema } from "effect"
import type { HubConfig } from "../../config/config.ts"
import type { AccessMode } from "../access/mode.ts"
import type { HubUrls } from "../hub.ts"
import { NatsAccounts } from "./nats-accounts.ts"
import { NatsAdapters } from "./nats-adapters.ts"
import { answers } from "./ports.ts"
import { leftBehind } from "./process-note.ts"
import {
  type Binaries,
  freePort,
  type RunningServer,
  startNats,
  type StartOptions,
  startPostgres,
  startRedis
} from "./servers.ts"

/** A private server cannot be had. */
export class ServerUnavailable extends Schema.TaggedError<ServerUnavailable>()("ServerUnavailable", {
  message: Schema.String
}) {}

const starters = { nats: startNats, redis: startRedis, postgres: startPostgres } as const
type Name = keyof typeof starters

/** Together they wait 8 s: a server that lacks something only for a moment is back, and nobody waits long for another. */
const RESTARTS_MAX = 5
const RESTARTS_WITHIN_MS = 60_000
const RESTART_PAUSE_MS = 250

export interface PrivateServersOptions {
  readonly config: HubConfig
  /** Whether the servers must know who comes, too. */
  readonly mode: AccessMode
  readonly binaries: () => Binaries
  /** Where PostgreSQL's files lie: the home, or as root a folder that another user can reach. */
  readonly reachableHome: string
  readonly say: (line: string) => void
}

export interface PrivateServers {
  readonly urls: HubUrls
  /** Of the NATS server, where it is one that asks who comes. */
  readonly adapters: NatsAdapters | undefined
  /** Fails when a server died and could not be brought back. */
  readonly died: Effect.Effect<never, ServerUnavailable>
}

export const privateServers = Effect.fnUntraced(function* (options: PrivateServersOptions) {
  const { config } = options
  const home = resolve(config.home)
  yield* Effect.sync(() => mkdirSync(home, { recursive: true }))
  const died = yield* Deferred.make<never, ServerUnavailable>()
  const isAsked = options.mode === "required" && config.natsUrl === undefined
  const accounts = isAsked ? yield* Effect.sync(() => new NatsAccounts(home)) : undefined
  const own = (name: Name, given: string | undefined) => {
    const directory = join(name === "postgres" ? options.reachableHome : home, name)
    if (given === undefined) return privateServer({ name, home, directory, options, accounts, died })
    // One that an earlier hub left behind serves nobody any more.
    return Effect.as(
      Effect.sync(() => endLeftBehind(directory)),
      given
    )
  }
  const [nats, redis, postgres] = yield* Effect.all(
    [own("nats", config.natsUrl), own("redis", config.redisUrl), own("postgres", config.databaseUrl)],
    { concurrency: 3 }
  )
  const adapters = accounts === undefined ? undefined : new NatsAdapters(accounts, home)
  return { urls: { nats, redis, postgres }, adapters, died: Deferred.await(died) } satisfies PrivateServers
})

const endLeftBehind = (directory: string): void => {
  const note = leftBehind(directory)
  // Each of the three takes this for a request to end in order.
  if (note !== undefined) process.kill(note.pid, "SIGTERM")
}

interface Wanted {
  readonly name: Name
  readonly home: string
  readonly directory: string
  readonly options: PrivateServersOptions
  readonly accounts: NatsAccounts | undefined
  readonly died: Deferred.Deferred<never, ServerUnavailable>
}

interface Holder {
  server: RunningServer
  stopping: boolean
}

const privateServer = Effect.fnUntraced(function* (wanted: Wanted) {
  const { accounts, name, directory, options } = wanted
  const port = yield* Effect.promise(() => rememberedPort(wanted))
  const start: StartOptions & { readonly accounts?: NatsAccounts } = {
    binaries: options.binaries(),
    directory,
    port,
    precedence: name === "nats" ? "first" : "behind",
    ...(accounts === undefined ? {} : { accounts })
  }
  const holder = yield* Effect.acquireRelease(
    Effect.map(begin(name, start), (server): Holder => ({ server, stopping: false })),
    (held) =>
      Effect.promise(() => {
        held.stopping = true
        return held.server.stop()
      })
  )
  const { server } = holder
  options.say(`${server.name} ${server.adopted ? "was still running" : "runs"} on port ${port}, data in ${directory}`)
  yield* Effect.forkScoped(watch(wanted, start, holder))
  return server.url
})

const begin = (name: Name, start: StartOptions): Effect.Effect<RunningServer, ServerUnavailable> =>
  Effect.tryPromise({
    try: () => starters[name](start),
    catch: (cause) =>
      new ServerUnavailable({
        message: `${name} cannot be started: ${cause instanceof Error ? cause.message : String(cause)}`
      })
  })

const watch = Effect.fnUntraced(function* (wanted: Wanted, start: StartOptions, holder: Holder) {
  const { name, options } = wanted
  const deathsMs: Array<number> = []
  while (true) {
    yield* Effect.promise(() => holder.server.exited)
    if (holder.stopping) return
    options.say(`${holder.server.name} has died; it is started again`)
    let reason = "it dies again and again"
    while (true) {
      const nowMs = performance.now()
      while (deathsMs[0] !== undefined && nowMs - deathsMs[0] > RESTARTS_WITHIN_MS) deathsMs.shift()
      deathsMs.push(nowMs)
      if (deathsMs.length > RESTARTS_MAX) return yield* giveUp(wanted, reason)
      yield* Effect.sleep(RESTART_PAUSE_MS * 2 ** (deathsMs.length - 1))
      // The hub may stop meanwhile: what is started must be held by then, or nobody would stop it.
      const again = yield* begin(name, start).pipe(
        Effect.tap((server) => Effect.sync(() => (holder.server = server))),
        Effect.result,
        Effect.uninterruptible
      )
      if (again._tag === "Success") break
      reason = again.failure.message
    }
    options.say(`${holder.server.name} runs again on port ${start.port}`)
  }
})

const giveUp = ({ name, directory, died }: Wanted, reason: string): Effect.Effect<boolean> =>
  Deferred.fail(
    died,
    new ServerUnavailable({ message: `${name} cannot be kept running (${reason}); its log is ${directory}.log.` })
  )

const readPorts = (path: string): Record<string, number> => {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, number>
  } catch {
    return {}
  }
}

/** The same ports at every start, so that programs that know them find the servers again. */
const rememberedPort = async ({ name, home, directory }: Wanted): Promise<number> => {
  const path = join(home, "ports.json")
  const known = readPorts(path)[name]
  // Another program may have taken it meanwhile: then a new one is remembered.
  if (known !== undefined && (leftBehind(directory)?.port === known || !(await answers(known)))) return known
  const port = await freePort()
  // Three servers note their ports at the same time: read again just before writing.
  writeFileSync(`${path}.new`, JSON.stringify({ ...readPorts(path), [name]: port }))
  renameSync(`${path}.new`, path)
  return port
}
