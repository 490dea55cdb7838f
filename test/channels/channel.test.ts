/**
 * Goal: a channel is told everything that matters and nothing twice over, whatever becomes of its calls; it never holds
 * up another; and an operator sees why.
 * Method: channels between a pretend hub and pretend shops, in one process and real time with short waits.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { afterEach, describe, it } from "vitest"
import { succeeded, type UnitsEvent } from "../../src/channels/adapter.ts"
import { inStep, listing, map, open, receive, run, sku, stopAll, told } from "../support/open-shop.ts"
import { channelBetween, memoryLog, PretendHub, settingsOf, Shop, unthrottled, until } from "../support/shop.ts"

afterEach(stopAll)

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
    await Effect.runPromise(channel.redrive(undefined))
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

  it("a shadow channel is watched, listed and compared, and not told", async () => {
    const { hub, shop, channel } = await open(2, { isShadow: true })
    hub.put(sku(0), -5)
    const report = await Effect.runPromise(channel.reconcile(false))
    assert.deepEqual([report.isDryRun, report.compared, report.skipped], [true, 2, 0])
    assert.deepEqual(report.causes, { not_told: 2 })
    assert.deepEqual(
      report.drift.map(({ shown, wanted }) => [shown, wanted]),
      [
        [0, 95],
        [0, 100]
      ]
    )
    await receive(channel, [{ type: "sale", id: "o-1", listingId: listing(1), quantity: 1, shownBy: -1 }])
    assert.equal(hub.stock.get(sku(1))?.quantity, 99, "what it sells is taken in")
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(shop.calls, 0)
    assert.equal(channel.dispatcher.health().state, "shadow")
    assert.equal(channel.dispatcher.stats.driftCorrected, 0)
  })

  it("a listing that is mapped anew while a write is on its way is written again after it", async () => {
    const { hub, shop, channel } = await open(2)
    await inStep(shop, hub, channel)
    shop.latencyMs = 60
    hub.put(sku(0), -1)
    await until(
      () => channel.dispatcher.health().flights === 1,
      () => channel.dispatcher.health()
    )
    hub.put(sku(1), -30)
    await Effect.runPromise(channel.map([{ listingId: listing(0), sku: sku(1) }]))
    await until(
      () => channel.freshness().behind === 0,
      () => shop.shelf.listings()
    )
    assert.equal(shop.shelf.quantity(listing(0)), 70)
  })

  it("one that cannot be listed is written what it shows already now and then, so that it stays fresh", async () => {
    const hub = new PretendHub()
    const shop = new Shop()
    const { list: _list, ...adapter } = shop.adapter
    const settings = settingsOf("tills")
    const intervals = { ...settings.intervals, heartbeatMs: 20 }
    const channel = channelBetween(hub, { adapter }, { ...settings, intervals }, await memoryLog())
    for (let index = 0; index < 3; index++) {
      hub.put(sku(index), 100)
      shop.shelf.put(listing(index), sku(index), 0)
    }
    run(channel)
    await Effect.runPromise(channel.whenStarted)
    await map(channel, 3)
    await inStep(shop, hub, channel)
    shop.carriedOut.length = 0
    await until(
      () => new Set(shop.carriedOut.map(({ listingId }) => listingId)).size === 3,
      () => shop.carriedOut
    )
    assert.equal(
      new Set(shop.carriedOut.map(({ key }) => key)).size,
      shop.carriedOut.length,
      "each is a write of its own"
    )
    assert.ok(channel.freshness().least > 0.9)
    assert.equal(channel.freshness().behind, 0)
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
    assert.equal(await Effect.runPromise(channel.discard(["L-gone"], "taken off the shop")), 1)
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

describe("listings without a SKU", () => {
  it("are shown with the SKU that the channel has, and mapped by it where the hub knows it", async () => {
    const { hub, shop, channel } = await open(2)
    shop.shelf.put("N1", sku(0), 4)
    shop.shelf.put("N2", "NOBODY", 4)
    const more: UnitsEvent = { type: "sale", id: "early", listingId: "N1", quantity: 1, shownBy: -1 }
    await receive(channel, [more])
    const dry = await Effect.runPromise(channel.adopt(true))
    const unknown = [{ listingId: "N2", sku: "NOBODY" }]
    assert.deepEqual(dry, { isDryRun: true, found: 2, mapped: 1, released: 0, withoutSku: 0, unknown })
    assert.deepEqual(
      [...channel.reconciler.unmappedListings()].map(({ listingId }) => listingId),
      ["N1", "N2"]
    )
    const real = await Effect.runPromise(channel.adopt(false))
    assert.deepEqual([real.mapped, real.released], [1, 1])
    await until(
      () => shop.shelf.quantity("N1") === 99 && shop.shelf.quantity(listing(0)) === 99,
      () => shop.shelf.listings()
    )
    assert.deepEqual(
      [...channel.reconciler.unmappedListings()].map(({ listingId }) => listingId),
      ["N2"]
    )
    Object.assign(shop.adapter, { list: async () => succeeded({ items: [] }) })
    await Effect.runPromise(channel.reconcile(true))
    assert.deepEqual([...channel.reconciler.unmappedListings()], [], "what is gone from the channel is gone here")
    assert.equal(hub.stock.get(sku(0))?.quantity, 99)
  })
})
