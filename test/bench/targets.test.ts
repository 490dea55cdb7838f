/**
 * Goal: the bench measures the hub against stores that do the same work: nothing is sold twice, a repeated mutation id
 * gets its first answer, and a cart is held whole or not at all. A peer that cut a corner would be no peer.
 * Method: each target on a real server, with buyers that come at the same moment.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import { Client } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import { batchedTarget, rowLockTarget } from "../../scripts/bench/postgres-target.ts"
import { redisTarget } from "../../scripts/bench/redis-target.ts"
import type { Target } from "../../scripts/bench/target.ts"
import { binaries, freePort, type RunningServer, startRedis } from "../../src/servers/servers.ts"
import { freshDatabase } from "../support/database.ts"

const BUYERS = 64

let directory: string
let redisServer: RunningServer
let databaseUrl: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-bench-"))
  // Its own, because a target begins by emptying it.
  redisServer = await startRedis({ binaries: binaries(), directory: join(directory, "redis"), port: await freePort() })
  databaseUrl = await freshDatabase()
})

afterAll(async () => {
  await redisServer.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** So many at the same moment; a failure of any fails the test. */
const crowd = <A>(buy: (buyer: number) => Promise<A>): Promise<ReadonlyArray<A>> =>
  Promise.all(Array.from({ length: BUYERS }, (_, buyer) => buy(buyer)))

const heldAmong = (answers: ReadonlyArray<boolean>): number => answers.filter(Boolean).length

const oversellInPostgres = async (sku: string): Promise<void> => {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query("UPDATE peer_stock SET allocated = physical + 1 WHERE sku = $1", [sku])
  await client.end()
}

const oversellInRedis = async (sku: string): Promise<void> => {
  const redis = new Redis(redisServer.url)
  await redis.hincrby(`stock:${sku}`, "allocated", 1_000)
  redis.disconnect()
}

describe.each([
  ["postgres row locks", async () => rowLockTarget(databaseUrl), oversellInPostgres],
  ["postgres batched", async () => batchedTarget(databaseUrl), oversellInPostgres],
  ["redis", () => redisTarget("redis", redisServer.url), oversellInRedis]
] as const)("%s", (_name, open, oversell) => {
  let target: Target

  beforeAll(async () => {
    target = await open()
  })

  afterAll(() => target.close())

  it("sells the last units once, however many want them at the same moment", async () => {
    await target.prepare(["a", "b"], 5)
    const answers = await crowd((buyer) => target.reserve(buyer % 2 === 0 ? "a" : "b", `m${buyer}`))
    assert.equal(heldAmong(answers), 10)
    assert.deepEqual(await target.check(), { held: 10, oversold: 0 })
    assert.equal(await target.reserve("a", "late"), false)
  })

  it("gives a repeated mutation id its first answer, also at the same moment, and holds once for it", async () => {
    await target.prepare(["a"], 1)
    assert.deepEqual(new Set(await crowd(() => target.reserve("a", "first"))), new Set([true]))
    assert.deepEqual(new Set(await crowd(() => target.reserve("a", "second"))), new Set([false]))
    assert.equal(await target.reserve("a", "first"), true)
    assert.equal(await target.reserve("a", "second"), false)
    assert.deepEqual(await target.check(), { held: 1, oversold: 0 })
  })

  it("holds a cart of three lines whole or not at all", async () => {
    await target.prepare(["a", "b", "c"], 1)
    assert.equal(await target.reserve("b", "single"), true)
    assert.equal(await target.reserveLines(["a", "b", "c"], "cart"), false)
    assert.deepEqual(await target.check(), { held: 1, oversold: 0 })
    assert.equal(await target.reserve("a", "a"), true, "the refused cart holds nothing back")
    assert.equal(await target.reserve("c", "c"), true)
    assert.equal(await target.reserveLines(["a", "b", "c"], "cart"), false)
  })

  it("of carts that want the same SKUs in every order leaves none half held, and none waits for ever", async () => {
    const skus = ["a", "b", "c", "d", "e"]
    await target.prepare(skus, 6)
    const cart = (buyer: number): ReadonlyArray<string> => {
      const lines = [0, 1, 2].map((step) => skus[(buyer + step) % skus.length] as string)
      return buyer % 2 === 0 ? lines : lines.toReversed()
    }
    const answers = await crowd((buyer) => target.reserveLines(cart(buyer), `cart${buyer}`))
    const held = heldAmong(answers)
    assert.deepEqual(await target.check(), { held: held * 3, oversold: 0 })
    assert.ok(held >= 6 && held <= 10, `${held} carts were held of stock for ten`)
    const again = await crowd((buyer) => target.reserveLines(cart(buyer), `cart${buyer}`))
    assert.deepEqual(again, answers)
    assert.deepEqual(await target.check(), { held: held * 3, oversold: 0 })
  })

  it("counts a SKU of which more is held than there is", async () => {
    await target.prepare(["a", "b"], 3)
    await oversell("b")
    assert.equal((await target.check()).oversold, 1)
  })

  it("forgets what was before when it is prepared", async () => {
    await target.prepare(["a"], 1)
    assert.equal(await target.reserve("a", "m"), true)
    await target.prepare(["a"], 2)
    assert.deepEqual(await target.check(), { held: 0, oversold: 0 })
    assert.equal(await target.reserve("a", "m"), true)
    assert.deepEqual(await target.check(), { held: 1, oversold: 0 })
  })
})
