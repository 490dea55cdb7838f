/**
 * The servers that the hub runs for itself: those that no URL names. A scoped resource: closing the scope stops them.
 *
 * A server that dies is started again, a bounded number of times in a minute; when that does not help the hub stops, with
 * one sentence that says which server and where its log is.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Deferred, Effect, Schema } from "effect"
import type { HubConfig } from "../../config/config.ts"
import type { HubUrls } from "../hub.ts"
import { answers, isLeftBehind } from "./server-process.ts"
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

const RESTARTS_MAX = 5
const RESTARTS_WITHIN_MS = 60_000
const RESTART_PAUSE_MS = 250

export interface PrivateServersOptions {
  readonly config: HubConfig
  readonly binaries: () => Binaries
  /** Where PostgreSQL's files lie: the home, or as root a folder that another user can reach. */
  readonly reachableHome: string
  readonly say: (line: string) => void
}

export interface PrivateServers {
  readonly urls: HubUrls
  /** Fails when a server died and could not be brought back. */
  readonly died: Effect.Effect<never, ServerUnavailable>
}

export const privateServers = Effect.fnUntraced(function* (options: PrivateServersOptions) {
  const { config } = options
  const home = resolve(config.home)
  yield* Effect.sync(() => mkdirSync(home, { recursive: true }))
  const died = yield* Deferred.make<never, ServerUnavailable>()
  const own = (name: Name, given: string | undefined) =>
    given === undefined ? privateServer(name, home, options, died) : Effect.succeed(given)
  const [nats, redis, postgres] = yield* Effect.all(
    [own("nats", config.natsUrl), own("redis", config.redisUrl), own("postgres", config.databaseUrl)],
    { concurrency: 3 }
  )
  return { urls: { nats, redis, postgres }, died: Deferred.await(died) } satisfies PrivateServers
})

const privateServer = Effect.fnUntraced(function* (
  name: Name,
  home: string,
  options: PrivateServersOptions,
  died: Deferred.Deferred<never, ServerUnavailable>
) {
  const directory = join(name === "postgres" ? options.reachableHome : home, name)
  const port = yield* Effect.promise(() => rememberedPort(home, name, directory))
  const start = { binaries: options.binaries(), directory, port }
  const held = yield* Effect.acquireRelease(
    Effect.map(begin(name, start), (server) => ({ server, stopping: false })),
    (holder) =>
      Effect.promise(() => {
        holder.stopping = true
        return holder.server.stop()
      })
  )
  const { server } = held
  options.say(`${server.name} ${server.adopted ? "was still running" : "runs"} on port ${port}, data in ${directory}`)
  yield* Effect.forkScoped(watch(name, start, held, options, died))
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

const watch = Effect.fnUntraced(function* (
  name: Name,
  start: StartOptions,
  held: { server: RunningServer; readonly stopping: boolean },
  options: PrivateServersOptions,
  died: Deferred.Deferred<never, ServerUnavailable>
) {
  const restarts: Array<number> = []
  while (true) {
    yield* Effect.promise(() => held.server.exited)
    if (held.stopping) return
    const now = performance.now()
    while (restarts[0] !== undefined && now - restarts[0] > RESTARTS_WITHIN_MS) restarts.shift()
    restarts.push(now)
    if (restarts.length > RESTARTS_MAX)
      return yield* giveUp(name, `it died ${RESTARTS_MAX} times within a minute`, start, died)
    options.say(`${held.server.name} has died; it is started again`)
    yield* Effect.sleep(RESTART_PAUSE_MS * restarts.length)
    const again = yield* Effect.result(begin(name, start))
    if (again._tag === "Failure") return yield* giveUp(name, again.failure.message, start, died)
    held.server = again.success
    options.say(`${held.server.name} runs again on port ${start.port}`)
  }
})

const giveUp = (
  name: Name,
  why: string,
  start: StartOptions,
  died: Deferred.Deferred<never, ServerUnavailable>
): Effect.Effect<boolean> =>
  Deferred.fail(
    died,
    new ServerUnavailable({ message: `${name} cannot be kept running (${why}); its log is ${start.directory}.log.` })
  )

/** The same ports at every start, so that programs that know them find the servers again. */
const rememberedPort = async (home: string, name: Name, directory: string): Promise<number> => {
  const path = join(home, "ports.json")
  const ports = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, number>) : {}
  const known = ports[name]
  // Another program may have taken it meanwhile: then a new one is remembered.
  if (known !== undefined && (isLeftBehind(directory) || !(await answers(known)))) return known
  const port = await freePort()
  // Three servers note their ports at the same time: read again just before writing.
  const current = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, number>) : {}
  writeFileSync(path, JSON.stringify({ ...current, [name]: port }))
  return port
}
