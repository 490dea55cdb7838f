/**
 * Goal: what the hub is measured against does the job too: it sells nothing twice, keeps a mutation id's answer, and holds
 * all lines of a cart or none. A peer that cut a corner would make every ratio worthless.
 * Method: the bench's own peers against the run's servers.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { batchedTarget, rowLockTarget } from "../../scripts/bench/postgres-target.ts"
import { redisTarget } from "../../scripts/bench/redis-target.ts"
import type { Target } from "../../scripts/bench/target.ts"
import { freshDatabase } from "../support/database.ts"

const UNITS = 5
const BUYERS = 64
const CART = ["a", "b", "c"]

describe.each<readonly [name: string, make: () => Promise<Target>]>([
  ["PostgreSQL with row locks", async () => rowLockTarget(await freshDatabase())],
  ["PostgreSQL with batches", async () => batchedTarget(await freshDatabase())],
  [
    "Redis",
    async () => {
      const { redis } = JSON.parse(process.env["HOLDFAST_TEST_URLS"] ?? "{}") as { readonly redis: string }
      // A database that no other test uses: the peer empties it.
      return redisTarget("redis", `${redis}/7`)
    }
  ]
])("the peer %s", (_name, make) => {
  let target: Target
  beforeAll(async () => void (target = await make()))
  afterAll(() => target.close())

  const heldOf = async (asked: ReadonlyArray<Promise<boolean>>): Promise<number> =>
    (await Promise.all(asked)).filter(Boolean).length

  it("sells the last units once", async () => {
    await target.prepare(CART, UNITS)
    const asked = Array.from({ length: BUYERS }, (_, buyer) => target.reserve("a", `buyer-${buyer}`))
    assert.equal(await heldOf(asked), UNITS)
    assert.deepEqual(await target.check(), { held: UNITS, oversold: 0 })
  })

  it("gives a mutation id its first answer again, also when asked at once", async () => {
    await target.prepare(CART, UNITS)
    assert.equal(await heldOf([target.reserve("a", "same"), target.reserve("a", "same")]), 2)
    assert.equal(await target.reserve("a", "same"), true)
    assert.deepEqual(await target.check(), { held: 1, oversold: 0 })
    for (let unit = 1; unit < UNITS; unit++) await target.reserve("a", `other-${unit}`)
    assert.equal(await target.reserve("a", "too late"), false)
    assert.equal(await target.reserve("a", "too late"), false)
  })

  it("holds all lines of a cart or none", async () => {
    await target.prepare(CART, UNITS)
    for (let unit = 0; unit < UNITS - 1; unit++) await target.reserve("b", `only-b-${unit}`)
    const asked = Array.from({ length: BUYERS }, (_, buyer) => target.reserveLines(CART, `cart-${buyer}`))
    assert.equal(await heldOf(asked), 1)
    assert.deepEqual(await target.check(), { held: UNITS - 1 + CART.length, oversold: 0 })
  })
})
