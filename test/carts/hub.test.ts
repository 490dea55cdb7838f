/**
 * Goal: the carts' contract over HTTP and NATS, against a real hub with its stock, and what is left of it after kill -9.
 * Method: one hub for all; every test uses carts and SKUs of its own.
 */
import assert from "node:assert/strict"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { Pool } from "pg"
import { afterAll, beforeAll, describe, it } from "vitest"
import { eventually, http, startHub, type TestHub, TestSocket } from "../support/hub.ts"

let hub: TestHub
let nats: NatsConnection
let count = 0

beforeAll(async () => {
  hub = await startHub()
  nats = await connect({ servers: hub.nats.url })
}, 60_000)
afterAll(async () => {
  await nats.close()
  await hub.stop()
})

const ask = (cart: string, body: Record<string, unknown>) =>
  http(hub, "POST", `/v1/carts/${cart}/requests`, { mutationId: `m${++count}`, ...body })
const tell = (cart: string, body: Record<string, unknown>) =>
  http(hub, "POST", `/v1/carts/${cart}/facts`, { mutationId: `m${++count}`, ...body })
const see = async (cart: string) => (await http(hub, "GET", `/v1/carts/${cart}`)).body
const receive = (sku: string, quantity: number) =>
  http(hub, "POST", `/v1/stock/${sku}/facts`, { type: "receipt", mutationId: `r${++count}`, quantity })
const stockOf = async (sku: string) => {
  const { body } = await http(hub, "GET", `/v1/stock/${sku}`)
  return [body["physical"], body["allocated"]]
}
const add = (sku: string, quantity = 1) => ({ type: "add", sku, quantity, unitPriceMinor: 1_000, currency: "GBP" })
const inCart = async (cart: string, of: (body: Record<string, unknown>) => unknown, wanted: unknown) => {
  const body = await eventually(
    () => see(cart),
    (now) => JSON.stringify(of(now)) === JSON.stringify(wanted)
  )
  assert.deepEqual(of(body), wanted)
}

describe("a cart over HTTP", () => {
  it("is changed, answered the same when asked again, and read", async () => {
    const first = await ask("web", { ...add("mug", 2), mutationId: "once" })
    assert.equal(first.status, 200)
    assert.deepEqual([first.body["version"], first.body["contents"], first.body["status"]], [1, 1, "open"])
    const again = await ask("web", { ...add("mug", 2), mutationId: "once" })
    assert.deepEqual(again.body, { ...first.body, replayed: true })
    const other = await ask("web", { ...add("mug", 3), mutationId: "once" })
    assert.deepEqual([other.status, other.body["code"]], [409, "mutation_conflict"])
    const read = await see("web")
    assert.deepEqual([read["version"], (read["totals"] as { totalMinor: number }).totalMinor], [1, 2_000])
    assert.deepEqual(await ask("web", { type: "read" }), { status: 200, body: read })
  })

  it("answers what it cannot take with what to do instead", async () => {
    const cases: ReadonlyArray<readonly [body: Record<string, unknown>, status: number, code: string]> = [
      [{ type: "fly" }, 400, "invalid_request"],
      [{ ...add("mug"), quantity: -1 }, 400, "invalid_request"],
      [{ ...add("mug"), unitPriceMinor: 9.5 }, 400, "invalid_request"],
      [{ ...add("mug"), currency: "pounds" }, 400, "invalid_request"],
      [{ ...add("mug"), currency: "EUR" }, 409, "currency_mismatch"],
      [{ type: "set", sku: "nothing", quantity: 1 }, 404, "unknown_line"],
      [{ type: "apply-code", code: "NONE" }, 404, "unknown_code"],
      [{ type: "checkout", contents: 77 }, 409, "cart_changed"]
    ]
    await ask("strict", add("mug"))
    for (const [body, status, code] of cases) {
      const reply = await ask("strict", body)
      assert.deepEqual([reply.status, reply.body["code"]], [status, code], JSON.stringify(body))
      assert.ok(String(reply.body["message"]).length > 20)
    }
    assert.equal((await http(hub, "GET", "/v1/carts/nobody")).status, 404)
    assert.equal((await ask("x".repeat(65), add("mug"))).status, 400)
    assert.equal((await see("strict"))["version"], 1)
  })

  it("takes promotions and a policy, and refuses those that make no sense", async () => {
    const promote = (code: string, body: Record<string, unknown>) =>
      http(hub, "POST", `/v1/promotions/${code}`, { mutationId: `m${++count}`, ...body })
    assert.equal((await promote("TENTH", { kind: "percentage", basisPoints: 1_000, usesMax: 5 })).status, 200)
    assert.equal((await promote("NONSENSE", { kind: "percentage", basisPoints: 20_000 })).body["path"], "basisPoints")
    assert.equal((await promote("NONSENSE", { kind: "amount", amountMinor: 5 })).body["path"], "currency")
    await ask("coded", add("mug"))
    const { body } = await ask("coded", { type: "apply-code", code: "TENTH" })
    assert.deepEqual(body["discounts"], [{ code: "TENTH", amountMinor: 100 }])
    const known = await http(hub, "GET", "/v1/promotions/TENTH")
    assert.deepEqual([known.body["usesMax"], known.body["uses"]], [5, 0])
    const policy = { mutationId: `m${++count}`, idleRules: [{ segment: "vip" }] }
    assert.equal((await http(hub, "POST", "/v1/cart-policy", policy)).status, 400)
    assert.equal((await http(hub, "GET", "/v1/cart-policy")).body["leftCheckoutMs"], 300_000)
  })
})

describe("a cart over NATS", () => {
  it("is asked on its subject, and told facts on another", async () => {
    const request = async (body: Record<string, unknown>) =>
      (await nats.request("cart.request.wire", JSON.stringify({ mutationId: `m${++count}`, ...body }))).json<
        Record<string, unknown>
      >()
    assert.equal((await request(add("mug")))["version"], 1)
    assert.equal((await request({ type: "fly" }))["code"], "invalid_request")
    nats.publish("cart.fact.wire", JSON.stringify({ type: "contacted", mutationId: "told" }))
    await inCart("wire", (body) => body["version"], 2)
  })

  it("buries a fact that it cannot read, or that is about nobody's cart", async () => {
    nats.publish("cart.fact.wire", "{")
    nats.publish("cart.fact.nobody", JSON.stringify({ type: "left", mutationId: "lost" }))
    const letters = await eventually(
      async () => (await http(hub, "GET", "/v1/dead-letters")).body["items"] as ReadonlyArray<Record<string, unknown>>,
      (items) => items.length === 2
    )
    assert.deepEqual(
      letters.map(({ source, code }) => [source, code]),
      [
        ["cart-fact", "invalid_request"],
        ["cart-fact", "unknown_cart"]
      ]
    )
  })
})

describe("a shopper's devices", () => {
  const framesOf = (socket: TestSocket, cart: string) =>
    socket.messages.filter((message) => message["op"] === "cart" && message["cart"] === cart)

  it("are told of every change, whoever makes it, from the version that they have on", async () => {
    await ask("live", add("mug"))
    const [phone, laptop] = [await TestSocket.open(hub), await TestSocket.open(hub)]
    phone.send({ op: "subscribe", topics: ["cart.live", "stock.mug"] })
    laptop.send({ op: "subscribe", topics: ["cart.live"], have: { live: 1 } })
    await phone.next((message) => message["op"] === "cart" && message["version"] === 1)
    laptop.send({ op: "request", id: "q", cart: "live", body: { ...add("lamp"), mutationId: "by socket" } })
    const answer = await laptop.next((message) => message["id"] === "q")
    assert.equal((answer["body"] as Record<string, unknown>)["version"], 2)
    await ask("live", { type: "set", sku: "mug", quantity: 4 })
    for (const socket of [phone, laptop]) await socket.next((message) => message["version"] === 3)
    const seen = framesOf(phone, "live").map(({ version, totals }) => [
      version,
      (totals as { totalMinor: number }).totalMinor
    ])
    assert.deepEqual(seen, [
      [1, 1_000],
      [2, 2_000],
      [3, 5_000]
    ])
    assert.deepEqual(
      framesOf(laptop, "live").map(({ version }) => version),
      [2, 3]
    )
    phone.send({ op: "unsubscribe", topics: ["cart.live"] })
    phone.send({ op: "ping" })
    await phone.next((message) => message["op"] === "pong")
    await ask("live", { type: "touch" })
    await laptop.next((message) => message["version"] === 4)
    assert.equal(framesOf(phone, "live").length, 3)
    for (const socket of [phone, laptop]) socket.close()
  })

  it("are told when what is in the cart sells out, and from a later life of the hub that theirs is too new", async () => {
    await receive("bench", 2)
    await ask("watched", add("bench", 2))
    const socket = await TestSocket.open(hub)
    socket.send({ op: "subscribe", topics: ["cart.watched"], have: { watched: 99 } })
    const first = await socket.next((message) => message["op"] === "cart")
    assert.deepEqual([first["version"], first["reset"]], [1, true])
    await http(hub, "POST", "/v1/stock/bench/facts", { type: "sale", mutationId: "s", quantity: 2 })
    const told = await socket.next((message) => message["version"] === 2)
    assert.deepEqual(told["notes"], [{ type: "sold-out", sku: "bench", available: 0 }])
    socket.send({ op: "subscribe", topics: ["cart.%"] })
    assert.equal((await socket.next((message) => message["op"] === "error"))["path"], "topics")
    socket.close()
  })
})

describe("every change", () => {
  it("is told on cart.event.<cart> in order, and stands in PostgreSQL", async () => {
    await ask("told", add("mug"))
    await ask("told", { type: "sign-in", customerId: "anna" })
    await ask("told", add("lamp"))
    const manager = await jetstreamManager(nats)
    const events = await eventually(
      async () => {
        const found: Array<Record<string, unknown>> = []
        const known = await manager.streams.info("CART_EVENTS").catch(() => undefined)
        for (let seq = 1; seq <= (known?.state.last_seq ?? 0); seq++) {
          const message = await manager.streams.getMessage("CART_EVENTS", { seq })
          if (message?.subject === "cart.event.told") found.push(message.json())
        }
        return found
      },
      (found) => found.length === 3
    )
    assert.deepEqual(
      events.map(({ type, version }) => [type, version]),
      [
        ["add", 1],
        ["sign-in", 2],
        ["add", 3]
      ]
    )
    const pool = new Pool({ connectionString: hub.databaseUrl, max: 1 })
    const row = await eventually(
      async () => (await pool.query("SELECT version, customer_id, line_count FROM carts WHERE cart = 'told'")).rows[0],
      (found) => found?.version === "3"
    )
    assert.deepEqual(row, { version: "3", customer_id: "anna", line_count: 2 })
    await pool.end()
  })
})

describe("a cart that is left", () => {
  const policy = (body: Record<string, unknown>) =>
    http(hub, "POST", "/v1/cart-policy", { mutationId: `m${++count}`, ...body })

  it("is abandoned when its time is over, also when the hub was killed meanwhile", async () => {
    await policy({ idleRules: [{ segment: "quick", idleCartMs: 3_000 }] })
    await ask("left", { type: "sign-in", customerId: "quick one", segment: "quick" })
    const begun = Date.now()
    await ask("left", add("mug"))
    await hub.crash()
    const backAt = Date.now()
    const body = await eventually(
      () => see("left"),
      (now) => now["abandonedAt"] !== undefined
    )
    const abandonedAt = Date.parse(String(body["abandonedAt"]))
    assert.ok(abandonedAt >= begun + 3_000, "too early")
    // A busy machine may need longer than the three seconds to start the hub again.
    const lateMs = abandonedAt - Math.max(begun + 3_000, backAt)
    assert.ok(lateMs < 1_500, `${lateMs} ms late`)
    assert.equal((await ask("left", { type: "touch" })).status, 200)
    assert.equal((await see("left"))["abandonedAt"], undefined)
    const metrics = await (await fetch(`${hub.url}/metrics`)).text()
    assert.match(metrics, /holdfast_cart_window_found_total 0/)
  }, 30_000)

  it("gives its stock back when the hold ends", async () => {
    await receive("sofa", 1)
    await ask("sleeper", add("sofa"))
    await ask("sleeper", { type: "checkout", ttlMs: 500 })
    assert.deepEqual(await stockOf("sofa"), [1, 1])
    await inCart("sleeper", ({ status }) => status, "open")
    assert.deepEqual(await stockOf("sofa"), [1, 0])
  })
})

describe("a checkout", () => {
  it("is answered with the stock held, and is an order when it is paid", async () => {
    await receive("chair", 5)
    await ask("buyer", add("chair", 2))
    const { status, body } = await ask("buyer", { type: "checkout", ttlMs: 60_000 })
    assert.equal(status, 200)
    assert.deepEqual([body["status"], (body["checkout"] as { isHeld: boolean }).isHeld], ["checkout", true])
    assert.deepEqual(await stockOf("chair"), [5, 2])
    const paid = { contents: body["contents"], paymentId: "pi_1", amountMinor: 2_000, currency: "GBP" }
    assert.equal((await tell("buyer", { type: "paid", ...paid })).status, 202)
    await inCart("buyer", ({ order }) => (order as { state?: string } | undefined)?.state, "placed")
    assert.deepEqual(await stockOf("chair"), [3, 0])
  })

  it("of more than there is says what there is, and holds nothing", async () => {
    await receive("stool", 1)
    await ask("greedy", add("stool", 3))
    const { status, body } = await ask("greedy", { type: "checkout" })
    assert.deepEqual([status, body["code"]], [409, "insufficient_stock"])
    assert.deepEqual(body["lines"], [{ sku: "stool", requested: 3, available: 1 }])
    assert.deepEqual(await stockOf("stool"), [1, 0])
  })

  it("scenario 3: in the cart before it sold out; another buys all: refused before money moves", async () => {
    await receive("rug", 5)
    await ask("slow", add("rug", 5))
    await ask("fast", add("rug", 5))
    const { body } = await ask("fast", { type: "checkout" })
    const paid = { contents: body["contents"], paymentId: "pi_2", amountMinor: 5_000, currency: "GBP" }
    await tell("fast", { type: "paid", ...paid })
    await inCart("fast", ({ order }) => (order as { state?: string } | undefined)?.state, "placed")
    const refused = await ask("slow", { type: "checkout" })
    assert.equal(refused.body["code"], "insufficient_stock")
    assert.deepEqual(await stockOf("rug"), [0, 0])
  })

  it("scenario 4: the last unit tried again is not blocked by the shopper's own hold, and not sold twice", async () => {
    await receive("vase", 1)
    await ask("retry", add("vase"))
    const first = await ask("retry", { type: "checkout" })
    const second = await ask("retry", { type: "checkout" })
    assert.deepEqual([first.status, second.status], [200, 200])
    const paid = { contents: first.body["contents"], amountMinor: 1_000, currency: "GBP" }
    await tell("retry", { type: "paid", paymentId: "one", ...paid })
    await tell("retry", { type: "paid", paymentId: "two", ...paid })
    await inCart("retry", ({ order }) => (order as { state?: string } | undefined)?.state, "placed")
    const strays = [{ paymentId: "two", amountMinor: 1_000, reason: "already_ordered" }]
    assert.deepEqual((await see("retry"))["strays"], strays)
    assert.deepEqual(await stockOf("vase"), [0, 0])
  })
})

describe("after kill -9", () => {
  it("carts, uses, holds and what was asked of the stock are as they were", async () => {
    await receive("desk", 9)
    await http(hub, "POST", "/v1/promotions/ONCE", {
      mutationId: "p1",
      kind: "percentage",
      basisPoints: 500,
      usesMax: 1
    })
    await ask("survivor", add("desk", 4))
    await ask("survivor", { type: "apply-code", code: "ONCE" })
    const held = await ask("survivor", { type: "checkout", mutationId: "co" })
    const asked = Array.from({ length: 20 }, (_, n) => ask(`late${n}`, { ...add("desk", 1), mutationId: "a" }))
    await Promise.all(asked)
    const dying = Array.from({ length: 20 }, (_, n) =>
      ask(`late${n}`, { type: "checkout", mutationId: "c" }).catch(() => 0)
    )
    await hub.crash()
    await Promise.all(dying)
    const before = held.body
    const again = await ask("survivor", { type: "checkout", mutationId: "co" })
    assert.deepEqual(again.body, { ...before, replayed: true })
    assert.equal((await http(hub, "GET", "/v1/promotions/ONCE")).body["uses"], 1)
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => ask(`late${n}`, { type: "checkout", mutationId: "c" }))
    )
    assert.equal(outcomes.filter(({ status }) => status === 200).length, 5)
    assert.equal(outcomes.filter(({ body }) => body["code"] === "insufficient_stock").length, 15)
    assert.deepEqual(await stockOf("desk"), [9, 9])
  }, 30_000)
})
