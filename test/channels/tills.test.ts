/**
 * Goal: tills that were offline and apps with tokens tell each happening once in effect, and nobody else tells anything.
 * Method: batches in every cut and order, wrong clocks, forged and stale tokens.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { APP_SECRET, appToken, TILL_KEY } from "../../scripts/adapter-check/benches/tills.ts"
import type { AdapterModule, ChannelEvent, Received } from "../../src/channels/adapter.ts"
import mobile from "../../src/channels/adapters/mobile/adapter.ts"
import pos from "../../src/channels/adapters/pos/adapter.ts"
import { runs } from "../support/runs.ts"

const NOW = Date.parse("2026-05-01T12:00:00Z")
const { signal } = new AbortController()

const receive = async (
  module: AdapterModule,
  settings: object,
  authorization: string,
  body: unknown
): Promise<Received> => {
  const adapter = module.make({ channel: "c", settings, fetch, nowMs: () => NOW, newId: () => "id" })
  const bytes = Buffer.from(JSON.stringify(body))
  const received = await adapter.receive?.(
    { topic: "", headers: { authorization }, body: bytes, receivedAtMs: NOW },
    signal
  )
  assert.ok(received !== undefined)
  return received
}

const fromTill = async (batch: ReadonlyArray<unknown>): Promise<ReadonlyArray<ChannelEvent>> => {
  const received = await receive(pos, { key: TILL_KEY, currency: "EUR" }, `Bearer ${TILL_KEY}`, batch)
  assert.equal(received.type, "events")
  return received.type === "events" ? received.events : []
}

const sale = (id: string, change: object = {}) => ({
  id,
  type: "sale",
  sku: "A",
  quantity: 1,
  occurred_at: "2026-04-30T09:00:00+02:00",
  till: "7",
  ...change
})

describe("tills", () => {
  it("a batch in any cut and order is the same happenings", async () => {
    const batch = Array.from({ length: 12 }, (_, index) => sale(`s${index}`, { quantity: index + 1 }))
    const whole = (await fromTill(batch)).map(({ id }) => id).sort()
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(batch, { minLength: 1 }),
        fc.integer({ min: 1, max: 12 }),
        async (some, cut) => {
          const events = [
            ...(await fromTill(some.slice(0, cut))),
            ...(await fromTill(batch)),
            ...(await fromTill(some))
          ]
          assert.deepEqual([...new Set(events.map(({ id }) => id))].sort(), whole)
        }
      ),
      runs(50)
    )
  })

  it("each is judged alone: what cannot be believed is kept with the reason, the rest is applied", async () => {
    const events = await fromTill([
      sale("good"),
      sale("future", { occurred_at: "2026-05-01T13:00:00Z" }),
      sale("ancient", { occurred_at: "2025-05-01T13:00:00Z" }),
      sale("weight", { unit: "kg", quantity: 2 }),
      sale("dollars", { unit_price: { amount: "1.00", currency: "USD" } }),
      sale("nonsense", { type: "gift" }),
      { type: "sale", sku: "A", quantity: 1, occurred_at: "2026-04-30T09:00:00Z" },
      null
    ])
    assert.deepEqual(
      events.map((event) => (event.type === "unfit" ? event.reason.slice(0, 24) : event.type)),
      [
        "sale",
        "It is said to happen in ",
        "It is older than 90 days",
        "It is sold by kg, not by",
        "Its price is in USD, whi",
        "Its type is none that is",
        "It has no id of its own:",
        "It has no id of its own:"
      ]
    )
    const [good] = events
    assert.equal(good?.type === "sale" && good.occurredAt, "2026-04-30T07:00:00.000Z")
  })

  it("two tills that count alike do not hide each other's sales", async () => {
    const events = await fromTill([sale("1", { till: "7" }), sale("1", { till: "8" })])
    assert.equal(new Set(events.map(({ id }) => id)).size, 2)
  })

  it("without the key nothing is taken", async () => {
    for (const authorization of ["", "Bearer ", `Bearer ${TILL_KEY}x`, TILL_KEY]) {
      const received = await receive(pos, { key: TILL_KEY }, authorization, [sale("1")])
      assert.deepEqual(received.type === "refused" && received.status, 401)
    }
  })
})

describe("an app", () => {
  const order = {
    type: "order",
    order: "o1",
    at: "2026-05-01T11:59:00Z",
    lines: [{ line: "1", sku: "A", quantity: 2 }]
  }
  const exp = NOW / 1_000 + 300
  const settings = { secret: APP_SECRET }

  it("a valid token tells of an order", async () => {
    const received = await receive(mobile, settings, `Bearer ${appToken({ aud: "holdfast", exp })}`, order)
    assert.equal(received.type === "events" && received.events[0]?.id, "order:o1:1")
  })

  it("a token that is stale, forged, unsigned, for another or for ever tells nothing", async () => {
    const tokens = [
      appToken({ aud: "holdfast", exp: NOW / 1_000 - 120 }),
      appToken({ aud: "holdfast", exp: NOW / 1_000 + 86_400 }),
      appToken({ aud: "holdfast", exp, nbf: NOW / 1_000 + 600 }),
      appToken({ aud: "other", exp }),
      appToken({ aud: "holdfast" }),
      appToken({ aud: "holdfast", exp }, "another secret, of the same length .."),
      appToken({ aud: "holdfast", exp }, APP_SECRET, { alg: "none" }),
      `${appToken({ aud: "holdfast", exp }).split(".").slice(0, 2).join(".")}.`,
      ""
    ]
    for (const token of tokens) {
      const received = await receive(mobile, settings, `Bearer ${token}`, order)
      assert.deepEqual(received.type === "refused" && received.status, 401, token)
    }
  })
})
