/**
 * A hub and shops in one process: stock that facts change, and channels whose far side carries out, loses, refuses and
 * hangs as a test or a seed says.
 */
import { Effect } from "effect"
import { type Fault, Faults, Shelf } from "../../scripts/marketplaces/marketplace.ts"
import * as Port from "../../src/channels/adapter.ts"
import { type Change, Channel, type ChannelSettings } from "../../src/channels/channel.ts"
import { DISPATCH_DEFAULT } from "../../src/channels/dispatcher.ts"
import type { OutgoingFact } from "../../src/channels/intake.ts"
import { ChannelLog, type ChannelLogShape } from "../../streams/channel-log.ts"

export const unthrottled: Port.AdapterLimits = {
  batchMax: 50,
  callsPerSecond: Infinity,
  burst: 1_000,
  concurrencyMax: 4,
  windowMs: 0
}

export const memoryLog = (): Promise<ChannelLogShape> =>
  Effect.runPromise(
    Effect.provide(
      Effect.map(ChannelLog, (log) => log),
      ChannelLog.layerMemory
    )
  )

export const nowMs = (): number => performance.timeOrigin + performance.now()

/** The far side of a channel. */
export class Shop {
  readonly shelf = new Shelf()
  readonly faults: Faults
  /** Every write that was carried out, in order. */
  readonly carriedOut: Array<Port.QuantityWrite> = []
  calls = 0
  latencyMs = 1
  retryAfterMs = 50
  private readonly keys = new Map<string, number>()
  private saleCount = 0

  constructor(faults = new Faults()) {
    this.faults = faults
  }

  readonly adapter: Port.Adapter = {
    limits: unthrottled,
    push: async (writes, signal) => {
      this.calls++
      const fault = this.faults.next()
      await pause(this.latencyMs, signal)
      if (fault !== undefined && fault !== "act-then-hang") return this.fail(fault, signal)
      const outcomes = writes.map((write): Port.WriteOutcome => {
        this.keys.set(write.key, (this.keys.get(write.key) ?? 0) + 1)
        if (!this.shelf.has(write.listingId)) return { type: "rejected", code: "gone", message: "No such listing." }
        this.shelf.show(write.listingId, write.quantity)
        this.carriedOut.push(write)
        return { type: "applied" }
      })
      return fault === "act-then-hang" ? this.fail("hang", signal) : Port.succeeded(outcomes)
    },
    list: async (cursor) => {
      const all = this.shelf.listings()
      const from = Number(cursor ?? 0)
      const next = from + 3 < all.length ? { next: String(from + 3) } : {}
      return Port.succeeded({ items: all.slice(from, from + 3), ...next })
    },
    receive: async ({ body }) => ({
      type: "events",
      events: JSON.parse(Buffer.from(body).toString()) as ReadonlyArray<Port.ChannelEvent>
    })
  }

  /** A shopper buys; the event that tells of it, or nothing when the shelf shows too few. */
  sell(listingId: string, quantity: number): Port.UnitsEvent | undefined {
    if (!this.shelf.take(listingId, quantity)) return undefined
    const occurredAt = new Date().toISOString()
    return { type: "sale", id: `sale-${this.saleCount++}`, listingId, quantity, shownBy: -quantity, occurredAt }
  }

  private async fail(fault: Fault, signal: AbortSignal): Promise<Port.Result<never>> {
    if (fault === "throttle") {
      return Port.failed({ kind: "throttled", message: "slow down", retryAfterMs: this.retryAfterMs })
    }
    if (fault === "unauthorized") return Port.failed({ kind: "unauthorized", message: "Renew the token." })
    if (fault === "garbage") throw new TypeError("cannot read properties of undefined")
    if (fault === "hang") await pause(60_000, signal)
    return Port.failed({ kind: "unavailable", message: "503" })
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener("abort", () => {
      clearTimeout(timer)
      reject(new Error("aborted"))
    })
  })

/** Stock as the hub keeps it, as far as channels can tell. */
export class PretendHub {
  readonly stock = new Map<string, { quantity: number; version: number }>()
  readonly oversold = new Map<string, number>()
  readonly channels: Array<Channel> = []
  private readonly known = new Set<string>()

  put(sku: string, quantity: number): void {
    this.change(sku, quantity, undefined)
  }

  readonly publish = (facts: ReadonlyArray<OutgoingFact>): Effect.Effect<void> =>
    Effect.sync(() => {
      for (const { sku, mutationId, body } of facts) {
        if (this.known.has(mutationId)) continue
        this.known.add(mutationId)
        const sign = body["type"] === "sale" ? -1 : 1
        const movedAt = Date.parse(String(body["occurredAt"]))
        this.change(sku, sign * Number(body["quantity"]), { channel: String(body["channel"]), mutationId, movedAt })
      }
    })

  readonly lookUp = (skus: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Change>> =>
    Effect.sync(() =>
      skus.flatMap((sku) => {
        const known = this.stock.get(sku)
        return known === undefined ? [] : [{ sku, ...known, quantity: Math.max(0, known.quantity), at: nowMs() }]
      })
    )

  private change(sku: string, by: number, move: NonNullable<Change["moves"]>[number] | undefined): void {
    const before = this.stock.get(sku) ?? { quantity: 0, version: 0 }
    const now = { quantity: before.quantity + by, version: before.version + 1 }
    this.stock.set(sku, now)
    if (now.quantity < 0) this.oversold.set(sku, -now.quantity)
    const change = { sku, version: now.version, quantity: Math.max(0, now.quantity), at: nowMs() }
    for (const channel of this.channels) channel.told([{ ...change, ...(move === undefined ? {} : { moves: [move] }) }])
  }
}

export const settingsOf = (name: string, change: Partial<ChannelSettings["policy"]> = {}): ChannelSettings => ({
  name,
  kind: "shop",
  isIdentity: false,
  stuckBuffer: 2,
  policy: {
    ...DISPATCH_DEFAULT,
    limits: unthrottled,
    backoff: { baseMs: 20, factor: 2, maxMs: 100, retriesMax: 5 },
    breaker: { failuresMax: 5, restMs: 50, restMsMax: 200 },
    callTimeoutMs: 250,
    ...change
  },
  intervals: {
    heartbeatMs: 60_000,
    pollMs: 60_000,
    upkeepMs: 60_000,
    reconcileMs: 0,
    resultsMs: 50,
    stuckMs: 500
  }
})

/** A channel between a hub and a shop, not running yet. */
export const channelBetween = (
  hub: PretendHub,
  shop: Pick<Shop, "adapter">,
  settings: ChannelSettings,
  log: ChannelLogShape
): Channel => {
  let count = 0
  const channel = new Channel(settings, {
    adapter: shop.adapter,
    log,
    lookUp: hub.lookUp,
    publish: hub.publish,
    bury: () => Effect.void,
    nowMs,
    random: Math.random,
    newId: () => `${settings.name}-${process.hrtime.bigint()}-${count++}`
  })
  hub.channels.push(channel)
  return channel
}

/** Waits until it holds; fails with what it was after `patienceMs`. */
export const until = async (
  holds: () => boolean | Promise<boolean>,
  what: () => unknown,
  patienceMs = 10_000
): Promise<void> => {
  const givenUpAt = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > givenUpAt) throw new Error(`It did not come to it: ${JSON.stringify(what())}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
