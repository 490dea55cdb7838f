/**
 * Goal: what is derived from the journal can be made again while the hub works, and is then what it should be.
 * Method: a real hub; its ledger and register are spoiled behind its back, made again under trade, and compared.
 */
import assert from "node:assert/strict"
import { Redis } from "ioredis"
import { Pool } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import { rebuild } from "../../scripts/rebuild/rebuild.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

const SALES = 200

describe("a rebuild while the hub works", () => {
  let hub: TestHub
  let pool: Pool
  let redis: Redis
  beforeAll(async () => {
    hub = await startHub()
    pool = new Pool({ connectionString: hub.databaseUrl, max: 2 })
    redis = new Redis(hub.redis.url)
    const facts = Array.from({ length: SALES }, (_, n) => ({ type: "receipt", mutationId: `r${n}`, quantity: 1 }))
    for (const fact of facts) await http(hub, "POST", "/v1/stock/lamp/facts", fact)
  })
  afterAll(async () => {
    redis.disconnect()
    await pool.end()
    await hub.stop()
  })

  const again = (what: "ledger" | "register") =>
    rebuild(what, {
      urls: { nats: hub.nats.url, redis: hub.redis.url, postgres: hub.databaseUrl },
      patienceMs: 20_000,
      onProgress: () => undefined
    })

  const lamp = async (): Promise<string> => {
    const { body } = await http(hub, "GET", "/v1/stock/lamp")
    return `${String(body["version"])} ${String(body["physical"])}`
  }

  it("mends the ledger, loses no change that is made meanwhile, and answers lists all the time", async () => {
    await eventually(
      async () => (await pool.query("SELECT count(*)::int AS n FROM stock_ledger")).rows[0].n as number,
      (rows) => rows === SALES
    )
    await pool.query("SET session_replication_role = replica; UPDATE stock_levels SET physical = 1")
    let isTrading = true
    let sold = 0
    const trade = (async () => {
      for (; isTrading; sold++) {
        await http(hub, "POST", "/v1/stock/lamp/facts", { type: "sale", mutationId: `s${sold}`, quantity: 1 })
        const { status } = await http(hub, "GET", "/v1/stock/lamp/ledger?limit=1")
        assert.equal(status, 200)
      }
    })()
    await again("ledger")
    isTrading = false
    await trade
    const numbers = () => pool.query("SELECT version || ' ' || physical AS level FROM stock_levels WHERE sku = 'lamp'")
    const expected = await lamp()
    await eventually(
      async () => (await numbers()).rows[0]?.level as string,
      (level) => level === expected
    )
    const { rows } = await pool.query("SELECT count(*)::int AS n, max(version)::int AS v FROM stock_ledger")
    assert.deepEqual(rows, [{ n: SALES + sold, v: SALES + sold }])
  })

  it("mends the register", async () => {
    await redis.hset("inventory:sku:lamp", { physical_stock: "1", version: "1" })
    await again("register")
    const { version, physical_stock: physical } = await redis.hgetall("inventory:sku:lamp")
    assert.equal(`${version} ${physical}`, await lamp())
  })
})
