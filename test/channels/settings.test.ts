/**
 * Goal: a channels file that does not do is said in one sentence that names the channel and the field, before the hub runs.
 * Method: files as people write them, and a real start with one that is wrong.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, it } from "vitest"
import { readChannels } from "../../config/channels.ts"
import { adapterOf, settingsOf } from "../../src/channels/build.ts"
import { startHub } from "../support/hub.ts"

const file = (...channels: ReadonlyArray<unknown>): string => JSON.stringify({ channels })
const read = (text: string) => readChannels(text, { TOKEN: "secret", EMPTY: "" })
const pos = { name: "tills", adapter: "pos", settings: { key: "a key of sixteen and more" } }

describe("the channels file", () => {
  it("fills in defaults, and secrets from the environment wherever they stand", () => {
    const [channel] = read(
      file({ ...pos, settings: { deep: [{ key: { env: "TOKEN" } }], env: "not a secret", more: 1 } })
    )
    assert.deepEqual(channel?.settings, { deep: [{ key: "secret" }], env: "not a secret", more: 1 })
    assert.deepEqual(
      [channel?.shadow, channel?.identity, channel?.lastUnitsMax, channel?.pollMs],
      [false, false, 2, 60_000]
    )
  })

  it("says what is wrong, and where", () => {
    const wrong: ReadonlyArray<readonly [text: string, said: RegExp]> = [
      ["{", /no JSON/],
      ["[]", /must be an object/],
      ['{"channels":{}}', /"channels" as an array/],
      [file({ ...pos, name: "My Shop" }), /Channel 1: name must be/],
      [file({ ...pos, name: "a".repeat(33) }), /name must be/],
      [file({ name: "tills" }), /tills: adapter must be a text/],
      [file(pos, pos), /two channels named tills/],
      [file({ ...pos, settings: { key: { env: "MISSING" } } }), /tills: the variable MISSING is not set/],
      [file({ ...pos, settings: { key: { env: "EMPTY" } } }), /tills: the variable EMPTY is not set/],
      [file({ ...pos, shadow: "yes" }), /shadow must be true or false/],
      [file({ ...pos, pollMs: 0 }), /pollMs must be a number from 1/],
      [file({ ...pos, limits: { batchSize: 5 } }), /limits has no batchSize; it takes batchMax/],
      [file({ ...pos, backoff: { retriesMax: 1_000 } }), /retriesMax must be a number from 0 to 100/]
    ]
    for (const [text, said] of wrong) assert.throws(() => read(text), said, text)
  })

  it("an adapter that is not there, or that its settings do not fit, is named with the channel", async () => {
    const of = async (change: object) => {
      const [config] = read(file({ ...pos, ...change }))
      assert.ok(config !== undefined)
      return adapterOf(config, Date.now)
    }
    await assert.rejects(of({ adapter: "ebay" }), /tills: there is no adapter ebay; take one of amazon, shopify/)
    await assert.rejects(of({ adapter: "./nowhere.mjs" }), /nowhere.mjs cannot be loaded/)
    await assert.rejects(of({ adapter: "./vitest.config.ts" }), /must export \{ kind, make \}/)
    await assert.rejects(of({ settings: { key: "short" } }), /The channel tills: The setting key must have at least 16/)
  })

  it("limits may be set lower than the channel's, never higher", async () => {
    const [config] = read(file({ ...pos, limits: { batchMax: 7, callsPerSecond: 1_000, windowMs: 900 } }))
    assert.ok(config !== undefined)
    const { limits } = settingsOf(config, await adapterOf(config, Date.now)).policy
    assert.deepEqual([limits.batchMax, limits.callsPerSecond, limits.windowMs], [7, 20, 900])
  })

  it("a hub does not start with one that is wrong, and says why", async () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-settings-"))
    const path = join(directory, "channels.json")
    writeFileSync(path, file({ ...pos, settings: { key: "short" } }))
    await assert.rejects(startHub({ CHANNELS_FILE: path }), /The channel tills: The setting key must have at least 16/)
    rmSync(directory, { recursive: true, force: true })
  }, 30_000)
})
