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
/** A line that says nothing for ten seconds is opened again. */
const FORGOTTEN_MS_MAX = 30_000
const LOAD_MS = 2_000
const CUT_EVERY_MS = 150
const BUYERS = 8

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
  assert.equal((await opening(sku, SALES)).status, 202)
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

const opening = (sku: string, quantity: number) =>
  http(hub, "POST", `/v1/stock/${sku}/facts`, { type: "receipt", mutationId: "opening", quantity })

/** Redis, PostgreSQL and the event stream say what the hub says: nothing is missing, nothing there twice. */
const agree = async (sku: string): Promise<void> => {
  const { version, physical, allocated, available } = (await http(hub, "GET", `/v1/stock/${sku}`)).body
  const expected = Array.from({ length: Number(version) }, (_, before) => before + 1)
  const register = await eventually(
    () => redis.hgetall(`inventory:sku:${sku}`),
    (fields) => fields["version"] === String(version),
    RECOVERY_MS_MAX
  )
  assert.equal(register["physical_stock"], String(physical))
  assert.equal(register["allocated_stock"], String(allocated))
  assert.equal(register["total_available"], String(available))
  const rows = await eventually(
    () => ledger(sku),
    (known) => known.length >= expected.length,
    RECOVERY_MS_MAX
  )
  assert.deepEqual(
    rows.map((row) => row["version"]),
    expected
  )
  const last = rows[rows.length - 1]
  assert.deepEqual([last?.["physical"], last?.["allocated"]], [physical, allocated])
  const events = await eventually(
    () => published(sku),
    (known) => known.length >= expected.length,
    RECOVERY_MS_MAX
  )
  assert.deepEqual(events, expected)
}

/** A SKU's whole ledger over HTTP, page by page; what it has so far when PostgreSQL does not answer. */
const ledger = async (sku: string): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const rows: Array<Record<string, unknown>> = []
  for (let after: unknown = 0; after !== undefined;) {
    const page = await http(hub, "GET", `/v1/stock/${sku}/ledger?limit=1000&after=${String(after)}`)
    if (page.status !== 200) return rows
    rows.push(...(page.body["items"] as ReadonlyArray<Record<string, unknown>>))
    after = page.body["next"]
  }
  return rows
}

/** Versions on `stock.event.<sku>`, as they stand in the stream. */
const published = async (sku: string): Promise<ReadonlyArray<number>> => {
  const nats = await connect({ servers: hub.nats.url })
  try {
    const consumer = await jetstream(nats).consumers.get("STOCK_EVENTS", { filter_subjects: [`stock.event.${sku}`] })
    const { num_pending: count } = await consumer.info()
    if (count === 0) return []
    const versions: Array<number> = []
    for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) {
      versions.push(message.json<{ readonly version: number }>().version)
    }
    return versions
  } finally {
    await nats.close()
  }
}

const ills: ReadonlyArray<readonly [name: string, weather: Weather]> = [
  ["slow", { kind: "slow", delayMs: 300 }],
  ["narrow", { kind: "narrow", bytesPerSecond: 20_000 }],
  ["silent", { kind: "silent" }],
  ["unanswered", { kind: "unanswered" }],
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
  })

  it("(cut again and again in the middle of the load), commands are answered, and it has everything", async () => {
    const sku = `${server}-load`
    await opening(sku, 1_000_000)
    const untilMs = performance.now() + LOAD_MS
    const cutting = setInterval(() => line().cutAll(), CUT_EVERY_MS)
    const acceptedBefore = line().accepted
    try {
      const buyers = Array.from({ length: BUYERS }, async (_, buyer) => {
        for (let n = 0; performance.now() < untilMs; n++) {
          const id = `b${buyer}-${n}`
          const body = { type: "reserve", mutationId: id, holdId: id, quantity: 1 }
          const startedMs = performance.now()
          const reply = await http(hub, "POST", `/v1/stock/${sku}/requests`, body)
          assert.equal(reply.status, 200, JSON.stringify(reply.body))
          assert.ok(
            performance.now() - startedMs < ANSWER_MS_MAX,
            "an answer waited for a server that it does not need"
          )
        }
      })
      await Promise.all(buyers)
    } finally {
      clearInterval(cutting)
    }
    await agree(sku)
    assert.ok(line().accepted > acceptedBefore, "it was connected to again")
    assert.doesNotMatch(hub.output(), /thread has ended/)
  })
})

describe("a line to Redis that the network has forgotten", () => {
  it("is noticed and opened again, and the register has everything", async () => {
    const sku = "forgotten"
    redisLine.forgetAll()
    await trade(sku)
    const { version } = (await http(hub, "GET", `/v1/stock/${sku}`)).body
    const register = await eventually(
      () => redis.hgetall(`inventory:sku:${sku}`),
      (fields) => fields["version"] === String(version),
      FORGOTTEN_MS_MAX
    )
    assert.equal(register["sku_code"], sku)
  })
})
