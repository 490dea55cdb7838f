/**
 * Goal: an Amazon account is kept in step through tokens that end, limits, feeds that hang and notifications that come
 * twice and in any order; what Amazon fulfils moves nothing.
 * Method: the adapter against a local account that checks every call with Amazon's own descriptions.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { afterEach, beforeEach, describe, it } from "vitest"
import { amazonSettings } from "../../scripts/adapter-check/benches/amazon.ts"
import { AmazonMarketplace } from "../../scripts/marketplaces/amazon/marketplace.ts"
import type { ChannelEvent, QuantityWrite } from "../../src/channels/adapter.ts"
import { Amazon } from "../../src/channels/adapters/amazon/adapter.ts"
import { runs } from "../support/runs.ts"

const { signal } = new AbortController()

let account: AmazonMarketplace
let adapter: Amazon
let now = Date.parse("2026-05-01T12:00:00Z")

const make = (): Amazon =>
  new Amazon({ channel: "amazon", settings: amazonSettings(account.url), fetch, nowMs: () => now, newId: () => "id" })

beforeEach(async () => {
  now = Date.parse("2026-05-01T12:00:00Z")
  account = await AmazonMarketplace.start({ nowMs: () => now })
  for (let index = 0; index < 10; index++) account.shelf.put(`S${index}`, `S${index}`, 20)
  adapter = make()
})

afterEach(async () => {
  assert.deepEqual(account.violations, [])
  await account.close()
})

const write = (listingId: string, quantity: number): QuantityWrite => ({
  listingId,
  sku: listingId,
  quantity,
  version: 1,
  key: `${listingId}-${quantity}`
})

const polled = async (
  from: string | undefined
): Promise<{ readonly events: ReadonlyArray<ChannelEvent>; readonly cursor: string }> => {
  const events: Array<ChannelEvent> = []
  let cursor = from
  for (;;) {
    const page = await adapter.poll(cursor, signal)
    assert.ok(page.ok, JSON.stringify(page))
    events.push(...page.value.events)
    cursor = page.value.cursor
    if (page.value.hasMore !== true) return { events, cursor }
  }
}

const units = (events: ReadonlyArray<ChannelEvent>): Readonly<Record<string, number>> => {
  const sums: Record<string, number> = {}
  for (const event of new Map(events.map((one) => [one.id, one])).values()) {
    if (event.type !== "sale" && event.type !== "return") continue
    sums[event.listingId] = (sums[event.listingId] ?? 0) + (event.type === "sale" ? -1 : 1) * event.quantity
  }
  return sums
}

describe("tokens", () => {
  it("one is asked for however many wait for it, and again a minute before it ends", async () => {
    await Promise.all(Array.from({ length: 5 }, (_, index) => adapter.push([write(`S${index}`, 1)], signal)))
    assert.equal(account.tokensGiven, 1)
    now += (account.tokenLifeS - 61) * 1_000
    await adapter.push([write("S1", 2)], signal)
    assert.equal(account.tokensGiven, 1)
    now += 2_000
    await adapter.push([write("S1", 3)], signal)
    assert.equal(account.tokensGiven, 2)
  })

  it("one that ends early is renewed, and the call made again", async () => {
    await adapter.push([write("S1", 1)], signal)
    account.expireTokens()
    const pushed = await adapter.push([write("S1", 7)], signal)
    assert.ok(pushed.ok)
    assert.equal(account.shelf.quantity("S1"), 7)
    assert.equal(account.tokensGiven, 2)
  })

  it("a revoked authorization: one sentence for the operator, and no hot loop", async () => {
    account.isRevoked = true
    for (let attempt = 0; attempt < 20; attempt++) {
      const pushed = await adapter.push([write("S1", 1)], signal)
      assert.ok(!pushed.ok && pushed.failure.kind === "unauthorized")
      assert.match(pushed.failure.message, /revoked or has expired. Authorize the application again in Seller Central/)
    }
    assert.equal(account.tokensGiven, 1)
    account.isRevoked = false
    now += 31_000
    assert.ok((await adapter.push([write("S1", 1)], signal)).ok)
  })
})

describe("quantities", () => {
  it("an operation's bucket that is empty is waited for, not overrun", async () => {
    const results = []
    for (let call = 0; call < 7; call++) results.push(await adapter.push([write("S1", call)], signal))
    const throttled = results.filter((result) => !result.ok && result.failure.kind === "throttled")
    assert.equal(throttled.length, 2)
    now += 1_000
    assert.ok((await adapter.push([write("S1", 1)], signal)).ok)
  })

  it("14. many go as a feed: accepted is not applied, a feed for ever in progress stays pending, errors are told", async () => {
    account.feedMs = Infinity
    const writes = [...Array.from({ length: 7 }, (_, index) => write(`S${index}`, 3)), write("GONE", 3)]
    const pushed = await adapter.push(writes, signal)
    assert.ok(pushed.ok)
    const tickets = new Set(pushed.value.map((outcome) => (outcome.type === "accepted" ? outcome.ticket : "")))
    assert.equal(tickets.size, 1)
    now += 60 * 3_600_000
    const stuck = await adapter.results([...tickets], signal)
    assert.deepEqual(stuck.ok && stuck.value.map(({ state }) => state), ["pending"])
    account.feedMs = 1_000
    const again = await adapter.push(writes, signal)
    assert.ok(again.ok)
    now += 2_000
    const [first] = again.value
    const done = await adapter.results([first?.type === "accepted" ? first.ticket : ""], signal)
    assert.ok(done.ok)
    assert.deepEqual(done.value[0]?.rejected, [
      { listingId: "GONE", code: "13013", message: "This SKU is not in the catalog." }
    ])
    assert.equal(account.shelf.quantity("S6"), 3)
  })
})

describe("what a feed has swallowed", () => {
  it("14. goes one by one among many that go as a feed, and what its limit leaves over burns no attempt", async () => {
    const stuck = Array.from({ length: 7 }, (_, index) => ({ ...write(`S${index}`, 4), wasStuck: true }))
    const pushed = await adapter.push([...stuck, write("S8", 4), write("S9", 4)], signal)
    assert.ok(pushed.ok)
    assert.deepEqual(
      pushed.value.map(({ type }) => type),
      [...Array.from({ length: 5 }, () => "applied"), "unsent", "unsent", "accepted", "accepted"]
    )
    assert.equal(account.shelf.quantity("S4"), 4)
  })
})

describe("the last units", () => {
  it("go one by one among many that go as a feed, because a feed takes minutes", async () => {
    const many = Array.from({ length: 8 }, (_, index) => write(`S${index}`, 9))
    const pushed = await adapter.push([{ ...write("S8", 0), isLast: true }, ...many], signal)
    assert.ok(pushed.ok)
    assert.deepEqual(
      pushed.value.map(({ type }) => type),
      ["applied", ...many.map(() => "accepted")]
    )
    assert.equal(account.shelf.quantity("S8"), 0)
  })

  it("when no feed can be made quantities go one by one, as many as the limit allows, and nothing burns an attempt", async () => {
    const many = Array.from({ length: 8 }, (_, index) => write(`S${index}`, 9))
    // As many as the limit lets through at once; each has a document of its own.
    for (let feed = 0; feed < 15; feed++) {
      const pushed = await adapter.push(many, signal)
      assert.ok(pushed.ok && pushed.value.every(({ type }) => type === "accepted"))
    }
    now += 10_000
    const pushed = await adapter.push(many, signal)
    assert.ok(pushed.ok)
    assert.deepEqual(
      pushed.value.map(({ type }) => type),
      [...Array.from({ length: 5 }, () => "applied"), "unsent", "unsent", "unsent"]
    )
    assert.equal(account.shelf.quantity("S4"), 9)
  })
})

describe("the notification queue", () => {
  it("is listened to again a second later, and an empty answer is no sign of the API's life", async () => {
    const start = await polled(undefined)
    const page = await adapter.poll(start.cursor, signal)
    assert.ok(page.ok)
    assert.deepEqual([page.value.againMs, page.value.isElsewhere], [1_000, true])
  })

  it("whose keys do not do is said to be it, and does not keep quantities from going", async () => {
    const start = await polled(undefined)
    account.isQueueLocked = true
    const page = await adapter.poll(start.cursor, signal)
    assert.ok(!page.ok)
    assert.deepEqual(page.failure, {
      kind: "unauthorized",
      isElsewhere: true,
      message:
        "The notification queue: its keys do not do; look at queue.accessKeyId (it answered 400 InvalidClientTokenId)."
    })
    assert.ok((await adapter.push([write("S1", 4)], signal)).ok)
  })
})

describe("orders", () => {
  it("what Amazon fulfils moves nothing; what the merchant fulfils does, and comes back unit by unit", async () => {
    await account.sell([{ listingId: "S1", quantity: 2 }], true)
    const order = await account.sell([{ listingId: "S2", quantity: 3 }])
    assert.ok(order !== undefined)
    const first = await polled(undefined)
    assert.deepEqual(units(first.events), { S2: -3 })
    account.cancelUnits(order, order.lines[0]?.lineId ?? "", 1)
    const second = await polled(first.cursor)
    account.cancelUnits(order, order.lines[0]?.lineId ?? "", 2)
    const third = await polled(second.cursor)
    const all = [...first.events, ...second.events, ...third.events]
    assert.deepEqual(units(all), { S2: -1 })
    assert.deepEqual(units([...all.toReversed(), ...all]), { S2: -1 })
  })

  it("notifications that come twice and in any order give the same units", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.record({ sku: fc.integer({ min: 0, max: 3 }), cancelled: fc.boolean() }), { maxLength: 6 }),
        async (seed, orders) => {
          const own = await AmazonMarketplace.start({ nowMs: () => now, seed })
          own.queue.duplicateShare = 0.5
          own.queue.visibilityMs = 0
          const expected: Record<string, number> = {}
          for (let index = 0; index < 4; index++) own.shelf.put(`S${index}`, `S${index}`, 50)
          for (const { sku, cancelled } of orders) {
            const order = await own.sell([{ listingId: `S${sku}`, quantity: 2 }])
            assert.ok(order !== undefined)
            if (cancelled) await own.cancel(order)
            expected[`S${sku}`] = (expected[`S${sku}`] ?? 0) - (cancelled ? 0 : 2)
          }
          const settings = amazonSettings(own.url)
          const reader = new Amazon({ channel: "a", settings, fetch, nowMs: () => now, newId: () => "id" })
          const events: Array<ChannelEvent> = []
          // A cursor that says the search was just done: only the queue tells.
          let cursor = JSON.stringify({ searchedUntil: now, token: null, receipts: [] })
          while (own.queue.length > 0) {
            const page = await reader.poll(cursor, signal)
            assert.ok(page.ok)
            events.push(...page.value.events)
            cursor = page.value.cursor
          }
          assert.deepEqual(units(events), expected)
          assert.deepEqual(own.violations, [])
          await own.close()
        }
      ),
      runs(15)
    )
  })

  it("16. when the queue falls silent the orders are looked for, with the same ids", async () => {
    const first = await polled(undefined)
    account.isSilent = true
    now += 1_000
    await account.sell([{ listingId: "S3", quantity: 1 }])
    const quiet = await polled(first.cursor)
    assert.deepEqual(units(quiet.events), {})
    now += 6 * 60_000
    const found = await polled(quiet.cursor)
    assert.deepEqual(units(found.events), { S3: -1 })
    assert.equal(account.queue.length, 0)
  })

  it("a message is deleted only when what it led to is stored", async () => {
    const start = await polled(undefined)
    await account.sell([{ listingId: "S3", quantity: 1 }])
    const page = await adapter.poll(start.cursor, signal)
    assert.ok(page.ok && page.value.events.length === 1)
    assert.equal(account.queue.length, 1)
    await adapter.poll(page.value.cursor, signal)
    assert.equal(account.queue.length, 0)
  })

  it("a package is told once however often, and what Amazon will not take is said", async () => {
    const order = await account.sell([{ listingId: "S3", quantity: 2 }])
    const [line] = order?.lines ?? []
    const shipment = {
      orderId: order?.id ?? "",
      packageId: 1,
      carrier: "Postman Pat",
      tracking: "T-1",
      shippedAt: "2026-05-01T13:00:00.000Z",
      lines: [{ lineId: line?.lineId ?? "", quantity: 2 }]
    }
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(await adapter.confirmShipment(shipment, signal), { ok: true, value: { type: "confirmed" } })
    }
    assert.deepEqual(account.shipments.all, [
      {
        packageReferenceId: "1",
        carrierCode: "Other",
        carrierName: "Postman Pat",
        trackingNumber: "T-1",
        shipDate: "2026-05-01T13:00:00.000Z",
        orderItems: [{ orderItemId: line?.lineId, quantity: 2 }]
      }
    ])
    const other = await adapter.confirmShipment({ ...shipment, lines: [{ lineId: "X", quantity: 1 }] }, signal)
    assert.deepEqual(other, {
      ok: true,
      value: { type: "rejected", code: "400", message: "The order item is invalid." }
    })
  })
})
