/**
 * Goal: whatever a third party's adapter answers, no listing is left under way, no round of the channel ends, and nothing
 * that was told is lost.
 * Method: a channel whose adapter answers garbage, listed and generated, and then answers well.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as fc from "fast-check"
import { afterEach, describe, it } from "vitest"
import { outcomesIn, pageIn, polledIn, receivedIn, restoredIn, ticketsIn } from "../../src/channels/answers.ts"
import { inStep, listing, map, run, sku, stopAll } from "../support/open-shop.ts"
import { runs } from "../support/runs.ts"
import { channelBetween, memoryLog, PretendHub, settingsOf, Shop, until } from "../support/shop.ts"

afterEach(stopAll)

const STRANGE: ReadonlyArray<unknown> = [
  undefined,
  null,
  "ok",
  {},
  { ok: true },
  { ok: true, value: {} },
  { ok: true, value: [null, { type: "done" }] },
  { ok: true, value: [{ type: "accepted" }] },
  { ok: false },
  { ok: false, failure: { kind: "tired", message: "no" } },
  { ok: true, value: { items: [{ listingId: 7 }], events: [null], cursor: 3, restored: 1 } }
]

describe("an adapter that answers anything", () => {
  it("is unavailable, and all is told once it answers well", async () => {
    const hub = new PretendHub()
    const shop = new Shop()
    let turn = 0
    let isStrange = true
    const strange = async () => STRANGE[turn++ % STRANGE.length] as never
    const { push } = shop.adapter
    const list = shop.adapter.list?.bind(shop.adapter)
    const adapter = {
      ...shop.adapter,
      push: (...call: Parameters<typeof push>) => (isStrange ? strange() : push(...call)),
      list: (...call: Parameters<NonNullable<typeof list>>) =>
        isStrange || list === undefined ? strange() : list(...call),
      poll: strange,
      results: strange,
      upkeep: strange
    }
    const settings = settingsOf("odd")
    const intervals = { ...settings.intervals, heartbeatMs: 5, pollMs: 5, upkeepMs: 5, resultsMs: 5 }
    const channel = channelBetween(hub, { adapter }, { ...settings, intervals }, await memoryLog())
    for (let index = 0; index < 5; index++) {
      hub.put(sku(index), 10)
      shop.shelf.put(listing(index), sku(index), 0)
    }
    run(channel)
    await Effect.runPromise(channel.whenStarted)
    await map(channel, 5)
    await until(
      () => turn > 60,
      () => turn
    )
    isStrange = false
    await Effect.runPromise(channel.redrive(undefined))
    await inStep(shop, hub, channel)
  })

  it("has what cannot be a happening kept for a person, and the rest applied", () => {
    const sale = { type: "sale", id: "o-1", listingId: "L", quantity: 1, shownBy: -1 }
    const circle: Record<string, unknown> = {}
    circle["self"] = circle
    const received = receivedIn({ type: "events", events: [null, sale, { type: "sale", id: "" }, circle] })
    assert.ok(received?.type === "events")
    assert.deepEqual(
      received.events.map(({ type }) => type),
      ["unfit", "sale", "unfit", "unfit"]
    )
    assert.equal(new Set(received.events.map(({ id }) => id)).size, 4, "none hides another")
  })

  it("can give nothing that throws, and what is read is what the port says", () => {
    const reads = [outcomesIn, pageIn, polledIn, ticketsIn, restoredIn, receivedIn]
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, maxDepth: 4 }), (value) => {
        for (const read of reads) read(value)
      }),
      runs(500)
    )
    assert.deepEqual(outcomesIn([{ type: "applied" }, 7]), [
      { type: "applied" },
      { type: "failed", message: "The adapter's outcome is none that the port knows." }
    ])
    assert.equal(pageIn({ items: [{ listingId: "L", quantity: "3" }] }), undefined)
  })
})
