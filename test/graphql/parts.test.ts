/**
 * Goal: what HTTP can do GraphQL can: stock, incidents, the ledger, carts, channels, recovery, the hub's figures.
 * Method: a real hub with a till as its channel; what is done by the one is looked at by the other.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, it } from "vitest"
import { ask, connected, followed } from "../support/graphql.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
const folder = mkdtempSync(join(tmpdir(), "holdfast-graphql-"))
beforeAll(async () => {
  const file = join(folder, "channels.json")
  const till = { name: "tills", adapter: "pos", settings: { key: "a key of sixteen and more" } }
  writeFileSync(file, JSON.stringify({ channels: [till] }))
  hub = await startHub({ CHANNELS_FILE: file })
})
afterAll(async () => {
  await hub.stop()
  rmSync(folder, { recursive: true })
})

/** What is answered, and that it is without errors. */
const told = async (query: string, variables?: object): Promise<Record<string, Record<string, unknown>>> => {
  const { data, errors } = await ask(hub, query, variables)
  assert.equal(errors, undefined, JSON.stringify(errors))
  return data as Record<string, Record<string, unknown>>
}

const itemsOf = (page: Readonly<Record<string, unknown>> | undefined): ReadonlyArray<Record<string, unknown>> => {
  assert.ok(Array.isArray(page?.["items"]))
  return page["items"] as ReadonlyArray<Record<string, unknown>>
}

const refusedBy = async (query: string): Promise<Readonly<Record<string, unknown>>> => {
  const { errors = [] } = await ask(hub, query)
  assert.equal(errors.length, 1, JSON.stringify(errors))
  return { message: errors[0]?.message, ...errors[0]?.extensions }
}

const FACTS = `mutation Facts($sku: String!, $facts: [FactInput!]!) {
  recordFacts(sku: $sku, facts: $facts) { accepted rejected { index code path } }
}`

describe("stock over GraphQL", () => {
  it("is reserved, sold and released, with HTTP's answers and refusals", async () => {
    const facts = [
      { type: "receipt", mutationId: "f1", quantity: 10 },
      { type: "sale", mutationId: "f2", quantity: -1 }
    ]
    const { recordFacts } = await told(FACTS, { sku: "S1", facts })
    assert.deepEqual(recordFacts, { accepted: 1, rejected: [{ index: 1, code: "invalid_request", path: "quantity" }] })
    const reserve = `mutation { reserve(sku: "S1", mutationId: "m1", holdId: "h1", quantity: 4) { version available holdId expiresAt replayed } }`
    const first = await told(reserve)
    assert.deepEqual(
      { ...first["reserve"], expiresAt: "" },
      { version: 2, available: 6, holdId: "h1", expiresAt: "", replayed: null }
    )
    assert.deepEqual((await told(reserve))["reserve"], { ...first["reserve"], replayed: true })
    const both = await ask(
      hub,
      `mutation { more: reserve(sku: "S1", mutationId: "m2", holdId: "h2", quantity: 7) { version } commit(sku: "S1", mutationId: "m3", holdId: "h1") { physical allocated } }`
    )
    // One field's refusal leaves its neighbour's answer.
    assert.deepEqual(both.data, { more: null, commit: { physical: 6, allocated: 0 } })
    const { body } = await http(hub, "POST", "/v1/stock/S1/requests", {
      type: "reserve",
      mutationId: "m2",
      holdId: "h2",
      quantity: 7
    })
    const { replayed: _replayed, ...refusal } = body
    assert.deepEqual({ ok: false, message: both.errors?.[0]?.message, ...both.errors?.[0]?.extensions }, refusal)
    const release = await refusedBy(`mutation { release(sku: "S1", mutationId: "m4", holdId: "h1") { version } }`)
    assert.deepEqual([release["code"], release["state"]], ["hold_closed", "committed"])
    const wrong = await refusedBy(
      `mutation { reserve(sku: "S1", mutationId: "m5", holdId: "h5", quantity: 0) { version } }`
    )
    assert.deepEqual([wrong["code"], wrong["path"]], ["invalid_request", "quantity"])
  })

  it("is configured, and held over several lines or not at all", async () => {
    await told(FACTS, { sku: "L1", facts: [{ type: "receipt", mutationId: "f", quantity: 2 }] })
    await told(FACTS, { sku: "L2", facts: [{ type: "receipt", mutationId: "f", quantity: 1 }] })
    const { configureStock } = await told(
      `mutation { configureStock(sku: "L1", mutationId: "c", safetyThreshold: 1, backorder: { limit: 5, kind: "preorder" }, buffers: [{ channel: "web", buffer: 1 }]) { safetyThreshold } }`
    )
    assert.deepEqual(configureStock, { safetyThreshold: 1 })
    const lines = `lines: [{ sku: "L1", quantity: 1 }, { sku: "L2", quantity: 2 }]`
    const refused = await refusedBy(`mutation { reserveLines(mutationId: "l1", holdId: "l", ${lines}) { holdId } }`)
    assert.deepEqual(
      [refused["code"], refused["lines"]],
      ["insufficient_stock", [{ sku: "L2", requested: 2, available: 1 }]]
    )
    const { reserveLines } = await told(
      `mutation { reserveLines(mutationId: "l2", holdId: "l", lines: [{ sku: "L1", quantity: 1 }]) { lines { sku allocated } } }`
    )
    assert.deepEqual(reserveLines, { lines: [{ sku: "L1", allocated: 1 }] })
    assert.ok((await told(`mutation { releaseLines(mutationId: "l3", holdId: "l") { holdId } }`))["releaseLines"])
  })

  it("oversold is an incident that is resolved, and every mutation a line of the ledger", async () => {
    const facts = [
      { type: "receipt", mutationId: "f1", quantity: 1 },
      { type: "sale", mutationId: "f2", quantity: 3, channel: "till" }
    ]
    await told(FACTS, { sku: "O1", facts })
    const open = async () =>
      itemsOf((await told(`{ incidents(status: open) { items { id sku units channel status at } } }`))["incidents"])
    const incident = (await eventually(open, (items) => items.some(({ sku }) => sku === "O1"))).find(
      ({ sku }) => sku === "O1"
    )
    assert.deepEqual([incident?.["units"], incident?.["channel"], incident?.["status"]], [2, "till", "open"])
    const resolve = `mutation Resolve($id: String!) { resolveIncident(id: $id, outcome: refunded, note: "sorry") { incidentId outcome } }`
    await told(resolve, { id: incident?.["id"] })
    const resolved = async () =>
      itemsOf((await told(`{ incidents(status: resolved) { items { id outcome note resolvedAt } } }`))["incidents"])
    const [done] = await eventually(resolved, (items) => items.length > 0)
    assert.deepEqual([done?.["id"], done?.["outcome"], done?.["note"]], [incident?.["id"], "refunded", "sorry"])
    const { ledger } = await told(`{ ledger(sku: "O1", limit: 1) { items { version type quantity physical } next } }`)
    assert.deepEqual(ledger, { items: [{ version: 1, type: "receipt", quantity: 1, physical: 1 }], next: "1" })
  })
})

const CART = `cart version status totals { goodsMinor totalMinor } lines { sku quantity } checkout { isHeld } order { state paidMinor } reset`

describe("a cart over GraphQL", () => {
  it("is filled, followed, held, paid for and asked after", async () => {
    await told(FACTS, { sku: "C1", facts: [{ type: "receipt", mutationId: "f", quantity: 5 }] })
    const add = `mutation Add($id: String!) { addToCart(cart: "shopper", mutationId: $id, sku: "C1", quantity: 2, unitPriceMinor: 250, currency: "GBP") { version totals { totalMinor } lines { quantity } } }`
    assert.deepEqual((await told(add, { id: "a1" }))["addToCart"], {
      version: 1,
      totals: { totalMinor: 500 },
      lines: [{ quantity: 2 }]
    })
    const client = connected(hub)
    const heard = followed(client, `subscription { cart(cart: "shopper") { ${CART} } }`)
    await heard.until(() => heard.results.length === 1)
    const { checkout } = await told(
      `mutation { checkout(cart: "shopper", mutationId: "c1") { status contents checkout { isHeld } } }`
    )
    assert.deepEqual([checkout?.["status"], checkout?.["checkout"]], ["checkout", { isHeld: true }])
    await http(hub, "POST", "/v1/carts/shopper/facts", {
      type: "paid",
      mutationId: "p1",
      contents: checkout?.["contents"],
      paymentId: "pi_1",
      amountMinor: 500,
      currency: "GBP"
    })
    const isPlaced = (cart: unknown): boolean =>
      (cart as { readonly order?: { readonly state: string } } | undefined)?.order?.state === "placed"
    await heard.until(() => isPlaced(heard.results.at(-1)?.data?.["cart"]))
    const versions = heard.results.map(({ data }) => Number(JSON.stringify(data).match(/"version":(\d+)/)?.[1]))
    assert.deepEqual(
      versions,
      Array.from({ length: versions.length }, (_, index) => index + 1)
    )
    assert.deepEqual(
      (await told(`{ cart(cart: "shopper") { ${CART} } }`))["cart"],
      heard.results.at(-1)?.data?.["cart"]
    )
    const again = followed(
      client,
      `subscription Again($have: SafeInt) { cart(cart: "shopper", have: $have) { version } }`,
      { have: (versions.at(-1) ?? 0) - 1 }
    )
    await again.until(() => again.results.length === 1)
    assert.deepEqual(again.results[0]?.data, { cart: { version: versions.at(-1) } })
    heard.complete()
    await client.dispose()
  })

  it("that cannot be changed so says why in HTTP's words", async () => {
    const unknown = await refusedBy(`{ cart(cart: "nobody's") { version } }`)
    assert.equal(unknown["code"], "unknown_cart")
    const line = await refusedBy(`mutation { removeFromCart(cart: "new", mutationId: "r", sku: "C1") { version } }`)
    assert.ok(["unknown_cart", "unknown_line"].includes(String(line["code"])))
  })
})

describe("channels over GraphQL", () => {
  it("are listed with their listings, mapped, and refused by name when there are none", async () => {
    await told(FACTS, { sku: "T1", facts: [{ type: "receipt", mutationId: "f", quantity: 5 }] })
    const { channels } = await told(
      `{ channels { name adapter state listings calls { name count } freshness { mean } } }`
    )
    assert.deepEqual(
      (channels as unknown as ReadonlyArray<Record<string, unknown>>).map(({ name, adapter }) => [name, adapter]),
      [["tills", "pos"]]
    )
    const { mapListings } = await told(
      `mutation { mapListings(channel: "tills", mappings: [{ listingId: "t-1", sku: "T1" }]) { mapped } }`
    )
    assert.deepEqual(mapListings, { mapped: 1 })
    const listed = () =>
      told(
        `{ listings(channel: "tills") { items { listingId sku wanted version inStep } next } unmapped(channel: "tills") { items { listingId } } held(channel: "tills") { items { id why } } deadListings(channel: "tills") { items { listingId code } } }`
      )
    const { listings, ...others } = await eventually(listed, ({ listings: page }) =>
      JSON.stringify(page).includes('"wanted":5')
    )
    assert.deepEqual(
      itemsOf(listings).map(({ listingId, sku }) => [listingId, sku]),
      [["t-1", "T1"]]
    )
    assert.deepEqual(others, { unmapped: { items: [] }, held: { items: [] }, deadListings: { items: [] } })
    assert.deepEqual((await told(`mutation { redrive(channel: "tills", all: true) { redriven } }`))["redrive"], {
      redriven: 0
    })
    assert.equal(
      (await refusedBy(`mutation { discard(channel: "tills", reason: "") { discarded } }`))["path"],
      "reason"
    )
    assert.equal((await refusedBy(`{ listings(channel: "none") { next } }`))["code"], "unknown_channel")
    assert.ok((await told(`mutation { resumeChannel(channel: "tills") { channel } }`))["resumeChannel"])
  })
})

describe("the rest of the hub over GraphQL", () => {
  it("tells of recovery, alerts, dead letters and itself", async () => {
    const answer = await told(`{
      recoveryFigures(by: "sequence") { from windowDays currency waiting total { verdict saying treated { customers } } groups { group } funnel { left withheld { name count } } }
      recoveryQueue { running items { recoveryId } next }
      recoveryBudget(days: 3) { isOffering days { day } }
      suppressed { count items { address } }
      alerts { items { sku state available safetyThreshold at } }
      deadLetters { items { id code } next }
      status { startedAt skus answerMs { p99 } projections { name lagEvents } }
    }`)
    assert.match(JSON.stringify(answer["recoveryFigures"]), /"funnel":{"left":0,/)
    assert.deepEqual(answer["recoveryQueue"], { running: 0, items: [], next: null })
    assert.deepEqual(answer["suppressed"], { count: 0, items: [] })
    assert.ok(Number(answer["status"]?.["skus"]) > 0)
    assert.equal((await refusedBy(`{ recoveryFigures(by: "moon") { from } }`))["path"], "by")
    assert.equal((await refusedBy(`{ recoveryBudget(days: 0) { zone } }`))["path"], "days")
  })
})
