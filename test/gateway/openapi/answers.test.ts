/**
 * Goal: what the hub answers is what its document says, refusals with their codes and statuses included.
 * Method: a real hub with a real channel is asked at every address that needs nobody else; each answer is held against the
 * document that this hub serves, and no field may be in it that is not described.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { jetstream } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { afterAll, beforeAll, describe, it } from "vitest"
import { ACCESS_TOKEN, SHOP, ShopifyMarketplace } from "../../../scripts/marketplaces/shopify/marketplace.ts"
import { LOCATION_ID } from "../../../scripts/marketplaces/shopify/orders.ts"
import { factSubject } from "../../../streams/subjects.ts"
import { Documented } from "../../support/documented.ts"
import { eventually, type Reply, startHub, type TestHub } from "../../support/hub.ts"

const directory = mkdtempSync(join(tmpdir(), "holdfast-documented-"))
let shop: ShopifyMarketplace
let hub: TestHub
let documented: Documented

beforeAll(async () => {
  shop = await ShopifyMarketplace.start()
  shop.shelf.put("101", "A", 0)
  shop.shelf.put("102", "B", 0)
  const settings = {
    shop: SHOP,
    baseUrl: shop.url,
    accessToken: { env: "TEST_SHOP_TOKEN" },
    webhookSecret: "a secret",
    locationId: LOCATION_ID
  }
  const file = join(directory, "channels.json")
  writeFileSync(file, JSON.stringify({ channels: [{ name: "web", adapter: "shopify", settings }] }))
  hub = await startHub({ CHANNELS_FILE: file, TEST_SHOP_TOKEN: ACCESS_TOKEN })
  documented = await Documented.of(hub)
}, 60_000)

afterAll(async () => {
  await hub.stop()
  await shop.close()
  rmSync(directory, { recursive: true, force: true })
})

type Asked = Parameters<Documented["ask"]>[2]

const get = (path: string, asked: Asked = {}): Promise<Reply> => documented.ask("get", path, asked)
const post = (path: string, asked: Asked): Promise<Reply> => documented.ask("post", path, asked)
const of = (sku: string) => ({ names: { sku } })

const facts = (sku: string, body: unknown) => post("/v1/stock/{sku}/facts", { ...of(sku), body })
const requests = (sku: string, body: unknown) => post("/v1/stock/{sku}/requests", { ...of(sku), body })
const cart = (body: unknown) => post("/v1/carts/{cart}/requests", { names: { cart: "c" }, body })
const customer = (body: unknown) => post("/v1/customers/{customer}/requests", { names: { customer: "ann" }, body })
const web = (what: string, body?: unknown) =>
  post(`/v1/channels/{channel}/${what}`, { names: { channel: "web" }, ...(body === undefined ? {} : { body }) })

const reserve = { type: "reserve", mutationId: "r1", holdId: "h1", quantity: 4, channel: "shop" }

describe("what is answered about stock", () => {
  it("is as documented when it is a yes", async () => {
    await facts("A", { type: "receipt", mutationId: "f1", quantity: 10, reference: "PO-1" })
    await facts("B", [
      { type: "receipt", mutationId: "f1", quantity: 5, locationId: "shop" },
      { type: "sale", mutationId: "", quantity: 1 }
    ])
    await requests("A", { type: "configure", mutationId: "s1", safetyThreshold: 3 })
    await requests("A", reserve)
    await requests("A", reserve)
    await requests("A", { type: "read", locations: true })
    await requests("A", { type: "commit", mutationId: "r2", holdId: "h1" })
    const lines = [
      { sku: "A", quantity: 1 },
      { sku: "B", quantity: 1, locationId: "shop" }
    ]
    await post("/v1/stock/requests", { body: { type: "reserve", mutationId: "l1", holdId: "l", lines } })
    await post("/v1/stock/requests", { body: { type: "release", mutationId: "l2", holdId: "l" } })
    await get("/v1/stock", { search: "?limit=1" })
    await get("/v1/stock/{sku}", of("A"))
    await get("/v1/reorder-settings")
    await post("/v1/reorder-settings", { body: { expectedVersion: 0, leadDays: 3, coverDays: 10 } })
    await post("/v1/stock/{sku}/reorder-settings", { ...of("A"), body: { expectedVersion: 0, leadDays: 21 } })
    await get("/v1/stock/{sku}/reorder-settings", of("A"))
    await get("/v1/stock/{sku}/reorder-settings/versions", of("A"))
    await get("/v1/reorder-settings/versions")
    await get("/v1/locations", { search: "?limit=1" })
    await get("/v1/locations/{location}/stock", { names: { location: "shop" }, search: "?search=b" })
    const sync = { sku: "A", quantityChange: -2, newTotalStock: 99 }
    await post("/api/inventory/sync-stock", { body: sync })
  })

  it("is as documented when it is a no", async () => {
    await requests("A", { ...reserve, quantity: 1 })
    await requests("A", { ...reserve, mutationId: "r3", holdId: "h3", quantity: 999 })
    await requests("A", { type: "release", mutationId: "r4", holdId: "h1" })
    await requests("A", { type: "commit", mutationId: "r5", holdId: "never" })
    await requests("A", { type: "sell" })
    await requests("A", "{")
    await requests("A", `{"x":"${"y".repeat(70_000)}"}`)
    await requests("nobody", { type: "read" })
    await facts("A", { type: "sale", mutationId: "f2", quantity: 0 })
    const lines = [{ sku: "A", quantity: 999 }]
    await post("/v1/stock/requests", { body: { type: "reserve", mutationId: "l3", holdId: "m", lines } })
    await post("/api/inventory/sync-stock", { body: { sku: 1 } })
    await get("/v1/stock", { search: "?limit=0" })
    await post("/v1/reorder-settings", { body: { expectedVersion: 0, leadDays: 4, coverDays: 10 } })
    await post("/v1/stock/{sku}/reorder-settings", { ...of("A"), body: { expectedVersion: 1, leadDays: -1 } })
    await get("/v1/locations", { search: "?limit=0" })
    await get("/v1/locations/{location}/stock", { names: { location: "shop" }, search: `?search=${"x".repeat(129)}` })
    await get("/v1/stock/{sku}", of("nobody"))
    const codes = [
      "mutation_conflict",
      "insufficient_stock",
      "hold_closed",
      "unknown_hold",
      "invalid_request",
      "unknown_sku"
    ]
    for (const code of codes) assert.ok(documented.codes.has(code), code)
  })

  it("is as documented of its past", async () => {
    await get("/v1/stock/{sku}/ledger", { ...of("A"), search: "?limit=2&order=newest" })
    await get("/v1/stock/{sku}/at", { ...of("A"), search: "?moment=2" })
    await get("/v1/stock/{sku}/levels", of("A"))
    await get("/v1/stock/{sku}/difference", { ...of("A"), search: "?from=0&to=3" })
    for (const what of ["at", "levels", "difference"]) await get(`/v1/stock/{sku}/${what}`, of("nobody"))
    await get("/v1/stock/{sku}/at", { ...of("A"), search: "?moment=yesterday" })
    await get("/v1/stock/{sku}/ledger", { ...of("A"), search: "?order=up" })
  })
})

describe("what is answered about work and the hub", () => {
  it("is as documented of incidents, alerts and dead letters", async () => {
    await facts("B", { type: "sale", mutationId: "f3", quantity: 50, channel: "shop", locationId: "shop" })
    const { body } = await get("/v1/incidents", { search: "?status=open" })
    const [incident] = body["items"] as ReadonlyArray<{ readonly id: string }>
    const resolution = { names: { id: incident?.id ?? "" }, body: { outcome: "refunded", note: "paid back" } }
    await post("/v1/incidents/{id}/resolution", resolution)
    await post("/v1/incidents/{id}/resolution", { ...resolution, body: { outcome: "forgotten" } })
    await get("/v1/incidents")
    await get("/v1/incidents", { search: "?status=lost" })
    await get("/v1/alerts")
    await requests("B", { type: "configure", mutationId: "s2", safetyThreshold: 9 })
    const { body: low } = await eventually(
      () => get("/v1/alerts/open", { search: "?leadDays=3" }),
      ({ body: page }) => (page["items"] as ReadonlyArray<unknown>).length > 0
    )
    const [alert] = low["items"] as ReadonlyArray<{ readonly sku: string; readonly version: number }>
    assert.ok(alert !== undefined)
    const decision = { act: "acknowledge", version: alert.version, by: "ann", note: "ordered" }
    await post("/v1/alerts/{sku}/desk", { ...of(alert.sku), body: decision })
    await post("/v1/alerts/{sku}/desk", { ...of(alert.sku), body: { act: "forget" } })
    await get("/v1/alerts/open", { search: "?leadDays=-1" })
  })

  it("is as documented of dead letters", async () => {
    const nats = await connect({ servers: hub.nats.url })
    for (const quantity of ["two", "three"]) {
      await jetstream(nats).publish(factSubject("A"), JSON.stringify({ type: "sale", mutationId: quantity, quantity }))
    }
    await nats.close()
    const { body } = await eventually(
      () => get("/v1/dead-letters", { search: "?status=open" }),
      ({ body: page }) => (page["items"] as ReadonlyArray<unknown>).length === 2
    )
    const [one, other] = body["items"] as ReadonlyArray<{ readonly id: number }>
    const [first, second] = [{ names: { id: String(one?.id) } }, { names: { id: String(other?.id) } }]
    const fact = { type: "sale", mutationId: "two", quantity: 2 }
    await post("/v1/dead-letters/{id}/redrive", { ...first, body: {} })
    await post("/v1/dead-letters/{id}/redrive", { ...first, body: { fact, by: "ann" } })
    await post("/v1/dead-letters/{id}/discard", { ...first, body: { reason: "it is done" } })
    await post("/v1/dead-letters/{id}/discard", { ...second, body: { reason: "of no use" } })
    await get("/v1/dead-letters")
    await get("/v1/dead-letters", { search: "?limit=x" })
    await get("/v1/dead-letters", { search: "?kind=fact" })
    await post("/v1/dead-letters/redrive", { body: { ids: [999_999] } })
  })

  it("is as documented of how the hub is", async () => {
    await get("/healthz")
    await get("/readyz")
    await get("/v1/status")
    await get("/v1/system")
    await get("/v1/system/recent")
    await get("/v1/openapi.json")
  })

  it("is as documented of who asks, and of the audit record", async () => {
    await get("/v1/access/session")
    await get("/v1/access/actions")
    await get("/v1/access/users")
    await get("/v1/access/keys")
    await get("/v1/access/sessions")
    await post("/v1/access/session", { body: { name: "ann", password: "a password of hers" } })
    await get("/v1/audit")
  })

  it("is as documented of what administrators do with users and keys", async () => {
    const ann = { names: { user: "ann" } }
    await post("/v1/access/users", { body: { name: "ann", roles: ["viewer"] } })
    await post("/v1/access/users", { body: { name: "ann", roles: ["viewer"] } })
    await post("/v1/access/users", { body: { name: "ann", roles: ["king"] } })
    await documented.ask("put", "/v1/access/users/{user}", { ...ann, body: { roles: ["operator"], channels: ["web"] } })
    await post("/v1/access/users/{user}/password", ann)
    await get("/v1/access/users")
    await get("/v1/access/users/{user}/sessions", ann)
    await documented.ask("delete", "/v1/access/users/{user}/sessions", ann)
    await documented.ask("delete", "/v1/access/sessions")
    await documented.ask("delete", "/v1/access/session")
    const { body } = await post("/v1/access/keys", { body: { name: "till", roles: ["operator"], tenant: "acme" } })
    const key = { names: { key: String(body["key"]) } }
    await post("/v1/access/keys/{key}/rotate", key)
    await post("/v1/access/keys/{key}/rotate", { ...key, body: { overlapMs: -1 } })
    await get("/v1/access/keys")
    await documented.ask("delete", "/v1/access/keys/{key}", key)
    await documented.ask("delete", "/v1/access/keys/{key}", key)
    await documented.ask("delete", "/v1/access/users/{user}", ann)
  })
})

describe("what is answered about channels", () => {
  it("is as documented", async () => {
    await web("mappings", [{ listingId: "101", sku: "A" }])
    await web("mappings", { listingId: "101", sku: 3 })
    await eventually(
      () => get("/v1/channels/{channel}/listings", { names: { channel: "web" } }),
      ({ body }) => (body["items"] as ReadonlyArray<{ readonly confirmedAt: string | null }>)[0]?.confirmedAt !== null
    )
    await get("/v1/channels/{channel}/log", { names: { channel: "web" } })
    await get("/v1/channels/{channel}/log", { names: { channel: "web" }, search: "?type=lost" })
    await web("reconcile", { dryRun: true })
    for (const what of ["unmapped", "held", "dead-letters"]) {
      await get(`/v1/channels/{channel}/${what}`, { names: { channel: "web" } })
      await get(`/v1/channels/{channel}/${what}`, { names: { channel: "nowhere" } })
    }
    await web("mappings/by-sku", { dryRun: true })
    await web("mappings/by-sku", { dryRun: 1 })
    await web("dead-letters/redrive", { all: true })
    await web("dead-letters/redrive", {})
    await web("dead-letters/discard", { reason: "of no use", heldIds: ["none"] })
    await web("resume")
    await get("/v1/channels")
    await get("/v1/stock/{sku}/listings", of("A"))
  })
})

describe("what is answered about carts and customers", () => {
  it("is as documented of carts, promotions and the policy", async () => {
    await cart({
      type: "add",
      mutationId: "c1",
      sku: "A",
      quantity: 1,
      unitPriceMinor: 990,
      currency: "GBP",
      name: "Lamp"
    })
    await cart({ type: "apply-code", mutationId: "c2", code: "NONE" })
    await cart({ type: "ship-to", mutationId: "c3", country: "GB", postcode: "N1" })
    await cart({ type: "sign-in", mutationId: "c4", customerId: "ann" })
    await cart({ type: "checkout", mutationId: "c5" })
    await cart({ type: "read" })
    await cart({ type: "fly", mutationId: "c6" })
    await get("/v1/carts/{cart}", { names: { cart: "c" } })
    await get("/v1/carts/{cart}", { names: { cart: "nobody's" } })
    await post("/v1/carts/{cart}/facts", { names: { cart: "c" }, body: { type: "contacted", mutationId: "c7" } })
    await post("/v1/carts/{cart}/facts", { names: { cart: "c" }, body: [] })
    const ten = { mutationId: "p1", kind: "percentage", basisPoints: 1_000 }
    await post("/v1/promotions/{code}", { names: { code: "TEN" }, body: ten })
    await post("/v1/promotions/{code}", { names: { code: "TEN" }, body: { ...ten, kind: "gift" } })
    await get("/v1/promotions/{code}", { names: { code: "TEN" } })
    await get("/v1/promotions/{code}", { names: { code: "NONE" } })
    await get("/v1/cart-policy")
    await post("/v1/cart-policy", { body: { mutationId: "q1", tax: [{ country: "GB", basisPoints: 2_000 }] } })
    await get("/v1/cart-policy")
  })

  it("is as documented of customers and their personal data", async () => {
    await customer({
      type: "point",
      mutationId: "d1",
      channel: "email",
      address: "ann@example.com",
      hasConsented: true
    })
    await customer({ type: "settings", mutationId: "d2", preferred: ["email"], zone: "Europe/London" })
    await customer({ type: "point", mutationId: "d3", channel: "sms", address: "no number", hasConsented: true })
    const ann = { names: { customer: "ann" } }
    await get("/v1/customers/{customer}", ann)
    await get("/v1/customers/{customer}", { names: { customer: "nobody" } })
    await get("/v1/customers/{customer}/timeline", ann)
    await get("/v1/customers/{customer}/timeline", { names: { customer: "nobody" } })
    const access = { who: "the desk", why: "she has asked for it" }
    await post("/v1/customers/{customer}/personal-data/export", { ...ann, body: access })
    await post("/v1/customers/{customer}/personal-data/export", { ...ann, body: { who: "the desk" } })
    await get("/v1/customers/{customer}/personal-data/accesses", ann)
    await post("/v1/customers/{customer}/personal-data/erase", { ...ann, body: access })
  })

  it("is as documented of recovery", async () => {
    const { body } = await get("/v1/recovery/settings")
    await get("/v1/recovery/settings", { search: "?version=77" })
    await get("/v1/recovery/settings/versions")
    const change = { mutationId: "e1", expectedVersion: body["version"], by: "ann", settings: body["settings"] }
    await post("/v1/recovery/settings", { body: change })
    await documented.ask("put", "/v1/recovery/settings", { body: { ...change, mutationId: "e2", expectedVersion: 9 } })
    await post("/v1/recovery/settings", { body: { ...change, mutationId: "e3", settings: { windows: 1 } } })
    await post("/v1/recovery/preview", {
      body: { lines: [{ sku: "A", name: "Lamp" }], totalMinor: 990, currency: "GBP" }
    })
    await post("/v1/recovery/preview", { body: { cart: "nobody's" } })
    await get("/v1/recovery/figures")
    await get("/v1/recovery/figures", { search: "?by=moon" })
    await get("/v1/recovery/budget")
    await get("/v1/recovery/queue")
    await get("/v1/recovery/suppressed")
    const assumed = {
      ordersPerDay: 100,
      orderValueMinor: 5_000,
      lifetimeValueMinor: 20_000,
      churn: 0.2,
      currency: "GBP"
    }
    await post("/v1/leakage", { body: { ...assumed, oversellProbability: 0.01, salesPerDay: 3 } })
    await post("/v1/leakage", { body: { ...assumed, churn: 2 } })
  })
})

describe("every address", () => {
  it("was answered here, but for those that need a password, Stripe, a signature, or another language", () => {
    const elsewhere =
      /outreach|webhooks|payment|checkout\/return|\/c\/\{token\}|shipments|metrics|graphql|access\/(session|sessions|password)$|access\/adapters|^put .*recovery/
    const all = Object.entries(documented.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`)
    )
    const missing = all.filter((one) => !documented.answered.has(one) && !elsewhere.test(one))
    assert.deepEqual(missing, [])
  })
})
