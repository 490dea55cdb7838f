/**
 * Runs a hub: its private servers below, the hub on them, until a signal comes or something is lost for good.
 *
 * Prints `ready http://HOST:PORT` when it takes requests, and writes the addresses to `run.json` in its home. Exit codes:
 * 0 after a signal, 1 when it lost what it needs while running, 3 when it could not start.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { randomBytes } from "node:crypto"
import { join, resolve } from "node:path"
import { Cause, Effect, Exit, Layer } from "effect"
import type { HubConfig } from "../config/config.ts"
import { Access, type AccessShape, FIRST_ADMINISTRATOR } from "./access/layer.ts"
import { accessOptions } from "./access/mode.ts"
import { Gateway } from "./gateway/layer.ts"
import { Carts } from "./carts/layer.ts"
import { StockHost } from "./host/layer.ts"
import { type AlertSinks, readAlertSinks } from "../config/alerts.ts"
import { type ChannelConfig, readChannels } from "../config/channels.ts"
import { readQueries } from "../config/graphql.ts"
import { NO_OUTREACH, type OutreachConfig, readOutreach } from "../config/outreach.ts"
import { type PaymentsConfig, readPayments } from "../config/payments.ts"
import { readRecovery, type RecoveryConfig } from "../config/recovery.ts"
import { claimHome } from "./home.ts"
import { hubLayer, type HubUrls } from "./hub.ts"
import { sinksOf } from "./alerts/sinks/sinks.ts"
import { setLiveSettings } from "./live-settings.ts"
import { logging } from "./logging.ts"
import { masterKey } from "./personal-data/master-key.ts"
import { privateServers } from "./servers/private-servers.ts"
import { answers } from "./servers/ports.ts"
import { binaries, projectRoot } from "./servers/servers.ts"
import { liveOf, readAllSettings, type ReadSettings, reload, settingsFileOf } from "./reloading.ts"
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
  const alerts = yield* alertsOf
  const outreach = yield* outreachOf(config)
  const payments = (yield* paymentsOf) ?? options.payments
  const recovery = yield* recoveryOf(config)
  if (recovery?.link === "checkout" && payments === undefined) return yield* noPayments
  const personalDataKey = yield* masterKeyOf(config)
  const access = yield* accessOf(read)
  const queries = yield* queriesOf(config)
  const channels = [...(yield* channelsOf(config)), ...(options.channels ?? [])]
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

/** The text of the file that is named, or of this one in the hub's home; `undefined` when there is none there. */
const textOf = (given: string | undefined, config: HubConfig, name: string): string | undefined => {
  const path = given ?? join(resolve(config.home), name)
  return given === undefined && !existsSync(path) ? undefined : readFileSync(path, "utf8")
}

/** None without such a file. */
const channelsOf = (config: HubConfig): Effect.Effect<ReadonlyArray<ChannelConfig>, WrongSettings> =>
  settled(() => {
    const text = textOf(config.channelsFile, config, "channels.json")
    return text === undefined ? [] : readChannels(text, process.env)
  })

const outreachOf = (config: HubConfig): Effect.Effect<OutreachConfig, WrongSettings> =>
  settled(() => {
    const text = textOf(config.outreachFile, config, "outreach.json")
    return text === undefined ? NO_OUTREACH : readOutreach(text, process.env)
  })

/** Nothing is said to who left a cart without such a file. */
const recoveryOf = (config: HubConfig): Effect.Effect<RecoveryConfig | undefined, WrongSettings> =>
  settled(() => {
    const text = textOf(config.recoveryFile, config, "recovery.json")
    return text === undefined ? undefined : readRecovery(text)
  })

/** The registered queries of `GRAPHQL_QUERIES_FILE`. */
const queriesOf = ({ graphqlQueriesFile }: HubConfig) =>
  settled(() => (graphqlQueriesFile === undefined ? undefined : readQueries(readFileSync(graphqlQueriesFile, "utf8"))))

const noPayments = new WrongSettings({
  message: "The recovery file wants links that lead to payment: set STRIPE_SECRET_KEY, or link to cart."
})

/** Made once here, so that a secret which is none keeps the hub from starting and not an alert from arriving. */
const alertsOf: Effect.Effect<AlertSinks, WrongSettings> = settled(() => {
  const alerts = readAlertSinks(process.env)
  for (const sink of sinksOf(alerts)) sink.close?.()
  return alerts
})

const paymentsOf: Effect.Effect<PaymentsConfig | undefined, WrongSettings> = settled(() => readPayments(process.env))

const masterKeyOf = (config: HubConfig): Effect.Effect<Buffer, WrongSettings> =>
  settled(() => masterKey(process.env["PERSONAL_DATA_KEY"], resolve(config.home), true))

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
