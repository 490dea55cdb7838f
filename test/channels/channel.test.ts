/**
 * Goal: a channel is told everything that matters and nothing twice over, whatever becomes of its calls; it never holds
 * up another; and an operator sees why.
 * Method: channels between a pretend hub and pretend shops, in one process and real time with short waits.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { afterEach, describe, it } from "vitest"
import { Faults } from "../../scripts/marketplaces/marketplace.ts"
import { Random } from "../../scripts/simulate/random.ts"
import type { UnitsEvent } from "../../src/channels/adapter.ts"
import type { Channel } from "../../src/channels/channel.ts"
import { channelBetween, memoryLog, PretendHub, settingsOf, Shop, unthrottled, until } from "../support/shop.ts"

let running: Array<Fiber.Fiber<unknown, unknown>> = []

const run = (channel: Channel): Fiber.Fiber<unknown, unknown> => {
  const fiber = Effect.runFork(Effect.andThen(channel.start, channel.run))
  running.push(fiber)
  return fiber
}

const stop = (fiber: Fiber.Fiber<unknown, unknown>) => Effect.runPromise(Fiber.interrupt(fiber))

afterEach(async () => {
  await Promise.all(running.map(stop))
  running = []
})

const sku = (index: number): string => `SKU-${index}`
const listing = (index: number): string => `L${index}`

const open = async (skuCount: number, change: Parameters<typeof settingsOf>[1] = {}) => {
  const hub = new PretendHub()
  const shop = new Shop()
  const log = await memoryLog()
  const channel = channelBetween(hub, shop, settingsOf("web", change), log)
  for (let index = 0; index < skuCount; index++) {
    hub.put(sku(index), 100)
    shop.shelf.put(listing(index), sku(index), 0)
  }
  const fiber = run(channel)
  await map(channel, skuCount)
  return { hub, shop, channel, log, fiber }
}

const map = (channel: Channel, count: number) =>
  Effect.runPromise(
    channel.map(Array.from({ length: count }, (_, index) => ({ listingId: listing(index), sku: sku(index) })))
  )

const told = (shop: Shop, hub: PretendHub): boolean =>
  shop.shelf.listings().every((one) => one.quantity === Math.max(0, hub.stock.get(one.sku)?.quantity ?? 0))

const inStep = (shop: Shop, hub: PretendHub, channel: Channel) =>
  until(
    () => told(shop, hub) && channel.freshness().behind === 0,
    () => ({ shelf: shop.shelf.listings().slice(0, 5), health: channel.dispatcher.health(), ...channel.freshness() })
  )

const receive = (channel: Channel, events: ReadonlyArray<UnitsEvent>) =>
  Effect.runPromise(
    channel.receive({ topic: "", headers: {}, body: Buffer.from(JSON.stringify(events)), receivedAtMs: 0 })
  )

describe("telling a channel", () => {
  it("tells what is mapped, and then every change in as few writes as it takes", async () => {
    const { hub, shop, channel } = await open(10)
    await inStep(shop, hub, channel)
    const { length } = shop.carriedOut
    for (let change = 0; change < 500; change++) hub.put(sku(change % 10), -1)
    await inStep(shop, hub, channel)
    assert.ok(shop.carriedOut.length - length < 250, `${shop.carriedOut.length - length} writes for 500 changes`)
  })

  it("12. writes of one listing never overtake each other, whatever the calls do", async () => {
    const { hub, shop, channel } = await open(3)
    shop.faults.set({ seed: 7, share: 0.3, kinds: ["error", "act-then-hang", "throttle", "garbage"] })
    for (let change = 0; change < 60; change++) {
      hub.put(sku(change % 3), change % 5 === 0 ? 2 : -1)
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
    shop.faults.set({ seed: 1, share: 0, kinds: [] })
    channel.redrive(undefined)
    await inStep(shop, hub, channel)
    const newest = new Map<string, number>()
    for (const { listingId, version } of shop.carriedOut) {
      assert.ok(version >= (newest.get(listingId) ?? 0), "an older quantity arrived after a newer one")
      newest.set(listingId, version)
    }
  })

  it("the last units go first, and wait for no batch", async () => {
    const limits = { ...unthrottled, windowMs: 300, batchMax: 50, concurrencyMax: 1 }
    const { hub, shop, channel } = await open(20, { limits })
    await inStep(shop, hub, channel)
    shop.carriedOut.length = 0
    for (let index = 0; index < 20; index++) hub.put(sku(index), -1)
    hub.put(sku(19), -98)
    await until(
      () => shop.carriedOut.length > 0,
      () => "nothing was written",
      250
    )
    assert.equal(shop.carriedOut[0]?.listingId, listing(19))
  })

  it("a shadow channel is watched and not told", async () => {
    const { hub, shop, channel } = await open(2, { isShadow: true })
    hub.put(sku(0), -5)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(shop.calls, 0)
    assert.equal(channel.dispatcher.health().state, "shadow")
  })
})

describe("what a channel tells", () => {
  it("11. sells 1 there and restocks 1: the quantity is as before, and the correcting write is still sent", async () => {
    const { hub, shop, channel } = await open(1)
    await inStep(shop, hub, channel)
    await new Promise((resolve) => setTimeout(resolve, 10))
    const sale = shop.sell(listing(0), 1)
    assert.ok(sale !== undefined)
    await receive(channel, [sale])
    hub.put(sku(0), 1)
    await inStep(shop, hub, channel)
    assert.equal(shop.shelf.quantity(listing(0)), 100)
  })

  it("17. a webhook delivered twice at the same moment has one effect", async () => {
    const { hub, shop, channel } = await open(1)
    const sale = shop.sell(listing(0), 0)
    assert.ok(sale !== undefined)
    const two = { ...sale, quantity: 2, shownBy: 0 }
    await Promise.all([receive(channel, [two]), receive(channel, [two]), receive(channel, [two, two])])
    assert.equal(hub.stock.get(sku(0))?.quantity, 98)
  })

  it("a happening on an unknown listing is kept and shown, and applied once it is mapped, once", async () => {
    const { hub, channel, log } = await open(1)
    const unknown: UnitsEvent = { type: "sale", id: "o-1", listingId: "L-new", quantity: 3, shownBy: -3 }
    await receive(channel, [unknown, unknown])
    assert.equal(channel.book.held.get("o-1")?.why, "unmapped")
    const again = channelBetween(hub, new Shop(), settingsOf("web"), log)
    await Effect.runPromise(again.start)
    assert.equal(again.book.held.size, 1, "it is stored")
    const mapped = await Effect.runPromise(channel.map([{ listingId: "L-new", sku: sku(0) }]))
    assert.deepEqual(mapped, { mapped: 1, released: 1 })
    await receive(channel, [unknown])
    assert.equal(hub.stock.get(sku(0))?.quantity, 97)
    assert.equal(channel.book.held.size, 0)
  })

  it("what cannot become a fact is held with the reason, and given up only with one", async () => {
    const { hub, channel } = await open(1)
    const half: UnitsEvent = { type: "sale", id: "o-2", listingId: listing(0), quantity: 0.5, shownBy: 0 }
    await receive(channel, [half])
    assert.match(channel.book.held.get("o-2")?.detail ?? "", /0.5 units/)
    assert.equal(await Effect.runPromise(channel.intake.discard("o-2", "sold by weight")), true)
    assert.equal(await Effect.runPromise(channel.intake.discard("o-2", "again")), false)
    assert.equal(hub.stock.get(sku(0))?.quantity, 100)
  })
})

describe("a channel in trouble", () => {
  it("waiting for a limit burns no attempt, and is as long as the channel says", async () => {
    const { hub, shop, channel } = await open(1)
    await inStep(shop, hub, channel)
    shop.faults.ask(...Array.from({ length: 12 }, () => "throttle" as const))
    const { calls } = shop
    hub.put(sku(0), -1)
    await inStep(shop, hub, channel)
    assert.equal(shop.calls - calls, 13)
    assert.equal([...channel.book.given()].length, 0)
  })

  it("five retries, then a dead letter with the reason; a re-drive sends the newest", async () => {
    const { hub, shop, channel } = await open(2)
    await inStep(shop, hub, channel)
    shop.faults.keepUp("error")
    const { calls } = shop
    hub.put(sku(0), -1)
    await until(
      () => [...channel.book.given()].length === 1,
      () => channel.dispatcher.health()
    )
    assert.equal(shop.calls - calls, 6)
    const [letter] = channel.book.given()
    assert.equal(letter?.dead.code, "unavailable")
    assert.equal(letter?.dead.attempts, 6)
    assert.equal(channel.dispatcher.health().state, "down")
    shop.faults.keepUp(undefined)
    hub.put(sku(1), -3)
    // The channel is back with the next write, and what was given up while it was down goes out with it.
    await inStep(shop, hub, channel)
    assert.equal(channel.dispatcher.health().state, "ok")
  })

  it("a write that the channel will never take is given up at once, and others go on", async () => {
    const { hub, shop, channel } = await open(2)
    await Effect.runPromise(channel.map([{ listingId: "L-gone", sku: sku(0) }]))
    await until(
      () => [...channel.book.given()].length === 1,
      () => channel.dispatcher.health()
    )
    const [letter] = channel.book.given()
    assert.equal(letter?.dead.attempts, 1)
    hub.put(sku(1), -1)
    await until(
      () => shop.shelf.quantity(listing(1)) === 99,
      () => shop.shelf.listings()
    )
    assert.equal(channel.discard(["L-gone"], "taken off the shop"), 1)
    assert.equal([...channel.book.given()].length, 0)
  })

  it("credentials that do not do: a sentence for the operator, no hot loop, and all is sent when it is mended", async () => {
    const { hub, shop, channel } = await open(2)
    await inStep(shop, hub, channel)
    shop.faults.keepUp("unauthorized")
    const { calls } = shop
    for (let change = 0; change < 20; change++) {
      hub.put(sku(change % 2), -1)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.equal(shop.calls - calls, 1)
    assert.deepEqual(
      { ...channel.dispatcher.health(), aliveAt: 0, waiting: 0 },
      { state: "suspended", waiting: 0, flights: 0, aliveAt: 0, message: "Renew the token." }
    )
    shop.faults.keepUp(undefined)
    channel.dispatcher.resume()
    await inStep(shop, hub, channel)
  })

  it("one that hangs holds up no other", async () => {
    const hub = new PretendHub()
    const shops = [new Shop(), new Shop()]
    const channels = await Promise.all(
      shops.map(async (shop, index) => channelBetween(hub, shop, settingsOf(`c${index}`), await memoryLog()))
    )
    for (let index = 0; index < 10; index++) {
      hub.put(sku(index), 100)
      for (const shop of shops) shop.shelf.put(listing(index), sku(index), 0)
    }
    for (const channel of channels) {
      run(channel)
      await map(channel, 10)
    }
    const [sick, well] = shops as [Shop, Shop]
    sick.faults.keepUp("hang")
    for (let change = 0; change < 50; change++) hub.put(sku(change % 10), -1)
    await until(
      () => told(well, hub),
      () => well.shelf.listings(),
      500
    )
  })
})

describe("a restart", () => {
  it("18. loses no update and sends no older quantity, wherever it was cut off", async () => {
    const random = new Random(11)
    const hub = new PretendHub()
    const shop = new Shop()
    shop.latencyMs = 5
    const log = await memoryLog()
    for (let index = 0; index < 5; index++) {
      hub.put(sku(index), 1_000)
      shop.shelf.put(listing(index), sku(index), 0)
    }
    for (let round = 0; round < 15; round++) {
      hub.channels.length = 0
      const channel = channelBetween(hub, shop, settingsOf("web"), log)
      const fiber = run(channel)
      if (round === 0) await map(channel, 5)
      for (let change = 0; change < 20; change++) {
        hub.put(sku(random.integer(0, 4)), random.integer(-3, 2))
        await new Promise((resolve) => setTimeout(resolve, random.integer(0, 4)))
      }
      // As kill -9 would: nothing is flushed, what is on its way is cut off.
      await stop(fiber)
      hub.put(sku(round % 5), -1)
    }
    hub.channels.length = 0
    const last = channelBetween(hub, shop, settingsOf("web"), log)
    run(last)
    await inStep(shop, hub, last)
    const newest = new Map<string, number>()
    for (const { listingId, version } of shop.carriedOut) {
      assert.ok(version >= (newest.get(listingId) ?? 0))
      newest.set(listingId, version)
    }
  })

  it("of two hubs that work one channel the one whose log was written by the other stops", async () => {
    const { hub, shop, log, fiber } = await open(1)
    const second = channelBetween(hub, shop, settingsOf("web"), log)
    run(second)
    await Effect.runPromise(second.map([{ listingId: "L9", sku: sku(0) }]))
    hub.put(sku(0), -1)
    const exit = await Effect.runPromise(Fiber.await(fiber))
    assert.equal(exit._tag, "Failure")
  })
})

describe("reconciliation", () => {
  it("reports what differs and why, and corrects only that; a dry run corrects nothing", async () => {
    const { hub, shop, channel } = await open(10)
    await inStep(shop, hub, channel)
    shop.shelf.show(listing(3), 555)
    shop.shelf.show(listing(7), 98)
    const dry = await Effect.runPromise(channel.reconcile(true))
    assert.equal(dry.compared, 10)
    assert.deepEqual(dry.causes, { edited_on_channel: 1, lost_order: 1 })
    assert.equal(shop.shelf.quantity(listing(3)), 555)
    const { length } = shop.carriedOut
    const report = await Effect.runPromise(channel.reconcile(false))
    assert.equal(report.driftCount, 2)
    await inStep(shop, hub, channel)
    assert.equal(shop.carriedOut.length - length, 2)
    assert.equal((await Effect.runPromise(channel.reconcile(true))).driftCount, 0)
  })

  it("13. a sale between what was read and its correction survives", async () => {
    const { hub, shop, channel } = await open(3)
    await inStep(shop, hub, channel)
    shop.shelf.show(listing(1), 500)
    const list = shop.adapter.list?.bind(shop.adapter)
    Object.assign(shop.adapter, {
      list: async (cursor: string | undefined, signal: AbortSignal) => {
        const page = await list?.(cursor, signal)
        hub.put(sku(1), -4)
        return page
      }
    })
    await Effect.runPromise(channel.reconcile(false))
    await inStep(shop, hub, channel)
    assert.equal(shop.shelf.quantity(listing(1)), 96)
  })
})

describe("accepted is not applied", () => {
  it("14. a feed that is accepted and stays in progress is noticed, and the quantity is sent another time", async () => {
    const hub = new PretendHub()
    const shop = new Shop()
    const pushed: Array<number> = []
    let isStuck = true
    const adapter = {
      ...shop.adapter,
      push: async (writes: ReadonlyArray<{ readonly quantity: number; readonly key: string }>) => {
        pushed.push(...writes.map(({ quantity }) => quantity))
        return { ok: true as const, value: writes.map(({ key }) => ({ type: "accepted" as const, ticket: key })) }
      },
      results: async (tickets: ReadonlyArray<string>) => ({
        ok: true as const,
        value: tickets.map((ticket) => ({ ticket, state: isStuck ? ("pending" as const) : ("done" as const) }))
      })
    }
    const channel = channelBetween(hub, { adapter }, settingsOf("feed"), await memoryLog())
    hub.put(sku(0), 5)
    run(channel)
    await map(channel, 1)
    await until(
      () => pushed.length === 1,
      () => pushed
    )
    await until(
      () => channel.rounds.stuckCount === 1,
      () => channel.rounds.stuckCount,
      3_000
    )
    await until(
      () => pushed.length >= 2,
      () => pushed,
      3_000
    )
    isStuck = false
    await until(
      () => channel.freshness().behind === 0 && channel.book.find(listing(0))?.ticket === undefined,
      () => pushed
    )
  })

  it("a seed of faults over many listings ends with every listing as it ought to be", async () => {
    for (const seed of [1, 2, 3]) {
      const hub = new PretendHub()
      const shop = new Shop(new Faults({ seed, share: 0.25, kinds: ["error", "throttle", "act-then-hang", "garbage"] }))
      const channel = channelBetween(hub, shop, settingsOf(`s${seed}`, { callTimeoutMs: 40 }), await memoryLog())
      for (let index = 0; index < 30; index++) {
        hub.put(sku(index), 50)
        shop.shelf.put(listing(index), sku(index), 0)
      }
      run(channel)
      await map(channel, 30)
      const random = new Random(seed)
      for (let step = 0; step < 150; step++) {
        if (random.chance(0.5)) hub.put(sku(random.integer(0, 29)), random.integer(-2, 2))
        else {
          const sale = shop.sell(listing(random.integer(0, 29)), 1)
          if (sale !== undefined) await receive(channel, [sale])
        }
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      shop.faults.set({ seed, share: 0, kinds: [] })
      await until(
        () => channel.dispatcher.health().flights === 0,
        () => channel.dispatcher.health()
      )
      channel.redrive(undefined)
      await inStep(shop, hub, channel)
    }
  })
})
