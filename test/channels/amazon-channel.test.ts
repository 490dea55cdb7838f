/**
 * Goal: a channel on Amazon ends up showing what the hub wants, by feed and by patch; what a feed's report refuses is a
 * dead letter; an order is known as soon as its notification is there; a revoked authorization stops the calls.
 * Method: a channel between a pretend hub and the local Amazon account, in one process.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, it } from "vitest"
import { amazonSettings } from "../../scripts/adapter-check/benches/amazon.ts"
import { AmazonMarketplace } from "../../scripts/marketplaces/amazon/marketplace.ts"
import { Amazon } from "../../src/channels/adapters/amazon/adapter.ts"
import type { Channel } from "../../src/channels/channel.ts"
import { run, stopAll } from "../support/open-shop.ts"
import { channelBetween, memoryLog, nowMs, PretendHub, settingsOf, until } from "../support/shop.ts"

let account: AmazonMarketplace
let hub: PretendHub
let channel: Channel

beforeEach(async () => {
  account = await AmazonMarketplace.start()
  hub = new PretendHub()
  const adapter = new Amazon({
    channel: "amazon",
    settings: amazonSettings(account.url),
    fetch,
    nowMs,
    newId: () => String(Math.random())
  })
  const settings = settingsOf("amazon", { limits: { ...adapter.limits, windowMs: 20 }, callTimeoutMs: 10_000 })
  channel = channelBetween(hub, { adapter }, settings, await memoryLog())
  for (let index = 0; index < 9; index++) {
    hub.put(`S${index}`, 20)
    if (index < 8) account.shelf.put(`S${index}`, `S${index}`, 0)
  }
  run(channel)
  await Effect.runPromise(channel.whenStarted)
  await Effect.runPromise(
    channel.map(Array.from({ length: 9 }, (_, index) => ({ listingId: `S${index}`, sku: `S${index}` })))
  )
})

afterEach(async () => {
  await stopAll()
  assert.deepEqual(account.violations, [])
  await account.close()
})

const shown = () =>
  until(
    () => Array.from({ length: 8 }, (_, index) => account.shelf.quantity(`S${index}`)).every((units) => units === 20),
    () => account.shelf.listings()
  )

describe("a channel on Amazon", () => {
  it("has what a feed's report refuses as a dead letter with Amazon's reason, and the rest shown", async () => {
    await shown()
    await until(
      () => [...channel.book.given()].length === 1 && channel.freshness().behind === 1,
      () => channel.freshness()
    )
    const [letter] = channel.book.given()
    assert.deepEqual(
      [letter?.listingId, letter?.dead.code, letter?.dead.message],
      ["S8", "13013", "This SKU is not in the catalog."]
    )
  })

  it("knows of an order within seconds of its notification, whatever the polling interval is", async () => {
    await shown()
    const order = await account.sell([{ listingId: "S1", quantity: 3 }])
    assert.ok(order !== undefined)
    await until(
      () => hub.stock.get("S1")?.quantity === 17,
      () => hub.stock.get("S1"),
      5_000
    )
    await until(
      () => account.queue.length === 0,
      () => account.queue.length,
      5_000
    )
    assert.equal(hub.stock.get("S1")?.quantity, 17)
  })

  it("waits for the operator when its authorization is revoked, and does not ask for tokens in a loop", async () => {
    await shown()
    account.isRevoked = true
    account.expireTokens()
    const { tokensGiven } = account
    for (let sale = 0; sale < 10; sale++) {
      hub.put("S2", -1)
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    await until(
      () => channel.dispatcher.health().state === "suspended",
      () => channel.dispatcher.health()
    )
    assert.match(channel.dispatcher.health().message ?? "", /Authorize the application again in Seller Central/)
    assert.ok(account.tokensGiven - tokensGiven <= 2, `${account.tokensGiven - tokensGiven} tokens asked for`)
  })
})
