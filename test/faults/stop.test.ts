/**
 * Goal: a hub ends when it is told to, whatever its servers do.
 * Method: a real hub that waits for servers which do not answer, and a SIGTERM.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { it } from "vitest"
import { binaries, freePort, startNats, startRedis } from "../../src/servers/servers.ts"
import { freshDatabase } from "../support/database.ts"
import { http, startHub } from "../support/hub.ts"
import { Proxy, type Weather } from "../support/proxy.ts"

/** Five seconds for the turns, five for the thread that derives, and the rest for a machine that is busy. */
const STOP_MS_MAX = 20_000

it.concurrent.each<readonly [name: string, weather: Weather]>([
  ["that are silent", { kind: "silent" }],
  ["that are gone", { kind: "cut" }]
])("a hub with servers %s ends soon after a SIGTERM, and whoever waits is told", async (_name, weather) => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-faults-"))
  const nats = await startNats({ binaries: binaries(), directory: join(directory, "nats"), port: await freePort() })
  const redis = await startRedis({ binaries: binaries(), directory: join(directory, "redis"), port: await freePort() })
  const urls = [nats.url, redis.url, await freshDatabase()]
  const lines = await Promise.all(urls.map((url) => Proxy.before(url)))
  const [NATS_URL = "", REDIS_URL = "", DATABASE_URL = ""] = lines.map((line, n) => line.addressOf(urls[n] as string))
  const hub = await startHub({ NATS_URL, REDIS_URL, DATABASE_URL })
  const receipt = { type: "receipt", mutationId: "opening", quantity: 5 }
  assert.equal((await http(hub, "POST", "/v1/stock/a/facts", receipt)).status, 202)
  for (const line of lines) line.set(weather)
  const body = { type: "reserve", mutationId: "m", holdId: "m", quantity: 1 }
  const waiting = http(hub, "POST", "/v1/stock/a/requests", body).then(
    (reply) => reply.body["code"],
    () => "cut off"
  )
  await new Promise((resolve) => setTimeout(resolve, 500))
  const startedMs = performance.now()
  await hub.stop()
  const passedMs = performance.now() - startedMs
  assert.ok(["unavailable", "cut off"].includes(String(await waiting)))
  assert.ok(passedMs < STOP_MS_MAX, `it ended after ${passedMs} ms`)
  await Promise.all(lines.map((line) => line.close()))
  await Promise.all([nats.stop(), redis.stop()])
  rmSync(directory, { recursive: true, force: true })
})
