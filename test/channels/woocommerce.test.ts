/**
 * Goal: a WooCommerce shop that stops telling loses no order and doubles none, and its webhooks come back.
 * Method: the adapter against the local shop, which disables a webhook after five failed deliveries as the real one does.
 */
import assert from "node:assert/strict"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, it } from "vitest"
import {
  CONSUMER_KEY,
  CONSUMER_SECRET,
  signedHeaders,
  WEBHOOK_SECRET,
  WooMarketplace
} from "../../scripts/marketplaces/woocommerce/marketplace.ts"
import type { Adapter, ChannelEvent } from "../../src/channels/adapter.ts"
import woocommerce from "../../src/channels/adapters/woocommerce/adapter.ts"

const { signal } = new AbortController()

let shop: WooMarketplace
let endpoint: Server
let isUp = true
let adapter: Adapter
let told: Array<ChannelEvent> = []

beforeEach(async () => {
  shop = await WooMarketplace.start()
  shop.shelf.put("11", "A", 50)
  shop.shelf.put("90:12", "B", 50)
  told = []
  isUp = true
  endpoint = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => void answer(request.headers as Record<string, string>, Buffer.concat(chunks), response))
  })
  const answer = async (
    headers: Record<string, string>,
    body: Buffer,
    response: { writeHead: (status: number) => { end: () => void } }
  ): Promise<void> => {
    if (!isUp) return response.writeHead(502).end()
    const received = await adapter.receive?.({ topic: "", headers, body, receivedAtMs: Date.now() }, signal)
    if (received?.type === "events") told.push(...received.events)
    response.writeHead(received?.type === "refused" ? received.status : 200).end()
  }
  await new Promise<void>((resolve) => void endpoint.listen(0, "127.0.0.1", resolve))
  const callbackUrl = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`
  adapter = make({ callbackUrl })
})

afterEach(async () => {
  assert.deepEqual(shop.violations, [])
  endpoint.closeAllConnections()
  endpoint.close()
  await shop.close()
})

const make = (change: object = {}): Adapter =>
  woocommerce.make({
    channel: "woo",
    settings: {
      url: shop.url,
      consumerKey: CONSUMER_KEY,
      consumerSecret: CONSUMER_SECRET,
      webhookSecret: WEBHOOK_SECRET,
      ...change
    },
    fetch,
    nowMs: Date.now,
    newId: () => "id"
  })

const restored = async (): Promise<ReadonlyArray<string>> => {
  const result = await adapter.upkeep?.(signal)
  assert.ok(result?.ok === true, JSON.stringify(result))
  return result.value.restored
}

const units = (events: ReadonlyArray<ChannelEvent>): Readonly<Record<string, number>> => {
  const sums: Record<string, number> = {}
  for (const event of new Map(events.map((one) => [one.id, one])).values()) {
    if (event.type !== "sale" && event.type !== "return") continue
    sums[event.listingId] = (sums[event.listingId] ?? 0) + (event.type === "sale" ? -1 : 1) * event.quantity
  }
  return sums
}

describe("webhooks that stop", () => {
  it("16. disabled after five failures: the gap is found by polling, the webhook restored, no order lost or doubled", async () => {
    assert.equal((await restored()).length, 3)
    await shop.sell([{ listingId: "11", quantity: 1 }])
    const before = await adapter.poll?.(undefined, signal)
    assert.ok(before?.ok === true)
    isUp = false
    for (let order = 0; order < 7; order++) await shop.sell([{ listingId: "90:12", quantity: 1 }])
    assert.equal(shop.webhooks.find(({ topic }) => topic === "order.created")?.status, "disabled")
    isUp = true
    assert.deepEqual(await restored(), ["the webhook order.created"])
    assert.deepEqual(await restored(), [])
    await shop.sell([{ listingId: "11", quantity: 2 }])
    const found = await adapter.poll?.(before.value.cursor, signal)
    assert.ok(found?.ok === true)
    assert.deepEqual(units([...told, ...before.value.events, ...found.value.events]), { "11": -3, "90:12": -7 })
  })

  it("17. an order told created and updated, and again, is one sale; called off it is one return", async () => {
    await restored()
    const order = await shop.sell([
      { listingId: "11", quantity: 2 },
      { listingId: "90:12", quantity: 1 }
    ])
    assert.ok(order !== undefined)
    await shop.cancel(order)
    assert.deepEqual(units(told), { "11": 0, "90:12": 0 })
    assert.deepEqual(units([...told.toReversed(), ...told]), { "11": 0, "90:12": 0 })
  })
})

describe("what is read", () => {
  const receive = (topic: string, content: object) => {
    const body = JSON.stringify(content)
    const headers = signedHeaders(topic, body)
    return adapter.receive?.({ topic: "", headers, body: Buffer.from(body), receivedAtMs: 0 }, signal)
  }

  it("an order that is not paid yet moves nothing", async () => {
    const line_items = [{ id: 1, product_id: 11, variation_id: 0, quantity: 1, price: 3 }]
    for (const status of ["pending", "failed", "checkout-draft", "trash"]) {
      assert.deepEqual(await receive("order.updated", { id: 5, status, line_items }), { type: "events", events: [] })
    }
  })

  it("a product's own number is an observation, one that keeps no stock is nothing", async () => {
    const seen = await receive("product.updated", { id: 12, parent_id: 90, stock_quantity: 4, date_modified_gmt: "x" })
    assert.deepEqual(seen?.type === "events" && seen.events[0], {
      type: "observed",
      id: "product:12:x",
      listingId: "90:12",
      quantity: 4
    })
    assert.equal((await receive("product.updated", { id: 12, stock_quantity: null }))?.type, "ignored")
  })

  it("another currency is kept for a person", async () => {
    adapter = make({ currency: "EUR" })
    const line_items = [{ id: 1, product_id: 11, variation_id: 0, quantity: 1, price: 3 }]
    const received = await receive("order.created", { id: 5, status: "processing", currency: "USD", line_items })
    assert.equal(received?.type === "events" && received.events[0]?.type, "unfit")
  })

  it("a variation that is gone is refused, the others of the batch are written", async () => {
    const write = (listingId: string) => ({ listingId, sku: "A", quantity: 9, version: 1, key: listingId })
    const pushed = await adapter.push([write("11"), write("90:999"), write("90:12")], signal)
    assert.ok(pushed.ok)
    assert.deepEqual(
      pushed.value.map(({ type }) => type),
      ["applied", "rejected", "applied"]
    )
    assert.equal(shop.shelf.quantity("90:12"), 9)
  })
})
