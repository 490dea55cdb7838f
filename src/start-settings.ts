/**
 * What the hub starts by beside `config/config.ts`: its files of settings, and where alerts go. Every reader throws an `Error` whose
 * one sentence says what is wrong. `holdfast doctor` reads with them too, so that it finds what would keep the hub from starting.
 */
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { type AlertSinks, readAlertSinks } from "../config/alerts.ts"
import { type ChannelConfig, readChannels } from "../config/channels.ts"
import type { HubConfig } from "../config/config.ts"
import { readQueries } from "../config/graphql.ts"
import { NO_OUTREACH, type OutreachConfig, readOutreach } from "../config/outreach.ts"
import { readRecovery, type RecoveryConfig } from "../config/recovery.ts"
import { sinksOf } from "./alerts/sinks/sinks.ts"
import { WrongSettings } from "./wrong-settings.ts"

type Environment = NodeJS.ProcessEnv

/** Throws `WrongSettings`, which names the file. */
export const readText = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    throw new WrongSettings({ message: `${path} cannot be read: ${cause instanceof Error ? cause.message : ""}.` })
  }
}

const FILES = { channels: "channelsFile", outreach: "outreachFile", recovery: "recoveryFile" } as const
type FileOfSettings = keyof typeof FILES

const pathOf = (config: HubConfig, file: FileOfSettings): string =>
  config[FILES[file]] ?? join(resolve(config.home), `${file}.json`)

/** Where those are that may hold secrets, if they are there. */
export const pathsOf = (config: HubConfig): ReadonlyArray<string> =>
  (Object.keys(FILES) as ReadonlyArray<FileOfSettings>).map((file) => pathOf(config, file))

/** `undefined`: none is named, and there is none in the home. */
const textOf = (config: HubConfig, file: FileOfSettings): string | undefined => {
  const path = pathOf(config, file)
  return config[FILES[file]] === undefined && !existsSync(path) ? undefined : readText(path)
}

/** None without such a file. */
export const channelsIn = (config: HubConfig, environment: Environment): ReadonlyArray<ChannelConfig> => {
  const text = textOf(config, "channels")
  return text === undefined ? [] : readChannels(text, environment)
}

export const outreachIn = (config: HubConfig, environment: Environment): OutreachConfig => {
  const text = textOf(config, "outreach")
  return text === undefined ? NO_OUTREACH : readOutreach(text, environment)
}

/** `hasPayments`: there is somewhere to pay. Nothing is said to who left a cart without such a file. */
export const recoveryIn = (config: HubConfig, hasPayments: boolean): RecoveryConfig | undefined => {
  const text = textOf(config, "recovery")
  const recovery = text === undefined ? undefined : readRecovery(text)
  if (recovery?.link !== "checkout" || hasPayments) return recovery
  throw new WrongSettings({
    message: "The recovery file wants links that lead to payment: set STRIPE_SECRET_KEY, or link to cart."
  })
}

/** The registered queries of `GRAPHQL_QUERIES_FILE`. */
export const queriesIn = ({ graphqlQueriesFile }: HubConfig): ReadonlyMap<string, string> | undefined =>
  graphqlQueriesFile === undefined ? undefined : readQueries(readText(graphqlQueriesFile))

/** The sinks are made once here, so that a secret which is none keeps the hub from starting and not an alert from arriving. */
export const alertsIn = (environment: Environment): AlertSinks => {
  const alerts = readAlertSinks(environment)
  for (const sink of sinksOf(alerts)) sink.close?.()
  return alerts
}
