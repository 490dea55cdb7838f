/**
 * Goal: nothing that a hub takes from its environment is told wrongly or not at all, and no secret is told.
 * Method: what is described is compared with what is read: by the hub's own reader, and in the sources.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { ConfigProvider, Effect } from "effect"
import { describe, it } from "vitest"
import { hubConfig, hubSettings } from "../../config/config.ts"
import { settingGroups } from "../../config/settings.ts"
import { everyLimit, reasonsIn } from "../../scripts/config/limits.ts"
import { markdown, present } from "../../scripts/config/reference.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { sourcePaths } from "../support/source.ts"

const settings = settingGroups.flatMap((group) => group.settings)
const read = (environment: Readonly<Record<string, string>>) =>
  Effect.runPromise(
    hubConfig.pipe(
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(environment)),
      Effect.match({ onSuccess: (config) => config, onFailure: ({ message }) => message })
    )
  )

/** The set-up's, for the program that it starts, and the system's. */
const HANDED_OVER = new Set(["HOLDFAST_BINARIES", "HOLDFAST_REACHABLE_HOME", "PATH"])

describe("the reference of settings", () => {
  it("is the one in the repository: npm run --silent holdfast -- config --markdown > CONFIGURATION.md", () => {
    const kept = readFileSync(join(projectRoot(), "CONFIGURATION.md"), "utf8")
    assert.equal(kept, markdown(settingGroups, everyLimit(projectRoot())))
  })

  it("has every variable that the hub's sources name, once", () => {
    const namesIn = (folders: RegExp, name: RegExp): ReadonlyArray<string> =>
      sourcePaths()
        .filter((path) => folders.test(path))
        .flatMap((path) => [...readFileSync(join(projectRoot(), path), "utf8").matchAll(name)])
        .map(([, found = ""]) => found)
    const named = namesIn(/^(src\/(?!web)|streams|actors)/, /process\.env\["([A-Z_]+)"\]/g)
    const given = namesIn(/^config\//, /\b(?:given|needed|environment|env)[([]"([A-Z_]+)"/g)
    assert.ok(
      named.includes("PERSONAL_DATA_KEY") && given.includes("STRIPE_SECRET_KEY"),
      "the scan finds what is there"
    )
    const described = settings.map(({ name }) => name)
    assert.equal(new Set(described).size, described.length)
    assert.deepEqual(
      [...named, ...given].filter((name) => !described.includes(name) && !HANDED_OVER.has(name)),
      []
    )
  })

  it("says what the hub takes without each", async () => {
    const config = await read({})
    for (const [key, { setting }] of Object.entries(hubSettings)) {
      const value = (config as Readonly<Record<string, unknown>>)[key]
      assert.equal(value === undefined ? undefined : String(value), setting.otherwise, setting.name)
    }
  })

  it("gives every bound with a reason for it", () => {
    const limits = everyLimit(projectRoot())
    assert.ok(limits.length > 40)
    assert.deepEqual(
      limits.find(({ name }) => name === "MESSAGE_BYTES_MAX"),
      { name: "MESSAGE_BYTES_MAX", value: 65_536, reason: "The contract's: one message, wherever it comes from." }
    )
    assert.deepEqual(
      limits.filter(({ reason }) => reason === "").map(({ name }) => name),
      []
    )
  })

  it("takes what stands above several names for each of them", () => {
    const source = "/**\n * Of two\n * lines.\n */\nexport const A = 1\nexport const B = 2\n\nexport const C = 3\n"
    assert.deepEqual(
      [...reasonsIn(source)],
      [
        ["A", "Of two lines."],
        ["B", "Of two lines."],
        ["C", ""]
      ]
    )
  })
})

describe("a setting that does not do", () => {
  it("is refused with its name and what it takes", async () => {
    assert.equal(await read({ PORT: "70000" }), "PORT must be a whole number from 0 to 65535.")
    assert.equal(await read({ PARTITIONS: "1.5" }), "PARTITIONS must be a whole number from 1 to 64.")
    assert.equal(await read({ LOG_LEVEL: "loud" }), "LOG_LEVEL must be one of debug, info, warn, error.")
  })
})

describe("what is set here", () => {
  it("is told, but for secrets", () => {
    const environment = Object.fromEntries(settings.map(({ name, secret }) => [name, secret ? "hush-hush" : "spoken"]))
    const text = present(settingGroups, environment)
    assert.ok(!text.includes("hush-hush"))
    assert.equal(text.match(/set, a secret/g)?.length, settings.filter(({ secret }) => secret).length)
    assert.match(text, /PORT +spoken +\(set\)/)
  })

  it("is nothing where a variable is empty, as the hub has it", async () => {
    const empty = Object.fromEntries(settings.map(({ name }) => [name, ""]))
    assert.equal(present(settingGroups, empty), present(settingGroups, {}))
    const from = (env: Readonly<Record<string, string>>) =>
      Effect.runPromise(
        Effect.provideService(hubConfig, ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
      )
    assert.deepEqual(await from(empty), await from({}))
  })

  it("counts whatever may hold a password as a secret", () => {
    const secrets = new Set(settings.filter(({ secret }) => secret).map(({ name }) => name))
    for (const { name } of settings) {
      if (/KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL|NATS_URL|REDIS_URL|SMTP_URL/.test(name))
        assert.ok(secrets.has(name), name)
    }
  })
})
