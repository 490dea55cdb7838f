/**
 * Reads the settings that may change while the hub runs, at the start and again at SIGHUP. A file that is not right changes nothing:
 * the settings stay as they are, and one sentence says what is wrong with it.
 */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseEnv } from "node:util"
import { ConfigProvider, Effect } from "effect"
import { type AccessConfig, accessConfig } from "../config/access.ts"
import { type HubConfig, hubConfig } from "../config/config.ts"
import { settingGroups } from "../config/settings.ts"
import { accessOptions } from "./access/mode.ts"
import { type LiveSettings, liveSettings, setLiveSettings } from "./live-settings.ts"
import { readText } from "./start-settings.ts"
import { WrongSettings } from "./wrong-settings.ts"

type Environment = Readonly<Record<string, string | undefined>>

const RELOADABLE = new Set(
  settingGroups.flatMap(({ settings }) => settings.filter(({ reloads }) => reloads).map(({ name }) => name))
)
const IN_HOME = "settings.env"

/** Where they stand; `undefined`: nowhere but in the environment. */
export const settingsFileOf = (environment: Environment): string | undefined => {
  const given = environment["SETTINGS_FILE"] ?? ""
  if (given !== "") return given
  const path = join(resolve(environment["HOLDFAST_HOME"] || ".holdfast"), IN_HOME)
  return existsSync(path) ? path : undefined
}

/** The environment with what the file says in place of it. Throws the sentence that says what is wrong. */
export const withSettingsFile = (environment: Environment): Environment => {
  const path = settingsFileOf(environment)
  if (path === undefined) return environment
  const text = readText(path)
  const lines = text.split("\n").map((line) => line.trim())
  const odd = lines.findIndex((line) => line !== "" && !line.startsWith("#") && !LINE.test(line))
  if (odd >= 0) throw new WrongSettings({ message: `${path} has no NAME=value in line ${odd + 1}.` })
  const found = parseEnv(text)
  const fixed = Object.keys(found).filter((name) => !RELOADABLE.has(name))
  if (fixed.length > 0) {
    throw new WrongSettings({
      message: `${path} has ${fixed.join(", ")}, which cannot change while the hub runs: set it in the environment and restart. The file takes ${[...RELOADABLE].join(", ")}.`
    })
  }
  return { ...environment, ...found }
}

const LINE = /^[A-Z][A-Z0-9_]*=/

export interface ReadSettings {
  readonly config: HubConfig
  readonly access: AccessConfig
}

/** Fails with a sentence. */
export const readAllSettings = (environment: Environment) =>
  Effect.gen(function* () {
    const all = yield* Effect.try({
      try: () => withSettingsFile(environment),
      catch: (cause) => cause as WrongSettings
    })
    const provider = ConfigProvider.fromUnknown(all)
    return yield* Effect.all({ config: hubConfig, access: accessConfig }).pipe(
      Effect.provideService(ConfigProvider.ConfigProvider, provider)
    )
  })

/** Fails with a sentence. */
export const liveOf = ({ access, config }: ReadSettings): Effect.Effect<LiveSettings, WrongSettings> => {
  const options = accessOptions(access, config.host)
  if ("wrong" in options) return Effect.fail(new WrongSettings({ message: options.wrong }))
  const { logLevel, requestsPerSecondMax, tracesRatio } = config
  const { corsOrigins, proxiesTrusted } = options
  return Effect.succeed({
    logLevel,
    requestsPerSecondMax,
    tracesRatio,
    corsOrigins: new Set(corsOrigins),
    proxiesTrusted
  })
}

/** Answers what is to be said of it. */
export const reload = (environment: Environment): Effect.Effect<string> =>
  Effect.match(Effect.flatMap(readAllSettings(environment), liveOf), {
    onFailure: ({ message }) => `settings stay as they are: ${message}`,
    onSuccess: (next) => {
      const before = liveSettings()
      setLiveSettings(next)
      const changed = NAMES.filter(([key]) => textOf(before[key]) !== textOf(next[key]))
      return changed.length === 0
        ? "settings are read again, and as they were"
        : `settings are read again: ${changed.map(([key, name]) => `${name} is ${textOf(next[key])}`).join(", ")}`
    }
  })

const NAMES: ReadonlyArray<readonly [keyof LiveSettings, string]> = [
  ["logLevel", "LOG_LEVEL"],
  ["requestsPerSecondMax", "REQUESTS_PER_SECOND_MAX"],
  ["tracesRatio", "OTEL_TRACES_SAMPLER_ARG"],
  ["corsOrigins", "CORS_ORIGINS"],
  ["proxiesTrusted", "PROXIES_TRUSTED"]
]

const textOf = (value: LiveSettings[keyof LiveSettings]): string =>
  typeof value === "object" ? [...value].join(",") || "none" : String(value)
