/**
 * The conformance kit of the adapter port: every rule that an adapter must keep, each as a check that runs against the
 * adapter and a far side of its channel. `holdfast adapter-check` runs it, and so do the tests of the built-in adapters.
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
import type { Fault, Order } from "../marketplaces/marketplace.ts"
import type { AdapterBench, StartBench } from "./bench.ts"

export interface Check {
  readonly name: string
  readonly run: (start: StartBench) => Promise<void>
}

const LISTINGS = 6
const STOCK = 20
/** Whatever it is, it ends within this once its signal says so. */
const ABORT_MS_MAX = 2_000
const GIANT_BYTES = 1024 * 1024

class Desk {
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
    const pushed = await this.push(...writes)
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
      const polled = await this.adapter.poll?.(cursor, AbortSignal.timeout(20_000))
      if (polled === undefined) return events
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

const failureOf = (result: Result<unknown>): CallFailure => {
  assert.ok(!result.ok, "the call should have failed")
  assert.ok(result.failure.message.length > 0, "a failure says why")
  return result.failure
}

/** Every text of some length in the settings may be a secret. */
const textsOf = (value: unknown): ReadonlyArray<string> => {
  if (typeof value === "string") return value.length >= 8 && !value.startsWith("http") ? [value] : []
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : []
}

const check = (name: string, body: (desk: Desk) => Promise<void>): Check => ({
  name,
  run: async (start) => {
    const bench = await start()
    try {
      const desk = new Desk(bench)
      await body(desk)
      assert.deepEqual(bench.market.violations, [], "every call is as the channel's description has it")
      await desk.adapter.close?.()
    } finally {
      await bench.market.close()
    }
  }
})

const sending: ReadonlyArray<Check> = [
  check("sets quantities, up, down and to nothing, whether or not it is told what the channel shows", async (desk) => {
    if (!desk.bench.isTold) return
    assert.deepEqual(await desk.settle(desk.write(0, 3, STOCK), desk.write(1, 0), desk.write(2, 500, STOCK)), [
      "applied",
      "applied",
      "applied"
    ])
    assert.deepEqual([desk.shown(0), desk.shown(1), desk.shown(2)], [3, 0, 500])
  }),
  check("refuses a listing that is not there, for good, and writes the others", async (desk) => {
    if (!desk.bench.isTold) return
    const gone = { ...desk.write(1, 4), listingId: desk.bench.listingId(999) }
    assert.deepEqual(await desk.settle(gone, desk.write(2, 5)), ["rejected", "applied"])
    assert.equal(desk.shown(2), 5)
  }),
  check("takes as many writes in one call as it says", async (desk) => {
    if (!desk.bench.isTold) return
    const { batchMax } = desk.adapter.limits
    const count = Math.min(batchMax, 500)
    for (let index = 0; index < count; index++) {
      desk.bench.market.shelf.put(desk.bench.listingId(index), `SKU-${index}`, STOCK)
    }
    const outcomes = await desk.settle(...Array.from({ length: count }, (_, index) => desk.write(index, index % 50)))
    assert.deepEqual(new Set(outcomes), new Set(["applied"]))
    for (let index = 0; index < count; index++) assert.equal(desk.shown(index), index % 50)
  }),
  check("an attempt that is repeated because its answer was lost ends as it should", async (desk) => {
    if (!desk.bench.isTold) return
    const write = desk.write(1, 7, STOCK)
    desk.bench.market.faults.ask("act-then-hang")
    const lost = await desk.adapter.push([write], AbortSignal.timeout(300))
    assert.equal(lost.ok, false)
    const [outcome] = await desk.settle(write)
    assert.ok(outcome === "applied" || outcome === "stale", `${String(outcome)} after the repeat`)
    assert.equal(desk.shown(1), 7)
  }),
  ...(
    [
      ["throttle", "throttled"],
      ["unauthorized", "unauthorized"],
      ["error", "unavailable"],
      ["garbage", "unavailable"]
    ] as ReadonlyArray<readonly [Fault, CallFailure["kind"]]>
  ).map(([fault, kind]) =>
    check(
      `says "${kind}" when the channel answers with ${fault}, tells no secret, and is well again after it`,
      async (desk) => {
        if (!desk.bench.isTold) return
        desk.bench.market.faults.keepUp(fault)
        const failure = failureOf(await desk.push(desk.write(1, 4)))
        assert.equal(failure.kind, kind, failure.message)
        for (const secret of textsOf(desk.bench.settings)) {
          assert.ok(!failure.message.includes(secret), `the message holds a setting: ${failure.message}`)
        }
        desk.bench.market.faults.keepUp(undefined)
        assert.deepEqual(await desk.settle(desk.write(1, 4)), ["applied"])
      }
    )
  ),
  check("ends every call when its signal says so", async (desk) => {
    if (!desk.bench.isTold) return
    desk.bench.market.faults.keepUp("hang")
    const calls: ReadonlyArray<(signal: AbortSignal) => Promise<Result<unknown>> | undefined> = [
      (signal) => desk.adapter.push([desk.write(1, 4)], signal),
      (signal) => desk.adapter.list?.(undefined, signal),
      (signal) => desk.adapter.poll?.(undefined, signal),
      (signal) => desk.adapter.upkeep?.(signal)
    ]
    for (const call of calls) {
      const startedMs = performance.now()
      const result = await call(AbortSignal.timeout(200))
      assert.ok(performance.now() - startedMs < ABORT_MS_MAX, "it went on after its signal")
      if (result !== undefined) failureOf(result)
    }
  })
]

const listing: ReadonlyArray<Check> = [
  check("lists everything, once, with what is shown", async (desk) => {
    const { list } = desk.adapter
    if (list === undefined) return
    const { market, listingId } = desk.bench
    for (let index = 0; index < 260; index++) market.shelf.put(listingId(index), `SKU-${index}`, index % 7)
    const seen = new Map<string, number>()
    let cursor: string | undefined
    let pages = 0
    do {
      const page = await list.call(desk.adapter, cursor, AbortSignal.timeout(20_000))
      assert.ok(page.ok, JSON.stringify(page))
      for (const item of page.value.items) {
        assert.ok(!seen.has(item.listingId), `${item.listingId} comes twice`)
        seen.set(item.listingId, item.quantity)
      }
      cursor = page.value.next
      assert.ok(++pages < 1_000, "the pages never end")
    } while (cursor !== undefined)
    assert.equal(seen.size, 260)
    for (let index = 0; index < 260; index++) assert.equal(seen.get(listingId(index)), index % 7)
  })
]

const hearing: ReadonlyArray<Check> = [
  check(
    "sales and cancellations move the right units once, however often and in whatever order they are told",
    async (desk) => {
      await desk.sell(0, 2)
      await desk.sell(1, 1)
      const cancelled = await desk.sell(2, 3)
      await desk.bench.market.cancel(cancelled)
      const events = await desk.told()
      const expected = [-2, -1, 0, 0, 0, 0]
      assert.deepEqual(desk.units(events), expected)
      assert.deepEqual(desk.units([...events, ...events.toReversed()]), expected)
      for (const event of events)
        assert.ok(event.id.length > 0 && event.id.length <= 512, "an id of 1 to 512 characters")
    }
  ),
  check("the same delivery gives the same events, also in another order", async (desk) => {
    if (desk.bench.sign === undefined) return
    await desk.sell(0, 1)
    await desk.bench.market.cancel(await desk.sell(1, 2))
    const deliveries = desk.bench.deliveries()
    const idsOf = async (given: ReadonlyArray<Webhook>) => {
      const ids = new Set<string>()
      for (const delivery of given) {
        const received = await desk.receive(delivery)
        if (received.type === "events") for (const event of received.events) ids.add(event.id)
      }
      return [...ids].sort()
    }
    assert.deepEqual(await idsOf(deliveries.toReversed()), await idsOf([...deliveries, ...deliveries]))
  }),
  check("polling finds what was not delivered, under the same ids", async (desk) => {
    if (desk.adapter.poll === undefined || desk.bench.sign === undefined) return
    await desk.bench.market.cancel(await desk.sell(1, 2))
    await desk.sell(0, 1)
    const delivered = await desk.told()
    const polled = await desk.polled()
    assert.deepEqual(desk.units([...delivered, ...polled]), desk.units(delivered))
    assert.deepEqual(desk.units(polled), desk.units(delivered))
  }),
  check("refuses what is not signed as it should be", async (desk) => {
    const { sign, nowMs } = desk.bench
    if (sign === undefined) return
    await desk.sell(0, 1)
    const [delivery] = desk.bench.deliveries()
    assert.ok(delivery !== undefined, "the marketplace delivers")
    const altered = Buffer.from(delivery.body)
    altered[altered.length - 2] = (altered[altered.length - 2] ?? 0) ^ 1
    const forgedBodies: ReadonlyArray<Webhook> = [
      { ...delivery, body: altered },
      { ...sign(delivery.body, nowMs()), body: Buffer.concat([delivery.body, Buffer.from(" ")]) }
    ]
    const wrong: ReadonlyArray<Webhook> = [
      { ...delivery, headers: {} },
      { ...delivery, body: new Uint8Array(0) },
      { ...delivery, headers: spoiled(delivery.headers) },
      ...(desk.bench.isBodySigned === false ? [] : forgedBodies)
    ]
    for (const [index, webhook] of wrong.entries()) {
      const received = await desk.receive(webhook)
      assert.equal(received.type, "refused", `forgery ${index} came through: ${JSON.stringify(received)}`)
    }
  }),
  check("a delivery of long ago is refused, or tells the same as then", async (desk) => {
    const { sign, nowMs } = desk.bench
    if (sign === undefined) return
    await desk.sell(0, 1)
    const [delivery] = desk.bench.deliveries()
    assert.ok(delivery !== undefined)
    const now = await desk.receive(delivery)
    const then = await desk.receive(sign(delivery.body, nowMs() - 3_600_000))
    if (then.type !== "refused") assert.deepEqual(eventIds(then), eventIds(now))
  }),
  check("garbage that is signed makes no sale and no throw", async (desk) => {
    const { sign, nowMs } = desk.bench
    if (sign === undefined) return
    for (const body of garbage()) {
      const startedMs = performance.now()
      const received = await desk.receive(sign(body, nowMs()))
      assert.ok(performance.now() - startedMs < ABORT_MS_MAX, "it takes for ever over garbage")
      if (received.type !== "events") continue
      const made = received.events.filter(({ type }) => type !== "unfit")
      assert.deepEqual(made, [], `made of garbage: ${Buffer.from(body).toString().slice(0, 80)}`)
    }
  })
]

const eventIds = (received: Received): ReadonlyArray<string> =>
  received.type === "events" ? received.events.map(({ id }) => id) : []

/** Each header that may hold a signature, changed in its middle. */
const spoiled = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (!/sign|hmac|auth/.test(name)) return [name, value]
      const middle = Math.floor(value.length / 2)
      return [name, `${value.slice(0, middle)}${value[middle] === "A" ? "B" : "A"}${value.slice(middle + 1)}`]
    })
  )

const garbage = (): ReadonlyArray<Uint8Array> => {
  const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`
  const texts = [
    "",
    "null",
    "0",
    "[]",
    "{}",
    "{",
    '"order"',
    '{"id":null}',
    '{"id":1e400,"line_items":[{"id":1,"variant_id":1,"quantity":1e308}]}',
    '{"__proto__":{"id":1,"line_items":[]},"constructor":{"prototype":{}}}',
    '[{"id":"x","type":"sale","quantity":"many","sku":7}]',
    '{"type":"order.created","id":5,"data":{"order":[],"lines":"none"}}',
    deep,
    `{"id":"${"x".repeat(GIANT_BYTES)}"}`
  ]
  return [...texts.map((text) => Buffer.from(text)), Buffer.from([0xff, 0xfe, 0x00, 0x80]), Buffer.alloc(GIANT_BYTES)]
}

export const checks: ReadonlyArray<Check> = [...sending, ...listing, ...hearing]
