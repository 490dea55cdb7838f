/**
 * One check at its desk: an adapter, its far side with some stock, and what is asked of them again and again.
 */
import assert from "node:assert/strict"
import type {
  Adapter,
  CallFailure,
  ChannelEvent,
  QuantityWrite,
  Received,
  Result,
  Webhook,
  WriteOutcome
} from "../../src/channels/adapter.ts"
import type { Order } from "../marketplaces/marketplace.ts"
import type { AdapterBench } from "./bench.ts"

const LISTINGS = 6
export const STOCK = 20
export class Desk {
  readonly bench: AdapterBench
  readonly adapter: Adapter
  private writeCount = 0

  constructor(bench: AdapterBench) {
    this.bench = bench
    const { module, settings, nowMs } = bench
    let ids = 0
    this.adapter = module.make({ channel: "check", settings, fetch, nowMs, newId: () => `check-${ids++}` })
    for (let index = 0; index < LISTINGS; index++) bench.market.shelf.put(bench.listingId(index), `SKU-${index}`, STOCK)
  }

  write(index: number, quantity: number, believed?: number): QuantityWrite {
    return {
      listingId: this.bench.listingId(index),
      sku: `SKU-${index}`,
      quantity,
      version: ++this.writeCount,
      key: `check-${this.writeCount}-${index}-${quantity}`,
      ...(believed === undefined ? {} : { believed })
    }
  }

  push(...writes: ReadonlyArray<QuantityWrite>): Promise<Result<ReadonlyArray<WriteOutcome>>> {
    return this.adapter.push(writes, AbortSignal.timeout(20_000))
  }

  /** Writes and waits until the channel has carried them out, also where it only accepts. */
  async settle(...writes: ReadonlyArray<QuantityWrite>): Promise<ReadonlyArray<string>> {
    const pushed = await patiently(() => this.push(...writes))
    assert.ok(pushed.ok, `the push failed: ${JSON.stringify(pushed)}`)
    assert.equal(pushed.value.length, writes.length, "one outcome per write, in their order (A4)")
    const outcomes = pushed.value.map(({ type }): string => type)
    const tickets = new Map<string, Array<number>>()
    for (const [index, outcome] of pushed.value.entries()) {
      if (outcome.type !== "accepted") continue
      tickets.set(outcome.ticket, [...(tickets.get(outcome.ticket) ?? []), index])
    }
    const deadline = performance.now() + 20_000
    while (tickets.size > 0 && performance.now() < deadline) {
      await pause(100)
      const told = await this.adapter.results?.([...tickets.keys()], AbortSignal.timeout(10_000))
      if (told?.ok !== true) continue
      for (const { ticket, state, rejected } of told.value) {
        if (state === "pending") continue
        for (const index of tickets.get(ticket) ?? []) {
          const isRefused = rejected?.some(({ listingId }) => listingId === writes[index]?.listingId) === true
          outcomes[index] = state === "failed" ? "failed" : isRefused ? "rejected" : "applied"
        }
        tickets.delete(ticket)
      }
    }
    assert.equal(tickets.size, 0, "an accepted write has a result in the end")
    return outcomes
  }

  shown(index: number): number | undefined {
    return this.bench.market.shelf.quantity(this.bench.listingId(index))
  }

  async receive(webhook: Webhook): Promise<Received> {
    const received = await this.adapter.receive?.(webhook, AbortSignal.timeout(20_000))
    assert.ok(received !== undefined, "it takes deliveries")
    return received
  }

  /** All that the channel tells by itself: deliveries, or what polling finds. */
  async told(): Promise<ReadonlyArray<ChannelEvent>> {
    const events: Array<ChannelEvent> = []
    for (const delivery of this.bench.deliveries()) {
      const received = await this.receive(delivery)
      assert.notEqual(received.type, "refused", `its own delivery is refused: ${JSON.stringify(received)}`)
      if (received.type === "events") events.push(...received.events)
    }
    return this.bench.sign === undefined ? [...events, ...(await this.polled())] : events
  }

  async polled(): Promise<ReadonlyArray<ChannelEvent>> {
    const events: Array<ChannelEvent> = []
    let cursor: string | undefined
    // A queue hands over a few at a time; twice nothing is the end of it.
    for (let round = 0, quiet = 0; round < 50 && quiet < 2; round++) {
      const poll = this.adapter.poll?.bind(this.adapter)
      if (poll === undefined) return events
      const polled = await patiently(() => poll(cursor, AbortSignal.timeout(20_000)))
      assert.ok(polled.ok, `polling failed: ${JSON.stringify(polled)}`)
      events.push(...polled.value.events)
      quiet = polled.value.events.length === 0 ? quiet + 1 : 0
      cursor = polled.value.cursor
    }
    return events
  }

  async sell(index: number, quantity: number): Promise<Order> {
    const order = await this.bench.market.sell([{ listingId: this.bench.listingId(index), quantity }])
    assert.ok(order !== undefined, "the marketplace sells what its shelf shows")
    return order
  }

  /** Units by listing, each happening counted once. */
  units(events: ReadonlyArray<ChannelEvent>): ReadonlyArray<number> {
    const units = Array.from({ length: LISTINGS }, () => 0)
    for (const event of new Map(events.map((one) => [one.id, one])).values()) {
      const index = units.findIndex((_, at) => "listingId" in event && this.bench.listingId(at) === event.listingId)
      if (index === -1) continue
      if (event.type === "sale") units[index] = (units[index] ?? 0) - event.quantity
      if (event.type === "return") units[index] = (units[index] ?? 0) + event.quantity
    }
    return units
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

/** Waits as long as the channel's limits say, as the dispatcher does. */
export const patiently = async <Value>(call: () => Promise<Result<Value>>): Promise<Result<Value>> => {
  const deadline = performance.now() + 20_000
  for (;;) {
    const result = await call()
    if (result.ok || result.failure.kind !== "throttled" || performance.now() > deadline) return result
    await pause(Math.min(result.failure.retryAfterMs ?? 100, 5_000))
  }
}

export const failureOf = (result: Result<unknown>): CallFailure => {
  assert.ok(!result.ok, "the call should have failed")
  assert.ok(result.failure.message.length > 0, "a failure says why")
  return result.failure
}
