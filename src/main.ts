/**
 * Runs a hub: its private servers below, the hub on them, until a signal comes or something is lost for good.
 *
 * Prints `ready http://HOST:PORT` when it takes requests, and writes the addresses to `run.json` in its home. Exit codes:
 * 0 after a signal, 1 when it lost what it needs while running, 3 when it could not start.
 */
import { renameSync, rmSync, writeFileSync } from "node:fs"
import { randomBytes } from "node:crypto"
import { join, resolve } from "node:path"
import { Cause, Effect, Exit, Layer } from "effect"
import type { HubConfig } from "../config/config.ts"
import { Access, type AccessShape, FIRST_ADMINISTRATOR } from "./access/layer.ts"
import { accessOptions } from "./access/mode.ts"
import { Gateway } from "./gateway/layer.ts"
import { Carts } from "./carts/layer.ts"
import { StockHost } from "./host/layer.ts"
import type { ChannelConfig } from "../config/channels.ts"
import { type PaymentsConfig, readPayments } from "../config/payments.ts"
import { claimHome } from "./home.ts"
import { hubLayer, type HubUrls } from "./hub.ts"
import { setLiveSettings } from "./live-settings.ts"
import { logging } from "./logging.ts"
import { masterKey } from "./personal-data/master-key.ts"
import { setOwnSlice, SHORT_SLICE_NS } from "./scheduling.ts"
import { privateServers } from "./servers/private-servers.ts"
import { answers } from "./servers/ports.ts"
import { binaries, projectRoot } from "./servers/servers.ts"
import { liveOf, readAllSettings, type ReadSettings, reload, settingsFileOf } from "./reloading.ts"
import { alertsIn, channelsIn, outreachIn, queriesIn, recoveryIn } from "./start-settings.ts"
import { WrongSettings } from "./wrong-settings.ts"

type RunUrls = HubUrls & { readonly hub: string }

const say = (line: string): void => void process.stderr.write(`holdfast: ${line}\n`)

export interface RunOptions {
  /** Called with the hub's address when it is ready; interrupted when the hub stops. */
  readonly whenReady?: (url: string) => Promise<void>
  /** Beside those of the channels file. */
  readonly channels?: ReadonlyArray<ChannelConfig>
  /** Where the environment sets none. */
  readonly payments?: PaymentsConfig | undefined
}

/** Runs until a signal; settles with the exit code. */
export const runHub = async (options: RunOptions = {}): Promise<number> => {
  const stop = new AbortController()
  let signalled = false
  const end = (): void => {
    if (!signalled) say("stopping …")
    signalled = true
    stop.abort()
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end)
  // Without a file that could have changed it is a terminal that was closed.
  process.on("SIGHUP", () => {
    if (settingsFileOf(process.env) === undefined) end()
    else void Effect.runPromise(reload(process.env)).then(say)
  })
  // Everybody waits for this thread.
  void setOwnSlice(SHORT_SLICE_NS)
  const progress = { started: false }
  const exit = await Effect.runPromiseExit(Effect.scoped(hub(options, progress)).pipe(Effect.provide(logging)), {
    signal: stop.signal
  })
  if (signalled) {
    say("stopped")
    return 0
  }
  say(Exit.isFailure(exit) ? sentence(exit.cause) : "the hub has ended")
  return progress.started ? 1 : 3
}

/** What went wrong, in the words of whoever noticed. */
const sentence = (cause: Cause.Cause<unknown>): string => {
  const failure = Cause.squash(cause)
  if (!(failure instanceof Error)) return String(failure)
  return failure.message === "" ? failure.name : failure.message
}

const hub = Effect.fnUntraced(function* (options: RunOptions, progress: { started: boolean }) {
  const read = yield* readAllSettings(process.env)
  const { config } = read
  setLiveSettings(yield* liveOf(read))
  yield* claimHome(config.home)
  yield* freeAddress(config)
  const alerts = yield* settled(() => alertsIn(process.env))
  const outreach = yield* settled(() => outreachIn(config, process.env))
  const payments = (yield* settled(() => readPayments(process.env))) ?? options.payments
  const recovery = yield* settled(() => recoveryIn(config, payments !== undefined))
  const personalDataKey = yield* settled(() => masterKey(process.env["PERSONAL_DATA_KEY"], resolve(config.home), true))
  const access = yield* accessOf(read)
  const queries = yield* settled(() => queriesIn(config))
  const channels = [...(yield* settled(() => channelsIn(config, process.env))), ...(options.channels ?? [])]
  const servers = yield* privateServers({
    config,
    mode: access.mode,
    binaries,
    reachableHome: process.env["HOLDFAST_REACHABLE_HOME"] ?? resolve(config.home),
    say
  })
  const context = yield* Layer.build(
    hubLayer({
      config,
      urls: servers.urls,
      owner: `hub${randomBytes(4).toString("hex")}`,
      webDirectory: join(projectRoot(), "dist", "web"),
      access: { ...access, adapters: servers.adapters },
      channels,
      alerts,
      outreach,
      recovery,
      payments,
      queries,
      masterKey: personalDataKey
    })
  )
  return yield* Effect.provide(serving(config, servers, options, progress), context)
})

const serving = Effect.fnUntraced(function* (
  config: HubConfig,
  servers: { readonly urls: HubUrls; readonly died: Effect.Effect<never, unknown> },
  options: RunOptions,
  progress: { started: boolean }
) {
  const { port } = yield* Gateway
  const access = yield* Access
  const host = yield* StockHost
  const carts = yield* Carts
  const url = `http://${config.host}:${port}`
  yield* announce(config, access, { hub: url, ...servers.urls })
  progress.started = true
  if (options.whenReady !== undefined) {
    const { whenReady } = options
    yield* Effect.forkScoped(Effect.ignore(Effect.tryPromise(() => whenReady(url))))
  }
  return yield* Effect.raceFirst(servers.died, Effect.raceFirst(host.whenLost, carts.host.whenLost))
})

const announce = (config: HubConfig, { mode, localKey, firstPassword }: AccessShape, urls: RunUrls) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const path = join(resolve(config.home), "run.json")
      const described = { ...urls, pid: process.pid, ...(mode === "open" ? {} : { key: localKey }) }
      // A reader must never see half of it, and nobody but this user any of it.
      writeFileSync(`${path}.new`, JSON.stringify(described), { mode: 0o600 })
      renameSync(`${path}.new`, path)
      if (mode === "open") say("open to every program on this machine until access control is configured (ACCESS.md)")
      if (firstPassword !== undefined) {
        say(`made the user ${FIRST_ADMINISTRATOR} with the password ${firstPassword}, which is shown this once`)
      }
      process.stdout.write(`ready ${urls.hub}\n`)
      return path
    }),
    (path) => Effect.sync(() => rmSync(path, { force: true }))
  )

/** Readers of settings throw; each sentence names what is wrong. */
const settled = <A>(read: () => A): Effect.Effect<A, WrongSettings> =>
  Effect.try({
    try: read,
    catch: (cause) => new WrongSettings({ message: cause instanceof Error ? cause.message : String(cause) })
  })

/** Wrong settings keep the hub from starting: a hub that is open by a typing error would not be noticed. */
const accessOf = ({ access: settings, config }: ReadSettings) => {
  const access = accessOptions(settings, config.host)
  return "wrong" in access ? Effect.fail(new WrongSettings({ message: access.wrong })) : Effect.succeed(access)
}

/**
 * Asked before anything else: a hub that took the partitions over and then found its port taken would have stopped the
 * hub that works.
 */
const freeAddress = (config: HubConfig): Effect.Effect<void, WrongSettings> =>
  config.port === 0
    ? Effect.void
    : Effect.flatMap(
        Effect.promise(() => answers(config.port)),
        (isTaken) =>
          isTaken
            ? Effect.fail(
                new WrongSettings({
                  message: `Port ${config.port} on ${config.host} is taken; stop what uses it or set PORT to another.`
                })
              )
            : Effect.void
      )

if (process.argv[1] === import.meta.filename) process.exit(await runHub())
