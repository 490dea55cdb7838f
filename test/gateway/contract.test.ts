/**
 * Goal: the public contract, version 1, as a stranger's program meets it.
 * Method: a real hub on real servers, spoken to over HTTP, sockets and NATS; each test has SKUs of its own.
 */
import { jetstream } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { Redis } from "ioredis"
import { assert, afterAll, beforeAll, describe, it } from "vitest"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
let nats: NatsConnection

beforeAll(async () => {
  hub = await startHub()
  nats = await connect({ servers: hub.nats.url })
})

afterAll(async () => {
  await nats.close()
  await hub.stop()
})

const receipt = (sku: string, quantity: number, mutationId = `opening-${sku}`) =>
  http(hub, "POST", `/v1/stock/${encodeURIComponent(sku)}/facts`, { type: "receipt", mutationId, quantity })

const ask = (sku: string, body: unknown) => http(hub, "POST", `/v1/stock/${encodeURIComponent(sku)}/requests`, body)

describe("requests over HTTP", () => {
  it("reserves, commits, and says what is left", async () => {
    await receipt("r1", 10)
    const held = await ask("r1", { type: "reserve", mutationId: "m1", holdId: "h1", quantity: 4 })
    assert.equal(held.status, 200)
    const { expiresAt, ...answer } = held.body
    assert.match(String(expiresAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.deepEqual(answer, {
      ok: true,
      sku: "r1",
      version: 2,
      available: 6,
      physical: 10,
      allocated: 4,
      safetyThreshold: 0,
      holdId: "h1"
    })
    const sold = await ask("r1", { type: "commit", mutationId: "m2", holdId: "h1" })
    assert.include(sold.body, { ok: true, version: 3, available: 6, physical: 6, allocated: 0 })
  })

  it("repeats the first answer to a mutation id, and refuses the id with other content", async () => {
    await receipt("r2", 1)
    const body = { type: "reserve", mutationId: "m1", holdId: "h1", quantity: 1 }
    const first = await ask("r2", body)
    const again = await ask("r2", body)
    assert.deepEqual(again.body, { ...first.body, replayed: true })
    const other = await ask("r2", { ...body, quantity: 2 })
    assert.equal(other.status, 409)
    assert.include(other.body, { ok: false, code: "mutation_conflict" })
    const refused = await ask("r2", { ...body, mutationId: "m2", holdId: "h2" })
    assert.equal(refused.status, 409)
    assert.include(refused.body, { code: "insufficient_stock", available: 0 })
    await receipt("r2", 5, "more")
    assert.include((await ask("r2", { ...body, mutationId: "m2", holdId: "h2" })).body, {
      code: "insufficient_stock",
      replayed: true
    })
  })

  it("gives each refusal its status", async () => {
    await receipt("r3", 2)
    assert.equal((await ask("nobody", { type: "read" })).status, 404)
    assert.equal((await ask("r3", { type: "commit", mutationId: "a", holdId: "none" })).status, 404)
    assert.equal((await ask("r3", { type: "sell" })).status, 400)
    assert.equal((await ask("r3", "{not json")).status, 400)
    assert.equal((await ask("r3", `{"type":"read","x":"${"y".repeat(70_000)}"}`)).status, 413)
    await ask("r3", { type: "reserve", mutationId: "b", holdId: "h", quantity: 1 })
    await ask("r3", { type: "release", mutationId: "c", holdId: "h" })
    const closed = await ask("r3", { type: "commit", mutationId: "d", holdId: "h" })
    assert.equal(closed.status, 409)
    assert.include(closed.body, { code: "hold_closed", state: "released" })
    const same = await ask("r3", { type: "release", mutationId: "e", holdId: "h" })
    assert.include(same.body, { ok: true, version: 3 })
    await ask("r3", { type: "reserve", mutationId: "f", holdId: "brief", quantity: 1, ttlMs: 100 })
    await eventually(
      () => http(hub, "GET", "/v1/stock/r3"),
      (reply) => reply.body["version"] === 5
    )
    const late = await ask("r3", { type: "commit", mutationId: "g", holdId: "brief" })
    assert.equal(late.status, 410)
    assert.equal(late.body["code"], "hold_expired")
  })

  it("names the place of what it cannot read, and decides the same id afresh when it is mended", async () => {
    await receipt("r4", 5)
    const wrong = await ask("r4", { type: "reserve", mutationId: "m", holdId: "h", quantity: "1" })
    assert.include(wrong.body, { code: "invalid_request", path: "quantity" })
    assert.include((await ask("r4", { type: "reserve", mutationId: "m", holdId: "h", quantity: 1 })).body, { ok: true })
    assert.include((await ask("r4", { type: "reserve", mutationId: "n", holdId: "\ud800", quantity: 1 })).body, {
      code: "invalid_request",
      path: "holdId"
    })
  })

  it("takes SKUs with dots, stars, slashes and letters of any script", async () => {
    for (const sku of ["a.b*c", "x/y z", "größe-ß", "日本", "__proto__", "requests"]) {
      await receipt(sku, 3)
      const read = await http(hub, "GET", `/v1/stock/${encodeURIComponent(sku)}`)
      assert.include(read.body, { sku, physical: 3 })
      assert.deepEqual(read.body["locations"], [{ locationId: "default", physical: 3, allocated: 0 }])
    }
  })

  it("lists SKUs page by page", async () => {
    for (const sku of ["page-a", "page-b", "page-c"]) await receipt(sku, 1)
    const first = await http(hub, "GET", "/v1/stock?after=page-&limit=2")
    const skus = (reply: typeof first) => (reply.body["items"] as Array<{ sku: string }>).map(({ sku }) => sku)
    assert.deepEqual(skus(first), ["page-a", "page-b"])
    const second = await http(hub, "GET", `/v1/stock?after=${String(first.body["next"])}&limit=1`)
    assert.deepEqual(skus(second), ["page-c"])
  })
})

describe("facts", () => {
  it("are judged alone and keep their order", async () => {
    const reply = await http(hub, "POST", "/v1/stock/f1/facts", [
      { type: "receipt", mutationId: "a", quantity: 5 },
      { type: "sale", mutationId: "b", quantity: 0 },
      { type: "sale", mutationId: "c", quantity: 7 },
      { type: "sale", mutationId: "a", quantity: 7 }
    ])
    assert.equal(reply.status, 202)
    assert.equal(reply.body["accepted"], 2)
    const rejected = reply.body["rejected"] as Array<Record<string, unknown>>
    assert.deepEqual(
      rejected.map(({ index, code, path }) => [index, code, path]),
      [
        [1, "invalid_request", "quantity"],
        [3, "mutation_conflict", undefined]
      ]
    )
    const read = await http(hub, "GET", "/v1/stock/f1")
    assert.include(read.body, { physical: -2, available: -2, version: 2 })
    const incidents = async () =>
      (await http(hub, "GET", "/v1/incidents?limit=1000")).body["items"] as Array<Record<string, unknown>>
    const all = await eventually(incidents, (items) => items.some(({ sku }) => sku === "f1"))
    const mine = all.filter(({ sku }) => sku === "f1")
    assert.deepEqual(
      mine.map(({ kind, units, status }) => [kind, units, status]),
      [["oversell", 2, "open"]]
    )
  })

  it("over NATS are consumed once each, unreadable ones go to the dead letters", async () => {
    const js = jetstream(nats)
    await js.publish("stock.fact.n%2E1", JSON.stringify({ type: "receipt", mutationId: "a", quantity: 5 }))
    await js.publish("stock.fact.n%2E1", JSON.stringify({ type: "receipt", mutationId: "a", quantity: 5 }))
    await js.publish("stock.fact.n%2E1", JSON.stringify({ type: "receipt", mutationId: "a", quantity: 6 }))
    await js.publish("stock.fact.n%2E1", "not json")
    await js.publish("stock.fact.n%2E1", JSON.stringify({ type: "sale", mutationId: "b", quantity: 1 }))
    await eventually(
      () => http(hub, "GET", "/v1/stock/n.1"),
      (reply) => reply.body["physical"] === 4
    )
    const letters = (await http(hub, "GET", "/v1/dead-letters")).body["items"] as Array<Record<string, unknown>>
    const mine = letters.filter(({ subject }) => subject === "stock.fact.n%2E1")
    assert.sameMembers(mine.map(({ code }) => code) as Array<string>, ["mutation_conflict", "invalid_request"])
  })

  it("survive a kill -9 of the hub, each applied once", async () => {
    const js = jetstream(nats)
    const publish = async (from: number, to: number) => {
      for (let n = from; n < to; n++) {
        await js.publish("stock.fact.crash", JSON.stringify({ type: "receipt", mutationId: `m${n}`, quantity: 1 }))
      }
    }
    const publishing = publish(0, 300)
    await hub.crash()
    await publishing
    await publish(300, 400)
    const read = await eventually(
      () => http(hub, "GET", "/v1/stock/crash"),
      (reply) => reply.body["physical"] === 400
    )
    assert.equal(read.body["version"], 400)
  })
})

describe("several lines", () => {
  const lines = (body: unknown) => http(hub, "POST", "/v1/stock/requests", body)

  it("are all held or none, and summed per SKU first", async () => {
    await receipt("l1", 3)
    await receipt("l2", 1)
    const refused = await lines({
      type: "reserve",
      mutationId: "m1",
      holdId: "c1",
      lines: [
        { sku: "l1", quantity: 2 },
        { sku: "l2", quantity: 1 },
        { sku: "l1", quantity: 2 }
      ]
    })
    assert.equal(refused.status, 409)
    assert.deepEqual(refused.body["lines"], [{ sku: "l1", requested: 4, available: 3 }])
    assert.include((await http(hub, "GET", "/v1/stock/l2")).body, { version: 1, allocated: 0 })
    const held = await lines({
      type: "reserve",
      mutationId: "m2",
      holdId: "c1",
      lines: [
        { sku: "l1", quantity: 2 },
        { sku: "l2", quantity: 1 },
        { sku: "l1", quantity: 1 }
      ]
    })
    assert.deepEqual(held.body["lines"], [
      { sku: "l1", version: 2, available: 0, physical: 3, allocated: 3 },
      { sku: "l2", version: 2, available: 0, physical: 1, allocated: 1 }
    ])
    const again = await lines({ type: "commit", mutationId: "m3", holdId: "c1" })
    assert.include(again.body, { ok: true, holdId: "c1" })
    assert.include((await http(hub, "GET", "/v1/stock/l1")).body, { physical: 0, allocated: 0, version: 3 })
  })

  it("of two carts that want each other's last units leave nothing half held, a thousand times", async () => {
    await receipt("x1", 1)
    await receipt("x2", 1)
    for (let round = 0; round < 100; round++) {
      const carts = Array.from({ length: 10 }, (_, n) => {
        const skus = n % 2 === 0 ? ["x1", "x2"] : ["x2", "x1"]
        const holdId = `x${round}-${n}`
        return lines({
          type: "reserve",
          mutationId: holdId,
          holdId,
          lines: skus.map((sku) => ({ sku, quantity: 1 }))
        })
      })
      const answers = await Promise.all(carts)
      const won = answers.filter((answer) => answer.status === 200)
      assert.lengthOf(won, 1)
      const holdId = String(won[0]?.body["holdId"])
      await lines({ type: "release", mutationId: `release-${holdId}`, holdId })
    }
    for (const sku of ["x1", "x2"]) {
      assert.include((await http(hub, "GET", `/v1/stock/${sku}`)).body, { physical: 1, allocated: 0 })
    }
  })
})

describe("the last unit", () => {
  it("is sold once to 120 buyers of 4", async () => {
    await receipt("last", 4)
    const answers = await Promise.all(
      Array.from({ length: 120 }, (_, n) =>
        ask("last", { type: "reserve", mutationId: `m${n}`, holdId: `h${n}`, quantity: 1 })
      )
    )
    assert.lengthOf(
      answers.filter(({ status }) => status === 200),
      4
    )
    assert.lengthOf(
      answers.filter(({ body }) => body["code"] === "insufficient_stock"),
      116
    )
    assert.include((await http(hub, "GET", "/v1/stock/last")).body, { available: 0, allocated: 4 })
  })
})

describe("what other systems read", () => {
  it("is the same in Redis, on stock.event and at /v1/stock", async () => {
    await receipt("d1", 9)
    await ask("d1", { type: "configure", mutationId: "c", safetyThreshold: 3 })
    await ask("d1", { type: "reserve", mutationId: "m", holdId: "h", quantity: 4 })
    const redis = new Redis(hub.redis.url)
    const hash = await eventually(
      () => redis.hgetall("inventory:sku:d1"),
      (fields) => fields["version"] === "3"
    )
    assert.deepEqual(hash, {
      sku_code: "d1",
      total_available: "5",
      physical_stock: "9",
      allocated_stock: "4",
      safety_threshold: "3",
      version: "3"
    })
    await redis.flushall()
    await eventually(
      () => redis.hgetall("inventory:sku:d1"),
      (fields) => fields["version"] === "3"
    )
    redis.disconnect()
    const consumer = await jetstream(nats).consumers.get("STOCK_EVENTS", { filter_subjects: ["stock.event.d1"] })
    const versions: Array<unknown> = []
    const messages = await consumer.fetch({ max_messages: 3, expires: 3_000 })
    for await (const message of messages) versions.push(message.json<{ version: number }>().version)
    assert.deepEqual(versions, [1, 2, 3])
  })

  it("answers the one-call sync truthfully", async () => {
    await receipt("d2", 10)
    const body = { sku: "d2", locationId: "default", quantityChange: -3, newTotalStock: 6 }
    const reply = await http(hub, "POST", "/api/inventory/sync-stock", body)
    assert.include(reply.body, { sku: "d2", synchronized: true, new_master_stock: 7 })
    assert.deepEqual(reply.body["updated_channels"], [])
    assert.deepEqual(reply.body["drift"], { reported: 6, master: 7, difference: -1 })
  })

  it("has health, readiness and metrics", async () => {
    assert.equal((await http(hub, "GET", "/healthz")).status, 200)
    assert.equal((await http(hub, "GET", "/readyz")).status, 200)
    const metrics = await (await fetch(`${hub.url}/metrics`)).text()
    for (const name of ["commands_total", "append_seconds", "projection_lag_events", "mailbox_depth", "sockets"]) {
      assert.include(metrics, `holdfast_${name}`)
    }
  })
})
