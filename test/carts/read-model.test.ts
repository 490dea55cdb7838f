/**
 * Goal: PostgreSQL says of carts what the actors say, whatever the batches; and the rolling window finds exactly the carts whose
 * timers were lost.
 * Method: carts decided at a desk, their records projected to a database of the run's PostgreSQL.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { Pool } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import type { CartRecord } from "../../actors/cart/events.ts"
import { lookThroughWindow } from "../../src/carts/window.ts"
import { migrate } from "../../streams/postgres.ts"
import { cartsProjection } from "../../streams/projections/carts.ts"
import type { Projection } from "../../streams/projections/runner.ts"
import { add, CartDesk } from "../support/cart-desk.ts"
import { freshDatabase } from "../support/database.ts"

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
let pool: Pool
let projection: Projection<CartRecord>

beforeAll(async () => {
  const url = await freshDatabase()
  await Effect.runPromise(migrate(url))
  pool = new Pool({ connectionString: url, max: 2 })
  projection = cartsProjection(pool, Effect.void)
})
afterAll(() => pool.end())

/** Writes what the desk has decided, a commit for each record, in batches of at most `size`, from nothing. */
const project = async (desk: CartDesk, size: number): Promise<void> => {
  await Effect.runPromise(projection.startOver)
  const commits = desk.records.map((record, index) => ({
    id: `c-${index}`,
    at: desk.times[index] ?? 0,
    facts: 0,
    records: [record],
    partition: 0,
    sequence: index + 1,
    sizeBytes: 1
  }))
  for (let first = 0; first < commits.length; first += size) {
    const batch = commits.slice(first, first + size)
    await Effect.runPromise(projection.apply(batch))
    await Effect.runPromise(projection.apply(batch))
  }
}

const rows = async (): Promise<ReadonlyArray<Record<string, unknown>>> =>
  (await pool.query("SELECT * FROM carts ORDER BY cart")).rows as ReadonlyArray<Record<string, unknown>>

describe("the read model of carts", () => {
  it("says what the actors say, whatever the batches", async () => {
    const desk = new CartDesk()
    desk.promote({ code: "TENTH", kind: "percentage", basisPoints: 1_000 })
    for (const cart of ["a", "b", "nul\u0000"]) {
      desk.ok(cart, add("mug", 2))
      desk.ok(cart, { type: "apply-code", code: "TENTH" })
      desk.ok(cart, add("lamp", 1, 4_000))
    }
    desk.ok("a", { type: "sign-in", customerId: "anna", segment: "vip" })
    desk.pay("a", desk.checkOut("a"))
    desk.answer("a")
    for (const size of [1, 4, 100]) {
      await project(desk, size)
      const [a, b, nul] = await rows()
      assert.deepEqual(
        [a?.["version"], a?.["status"], a?.["customer_id"], a?.["total_minor"], a?.["order_state"], a?.["item_count"]],
        [String(desk.cart("a").version), "ordered", "anna", "5400", "placed", "3"]
      )
      assert.deepEqual([b?.["status"], b?.["line_count"], b?.["currency"]], ["open", 2, "GBP"])
      assert.equal(nul?.["cart"], "nul\u2400")
      assert.deepEqual(b?.["idle_at"], new Date(desk.cart("b").idleAt ?? 0))
    }
  })

  it("gives the order of a cart that was forgotten and begun anew its own time, whatever the batches", async () => {
    const desk = new CartDesk()
    const buys = (paymentId: string): number => {
      desk.ok("again", add("mug"))
      desk.pay("again", desk.checkOut("again"), paymentId)
      desk.answer("again")
      return desk.at
    }
    const orderedAt = async (size: number): Promise<unknown> => {
      await project(desk, size)
      return (await rows())[0]?.["ordered_at"]
    }
    const first = buys("pay-1")
    assert.deepEqual(await orderedAt(1), new Date(first))
    desk.wait(500 * DAY_MS)
    desk.say("again", { type: "forget", keep: { leftMs: DAY_MS, orderedMs: 400 * DAY_MS } })
    desk.ok("again", add("lamp"))
    for (const size of [1, 4, 100]) assert.equal(await orderedAt(size), null)
    const second = buys("pay-2")
    assert.notEqual(second, first)
    for (const size of [1, 4, 100]) assert.deepEqual(await orderedAt(size), new Date(second))
  })
})

describe("the rolling window", () => {
  const looking = (desk: CartDesk) => {
    let counted = 0
    const host = {
      submit: (mail: { readonly command: Parameters<CartDesk["take"]>[0] }) => void desk.take(mail.command)
    }
    const onFound = (count: number) => void (counted += count)
    return Effect.map(lookThroughWindow({ pool, host, nowMs: () => desk.at, onFound }), (found) => ({ found, counted }))
  }

  it("finds nothing while timers do their work", async () => {
    const desk = new CartDesk()
    desk.ok("left", add("mug"))
    desk.ok("leaving", add("mug"))
    desk.checkOut("leaving")
    for (let minute = 0; minute < 70; minute += 10) {
      desk.wait(10 * MINUTE_MS)
      desk.ok(`new${minute}`, add("mug"))
      await project(desk, 50)
      assert.deepEqual((await Effect.runPromise(looking(desk))).found, [])
    }
  })

  it("finds a cart whose timer was lost, once, and counts it", async () => {
    const desk = new CartDesk()
    desk.ok("ancient", add("mug"))
    desk.at += 45 * MINUTE_MS
    desk.ok("lost", add("mug"))
    desk.ok("written to", add("mug"))
    desk.ok("written to", { type: "contacted" })
    desk.ok("empty", add("mug"))
    desk.ok("empty", { type: "remove", sku: "mug" })
    // Time passes, and nobody looks at the deadlines.
    desk.at += 20 * MINUTE_MS
    desk.ok("busy", add("mug"))
    await project(desk, 50)
    assert.deepEqual(await Effect.runPromise(looking(desk)), { found: ["lost"], counted: 1 })
    assert.equal(desk.cart("lost").abandoned?.reason, "idle-cart")
    await project(desk, 50)
    assert.deepEqual((await Effect.runPromise(looking(desk))).found, [])
  })
})
