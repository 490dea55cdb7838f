/**
 * All looks together, each for itself: what one cannot see is a finding of its own and keeps no other from looking.
 */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import type { AccessConfig } from "../../config/access.ts"
import { isHere } from "../../config/address.ts"
import type { HubConfig } from "../../config/config.ts"
import type { HubStatus } from "../../src/gateway/protocol.ts"
import { pathsOf } from "../../src/start-settings.ts"
import { CART_JOURNAL, JOURNAL } from "../../streams/subjects.ts"
import { headersOf, type RunFile } from "../run-file.ts"
import { doubtful, type Finding, well, wrong } from "./finding.ts"
import { home } from "./home.ts"
import { machine, withFsync } from "./machine.ts"
import { nats } from "./nats.ts"
import { postgres } from "./postgres.ts"
import { redis } from "./redis.ts"
import { settings } from "./settings.ts"

/** The servers: those of the running hub, else those that the settings name. */
export interface Urls {
  readonly nats: string | undefined
  readonly redis: string | undefined
  readonly postgres: string | undefined
}

export interface Patient {
  readonly config: HubConfig
  readonly access: AccessConfig
  readonly environment: NodeJS.ProcessEnv
  readonly urls: Urls
  /** `undefined`: no hub runs here. */
  readonly run: RunFile | undefined
}

export const examine = async ({ access, config, environment, urls, run }: Patient): Promise<ReadonlyArray<Finding>> => {
  const directory = resolve(config.home)
  if (!existsSync(directory)) {
    return [
      doubtful(
        "hub",
        `There is no ${directory} yet.`,
        "Set HOLDFAST_HOME to the hub's, or start it for the first time."
      )
    ]
  }
  const looks: ReadonlyArray<readonly [about: string, look: () => Promise<ReadonlyArray<Finding>>]> = [
    ["machine", () => machine(directory)],
    ["settings", async () => settings({ access, config, environment })],
    ["home", () => home({ home: directory, port: config.port, files: pathsOf(config) })],
    ["NATS", () => given("NATS", urls.nats, (url) => natsAt(url, config, directory))],
    ["Redis", () => given("Redis", urls.redis, redis)],
    ["PostgreSQL", () => given("PostgreSQL", urls.postgres, postgres)],
    ["hub", () => hubOf(run)]
  ]
  const found: Array<Finding> = []
  for (const [about, look] of looks) {
    found.push(
      ...(await look().catch((cause: unknown) => [
        wrong(about, `It could not be looked at: ${String(cause)}.`, "Mend that, and ask again.")
      ]))
    )
  }
  return found
}

const given = (
  about: string,
  url: string | undefined,
  look: (url: string) => Promise<ReadonlyArray<Finding>>
): Promise<ReadonlyArray<Finding>> =>
  url === undefined
    ? Promise.resolve([well(about, "the hub starts one of its own; ask again while it runs to have it looked at")])
    : look(url)

const natsAt = (url: string, config: HubConfig, directory: string): Promise<ReadonlyArray<Finding>> => {
  const partitions = { [JOURNAL]: config.partitions, [CART_JOURNAL]: config.cartPartitions }
  const look = (fsync?: () => number) => nats({ url, replicas: config.journalReplicas, partitions, fsync })
  return isHere(url) ? withFsync(directory, look) : look()
}

const LAG_SECONDS_MAX = 30
const ANSWER_MS_MAX = 3_000

const hubOf = async (run: RunFile | undefined): Promise<ReadonlyArray<Finding>> => {
  if (run === undefined) return []
  const asked = { signal: AbortSignal.timeout(ANSWER_MS_MAX) }
  try {
    const ready = await fetch(`${run.hub}/readyz`, asked)
    if (!ready.ok)
      return [wrong("hub", `It takes no requests: ${await ready.text()}.`, "Look at its log and at the findings here.")]
    const answer = await fetch(`${run.hub}/v1/status`, { ...asked, headers: headersOf(run) })
    if (answer.status === 401 || answer.status === 403) return [unknownHere(run)]
    const { access, projections } = (await answer.json()) as HubStatus
    const who = access === "open" ? "is open to everybody on this machine" : "asks everybody who they are"
    return [well("hub", `ready at ${run.hub}, and ${who}`), ...lag(projections)]
  } catch {
    return [
      wrong("hub", `It does not answer at ${run.hub}.`, "Look at its log; kill -9 and start it again loses nothing.")
    ]
  }
}

/** It runs; only this command is not let in. */
const unknownHere = ({ hub, key }: RunFile): Finding =>
  doubtful(
    "hub",
    `Ready at ${hub}, but it does not say how it is to ${process.env["HOLDFAST_KEY"] === undefined ? "this machine's key" : "the key in HOLDFAST_KEY"}.`,
    key === undefined
      ? "Set HOLDFAST_KEY to a key that may status.read."
      : "Leave HOLDFAST_KEY out: run.json has this machine's own."
  )

export const lag = (projections: HubStatus["projections"]): ReadonlyArray<Finding> =>
  projections
    .filter(({ lagSeconds }) => lagSeconds > LAG_SECONDS_MAX)
    .map(({ name, lagSeconds }) =>
      doubtful(
        "hub",
        `${name} is ${lagSeconds.toFixed(0)} s behind the journal.`,
        "See that its server answers and has room; after a rush it catches up by itself."
      )
    )
