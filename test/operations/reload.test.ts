/**
 * Goal: SIGHUP brings in the settings that may change, without an end to anything; a file that is not right changes nothing and
 * says why; and a hub without such a file ends as it would when its terminal is closed.
 * Method: a real hub with a file of settings, which is written again and signalled; the reader alone, with files that are wrong.
 */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { liveSettings, setLiveSettings } from "../../src/live-settings.ts"
import { liveOf, readAllSettings, reload, settingsFileOf } from "../../src/reloading.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { type Collector, startCollector } from "../support/collector.ts"
import { eventually, http, startHub, type TestHub, TestSocket } from "../support/hub.ts"

const folder = mkdtempSync(join(tmpdir(), "holdfast-reload-"))
const file = join(folder, "settings.env")
const SHOP = "https://shop.example"
let collector: Collector
let hub: TestHub

const pidOf = (): number =>
  (JSON.parse(readFileSync(join(hub.home, "run.json"), "utf8")) as { readonly pid: number }).pid

/** Signals the hub and waits for what it says of it. */
const reloaded = async (text: string): Promise<string> => {
  const before = hub.output().length
  writeFileSync(file, text)
  process.kill(pidOf(), "SIGHUP")
  const said = await eventually(
    async () => /settings .*\n/.exec(hub.output().slice(before))?.[0],
    (line) => line !== undefined
  )
  return String(said).trim()
}

const allowed = async (): Promise<string | null> => {
  const { headers } = await fetch(`${hub.url}/v1/status`, { method: "OPTIONS", headers: { origin: SHOP } })
  return headers.get("access-control-allow-origin")
}

beforeAll(async () => {
  writeFileSync(file, "# nothing yet\n")
  collector = await startCollector()
  hub = await startHub({
    SETTINGS_FILE: file,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: "50",
    OTEL_TRACES_SAMPLER_ARG: "0"
  })
}, 60_000)

afterAll(async () => {
  await hub.stop()
  collector.close()
  rmSync(folder, { recursive: true, force: true })
})

describe("a hub that is signalled", () => {
  it("takes the origins, the rate and the share of traces that the file says, and goes on", async () => {
    const socket = await TestSocket.open(hub)
    const pid = pidOf()
    assert.equal(await allowed(), null)
    const receipt = (id: string) => ({ type: "receipt", mutationId: id, quantity: 5 })
    await http(hub, "POST", "/v1/stock/mug/facts", receipt("untraced"))
    const text = `CORS_ORIGINS="${SHOP}"\nREQUESTS_PER_SECOND_MAX=100000\nOTEL_TRACES_SAMPLER_ARG=1\n`
    assert.equal(
      await reloaded(text),
      `settings are read again: REQUESTS_PER_SECOND_MAX is 100000, OTEL_TRACES_SAMPLER_ARG is 1, CORS_ORIGINS is ${SHOP}`
    )
    assert.equal(await allowed(), SHOP)
    await http(hub, "POST", "/v1/stock/mug/facts", receipt("traced"))
    await eventually(
      async () => collector.spans.length,
      (count) => count > 0
    )
    assert.ok(!JSON.stringify(collector.spans).includes("untraced"))
    assert.equal(await reloaded(`${text}# the same\n`), "settings are read again, and as they were")
    assert.match(await reloaded("REQUESTS_PER_SECOND_MAX=2\n"), /CORS_ORIGINS is none/)
    const statuses = await Promise.all(Array.from({ length: 20 }, () => http(hub, "GET", "/v1/status")))
    assert.ok(statuses.some(({ status }) => status === 429))
    await reloaded("")
    assert.equal((await http(hub, "GET", "/v1/stock/mug")).body["physical"], 10)
    assert.equal(pidOf(), pid)
    socket.send({ op: "ping" })
    await socket.next(({ op }) => op === "pong")
    socket.close()
  })

  it("keeps what it has with a file that is not right, and says what is wrong", async () => {
    await reloaded(`CORS_ORIGINS=${SHOP}\n`)
    for (const [text, says] of [
      ["LOG_LEVEL=loud\n", /LOG_LEVEL must be one of debug, info, warn, error\.$/],
      ["CORS_ORIGINS=shop.example\n", /CORS_ORIGINS has shop\.example, which is no origin/],
      [
        "CORS_ORIGINS=\nPORT=9\nSTRIPE_SECRET_KEY=sk_live_hush\n",
        /has PORT, STRIPE_SECRET_KEY, which cannot change while the hub runs: set it in the environment and restart/
      ],
      ["CORS_ORIGINS=\nproxies 2\n", /has no NAME=value in line 2\.$/]
    ] as const) {
      const said = await reloaded(text)
      assert.match(said, /^settings stay as they are: /)
      assert.match(said, says)
      assert.ok(!said.includes("hush"))
      assert.equal(await allowed(), SHOP)
    }
  })
})

describe("the settings that may change", () => {
  const live = (environment: Readonly<Record<string, string>>) =>
    Effect.runPromise(Effect.flatMap(readAllSettings({ HOLDFAST_HOME: folder, ...environment }), liveOf))

  it("stand in the file before the environment, and in settings.env of the home where nothing names another", async () => {
    writeFileSync(file, "LOG_LEVEL=warn\n")
    const { logLevel, proxiesTrusted } = await live({ LOG_LEVEL: "debug", PROXIES_TRUSTED: "1" })
    assert.deepEqual([logLevel, proxiesTrusted], ["warn", 1])
    const elsewhere = await live({ SETTINGS_FILE: file, HOLDFAST_HOME: "/nowhere" })
    assert.equal(elsewhere.logLevel, "warn")
    await assert.rejects(() => live({ SETTINGS_FILE: "/nowhere/settings.env" }), /cannot be read: ENOENT/)
  })

  it("stand in the usual home where the variable that names it is empty", () => {
    const before = process.cwd()
    process.chdir(folder)
    try {
      mkdirSync(".holdfast")
      writeFileSync(join(".holdfast", "settings.env"), "")
      assert.equal(settingsFileOf({ HOLDFAST_HOME: "" }), join(process.cwd(), ".holdfast", "settings.env"))
    } finally {
      process.chdir(before)
    }
  })

  it("are heard of by every thread", async () => {
    const module = new URL(`file://${projectRoot()}/dist/src/live-settings.js`).href
    const code = `import { parentPort } from "node:worker_threads"; import { liveSettings } from ${JSON.stringify(module)}
      parentPort.on("message", () => parentPort.postMessage(liveSettings().logLevel))`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
    const before = liveSettings()
    try {
      setLiveSettings({ ...before, logLevel: "error" })
      await eventually(
        () => {
          setLiveSettings(liveSettings())
          worker.postMessage("which")
          return new Promise<unknown>((resolve) => worker.once("message", resolve))
        },
        (level) => level === "error"
      )
    } finally {
      setLiveSettings(before)
      await worker.terminate()
    }
  })

  it("are as they were when nothing of them has changed", async () => {
    writeFileSync(file, "")
    await Effect.runPromise(reload({ HOLDFAST_HOME: folder }))
    assert.equal(
      await Effect.runPromise(reload({ HOLDFAST_HOME: folder })),
      "settings are read again, and as they were"
    )
  })
})

it("a hub without a file of settings ends when its terminal is closed", async () => {
  const plain = await startHub()
  const { pid } = JSON.parse(readFileSync(join(plain.home, "run.json"), "utf8")) as { readonly pid: number }
  process.kill(pid, "SIGHUP")
  await eventually(
    async () => plain.output(),
    (said) => said.includes("stopped")
  )
  await plain.stop()
})
