/**
 * Goal: whoever asks what a SKU was at a version or a moment is told what the hub answered then, with the command that made it so,
 * and what lies between two moments adds up.
 * Method: a real hub is asked to do 60 things to one SKU, another SKU's in between; what it answered each time is compared with what
 * it says later. How much is read for it is seen by a journal in memory.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { Pool } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import type { StockEvent } from "../../actors/sku/events.ts"
import { Trace } from "../../actors/stock/trace.ts"
import { REPLAY_CHANGES_MAX } from "../../config/limits.ts"
import { Replays } from "../../src/gateway/replays.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import type { LedgerLine, Moment, StockDifference, StockLevels, StockThen } from "../../src/gateway/history-protocol.ts"
import type { LocationStock, StockView } from "../../src/gateway/protocol.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

const SKU = "LAMP 7/é"
const OF_SKU = `/v1/stock/${encodeURIComponent(SKU)}`

let hub: TestHub
/** By version, from 1 on: what `read` said after it, and when that was. */
const seen: Array<StockView & { readonly atMs: number }> = []

const get = async <Body>(path: string): Promise<Body> => {
  const { body, status } = await http(hub, "GET", path)
  assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`)
  return body as Body
}

const act = async (index: number): Promise<void> => {
  const mutationId = `m-${index}`
  const facts: ReadonlyArray<object> = [
    { type: "receipt", quantity: 9 + index, locationId: index % 2 === 0 ? "shop" : "store", reference: `PO-${index}` },
    { type: "sale", quantity: 2, channel: "web", locationId: "shop" },
    { type: "transfer", quantity: 3, locationId: "store", toLocationId: "shop", reason: "shelf was empty" }
  ]
  const holdId = `hold-${Math.floor(index / 5)}`
  const kind = index % 5
  const reply =
    kind < 3
      ? await http(hub, "POST", `${OF_SKU}/facts`, { ...facts[kind], mutationId })
      : await http(hub, "POST", `${OF_SKU}/requests`, {
          mutationId,
          holdId,
          ...(kind === 3
            ? { type: "reserve", quantity: 4, locationId: "shop" }
            : { type: index % 2 === 0 ? "commit" : "release" })
        })
  assert.ok(reply.status < 300, JSON.stringify(reply.body))
  await http(hub, "POST", "/v1/stock/OTHER/facts", { type: "receipt", quantity: 1, mutationId })
  seen.push({ ...(await get<StockView>(OF_SKU)), atMs: Date.now() })
  // Two changes within a millisecond cannot be told apart by time.
  while (Date.now() === seen.at(-1)?.atMs) await new Promise((resolve) => setImmediate(resolve))
}

beforeAll(async () => {
  hub = await startHub()
  for (let index = 0; index < 60; index++) await act(index)
}, 60_000)

afterAll(() => hub.stop())

const placesOf = (locations: ReadonlyArray<LocationStock> = []) =>
  locations.map(({ locationId, physical, allocated }) => `${locationId} ${physical} ${allocated}`).toSorted()

describe("a SKU's past", () => {
  it("at each version is what the hub answered then, location by location", async () => {
    for (const [index, view] of seen.entries()) {
      const then = await get<StockThen>(`${OF_SKU}/at?moment=${index + 1}`)
      assert.deepEqual(
        [then.state.version, then.state.physical, then.state.allocated, then.state.available],
        [view.version, view.physical, view.allocated, view.available]
      )
      assert.deepEqual(placesOf(then.state.locations), placesOf(view.locations))
      assert.equal(then.command["mutationId"], `m-${index}`)
    }
  })

  it("at a moment is the newest version of that moment, and none before the first", async () => {
    const view = seen[20]
    const then = await get<StockThen>(`${OF_SKU}/at?moment=${new Date(view?.atMs ?? 0).toISOString()}`)
    assert.equal(then.state.version, 21)
    assert.equal(then.newest.version, 60)
    const { status, body } = await http(hub, "GET", `${OF_SKU}/at?moment=2020-01-01T00:00:00Z`)
    assert.equal(status, 404)
    assert.equal(body["code"], "unknown_sku")
  })

  it("is not said to be unknown by a ledger that is behind", async () => {
    const pool = new Pool({ connectionString: hub.databaseUrl, max: 1 })
    const client = await pool.connect()
    // Nothing is written to it, and reading goes on.
    await client.query("BEGIN; LOCK TABLE stock_ledger IN EXCLUSIVE MODE")
    const path = "/v1/stock/NEW/at?moment=1"
    await http(hub, "POST", "/v1/stock/NEW/facts", { type: "receipt", quantity: 1, mutationId: "new" })
    const { body, status } = await http(hub, "GET", path)
    await client.query("ROLLBACK")
    client.release()
    await pool.end()
    assert.deepEqual([status, body["code"]], [503, "unavailable"], JSON.stringify(body))
    await eventually(
      () => http(hub, "GET", path),
      (answer) => answer.status === 200
    )
  })

  it("between two moments is told by causes that add up to the difference", async () => {
    for (const [from, to] of [
      [0, 60],
      [17, 44],
      [59, 60],
      [30, 30]
    ] as const) {
      const { causes, ...moments } = await get<StockDifference>(`${OF_SKU}/difference?from=${from}&to=${to}`)
      const sum = (read: (one: Pick<Moment, "physical" | "allocated">) => number) =>
        causes.reduce((total, cause) => total + read(cause), 0)
      assert.equal(
        sum(({ physical }) => physical),
        moments.to.physical - moments.from.physical
      )
      assert.equal(
        sum(({ allocated }) => allocated),
        moments.to.allocated - moments.from.allocated
      )
      assert.equal(moments.to.physical, seen[to - 1]?.physical)
      assert.equal(
        causes.reduce((total, { changes }) => total + changes, 0),
        to - from
      )
    }
    const { causes } = await get<StockDifference>(`${OF_SKU}/difference?from=0&to=60`)
    assert.ok(causes.some(({ type, channel, changes }) => type === "sale" && channel === "web" && changes === 12))
  })

  it("is told line by line, from either end, each with what it did and its command", async () => {
    const newest = await get<{ readonly items: ReadonlyArray<LedgerLine>; readonly next: string }>(
      `${OF_SKU}/ledger?order=newest&limit=25`
    )
    assert.deepEqual([newest.items[0]?.version, newest.items[24]?.version, newest.next], [60, 36, "36"])
    const older = await get<typeof newest>(`${OF_SKU}/ledger?order=newest&limit=40&after=36`)
    assert.deepEqual([older.items[0]?.version, older.items.length, older.next], [35, 35, undefined])
    const oldest = await get<typeof newest>(`${OF_SKU}/ledger?after=10&until=12`)
    assert.deepEqual(
      oldest.items.map(({ version }) => version),
      [11, 12]
    )
    const [line] = oldest.items
    assert.deepEqual(
      [line?.type, line?.mutationId, line?.reference, line?.physicalBy, line?.allocatedBy],
      ["receipt", "m-10", "PO-10", 19, 0]
    )
  })

  it("is drawn with as few points as are asked for, the first, the last and the lowest among them", async () => {
    const all = await get<StockLevels>(`${OF_SKU}/levels?points=1000`)
    assert.deepEqual([all.first.version, all.newest.version], [1, 60])
    for (const { version, physical } of all.items) assert.equal(physical, seen[version - 1]?.physical)
    const few = await get<StockLevels>(`${OF_SKU}/levels?points=5`)
    assert.ok(few.items.length <= 12, `${few.items.length} points`)
    const lowest = Math.min(...seen.map(({ available }) => available))
    assert.ok(few.items.some(({ physical, allocated }) => physical - allocated === lowest))
    const late = new Date(seen[49]?.atMs ?? 0).toISOString()
    const since = await get<StockLevels>(`${OF_SKU}/levels?from=${late}`)
    assert.equal(since.items[0]?.version, 50)
  })

  it("is refused with what to send where the question makes no sense", async () => {
    for (const [query, path] of [
      ["at?moment=yesterday", "moment"],
      ["difference?from=x", "from"],
      ["difference?from=9&to=3", "from"],
      ["levels?points=0", "points"],
      ["levels?from=7", "from"],
      ["ledger?order=up", "order"],
      ["ledger?until=soon", "until"]
    ]) {
      const { status, body } = await http(hub, "GET", `${OF_SKU}/${query}`)
      assert.deepEqual([status, body["code"], body["path"]], [400, "invalid_request", path], query)
    }
    assert.equal((await http(hub, "GET", "/v1/stock/NOBODY/levels")).status, 404)
    assert.deepEqual((await get<{ readonly items: unknown }>("/v1/stock/NOBODY/listings")).items, [])
  })
})

describe("a replay", () => {
  /** A commit each: of every third the SKU's, else another's. */
  const commits = Array.from({ length: 15_000 }, (_, index): StoredCommit => {
    const isOurs = index % 3 === 0
    const version = Math.floor(index / 3) + 1
    const event: StockEvent = {
      type: "receipt",
      sku: isOurs ? "A" : "B",
      version: isOurs ? version : index,
      mutationId: `m-${index}`,
      quantity: 1,
      physical: version,
      allocated: 0,
      ...(version % 7 === 0 ? { locationId: "back" } : {})
    }
    return {
      id: `${index}`,
      at: index * 1_000,
      facts: 0,
      records: [event],
      partition: 0,
      sequence: index + 1,
      sizeBytes: 100
    }
  })
  const asked = { read: 0 }
  const makeReplays = () =>
    new Replays({
      journal: {
        read: (from, { commitsMax }) => {
          const some = commits.slice(from - 1, from - 1 + commitsMax)
          asked.read += some.length
          return Effect.succeed(some)
        }
      },
      placesOf: (_sku, { from, to }) =>
        Effect.succeed(Array.from({ length: to - from }, (_, at) => (from + at) * 3 + 1))
    })

  it("comes to the same step as a fold of everything, in pieces, and goes on from what it has kept", async () => {
    const replays = makeReplays()
    const whole = new Trace("A")
    for (const commit of commits) whole.visit(commit, { version: 4_999 })
    assert.deepEqual(await Effect.runPromise(replays.stepAt("A", 4_999)), whole.step())
    asked.read = 0
    const again = await Effect.runPromise(replays.stepAt("A", 4_999))
    assert.deepEqual(again, whole.step())
    assert.ok(asked.read < 3_500, `${asked.read} commits read for the last 999 changes`)
  })

  it("of more changes than are folded for one look is refused with what does it", async () => {
    const failed = await Effect.runPromise(Effect.flip(makeReplays().stepAt("A", REPLAY_CHANGES_MAX + 1)))
    assert.match(failed, /holdfast audit --sku --at/)
  })
})
