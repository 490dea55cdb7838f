/**
 * Goal: Redis and PostgreSQL may be slow, dumb or gone; commands are answered all the same, and afterwards both have
 * everything, once.
 * Method: a real hub whose Redis and PostgreSQL stand behind a proxy that spoils the line while trade goes on.
 */
import assert from "node:assert/strict"
import { jetstream } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Redis } from "ioredis"
import { Pool } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import { freshDatabase } from "../support/database.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"
import { Proxy, type Weather } from "../support/proxy.ts"
import { binaries, freePort, type RunningServer, startRedis } from "../../src/servers/servers.ts"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const SALES = 40
/** What an answer may take while a derived server is ill: far below any time-out of theirs. */
const ANSWER_MS_MAX = 2_000
/** What a list may take before it says that it cannot be had. */
const LIST_MS_MAX = 5_000
const RECOVERY_MS_MAX = 30_000

let directory: string
let redisServer: RunningServer
let hub: TestHub
let redisLine: Proxy
let postgresLine: Proxy
let redis: Redis
let pool: Pool

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-faults-"))
  redisServer = await startRedis({ binaries: binaries(), directory, port: await freePort() })
  const databaseUrl = await freshDatabase()
  redisLine = await Proxy.before(redisServer.url)
  postgresLine = await Proxy.before(databaseUrl)
  redis = new Redis(redisServer.url)
  pool = new Pool({ connectionString: databaseUrl, max: 2 })
  hub = await startHub({
    REDIS_URL: redisLine.addressOf(redisServer.url),
    DATABASE_URL: postgresLine.addressOf(databaseUrl)
  })
})

afterAll(async () => {
  await hub.stop()
  redis.disconnect()
  await pool.end()
  await redisLine.close()
  await postgresLine.close()
  await redisServer.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** Sells one unit after the other; every answer must come, and soon. */
const trade = async (sku: string): Promise<void> => {
  const opening = { type: "receipt", mutationId: "opening", quantity: SALES }
  assert.equal((await http(hub, "POST", `/v1/stock/${sku}/facts`, opening)).status, 202)
  for (let sale = 0; sale < SALES / 2; sale++) {
    const id = `s${sale}`
    const startedMs = performance.now()
    const body = { type: "reserve", mutationId: id, holdId: id, quantity: 1 }
    assert.equal((await http(hub, "POST", `/v1/stock/${sku}/requests`, body)).status, 200)
    const close = { type: "commit", mutationId: `c${sale}`, holdId: id }
    assert.equal((await http(hub, "POST", `/v1/stock/${sku}/requests`, close)).status, 200)
    assert.ok(performance.now() - startedMs < ANSWER_MS_MAX, "an answer waited for a server that it does not need")
  }
}

/** Redis, PostgreSQL and the event stream say what the hub says: nothing is missing, nothing there twice. */
const agree = async (sku: string): Promise<void> => {
  const { version, physical } = (await http(hub, "GET", `/v1/stock/${sku}`)).body
  await eventually(
    async () => (await redis.hgetall(`inventory:sku:${sku}`))["version"],
    (known) => known === String(version),
    RECOVERY_MS_MAX
  )
  assert.equal((await redis.hgetall(`inventory:sku:${sku}`))["physical_stock"], String(physical))
  const rows = () =>
    pool.query<{ n: number; v: number }>(
      "SELECT count(*)::int AS n, max(version)::int AS v FROM stock_ledger WHERE sku = $1",
      [sku]
    )
  await eventually(
    async () => (await rows()).rows[0]?.v,
    (known) => known === version,
    RECOVERY_MS_MAX
  )
  assert.deepEqual((await rows()).rows, [{ n: version, v: version }])
  const list = await http(hub, "GET", `/v1/stock/${sku}/ledger?limit=1`)
  assert.equal(list.status, 200)
}

const published = async (sku: string): Promise<number> => {
  const nats = await connect({ servers: hub.nats.url })
  try {
    const consumer = await jetstream(nats).consumers.get("STOCK_EVENTS", { filter_subjects: [`stock.event.${sku}`] })
    return (await consumer.info()).num_pending
  } finally {
    await nats.close()
  }
}

const ills: ReadonlyArray<readonly [name: string, weather: Weather]> = [
  ["slow", { kind: "slow", delayMs: 300 }],
  ["silent", { kind: "silent" }],
  ["cut", { kind: "cut" }]
]

describe.each([
  ["Redis", () => redisLine],
  ["PostgreSQL", () => postgresLine]
] as const)("while %s is ill", (server, line) => {
  it.each(ills)("(%s), commands are answered, and it has everything once it is well", async (ill, weather) => {
    const sku = `${server}-${ill}`
    line().set(weather)
    try {
      await trade(sku)
      assert.equal((await http(hub, "GET", "/readyz")).status, 200)
      const startedMs = performance.now()
      const list = await http(hub, "GET", `/v1/stock/${sku}/ledger`)
      assert.ok(performance.now() - startedMs < LIST_MS_MAX, "a list waited without end")
      assert.ok(list.status === 200 || list.body["code"] === "unavailable", JSON.stringify(list.body))
    } finally {
      line().set({ kind: "fair" })
    }
    await agree(sku)
    await eventually(
      () => published(sku),
      (count) => count === SALES + 1,
      RECOVERY_MS_MAX
    )
  })
})
