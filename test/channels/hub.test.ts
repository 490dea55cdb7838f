/**
 * Goal: a whole hub keeps a shop in step: what is sold anywhere is told to it, what it sells is taken off once, kill -9
 * loses nothing, and an operator can see and mend what went wrong.
 * Method: a real hub in a process of its own, real NATS, and the local Shopify shop that checks every call.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, it } from "vitest"
import { LOCATION_ID } from "../../scripts/marketplaces/shopify/orders.ts"
import {
  ACCESS_TOKEN,
  SHOP,
  ShopifyMarketplace,
  signedHeaders,
  WEBHOOK_SECRET
} from "../../scripts/marketplaces/shopify/marketplace.ts"
import { http, startHub, type TestHub } from "../support/hub.ts"
import { until } from "../support/shop.ts"

const directory = mkdtempSync(join(tmpdir(), "holdfast-channels-"))
let shop: ShopifyMarketplace
let hub: TestHub

const SKUS = ["A", "B", "C", "D"]
const variant = (sku: string): string => String(100 + SKUS.indexOf(sku))

beforeAll(async () => {
  shop = await ShopifyMarketplace.start()
  for (const sku of SKUS) shop.shelf.put(variant(sku), sku, 0)
  const settings = {
    shop: SHOP,
    baseUrl: shop.url,
    accessToken: { env: "TEST_SHOP_TOKEN" },
    webhookSecret: WEBHOOK_SECRET,
    locationId: LOCATION_ID
  }
  const pace = { backoff: { baseMs: 20, maxMs: 100 }, breaker: { restMs: 50, restMsMax: 200 }, callTimeoutMs: 1_000 }
  const limits = { windowMs: 5 }
  const file = join(directory, "channels.json")
  writeFileSync(file, JSON.stringify({ channels: [{ name: "web", adapter: "shopify", settings, limits, ...pace }] }))
  hub = await startHub({ CHANNELS_FILE: file, TEST_SHOP_TOKEN: ACCESS_TOKEN })
  shop.callbackUrl = `${hub.url}/v1/channels/web/webhooks`
  for (const sku of SKUS) await fact(sku, { type: "receipt", mutationId: `open-${sku}`, quantity: 50 })
  const mappings = SKUS.map((sku) => ({ listingId: variant(sku), sku }))
  assert.deepEqual((await post(`/v1/channels/web/mappings`, mappings)).body, {
    ok: true,
    mapped: 4,
    released: 0
  })
}, 60_000)

afterAll(async () => {
  await hub.stop()
  assert.deepEqual(shop.violations, [])
  await shop.close()
  rmSync(directory, { recursive: true, force: true })
})

const post = (path: string, body: unknown) => http(hub, "POST", path, body)
const read = (path: string) => http(hub, "GET", path)

const fact = async (sku: string, body: object): Promise<void> => {
  const reply = await post(`/v1/stock/${sku}/facts`, body)
  assert.equal(reply.status, 202, JSON.stringify(reply.body))
}

const stock = async (sku: string): Promise<number> =>
  ((await read(`/v1/stock/${sku}`)).body as { readonly available: number }).available

const hasStock = (sku: string, quantity: number) => async (): Promise<boolean> => (await stock(sku)) === quantity

const health = async () => {
  const { body } = await read(`/v1/channels`)
  return (body as { readonly channels: ReadonlyArray<Record<string, unknown>> }).channels[0] ?? {}
}

const shows = (sku: string, quantity: number) =>
  until(
    () => shop.shelf.quantity(variant(sku)) === quantity,
    () => [sku, shop.shelf.quantity(variant(sku)), quantity]
  )

describe("a hub and a shop", () => {
  it("tells the shop what it has, and every change", async () => {
    for (const sku of SKUS) await shows(sku, 50)
    await fact("A", { type: "sale", mutationId: "till-1", quantity: 3 })
    await shows("A", 47)
    const reserve = { type: "reserve", mutationId: "m-1", holdId: "h-1", quantity: 2 }
    assert.equal((await post(`/v1/stock/A/requests`, reserve)).status, 200)
    await shows("A", 45)
  })

  it("takes off what the shop sells, once, and leaves the shop's own number alone", async () => {
    const writes = Number((await health())["writes"])
    await shop.sell([{ listingId: variant("B"), quantity: 4 }])
    await until(hasStock("B", 46), () => "taken off")
    assert.equal(shop.shelf.quantity(variant("B")), 46)
    const order = JSON.stringify({
      id: 7_001,
      created_at: new Date().toISOString(),
      currency: "USD",
      line_items: [{ id: 7_002, variant_id: Number(variant("B")), quantity: 1, price: "1.00" }]
    })
    const url = `${hub.url}/v1/channels/web/webhooks`
    const send = () => fetch(url, { method: "POST", headers: signedHeaders("orders/create", order), body: order })
    const replies = await Promise.all(Array.from({ length: 10 }, send))
    assert.deepEqual(
      replies.map((reply) => reply.status),
      Array.from({ length: 10 }, () => 200)
    )
    await until(hasStock("B", 45), () => "17. delivered ten times at once, taken off once")
    assert.ok(Number((await health())["writes"]) <= writes + 4)
  })

  it("refuses what is not signed, and says so", async () => {
    const url = `${hub.url}/v1/channels/web/webhooks`
    const headers = { ...signedHeaders("orders/create", "{}"), "x-shopify-hmac-sha256": "AAAA" }
    const reply = await fetch(url, { method: "POST", headers, body: "{}" })
    assert.equal(reply.status, 401)
    assert.equal(((await reply.json()) as { readonly code: string }).code, "unauthorized")
    const nowhere = await post(`/v1/channels/nowhere/webhooks`, {})
    assert.equal(nowhere.status, 404)
    assert.match(JSON.stringify(nowhere.body), /there are: web/)
  })

  it("names the channels that took a sync-stock call, truthfully", async () => {
    const body = { sku: "C", locationId: "default", quantityChange: -5, newTotalStock: 45 }
    const told = (await post(`/api/inventory/sync-stock`, body)).body as Record<string, unknown>
    assert.deepEqual(told["updated_channels"], ["web"])
    assert.equal(shop.shelf.quantity(variant("C")), 45)
    shop.faults.keepUp("hang")
    const again = (await post(`/api/inventory/sync-stock`, { ...body, newTotalStock: 40 })).body
    shop.faults.keepUp(undefined)
    assert.deepEqual((again as Record<string, unknown>)["updated_channels"], [])
    await shows("C", 40)
  })

  it("an order of a variant that nobody mapped is kept, shown, and applied when it is mapped", async () => {
    shop.shelf.put("999", "D-alias", 10)
    await shop.sell([{ listingId: "999", quantity: 6 }])
    const held = (await read(`/v1/channels/web/held`)).body as { readonly items: ReadonlyArray<object> }
    assert.equal(held.items.length, 1)
    const before = await stock("D")
    const mapped = await post(`/v1/channels/web/mappings`, { listingId: "999", sku: "D" })
    assert.deepEqual(mapped.body, { ok: true, mapped: 1, released: 1 })
    await until(hasStock("D", before - 6), () => "applied")
    await until(
      () => shop.shelf.quantity("999") === before - 6,
      () => "two listings of one SKU show the same"
    )
    await shows("D", before - 6)
  })

  it("what a shop will not take is a dead letter: listed, tried again, let be with a reason", async () => {
    await post(`/v1/channels/web/mappings`, { listingId: "55555", sku: "A" })
    const letters = async () =>
      ((await read(`/v1/channels/web/dead-letters`)).body as { readonly items: ReadonlyArray<object> }).items
    await until(
      async () => (await letters()).length === 1,
      () => "given up"
    )
    assert.match(JSON.stringify(await letters()), /unknown_variant/)
    const redrive = await post(`/v1/channels/web/dead-letters/redrive`, { all: true })
    assert.deepEqual(redrive.body, { ok: true, redriven: 1 })
    await until(
      async () => (await letters()).length === 1,
      () => "given up again"
    )
    const url = "/v1/channels/web/dead-letters/discard"
    assert.equal((await post(url, { listingIds: ["55555"] })).status, 400)
    assert.deepEqual((await post(url, { listingIds: ["55555"], reason: "not in this shop" })).body, {
      ok: true,
      discarded: 1
    })
    assert.equal((await letters()).length, 0)
  })

  it("reconciles on demand: a dry run tells, the real one corrects", async () => {
    shop.shelf.show(variant("B"), 900)
    const url = "/v1/channels/web/reconcile"
    const dry = (await post(url, { dryRun: true })).body as Record<string, unknown>
    assert.deepEqual([dry["driftCount"], dry["causes"]], [1, { edited_on_channel: 1 }])
    assert.equal(shop.shelf.quantity(variant("B")), 900)
    await post(url, {})
    await shows("B", await stock("B"))
    assert.equal(((await post(url, { dryRun: true })).body as Record<string, unknown>)["driftCount"], 0)
  })

  it("is measured: per channel latency, freshness, dead letters", async () => {
    await fact("NONE", { type: "sale", mutationId: "short", quantity: 2, channel: "web" })
    const text = await (await fetch(`${hub.url}/metrics`)).text()
    for (const name of ["sync_latency_seconds", "freshness", "dlq_depth", "calls_total", "oversell_count"]) {
      assert.match(text, new RegExp(`holdfast_channel_${name}\\{channel="web"`))
    }
  })
})

/** Units that the ledger says the shop has sold. */
const soldThere = async (sku: string): Promise<number> => {
  const { items = [] } = (await read(`/v1/stock/${sku}/ledger?limit=1000`)).body as {
    readonly items?: ReadonlyArray<{ readonly type: string; readonly channel?: string; readonly quantity: number }>
  }
  const sales = items.filter(({ type, channel }) => type === "sale" && channel === "web")
  return sales.reduce((sum, { quantity }) => sum + quantity, 0)
}

describe("kill -9 in the middle of trade", () => {
  it("loses no update, sells nothing twice, and ends in step after a restart", async () => {
    for (let round = 0; round < 3; round++) {
      shop.faults.set({ seed: round, share: 0.2, kinds: ["error", "throttle", "act-then-hang"] })
      const orders = Array.from({ length: 10 }, async (_, index) => {
        const sku = SKUS[index % 4] as string
        await fact(sku, { type: "sale", mutationId: `r${round}-${index}`, quantity: 1 }).catch(() => undefined)
        await shop.sell([{ listingId: variant(sku), quantity: 1 }])
      })
      await Promise.race([Promise.all(orders), new Promise((resolve) => setTimeout(resolve, 40 + round * 30))])
      await hub.crash()
      await Promise.allSettled(orders)
      shop.faults.set({ seed: 1, share: 0, kinds: [] })
    }
    // What webhooks could not deliver while the hub was down is found by polling; a reconciliation polls first.
    const url = "/v1/channels/web/reconcile"
    await post(`/v1/channels/web/resume`, {})
    await until(
      async () => (await post(url, {})).status === 200,
      () => "reconciled",
      20_000
    )
    await post(`/v1/channels/web/dead-letters/redrive`, { all: true })
    for (const sku of SKUS) {
      await until(
        async () => shop.shelf.quantity(variant(sku)) === Math.max(0, await stock(sku)),
        () => [sku, shop.shelf.quantity(variant(sku))],
        20_000
      )
      const alias = sku === "D" ? (shop.shelf.sold.get("999") ?? 0) : 0
      const strays = sku === "B" ? 1 : 0
      const expected = (shop.shelf.sold.get(variant(sku)) ?? 0) + alias + strays
      // PostgreSQL may be a little behind what the journal has.
      await until(
        async () => (await soldThere(sku)) === expected,
        () => [`units of ${sku} sold by the shop`, expected],
        20_000
      )
    }
  }, 60_000)
})
