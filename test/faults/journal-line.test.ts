/**
 * Goal: when the line to the journal is slow, dumb or cut, nobody waits without end, nothing is promised that is not
 * kept, and the same mutation id gets its one answer afterwards.
 * Method: a real hub whose NATS stands behind a proxy that spoils the line under trade.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, it } from "vitest"
import { binaries, freePort, type RunningServer, startNats } from "../../src/servers/servers.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"
import { Proxy, type Weather } from "../support/proxy.ts"

const BUYERS = 20
/** The hub tells whoever waits for a stalled journal after two seconds; the rest is this machine's. */
const ANSWER_MS_MAX = 6_000

let directory: string
let nats: RunningServer
let line: Proxy
let hub: TestHub

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-line-"))
  nats = await startNats({ binaries: binaries(), directory: join(directory, "nats"), port: await freePort() })
  line = await Proxy.before(nats.url)
  hub = await startHub({ NATS_URL: line.addressOf(nats.url) })
})

afterAll(async () => {
  await hub.stop()
  await line.close()
  await nats.stop()
  rmSync(directory, { recursive: true, force: true })
})

const buy = (sku: string, buyer: number) =>
  http(hub, "POST", `/v1/stock/${sku}/requests`, {
    type: "reserve",
    mutationId: `m${buyer}`,
    holdId: `h${buyer}`,
    quantity: 1
  })

describe("while the line to the journal is", () => {
  it.each<readonly [name: string, weather: Weather]>([
    ["slow", { kind: "slow", delayMs: 200 }],
    ["silent", { kind: "silent" }],
    ["cut", { kind: "cut" }]
  ])("%s, answers come in time and are kept", async (name, weather) => {
    const sku = `line-${name}`
    const opening = { type: "receipt", mutationId: "opening", quantity: BUYERS }
    assert.equal((await http(hub, "POST", `/v1/stock/${sku}/facts`, opening)).status, 202)
    const buyers = Array.from({ length: BUYERS }, (_, buyer) => buyer)
    line.set(weather)
    const first = await Promise.all(
      buyers.map(async (buyer) => {
        const startedMs = performance.now()
        const { body } = await buy(sku, buyer)
        assert.ok(performance.now() - startedMs < ANSWER_MS_MAX, "a buyer waited without end")
        assert.ok(body["ok"] === true || body["code"] === "unavailable", JSON.stringify(body))
        return body
      })
    )
    line.set({ kind: "fair" })
    await eventually(
      () => http(hub, "GET", "/readyz"),
      ({ status }) => status === 200,
      20_000
    )
    for (const buyer of buyers) {
      const { body } = await eventually(
        () => buy(sku, buyer),
        (reply) => reply.body["ok"] === true,
        20_000
      )
      const known = first[buyer]
      if (known?.["ok"] === true) assert.deepEqual({ ...body, replayed: undefined }, { ...known, replayed: undefined })
    }
    const { body } = await http(hub, "GET", `/v1/stock/${sku}`)
    assert.deepEqual([body["version"], body["allocated"], body["available"]], [BUYERS + 1, BUYERS, 0])
  })
})
