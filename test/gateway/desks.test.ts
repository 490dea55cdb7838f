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
const lows = async (query = ""): Promise<LowStockPage> =>
  (await http(hub, "GET", `/v1/alerts/open${query}`)).body as unknown as LowStockPage
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
const tell = async (sku: string, text: string): Promise<LetterItem> => {
  const before = new Set((await letters("open")).map(({ id }) => id))
  nats.publish(`stock.fact.${sku}`, text)
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

  it("that is not there is said to be", async () => {
    for (const id of ["99999", "0", "x"]) {
      const { body, status } = await post(`/v1/dead-letters/${id}/discard`, { reason: "gone" })
      assert.deepEqual([status, body["path"]], [400, "id"])
    }
  })
})
