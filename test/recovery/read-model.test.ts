/**
 * Goal: what is said of recovery is what the journals say, whatever the batches, and each customer's timeline is whole.
 * Method: generated shops with the real deciders, projected to a database of the run's PostgreSQL and counted there, beside a
 * count of the long way; examples by hand for what the numbers mean.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Pool } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import type { CartRecord } from "../../actors/cart/events.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import { type Counted, GROUPINGS } from "../../actors/recovery/attribution.ts"
import { isHeldOut } from "../../actors/recovery/holdout.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import { migrate } from "../../streams/postgres.ts"
import { cartsProjection } from "../../streams/projections/carts.ts"
import { recoveryProjection } from "../../streams/projections/recovery.ts"
import { countEndings, countRecoveries, type Ending, type Period } from "../../streams/projections/recovery-figures.ts"
import { queue, suppressed, timeline } from "../../streams/projections/recovery-queries.ts"
import type { Projection } from "../../streams/projections/runner.ts"
import { freshDatabase } from "../support/database.ts"
import { Measured } from "../support/measured.ts"
import { addressOf, type CarrierSays, RecoveryWorld, WORLD_POLICY } from "../support/recovery-world.ts"
import { runs } from "../support/runs.ts"

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let pool: Pool
let carts: Projection<CartRecord>
let customers: Projection<CustomerRecord>

beforeAll(async () => {
  const url = await freshDatabase()
  await Effect.runPromise(migrate(url))
  pool = new Pool({ connectionString: url, max: 2 })
  carts = cartsProjection(pool, Effect.void)
  customers = recoveryProjection(pool, Effect.void)
})
afterAll(() => pool.end())

/** From nothing, in batches of at most `size`, each of which comes twice. */
const apply = async <R>(projection: Projection<R>, commits: ReadonlyArray<StoredCommit<R>>, size: number) => {
  await Effect.runPromise(projection.startOver)
  for (let first = 0; first < commits.length; first += size) {
    const batch = commits.slice(first, first + size)
    await Effect.runPromise(projection.apply(batch))
    await Effect.runPromise(projection.apply(batch))
  }
}

const project = async (world: RecoveryWorld, size = 1_000): Promise<Measured> => {
  await apply(customers, world.customerCommits, size)
  await apply(carts, world.cartCommits, size)
  return new Measured(world.customerCommits, world.cartCommits)
}

/** Neither the order of rows that are level nor that of keys is anybody's business. */
const sorted = (endings: ReadonlyArray<Ending>): ReadonlyArray<string> =>
  endings
    .map(({ bought, count, ended, withheld, written }) => JSON.stringify([withheld, ended, count, written, bought]))
    .sort()

const plain = (counted: Counted): unknown => JSON.parse(JSON.stringify(counted))

const people = ["ann", "bob", "cid", "dora", "eve", "finn"]
const who = fc.constantFrom(...people)

type Move = (world: RecoveryWorld) => void

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(who, fc.integer({ min: 1, max: 9_000 })).map(([one, price]) => (world: RecoveryWorld) => {
      world.leaves(one, price)
    })
  },
  { weight: 4, arbitrary: who.map((one) => (world: RecoveryWorld) => world.buys(one)) },
  {
    weight: 1,
    arbitrary: fc.tuple(who, fc.nat(9_000)).map(
      ([one, minor]) =>
        (world: RecoveryWorld) =>
          world.refunds(one, minor)
    )
  },
  { weight: 1, arbitrary: who.map((one) => (world: RecoveryWorld) => world.cancels(one)) },
  {
    weight: 1,
    arbitrary: fc.tuple(who, fc.constantFrom("STOP", "START", "how big is it?")).map(
      ([one, text]) =>
        (world: RecoveryWorld) =>
          world.writes(one, text)
    )
  },
  {
    weight: 5,
    arbitrary: fc.integer({ min: 1, max: 60 }).map((hours) => (world: RecoveryWorld) => world.passes(hours * HOUR_MS))
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<CarrierSays>("sent", "sent", "lost", "refused", "permanent", "temporary", "silent")
      .map((says) => (world: RecoveryWorld) => void (world.says = says))
  }
)

describe("figures of recovery", () => {
  it("are those of a count of the long way, for any history, batch, period and grouping", async () => {
    const history = fc.record({
      moves: fc.array(move, { minLength: 5, maxLength: 40 }),
      size: fc.constantFrom(1, 7, 1_000),
      windowDays: fc.constantFrom(1, 3, 7),
      from: fc.double({ min: 0, max: 0.6, noNaN: true }),
      to: fc.double({ min: 0.61, max: 1, noNaN: true }),
      by: fc.constantFrom(...GROUPINGS),
      currency: fc.constantFrom("GBP", "EUR")
    })
    await fc.assert(
      fc.asyncProperty(history, async ({ by, currency, from, moves, size, to, windowDays }) => {
        const world = new RecoveryWorld()
        const startMs = world.at
        for (const one of moves) one(world)
        const measured = await project(world, size)
        const spanMs = world.at - startMs + HOUR_MS
        const period: Period = {
          fromMs: startMs + Math.round(from * spanMs),
          toMs: startMs + Math.round(to * spanMs),
          atMs: world.at,
          windowMs: windowDays * DAY_MS
        }
        const counted = await Effect.runPromise(countRecoveries(pool, period, { by, currency }))
        assert.deepEqual(plain(counted), plain(measured.counted(period, { by, currency })))
        assert.deepEqual(sorted(await Effect.runPromise(countEndings(pool, period))), sorted(measured.endings(period)))
      }),
      runs(40)
    )
  })

  const always: Omit<Period, "atMs"> = { fromMs: 0, toMs: Date.parse("2030-01-01"), windowMs: 7 * DAY_MS }
  const counted = (world: RecoveryWorld, by: (typeof GROUPINGS)[number] = "step") =>
    Effect.runPromise(countRecoveries(pool, { ...always, atMs: world.at }, { by, currency: "GBP" }))

  it("put an order down to the last message before it, within the window, less what was refunded", async () => {
    const world = new RecoveryWorld()
    const ann = people.find((one) => !isHeldOut(one, WORLD_POLICY)) ?? ""
    world.leaves(ann, 5_000)
    world.passes(23 * HOUR_MS)
    world.buys(ann)
    world.refunds(ann, 2_000)
    world.passes(8 * DAY_MS)
    await project(world)
    const { days, earned, waiting } = await counted(world)
    assert.deepEqual(
      earned.map(({ conversions, group, revenueMinor }) => [group, conversions, revenueMinor]),
      [
        ["default v1 step 1", 0, {}],
        ["default v1 step 2", 1, { GBP: 3_000 }]
      ]
    )
    assert.equal(waiting, 0)
    assert.deepEqual(days[0]?.treated, { bought: 1, revenue: { count: 1, sum: 3_000, sumOfSquares: 9_000_000 } })
  })

  it("count who was held out with what they bought anyway, and who was cancelled as nobody", async () => {
    const world = new RecoveryWorld()
    const held = people.filter((one) => isHeldOut(one, WORLD_POLICY))
    assert.ok(held.length >= 2, "two of the six are held out")
    for (const one of held) world.leaves(one, 1_000)
    for (const one of held) world.buys(one)
    world.cancels(held[0] ?? "")
    world.passes(8 * DAY_MS)
    await project(world)
    const { days, earned, groups } = await counted(world, "sequence")
    assert.deepEqual(earned, [])
    assert.equal(days[0]?.holdout.revenue.count, held.length)
    assert.equal(days[0]?.holdout.bought, held.length - 1)
    assert.deepEqual(
      groups.map(({ group }) => group),
      ["default v1"]
    )
  })

  it("wait for a customer's window to be over", async () => {
    const world = new RecoveryWorld()
    world.leaves("ann")
    world.passes(6 * DAY_MS)
    await project(world)
    const { days, waiting } = await counted(world)
    assert.deepEqual([days, waiting], [[], 1])
  })
})

describe("lists of recovery", () => {
  it("show what is due, the soonest first and page by page, until it is over", async () => {
    const world = new RecoveryWorld()
    world.says = "silent"
    for (const one of people) world.leaves(one)
    await project(world, 3)
    const seen: Array<string> = []
    let after: string | undefined
    do {
      const page = await Effect.runPromise(queue(pool, { after, limit: 2 }))
      for (const { customerId, phase } of page.items) seen.push(`${customerId} ${phase}`)
      after = page.next
    } while (after !== undefined)
    const written = people.filter((one) => world.book.peek(one)?.recovery !== undefined)
    assert.deepEqual(
      seen,
      written.map((one) => `${one} sending`)
    )
    world.says = "sent"
    world.passes(4 * DAY_MS)
    await project(world)
    assert.deepEqual((await Effect.runPromise(queue(pool, { after: undefined, limit: 9 }))).items, [])
  })

  it("show who is not written to, until the address is opened again; what a carrier finds does not replace an opt-out", async () => {
    const world = new RecoveryWorld()
    const [ann = "", bob = ""] = people.filter((one) => !isHeldOut(one, WORLD_POLICY))
    world.leaves(ann)
    world.writes(ann, "STOP")
    world.says = "permanent"
    world.leaves(bob)
    const list = async (size: number) => {
      await project(world, size)
      const { items } = await Effect.runPromise(suppressed(pool, { after: undefined, limit: 9 }))
      return items.map(({ address, reason }) => `${address} ${reason}`)
    }
    for (const size of [1, 1_000]) {
      assert.deepEqual(await list(size), [`${addressOf(bob)} undeliverable`, `${addressOf(ann)} opted-out`])
    }
    world.writes(ann, "START")
    for (const size of [1, 1_000]) assert.deepEqual(await list(size), [`${addressOf(bob)} undeliverable`])
  })

  it("tell a customer's whole story, the newest first and page by page, with what was bought in its place", async () => {
    const world = new RecoveryWorld()
    const ann = people.find((one) => !isHeldOut(one, WORLD_POLICY)) ?? ""
    world.leaves(ann)
    world.passes(HOUR_MS)
    world.buys(ann)
    world.leaves(ann)
    await project(world)
    const told: Array<string> = []
    let after: string | undefined
    do {
      const page = await Effect.runPromise(timeline(pool, ann, { after, limit: 3 }))
      told.push(...page.items.map(({ event }) => event.type))
      after = page.next
    } while (after !== undefined)
    const recorded = world.told.flatMap(({ record }) => record.events.map(({ type }) => type as string))
    assert.deepEqual(told.filter((type) => type !== "ordered").toReversed(), recorded)
    assert.ok(told.indexOf("ordered") > told.indexOf("recovery-started"))
    assert.ok(told.indexOf("ordered") < told.lastIndexOf("message-sent"))
  })
})
