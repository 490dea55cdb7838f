/**
 * Channels at work in a test, between a pretend hub and a shop, and what is asked of them again and again.
 */
import { Effect, Fiber } from "effect"
import type { UnitsEvent } from "../../src/channels/adapter.ts"
import type { Channel } from "../../src/channels/channel.ts"
import { channelBetween, memoryLog, PretendHub, settingsOf, Shop, until } from "./shop.ts"

let running: Array<Fiber.Fiber<unknown, unknown>> = []

export const run = (channel: Channel): Fiber.Fiber<unknown, unknown> => {
  const fiber = Effect.runFork(Effect.andThen(channel.start, channel.run))
  running.push(fiber)
  return fiber
}

export const stop = (fiber: Fiber.Fiber<unknown, unknown>) => Effect.runPromise(Fiber.interrupt(fiber))

/** After each test. */
export const stopAll = async (): Promise<void> => {
  await Promise.all(running.map(stop))
  running = []
}

export const sku = (index: number): string => `SKU-${index}`
export const listing = (index: number): string => `L${index}`

export const open = async (skuCount: number, change: Parameters<typeof settingsOf>[1] = {}) => {
  const hub = new PretendHub()
  const shop = new Shop()
  const log = await memoryLog()
  const channel = channelBetween(hub, shop, settingsOf("web", change), log)
  for (let index = 0; index < skuCount; index++) {
    hub.put(sku(index), 100)
    shop.shelf.put(listing(index), sku(index), 0)
  }
  const fiber = run(channel)
  await Effect.runPromise(channel.whenStarted)
  await map(channel, skuCount)
  return { hub, shop, channel, log, fiber }
}

export const map = (channel: Channel, count: number) =>
  Effect.runPromise(
    channel.map(Array.from({ length: count }, (_, index) => ({ listingId: listing(index), sku: sku(index) })))
  )

export const told = (shop: Shop, hub: PretendHub): boolean =>
  shop.shelf.listings().every((one) => one.quantity === Math.max(0, hub.stock.get(one.sku)?.quantity ?? 0))

export const inStep = (shop: Shop, hub: PretendHub, channel: Channel) =>
  until(
    () => told(shop, hub) && channel.freshness().behind === 0,
    () => ({ shelf: shop.shelf.listings().slice(0, 5), health: channel.dispatcher.health(), ...channel.freshness() })
  )

export const receive = (channel: Channel, events: ReadonlyArray<UnitsEvent>) =>
  Effect.runPromise(
    channel.receive({ topic: "", headers: {}, body: Buffer.from(JSON.stringify(events)), receivedAtMs: 0 })
  )
