/**
 * Goal: the Shopify adapter says what Shopify's schema understands, tells true deliveries from false ones, and neither
 * loses nor doubles an order, whatever way it comes.
 * Method: the adapter against a local shop that answers after Shopify's own schema; official bodies and signatures.
 */
import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { parse, validate } from "graphql"
import { afterEach, beforeEach, describe, it } from "vitest"
import { LOCATION_ID } from "../../scripts/marketplaces/shopify/orders.ts"
import {
  ACCESS_TOKEN,
  SHOP,
  ShopifyMarketplace,
  signedHeaders,
  WEBHOOK_SECRET
} from "../../scripts/marketplaces/shopify/marketplace.ts"
import { adminSchema } from "../../scripts/marketplaces/shopify/schema.ts"
import type { Adapter, ChannelEvent, QuantityWrite, Received, Webhook } from "../../src/channels/adapter.ts"
import shopify from "../../src/channels/adapters/shopify/adapter.ts"
import * as Documents from "../../src/channels/adapters/shopify/documents.ts"

const { signal } = new AbortController()

let shop: ShopifyMarketplace
let adapter: Adapter
let now = Date.parse("2026-05-01T12:00:00Z")

const settings = (change: object = {}) => ({
  shop: SHOP,
  baseUrl: shop.url,
  accessToken: ACCESS_TOKEN,
  webhookSecret: WEBHOOK_SECRET,
  locationId: LOCATION_ID,
  ...change
})

const make = (change: object = {}): Adapter =>
  shopify.make({ channel: "web", settings: settings(change), fetch, nowMs: () => now, newId: () => "id" })

beforeEach(async () => {
  now = Date.parse("2026-05-01T12:00:00Z")
  shop = await ShopifyMarketplace.start({ nowMs: () => now })
  shop.shelf.put("11", "A", 5)
  shop.shelf.put("12", "B", 5)
  shop.shelf.put("13", "C", 5)
  adapter = make()
})

afterEach(async () => {
  assert.deepEqual(shop.violations, [], "every call is as the official description has it")
  await shop.close()
})

const write = (
  listingId: string,
  quantity: number,
  believed?: number,
  key = `k-${listingId}-${quantity}`
): QuantityWrite => ({
  listingId,
  sku: "A",
  quantity,
  version: 2,
  key,
  ...(believed === undefined ? {} : { believed })
})

const outcomes = async (...writes: ReadonlyArray<QuantityWrite>) => {
  const result = await adapter.push(writes, signal)
  assert.ok(result.ok, JSON.stringify(result))
  return result.value.map((outcome) => outcome.type)
}

const webhook = (topic: string, body: string, headers = signedHeaders(topic, body)): Webhook => ({
  topic: "",
  headers,
  body: Buffer.from(body),
  receivedAtMs: now
})

const eventsOf = (received: Received | undefined): ReadonlyArray<ChannelEvent> => {
  assert.equal(received?.type, "events", JSON.stringify(received))
  return received?.type === "events" ? received.events : []
}

const told = async (): Promise<ReadonlyArray<ChannelEvent>> => {
  const all: Array<ChannelEvent> = []
  for (const { topic, body } of shop.undelivered.splice(0)) {
    const received = await adapter.receive?.(webhook(topic, body), signal)
    if (received?.type === "events") all.push(...received.events)
  }
  return all
}

const net = (events: ReadonlyArray<ChannelEvent>): ReadonlyMap<string, number> => {
  const units = new Map<string, number>()
  const byId = new Map(events.map((event) => [event.id, event]))
  for (const event of byId.values()) {
    if (event.type !== "sale" && event.type !== "return") continue
    const sign = event.type === "sale" ? -1 : 1
    units.set(event.listingId, (units.get(event.listingId) ?? 0) + sign * event.quantity)
  }
  return units
}

describe("writing quantities", () => {
  it("every document is valid by Shopify's schema", () => {
    for (const [name, document] of Object.entries(Documents)) {
      if (typeof document !== "string") continue
      assert.deepEqual(validate(adminSchema(), parse(document)).map(String), [], name)
    }
  })

  it("writes many at once, compared with what was believed, or else with what is read", async () => {
    assert.deepEqual(await outcomes(write("11", 4, 5), write("12", 0)), ["applied", "applied"])
    assert.equal(shop.shelf.quantity("11"), 4)
    assert.equal(shop.shelf.quantity("12"), 0)
  })

  it("15. a compared quantity that is stale is told so, and the others of the batch are written", async () => {
    await outcomes(write("11", 5, 5), write("12", 5, 5), write("13", 5, 5))
    shop.shelf.show("12", 3)
    assert.deepEqual(await outcomes(write("11", 4, 5), write("12", 4, 5), write("13", 4, 5)), [
      "applied",
      "stale",
      "applied"
    ])
    assert.equal(shop.shelf.quantity("12"), 3)
    assert.deepEqual(await outcomes(write("12", 4, undefined, "another")), ["applied"])
    assert.equal(shop.shelf.quantity("12"), 4)
  })

  it("15. a retry of a write whose answer was lost has the same key, and is carried out once", async () => {
    await outcomes(write("11", 5, 5))
    shop.faults.ask("act-then-hang")
    const patience = new AbortController()
    setTimeout(() => patience.abort(), 100)
    const lost = await adapter.push([write("11", 4, 5)], patience.signal)
    assert.equal(lost.ok, false)
    assert.equal(shop.shelf.quantity("11"), 4)
    // A shopper buys in between: carried out a second time, the write would put the unit back.
    await shop.sell([{ listingId: "11", quantity: 1 }])
    assert.deepEqual(await outcomes(write("11", 4, 5)), ["applied"])
    assert.equal(shop.shelf.quantity("11"), 3)
  })

  it("a variant that is not there is refused, and the others are written", async () => {
    assert.deepEqual(await outcomes(write("99", 1), write("11", 2)), ["rejected", "applied"])
  })

  it("says how long to wait when Shopify allows no more, and what to mend when it does not let in", async () => {
    shop.faults.ask("throttle")
    const throttled = await adapter.push([write("11", 1)], signal)
    assert.deepEqual(throttled, {
      ok: false,
      failure: { kind: "throttled", message: "Shopify allows no more for now.", retryAfterMs: 100 }
    })
    adapter = make({ accessToken: "shpat_revoked" })
    const unauthorized = await adapter.push([write("11", 1)], signal)
    assert.equal(unauthorized.ok === false && unauthorized.failure.kind, "unauthorized")
    shop.faults.ask("error")
    adapter = make()
    const unavailable = await adapter.push([write("11", 1)], signal)
    assert.equal(unavailable.ok === false && unavailable.failure.kind, "unavailable")
  })
})

describe("what webhooks tell", () => {
  it("orders, cancellations and refunds: units leave and come back once each, in any order and however often", async () => {
    const first = await shop.sell([
      { listingId: "11", quantity: 2 },
      { listingId: "12", quantity: 1 }
    ])
    const second = await shop.sell([{ listingId: "11", quantity: 1 }])
    assert.ok(first !== undefined && second !== undefined)
    await shop.cancel(second)
    await shop.refund(first, first.lines.slice(0, 1))
    const events = await told()
    const expected = new Map([
      ["11", 0],
      ["12", -1]
    ])
    assert.deepEqual(net(events), expected)
    assert.deepEqual(net([...events.toReversed(), ...events]), expected)
    const sale = events.find((event) => event.type === "sale")
    assert.deepEqual(sale?.type === "sale" && sale.unitPrice, { amountMinor: 1_999, currency: "USD" })
  })

  it("16. webhooks that stopped: polling finds the orders, with the ids that the webhooks would have had", async () => {
    await shop.sell([{ listingId: "11", quantity: 1 }])
    const before = await told()
    const polled = await adapter.poll?.(undefined, signal)
    assert.ok(polled?.ok === true)
    shop.isSilent = true
    now += 60_000
    const missed = await shop.sell([{ listingId: "12", quantity: 2 }])
    assert.ok(missed !== undefined)
    await shop.cancel(missed)
    assert.deepEqual(await told(), [])
    const found = await adapter.poll?.(polled.value.cursor, signal)
    assert.ok(found?.ok === true)
    assert.deepEqual(net([...before, ...polled.value.events, ...found.value.events]).get("11"), -1)
    assert.deepEqual(net(found.value.events).get("12"), 0)
    assert.equal(found.value.events.filter(({ id }) => id.startsWith(`order:${missed.id}`)).length, 1)
  })

  it("16. subscriptions that are gone are made again, and only those", async () => {
    adapter = make({ callbackUrl: "https://hub.example/v1/channels/web/webhooks" })
    const restored = await adapter.upkeep?.(signal)
    assert.ok(restored?.ok === true)
    assert.equal(restored.value.restored.length, 4)
    shop.subscriptions = shop.subscriptions.slice(1)
    const again = await adapter.upkeep?.(signal)
    assert.deepEqual(again?.ok === true && again.value.restored, ["the webhook orders/create"])
  })

  it("the signature is over the bytes as they came: Shopify's own example, and every way to be wrong", async () => {
    const path = "../shared/fixtures/vectors/vectors.json"
    assert.ok(existsSync(path), "the signature vectors are beside the project")
    const vector = (
      JSON.parse(readFileSync(path, "utf8")) as {
        readonly shopify_webhook_hmac: Record<"secret" | "rawBody" | "x-shopify-hmac-sha256", string>
      }
    ).shopify_webhook_hmac
    adapter = make({ webhookSecret: vector.secret })
    const headers = { "x-shopify-hmac-sha256": vector["x-shopify-hmac-sha256"], "x-shopify-topic": "app/uninstalled" }
    const right = await adapter.receive?.(webhook("app/uninstalled", vector.rawBody, headers), signal)
    assert.equal(right?.type, "ignored")
    for (const signature of ["", "AAAA", `${vector["x-shopify-hmac-sha256"].slice(0, -2)}A=`, "é"]) {
      const wrong = { ...headers, "x-shopify-hmac-sha256": signature }
      const received = await adapter.receive?.(webhook("", vector.rawBody, wrong), signal)
      assert.deepEqual(received?.type === "refused" && received.status, 401)
    }
    const other = { ...headers, "x-shopify-shop-domain": "other.myshopify.com" }
    const received = await adapter.receive?.(webhook("", vector.rawBody, other), signal)
    assert.equal(received?.type, "refused")
  })

  it("reads the official bodies: an order with its lines, a refund that restocks", async () => {
    const folder = "../shared/fixtures/shopify-rest-fixtures"
    const bodyOf = (name: string): string => {
      const file = JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8")) as Record<string, unknown>
      return JSON.stringify(file[name])
    }
    const order = eventsOf(await adapter.receive?.(webhook("orders/create", bodyOf("order")), signal))
    assert.deepEqual(
      order.map(
        (event) => event.type === "sale" && [event.id, event.listingId, event.quantity, event.unitPrice?.amountMinor]
      ),
      [
        ["order:450789469:466157049", "39072856", 1, 19_900],
        ["order:450789469:518995019", "49148385", 1, 19_900],
        ["order:450789469:703073504", "457924702", 1, 19_900]
      ]
    )
    const refund = eventsOf(await adapter.receive?.(webhook("refunds/create", bodyOf("refund")), signal))
    assert.deepEqual(
      refund.map((event) => event.type === "return" && [event.id, event.listingId, event.quantity]),
      [
        ["refund:509562969:104689539", "457924702", 1],
        ["refund:509562969:709875399", "39072856", 1]
      ]
    )
  })

  it("an order in another currency is kept for a person, line by line", async () => {
    adapter = make({ currency: "EUR" })
    await shop.sell([{ listingId: "11", quantity: 1 }])
    const events = await told()
    assert.equal(events[0]?.type, "unfit")
  })

  it("garbage that is signed is refused or held, and never throws", async () => {
    const secretOf = (body: Buffer) => createHmac("sha256", WEBHOOK_SECRET).update(body).digest("base64")
    const bodies = [
      "",
      "null",
      "[]",
      "{",
      '{"id":1}',
      '{"id":{},"line_items":[]}',
      '{"id":1,"line_items":[null,{"id":2,"variant_id":3}]}'
    ]
    for (const text of [...bodies.map((one) => Buffer.from(one)), Buffer.from([0xff, 0xfe, 0x00])]) {
      for (const topic of ["orders/create", "refunds/create", "orders/cancelled", "inventory_levels/update"]) {
        const headers = { "x-shopify-hmac-sha256": secretOf(text), "x-shopify-topic": topic }
        const received = await adapter.receive?.({ topic: "", headers, body: text, receivedAtMs: now }, signal)
        assert.ok(received?.type === "refused" || received?.type === "events" || received?.type === "ignored")
        if (received.type === "events") for (const event of received.events) assert.notEqual(event.type, "sale")
      }
    }
  })
})

describe("listing", () => {
  it("pages through everything, with the shop's own SKUs", async () => {
    for (let index = 0; index < 250; index++) shop.shelf.put(String(1_000 + index), `S${index}`, index)
    const seen = new Map<string, number>()
    let cursor: string | undefined
    do {
      const page = await adapter.list?.(cursor, signal)
      assert.ok(page?.ok === true)
      for (const { listingId, quantity } of page.value.items) seen.set(listingId, quantity)
      cursor = page.value.next
    } while (cursor !== undefined)
    assert.equal(seen.size, 253)
    assert.equal(seen.get("1249"), 249)
  })

  it("a level that the shop tells is an observation, of its own location only", async () => {
    await adapter.list?.(undefined, signal)
    shop.shelf.show("11", 2)
    await shop.sell([{ listingId: "11", quantity: 1 }])
    const observed = (await told()).filter((event) => event.type === "observed")
    assert.deepEqual(
      observed.map((event) => [event.listingId, event.quantity]),
      [["11", 1]]
    )
  })
})

describe("settings", () => {
  it("what does not do is said in one sentence", () => {
    assert.throws(() => make({ accessToken: "" }), /accessToken/)
    assert.throws(() => make({ apiVersion: "2025-10" }), /2026-04 or newer/)
    assert.throws(() => make({ locationId: "gid://x" }), /locationId/)
    assert.throws(() => make({ baseUrl: "http://shop.example" }), /https/)
  })
})
