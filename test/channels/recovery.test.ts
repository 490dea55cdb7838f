/**
 * Goal: a channel that is stopped anywhere, that was changed by other hands, or that accepts and does not carry out, ends
 * up showing what it ought to.
 * Method: channels between a pretend hub and pretend shops, in one process and real time with short waits.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { afterEach, describe, it } from "vitest"
import { Faults } from "../../scripts/marketplaces/marketplace.ts"
import { Random } from "../../scripts/simulate/random.ts"
import { type QuantityWrite, succeeded } from "../../src/channels/adapter.ts"
import { inStep, listing, map, open, receive, run, sku, stop, stopAll } from "../support/open-shop.ts"
import { channelBetween, memoryLog, PretendHub, settingsOf, Shop, until } from "../support/shop.ts"

afterEach(stopAll)

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

  it("keeps how often a write was tried and when it may be tried again", async () => {
    const { hub, shop, channel, log, fiber } = await open(1, {
      backoff: { baseMs: 300, factor: 1, maxMs: 300, retriesMax: 5 }
    })
    await inStep(shop, hub, channel)
    shop.faults.keepUp("error")
    hub.put(sku(0), -1)
    await until(
      () => channel.book.find(listing(0))?.attempts === 2,
      () => channel.book.find(listing(0))
    )
    const before = channel.book.find(listing(0))
    await Effect.runPromise(channel.log.flush)
    await stop(fiber)
    shop.faults.keepUp(undefined)
    hub.channels.length = 0
    const next = channelBetween(hub, shop, settingsOf("web"), log)
    run(next)
    await Effect.runPromise(next.whenStarted)
    const after = next.book.find(listing(0))
    assert.deepEqual([after?.attempts, after?.retryAt], [2, before?.retryAt])
    await inStep(shop, hub, next)
    assert.ok(Date.now() >= (before?.retryAt ?? Infinity), "not before its time")
  })

  it("finds what an operator decided, once that was answered", async () => {
    const { hub, shop, channel, log, fiber } = await open(1)
    await Effect.runPromise(channel.map([{ listingId: "GONE", sku: sku(0) }]))
    await until(
      () => [...channel.book.given()].length === 1,
      () => channel.dispatcher.health()
    )
    assert.equal(await Effect.runPromise(channel.discard(["GONE"], "not sold there")), 1)
    await stop(fiber)
    hub.channels.length = 0
    const next = channelBetween(hub, shop, settingsOf("web"), log)
    await Effect.runPromise(next.start)
    assert.equal(next.book.find("GONE")?.dead?.discarded, "not sold there")
    assert.deepEqual([...next.book.given()], [])
  })

  it("nothing is taken in before the log is read: the sender keeps it and comes again", async () => {
    const { hub, shop, log, fiber } = await open(1)
    await stop(fiber)
    hub.channels.length = 0
    const next = channelBetween(hub, shop, settingsOf("web"), log)
    const sale = { type: "sale", id: "early", listingId: listing(0), quantity: 1, shownBy: -1 } as const
    await assert.rejects(receive(next, [sale]), { detail: "The channel is starting." })
    await assert.rejects(map(next, 1), { detail: "The channel is starting." })
    run(next)
    await until(
      () => next.book.listings.size === 1,
      () => next.book.listings.size
    )
    await receive(next, [sale])
    assert.equal(hub.stock.get(sku(0))?.quantity, 99)
    assert.equal(next.book.held.size, 0)
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

  it("what was given up and is shown after all is given up no more, also after a restart", async () => {
    const { hub, shop, channel, log, fiber } = await open(1)
    await Effect.runPromise(channel.map([{ listingId: "LATE", sku: sku(0) }]))
    await until(
      () => [...channel.book.given()].length === 1,
      () => channel.dispatcher.health()
    )
    shop.shelf.put("LATE", sku(0), 100)
    assert.equal((await Effect.runPromise(channel.reconcile(false))).driftCount, 0)
    assert.equal([...channel.book.given()].length, 0)
    await Effect.runPromise(channel.log.flush)
    await stop(fiber)
    const next = channelBetween(hub, shop, settingsOf("web"), log)
    await Effect.runPromise(next.start)
    assert.equal([...next.book.given()].length, 0)
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
  it("14. a feed that stays in progress is noticed, another way is taken, the buffer raised until it is through", async () => {
    const hub = new PretendHub()
    const shop = new Shop()
    const pushed: Array<QuantityWrite> = []
    let isStuck = true
    const adapter = {
      ...shop.adapter,
      push: async (writes: ReadonlyArray<QuantityWrite>) => {
        pushed.push(...writes)
        return succeeded(writes.map(({ key }) => ({ type: "accepted" as const, ticket: key })))
      },
      results: async (tickets: ReadonlyArray<string>) =>
        succeeded(tickets.map((ticket) => ({ ticket, state: isStuck ? ("pending" as const) : ("done" as const) })))
    }
    const channel = channelBetween(hub, { adapter }, settingsOf("feed"), await memoryLog())
    hub.put(sku(0), 5)
    run(channel)
    await map(channel, 1)
    const newest = () => pushed.at(-1)
    await until(() => newest()?.quantity === 5, newest)
    await until(() => channel.rounds.stuckCount === 1, newest, 3_000)
    await until(() => newest()?.quantity === 3, newest, 3_000)
    assert.equal(newest()?.wasStuck, true)
    isStuck = false
    const isThrough = () => channel.rounds.stuckCount === 0 && channel.freshness().behind === 0
    await until(() => newest()?.quantity === 5 && isThrough(), newest, 5_000)
    assert.equal(newest()?.wasStuck, undefined)
  })

  it("what was accepted and then lost is sent by the next start too", async () => {
    for (const state of ["failed", "pending"] as const) {
      const hub = new PretendHub()
      const shop = new Shop()
      const log = await memoryLog()
      const accepting = {
        ...shop.adapter,
        push: async (writes: ReadonlyArray<QuantityWrite>) =>
          succeeded(writes.map(({ key }) => ({ type: "accepted" as const, ticket: key }))),
        results: async (tickets: ReadonlyArray<string>) => succeeded(tickets.map((ticket) => ({ ticket, state })))
      }
      const backoff = { baseMs: 60_000, factor: 1, maxMs: 60_000, retriesMax: 5 }
      const channel = channelBetween(hub, { adapter: accepting }, settingsOf("feed", { backoff, isShadow: false }), log)
      hub.put(sku(0), 5)
      shop.shelf.put(listing(0), sku(0), 0)
      const fiber = run(channel)
      await Effect.runPromise(channel.whenStarted)
      await map(channel, 1)
      const isLost = () => channel.book.find(listing(0))?.believed === undefined
      await until(
        () => channel.book.find(listing(0))?.ticket !== undefined,
        () => channel.book.find(listing(0))
      )
      Object.assign(accepting, { push: () => new Promise(() => undefined) })
      await until(isLost, () => channel.book.find(listing(0)))
      await Effect.runPromise(channel.log.flush)
      await stop(fiber)
      hub.channels.length = 0
      const next = channelBetween(hub, shop, settingsOf("feed"), log)
      await Effect.runPromise(next.start)
      assert.equal(next.book.find(listing(0))?.believed, undefined, `${state}: it is not known what is shown`)
    }
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
      await Effect.runPromise(channel.redrive(undefined))
      await inStep(shop, hub, channel)
    }
  })
})
