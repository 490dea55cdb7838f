/**
 * Goal: what somebody does about an alert or a dead letter is kept with who did it, once, whatever becomes of the hub, and loses nothing.
 * Method: a real hub over HTTP, killed and started again after each was worked; facts that cannot be applied come over NATS.
 */
import assert from "node:assert/strict"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { afterAll, beforeAll, describe, it } from "vitest"
import type { LetterItem, LetterPage, LowStockItem, LowStockPage } from "../../src/gateway/work-protocol.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
let nats: NatsConnection

const post = async (path: string, body: unknown) => http(hub, "POST", path, body)
const done = async (path: string, body: unknown): Promise<void> => {
  const reply = await post(path, body)
  assert.ok(reply.status < 300, `${path}: ${JSON.stringify(reply.body)}`)
}
/** As a desk does: a list that cannot be had now (503) is asked for again. */
const lows = async (query = ""): Promise<LowStockPage> => {
  const listed = await eventually(
    () => http(hub, "GET", `/v1/alerts/open${query}`),
    ({ status }) => status !== 503
  )
  return listed.body as unknown as LowStockPage
}
const low = async (sku: string): Promise<LowStockItem | undefined> =>
  (await lows()).items.find((item) => item.sku === sku)
const letters = async (status: string): Promise<ReadonlyArray<LetterItem>> =>
  ((await http(hub, "GET", `/v1/dead-letters?status=${status}`)).body as unknown as LetterPage).items

const lower = async (sku: string, quantity: number): Promise<void> => {
  await done(`/v1/stock/${sku}/requests`, { type: "configure", mutationId: "low", safetyThreshold: 10 })
  await done(`/v1/stock/${sku}/facts`, { type: "receipt", mutationId: "r", quantity: 30 })
  await done(`/v1/stock/${sku}/facts`, { type: "sale", mutationId: "s", quantity, channel: "till" })
}

/** Over NATS, where nobody waits to be refused. */
const tell = (name: string, text: string, subject = "stock.fact"): Promise<LetterItem> =>
  appearing(() => nats.publish(`${subject}.${name}`, text))

/** As the hub itself does when it cannot apply or deliver something. */
const bury = (source: string, subject: string, body: object): Promise<LetterItem> => {
  const [token = ""] = subject.split(".").toReversed()
  const letter = { source, subject, code: "x", message: "It was refused.", body: JSON.stringify(body), sequence: 1 }
  return appearing(() => nats.publish(`dead.${source}.${token}`, JSON.stringify(letter)))
}

const appearing = async (publish: () => void): Promise<LetterItem> => {
  const before = new Set((await letters("open")).map(({ id }) => id))
  publish()
  const found = await eventually(
    () => letters("open"),
    (items) => items.some(({ id }) => !before.has(id))
  )
  return found.find(({ id }) => !before.has(id)) as LetterItem
}

beforeAll(async () => {
  hub = await startHub()
  nats = await connect({ servers: hub.nats.url })
  await lower("MUG", 25)
  await lower("LAMP", 22)
  await lower("TIN", 28)
}, 60_000)

afterAll(async () => {
  await nats.close()
  await hub.stop()
})

describe("low stock", () => {
  it("is listed with how it sells and what to order", async () => {
    const { items } = await eventually(
      () => lows("?leadDays=2&coverDays=1"),
      (page) => page.items.length === 3
    )
    assert.deepEqual(
      items.map(({ sku }) => sku),
      ["LAMP", "MUG", "TIN"]
    )
    const [, mug] = items
    assert.deepEqual([mug?.available, mug?.safetyThreshold, mug?.soldByDay], [5, 10, [25]])
    assert.equal(mug?.proposal.quantity, 25 * 3 + 10 - 5)
    assert.deepEqual(mug?.stand, { state: "open" })
    assert.equal((await lows("?limit=2")).next, "MUG")
    assert.deepEqual(
      (await lows("?limit=2&after=MUG")).items.map(({ sku }) => sku),
      ["TIN"]
    )
  })

  it("is acknowledged and snoozed by somebody, also after kill -9", async () => {
    const [mug, lamp] = [await low("MUG"), await low("LAMP")]
    const until = new Date(Date.now() + 3_600_000).toISOString()
    await done("/v1/alerts/MUG/desk", { act: "acknowledge", version: mug?.version, by: "kim", note: "on order" })
    await done("/v1/alerts/LAMP/desk", { act: "snooze", version: lamp?.version, by: "ben", until })
    await hub.crash()
    const [mugAfter, lampAfter] = [await low("MUG"), await low("LAMP")]
    assert.deepEqual({ ...mugAfter?.stand, at: "" }, { state: "acknowledged", by: "kim", note: "on order", at: "" })
    assert.deepEqual([lampAfter?.stand.state, lampAfter?.stand.by, lampAfter?.stand.until], ["snoozed", "ben", until])
  })

  it("is open again when it has recovered and fallen anew; what was decided before is refused", async () => {
    const version = (await low("MUG"))?.version
    await done("/v1/stock/MUG/facts", { type: "receipt", mutationId: "r2", quantity: 40 })
    assert.equal(await low("MUG"), undefined)
    const gone = await post("/v1/alerts/MUG/desk", { act: "reopen", version })
    assert.deepEqual([gone.status, gone.body["code"]], [409, "version_conflict"])
    assert.deepEqual(Object.keys(gone.body), ["ok", "code", "message"])
    await done("/v1/stock/MUG/facts", { type: "sale", mutationId: "s2", quantity: 40 })
    assert.deepEqual((await low("MUG"))?.stand, { state: "open" })
  })

  it("refuses what it cannot understand with what to send", async () => {
    for (const [body, path] of [
      [{ act: "sell" }, "act"],
      [{ act: "acknowledge" }, "version"],
      [{ act: "snooze", version: 3, until: "later" }, "until"],
      [{ act: "acknowledge", version: 3, note: 7 }, "note"]
    ] as const) {
      const { body: refusal, status } = await post("/v1/alerts/TIN/desk", body)
      assert.deepEqual([status, refusal["path"]], [400, path])
    }
    for (const query of ["?limit=0", "?leadDays=1.5", "?coverDays=", "?leadDays=400"]) {
      assert.equal((await http(hub, "GET", `/v1/alerts/open${query}`)).status, 400, query)
    }
  })
})

describe("lead time and cover", () => {
  const forAll = () => http(hub, "GET", "/v1/reorder-settings").then(({ body }) => body)
  const used = async (sku: string) => {
    const { leadDays, coverDays } = (await low(sku))?.reorder ?? {}
    return [leadDays, coverDays]
  }

  it("are a week and two until somebody sets them for all SKUs or for one, also after kill -9", async () => {
    assert.deepEqual(await forAll(), {
      ok: true,
      version: 0,
      leadDays: null,
      coverDays: null,
      used: { leadDays: 7, coverDays: 14 }
    })
    await done("/v1/reorder-settings", { expectedVersion: 0, leadDays: 3, coverDays: 10, by: "kim" })
    await done("/v1/stock/TIN/reorder-settings", { expectedVersion: 0, leadDays: 21, by: "ben" })
    await hub.crash()
    assert.deepEqual(await used("LAMP"), [3, 10])
    assert.deepEqual(await used("TIN"), [21, 10])
    const { body: tin } = await http(hub, "GET", "/v1/stock/TIN/reorder-settings")
    assert.deepEqual([tin["version"], tin["by"], tin["coverDays"]], [1, "ben", null])
  })

  it("asked for are as if they were set for all SKUs: one with its own keeps it", async () => {
    const { items } = await lows("?leadDays=1&coverDays=2")
    const days = new Map(items.map(({ sku, reorder }) => [sku, [reorder.leadDays, reorder.coverDays]]))
    assert.deepEqual(
      [days.get("LAMP"), days.get("TIN")],
      [
        [1, 2],
        [21, 2]
      ]
    )
  })

  it("are not overwritten by who has not seen the newest, and every version is told with who set it", async () => {
    const late = await post("/v1/reorder-settings", { expectedVersion: 0, leadDays: 9, coverDays: 9, by: "ben" })
    assert.deepEqual([late.status, late.body["code"]], [409, "version_conflict"])
    assert.match(String(late.body["message"]), /kim has saved version 1/)
    await done("/v1/reorder-settings", { expectedVersion: 1, leadDays: 9, coverDays: 9, by: "ben" })
    const { body } = await http(hub, "GET", "/v1/reorder-settings/versions")
    const items = body["items"] as ReadonlyArray<{ version: number; by: string; leadDays: number }>
    assert.deepEqual(
      items.map(({ by, leadDays, version }) => [version, by, leadDays]),
      [
        [2, "ben", 9],
        [1, "kim", 3]
      ]
    )
  })

  it("that are none are refused with what to send", async () => {
    for (const [path, body, wrong] of [
      ["/v1/reorder-settings", { leadDays: 1, coverDays: 1 }, "expectedVersion"],
      ["/v1/reorder-settings", { expectedVersion: 2, leadDays: 1.5, coverDays: 1 }, "leadDays"],
      ["/v1/reorder-settings", { expectedVersion: 2, leadDays: 1, coverDays: null }, "coverDays"],
      ["/v1/stock/TIN/reorder-settings", { expectedVersion: 1, coverDays: 366 }, "coverDays"]
    ] as const) {
      const { body: refusal, status } = await post(path, body)
      assert.deepEqual([status, refusal["path"]], [400, wrong])
    }
  })
})

describe("a dead letter", () => {
  it("is mended and applied under its own mutation id, once, with who did it", async () => {
    const letter = await tell("MUG", JSON.stringify({ type: "receipt", mutationId: "po-9", quantity: "4" }))
    assert.equal(letter.path, "quantity")
    const before = (await http(hub, "GET", "/v1/stock/MUG")).body["physical"] as number
    const unmended = await post(`/v1/dead-letters/${letter.id}/redrive`, {})
    assert.deepEqual([unmended.status, unmended.body["path"]], [400, "quantity"])
    const fact = { type: "receipt", mutationId: "po-9", quantity: 4 }
    await done(`/v1/dead-letters/${letter.id}/redrive`, { by: "kim", fact })
    assert.equal((await http(hub, "GET", "/v1/stock/MUG")).body["physical"], before + 4)
    const again = await post(`/v1/dead-letters/${letter.id}/redrive`, { by: "ben", fact })
    assert.deepEqual([again.status, again.body["code"]], [409, "version_conflict"])
    assert.match(String(again.body["message"]), /^kim has applied it already/)
    assert.equal((await http(hub, "GET", "/v1/stock/MUG")).body["physical"], before + 4)
  })

  it("that was applied elsewhere already changes nothing and is settled all the same", async () => {
    const letter = await tell("LAMP", JSON.stringify({ type: "receipt", mutationId: "po-10", quantity: 0 }))
    const fact = { type: "receipt", mutationId: "po-10", quantity: 6 }
    await done("/v1/stock/LAMP/facts", fact)
    const before = (await http(hub, "GET", "/v1/stock/LAMP")).body["version"]
    await done(`/v1/dead-letters/${letter.id}/redrive`, { fact })
    assert.equal((await http(hub, "GET", "/v1/stock/LAMP")).body["version"], before)
  })

  it("is applied to another SKU where it came by a wrong one", async () => {
    const letter = await tell("x", JSON.stringify({ type: "receipt", mutationId: "po-11", quantity: true }))
    const fact = { type: "receipt", mutationId: "po-11", quantity: 2 }
    await done(`/v1/dead-letters/${letter.id}/redrive`, { sku: "NEW SKU", fact })
    assert.equal((await http(hub, "GET", "/v1/stock/NEW%20SKU")).body["physical"], 2)
  })

  it("is let be with the reason, and settled letters are kept, also after kill -9", async () => {
    const letter = await tell("TIN", "this is no JSON")
    const unsaid = await post(`/v1/dead-letters/${letter.id}/discard`, { reason: " " })
    assert.deepEqual([unsaid.status, unsaid.body["path"]], [400, "reason"])
    await done(`/v1/dead-letters/${letter.id}/discard`, { by: "kim", reason: "a test of the till" })
    await hub.crash()
    assert.deepEqual(await letters("open"), [])
    const settled = await letters("settled")
    assert.deepEqual(
      settled.map(({ settled: how }) => [how?.act, how?.by]),
      [
        ["redriven", "kim"],
        ["redriven", "anybody"],
        ["redriven", "anybody"],
        ["discarded", "kim"]
      ]
    )
    assert.equal(settled[3]?.settled?.reason, "a test of the till")
    assert.equal(settled[3]?.body, "this is no JSON")
  })

  it("of a cart is mended and applied to that cart; of a payment is applied as it came", async () => {
    const line = { sku: "MUG", quantity: 1, unitPriceMinor: 950, currency: "GBP" }
    await done("/v1/carts/c-1/requests", { type: "add", mutationId: "add", ...line })
    const letter = await tell("c-1", JSON.stringify({ type: "left", mutationId: 7 }), "cart.fact")
    assert.equal(letter.source, "cart-fact")
    await done(`/v1/dead-letters/${letter.id}/redrive`, { by: "kim", cartFact: { type: "left", mutationId: "closed" } })
    const told = { type: "payment-failed", cart: "c-1", mutationId: "pi-1", contents: 1 }
    const payment = await bury("payment-fact", "payment.fact.c-1", told)
    const changed = await post(`/v1/dead-letters/${payment.id}/redrive`, {
      cartFact: { type: "left", mutationId: "x" }
    })
    assert.deepEqual([changed.status, changed.body["path"]], [400, "fact"])
    await done(`/v1/dead-letters/${payment.id}/redrive`, {})
    const settled = await letters("settled")
    assert.deepEqual(
      settled.slice(-2).map(({ settled: how }) => how?.mutationId),
      ["closed", "pi-1"]
    )
  })

  it("of an alert is not sent again, and says why not", async () => {
    const alert = await bury("alert-slack", "alert.low-stock.MUG", { sku: "MUG" })
    const { body, status } = await post(`/v1/dead-letters/${alert.id}/redrive`, {})
    assert.deepEqual([status, body["path"]], [400, "id"])
    assert.match(String(body["message"]), /of its moment/)
    await done(`/v1/dead-letters/${alert.id}/discard`, { reason: "long over" })
  })

  it("and many others are tried again at once, each by itself, found by their kind", async () => {
    const early = await tell("c-2", JSON.stringify({ type: "left", mutationId: "early" }), "cart.fact")
    const bad = await tell("MUG", JSON.stringify({ type: "receipt", mutationId: "po-12", quantity: "4" }))
    assert.deepEqual(
      (await letters("open&kind=cart-fact")).map(({ body, code, id }) => [id, code, JSON.parse(body)]),
      [[early.id, "unknown_cart", { type: "left", cart: "c-2", mutationId: "early" }]]
    )
    const line = { sku: "MUG", quantity: 1, unitPriceMinor: 950, currency: "GBP" }
    await done("/v1/carts/c-2/requests", { type: "add", mutationId: "add", ...line })
    const { body } = await post("/v1/dead-letters/redrive", { ids: [bad.id, early.id, 99_999], by: "kim" })
    assert.deepEqual(body["redriven"], [early.id], JSON.stringify(body))
    const refused = body["refused"] as ReadonlyArray<{ readonly id: number; readonly code: string }>
    assert.deepEqual(
      refused.map(({ code, id }) => [id, code]),
      [
        [bad.id, "invalid_request"],
        [99_999, "invalid_request"]
      ]
    )
    assert.deepEqual(
      (await letters("open")).map(({ id }) => id),
      [bad.id]
    )
  })

  it("that is not there is said to be", async () => {
    for (const id of ["99999", "0", "x"]) {
      const { body, status } = await post(`/v1/dead-letters/${id}/discard`, { reason: "gone" })
      assert.deepEqual([status, body["path"]], [400, "id"])
    }
  })
})
