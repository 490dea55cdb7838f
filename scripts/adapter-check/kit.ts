/**
 * The conformance kit of the adapter port: every rule that an adapter must keep, each as a check that runs against the
 * adapter and a far side of its channel. `holdfast adapter-check` runs it, and so do the tests of the built-in adapters.
 */
import assert from "node:assert/strict"
import type { CallFailure, Received, Result, Webhook } from "../../src/channels/adapter.ts"
import type { Fault } from "../marketplaces/marketplace.ts"
import type { StartBench } from "./bench.ts"
import { Desk, failureOf, patiently, STOCK } from "./desk.ts"

export interface Check {
  readonly name: string
  readonly run: (start: StartBench) => Promise<void>
}

/** Whatever it is, it ends within this once its signal says so. */
const ABORT_MS_MAX = 2_000
const GIANT_BYTES = 1024 * 1024

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
      const page = await patiently(() => list.call(desk.adapter, cursor, AbortSignal.timeout(20_000)))
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
