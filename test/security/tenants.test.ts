/**
 * Goal: a tenant, and a key of one channel, see and do only what is theirs, by HTTP and by socket, however they ask.
 * Method: one real hub with two tenants' stock; each of them tries to reach the other's by address, body and topic.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { WebSocket } from "ws"
import { bodyTarget } from "../../src/access/body-target.ts"
import { type Call, local, makeKey, withKey } from "../support/access.ts"
import { eventually, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
let admin: Call
let acme: Call
let acmeSecret: string

beforeAll(async () => {
  hub = await startHub({ HOLDFAST_ACCESS: "required" })
  admin = local(hub)
  for (const sku of ["acme/MUG", "zeta/MUG", "acmeshop/MUG", "MUG"]) {
    await admin("POST", `/v1/stock/${encodeURIComponent(sku)}/facts`, { type: "receipt", mutationId: "r", quantity: 9 })
  }
  const { secret } = await makeKey(admin, { roles: ["admin"], tenant: "acme" })
  acmeSecret = secret
  acme = withKey(hub, secret)
}, 60_000)
afterAll(() => hub.stop())

const skusOf = (body: Record<string, unknown>): ReadonlyArray<string> =>
  (body["items"] as ReadonlyArray<{ readonly sku: string }>).map(({ sku }) => sku)

const JSON_BODY = { "content-type": "application/json" }

const lines = (mutationId: string, holdId: string, ...skus: ReadonlyArray<string>) => ({
  type: "reserve",
  mutationId,
  holdId,
  lines: skus.map((sku) => ({ sku, quantity: 1 }))
})

describe("a tenant", () => {
  it("sees a list of its own, page by page, whatever page it asks for", async () => {
    assert.deepEqual(skusOf((await acme("GET", "/v1/stock")).body), ["acme/MUG"])
    for (const after of ["", "a", "acme", "acmeshop/", "zeta/A"]) {
      const { body } = await acme("GET", `/v1/stock?limit=1&after=${encodeURIComponent(after)}`)
      assert.deepEqual(
        skusOf(body).filter((sku) => !sku.startsWith("acme/")),
        [],
        after
      )
      assert.equal(body["next"], undefined)
    }
    assert.equal(skusOf((await admin("GET", "/v1/stock")).body).length, 4)
  })

  it("reaches nobody else's by an address, a body, or a name in it", async () => {
    assert.equal((await acme("GET", "/v1/stock/acme%2FMUG")).status, 200)
    for (const name of ["zeta%2FMUG", "acmeshop%2FMUG", "MUG", "acme", "acme%2f..%2fMUG%00", "%61cmeshop%2FMUG"]) {
      const { status } = await acme("GET", `/v1/stock/${name}`)
      assert.ok(status === 403 || (status === 404 && name.startsWith("acme%2f")), `${name}: ${status}`)
    }
    const post = async (body: unknown) => (await acme("POST", "/v1/stock/requests", body)).status
    assert.equal(await post(lines("l1", "acme/h1", "acme/MUG")), 200)
    assert.equal(await post(lines("l2", "acme/h2", "acme/MUG", "zeta/MUG")), 403)
    assert.equal(await post(lines("l3", "h3", "acme/MUG")), 403, "a hold over several SKUs is found by its name alone")
    assert.equal(await post({ type: "release", mutationId: "l4", holdId: "zeta/h" }), 403)
    assert.equal(await post({ type: "release", mutationId: "l5", holdId: "acme/h1" }), 200)
    const sync = { sku: "zeta/MUG", locationId: "default", quantityChange: 1, newTotalStock: 10 }
    assert.equal((await acme("POST", "/api/inventory/sync-stock", sync)).status, 403)
    const configure = { type: "configure", mutationId: "c1", components: [{ sku: "zeta/MUG", quantity: 1 }] }
    assert.equal((await acme("POST", "/v1/stock/acme%2FMUG/requests", configure)).status, 403)
    const add = { type: "add", mutationId: "a1", sku: "zeta/MUG", quantity: 1, unitPriceMinor: 1, currency: "EUR" }
    assert.equal((await acme("POST", "/v1/carts/acme%2F1/requests", add)).status, 403)
    const signIn = { type: "sign-in", mutationId: "a2", customerId: "zeta/ann" }
    assert.equal((await acme("POST", "/v1/carts/acme%2F1/requests", signIn)).status, 403)
    for (const path of ["/v1/audit", "/v1/access/users", "/v1/channels", "/v1/status", "/metrics"]) {
      assert.equal((await acme("GET", path)).status, 403, path)
    }
  })

  it("sees its own incidents, alerts and low stock, by HTTP and GraphQL, page by page, and of another tenant nothing", async () => {
    for (const tenant of ["acme", "zeta", "acmeshop"]) {
      const path = `/v1/stock/${tenant}%2FLOW`
      const configure = { type: "configure", mutationId: "c", safetyThreshold: 5 }
      assert.equal((await admin("POST", `${path}/requests`, configure)).status, 200)
      // A receipt that is not low, and a sale of more than there is.
      await admin("POST", `${path}/facts`, { type: "receipt", mutationId: "r", quantity: 9 })
      await admin("POST", `${path}/facts`, { type: "sale", mutationId: "s", quantity: 10 })
    }
    const own = "acme/LOW"
    const lists = [
      ["/v1/incidents", "incidents"],
      ["/v1/incidents?status=open", "incidents(status: open)"],
      ["/v1/alerts", "alerts"],
      ["/v1/alerts/open", "lowStock"]
    ] as const
    const found = async (call: Call, path: string): Promise<ReadonlyArray<string>> =>
      skusOf((await call("GET", path)).body).filter((sku) => sku.endsWith("/LOW"))
    for (const [path, field] of lists) {
      await eventually(
        () => found(admin, path),
        (skus) => new Set(skus).size === 3
      )
      assert.deepEqual([...new Set(skusOf((await acme("GET", path)).body))], [own], path)
      const small = (await acme("GET", `${path}${path.includes("?") ? "&" : "?"}limit=1`)).body
      assert.deepEqual(skusOf(small), [own], path)
      const graph = await acme("POST", "/graphql", { query: `{ ${field} { items { sku } } }` }, JSON_BODY)
      const { items } = Object.values(graph.body["data"] as object)[0] as { items: ReadonlyArray<{ sku: string }> }
      assert.deepEqual([...new Set(items.map(({ sku }) => sku))], [own], field)
    }
    const nobody = withKey(hub, (await makeKey(admin, { roles: ["viewer"], tenant: "nobody" })).secret)
    const web = withKey(hub, (await makeKey(admin, { roles: ["viewer"], tenant: "acme", channels: ["web"] })).secret)
    for (const [path] of lists) {
      assert.deepEqual(skusOf((await nobody("GET", path)).body), [], path)
      assert.equal((await web("GET", path)).status, 403, path)
    }
  })

  it("hears of its own stock on stock.*, of a SKU to come as well, and of no other", async () => {
    const heard: Array<Record<string, unknown>> = []
    const socket = new WebSocket(`${hub.url.replace("http", "ws")}/v1/ws`, {
      headers: { authorization: `Bearer ${acmeSecret}` }
    })
    await new Promise((resolve) => socket.once("open", resolve))
    socket.on("message", (data: Buffer) => {
      heard.push(...([JSON.parse(data.toString())].flat() as ReadonlyArray<Record<string, unknown>>))
    })
    socket.send(JSON.stringify({ op: "subscribe", topics: ["stock.*"] }))
    const hears = (sku: string, available: number) =>
      eventually(
        async () => heard,
        (messages) => messages.some((message) => message["sku"] === sku && message["available"] === available)
      )
    await hears("acme/MUG", 9)
    for (const sku of ["acme/NEW", "zeta/NEW", "acme/MUG"]) {
      await admin("POST", `/v1/stock/${encodeURIComponent(sku)}/facts`, {
        type: "receipt",
        mutationId: "n",
        quantity: 3
      })
    }
    await hears("acme/NEW", 3)
    await hears("acme/MUG", 12)
    assert.deepEqual(
      heard.filter(({ sku }) => !String(sku).startsWith("acme/")),
      []
    )
    socket.send(JSON.stringify({ op: "subscribe", topics: ["stock.zeta%2FMUG"] }))
    await eventually(
      async () => heard,
      (messages) => messages.some((message) => message["code"] === "unauthorized")
    )
    // A request that a socket reads straight from its bytes when nobody has to look into it.
    const body = { type: "reserve", mutationId: "w1", holdId: "w1", quantity: 1 }
    socket.send(JSON.stringify({ op: "request", id: "w1", sku: "zeta/MUG", body }))
    await eventually(
      async () => heard,
      (messages) => messages.some((message) => message["id"] === "w1" && message["code"] === "unauthorized")
    )
    socket.terminate()
  })
})

describe("a key of one channel", () => {
  it("tells facts of that channel only, each of an array", async () => {
    const { secret } = await makeKey(admin, { roles: ["operator"], channels: ["web"] })
    const web = withKey(hub, secret)
    const fact = (mutationId: string, channel?: string) => ({ type: "sale", mutationId, quantity: 1, channel })
    const post = async (body: unknown) => (await web("POST", "/v1/stock/MUG/facts", body)).status
    assert.equal(await post(fact("f1", "web")), 202)
    assert.equal(await post(fact("f2", "amazon")), 403)
    assert.equal(await post(fact("f3")), 403)
    assert.equal(await post([fact("f4", "web"), fact("f5")]), 403)
    assert.equal(await post([fact("f6", "web"), fact("f7", "amazon")]), 403)
    assert.equal((await web("GET", "/v1/stock")).status, 403)
    assert.equal((await web("GET", "/v1/channels/amazon/listings")).status, 403)
  })

  it("asks of any SKU and of any cart, which are of no channel, by requests that name its own, and by no address alone", async () => {
    const web = withKey(hub, (await makeKey(admin, { roles: ["operator"], channels: ["web"] })).secret)
    const add = { type: "add", mutationId: "a", sku: "MUG", quantity: 1, unitPriceMinor: 1, currency: "EUR" }
    assert.equal((await admin("POST", "/v1/carts/somebodys/requests", add)).status, 200)
    for (const of of ["/v1/stock/MUG", "/v1/carts/somebodys"]) {
      const read = async (more: object) => (await web("POST", `${of}/requests`, { type: "read", ...more })).status
      assert.equal((await web("GET", of)).status, 403, of)
      assert.deepEqual(
        [await read({}), await read({ channel: "amazon" }), await read({ channel: "web" })],
        [403, 403, 200],
        of
      )
    }
  })
})

describe("a request by POST", () => {
  const ask = async (call: Call, body: unknown): Promise<number> =>
    (await call("POST", "/v1/stock/MUG/requests", body)).status
  const read = { type: "read" }
  const configure = (mutationId: string) => ({ type: "configure", mutationId, safetyThreshold: 1 })
  const reserve = (mutationId: string) => ({ type: "reserve", mutationId, holdId: mutationId, quantity: 1 })
  const keyed = async (grants: Readonly<Record<string, unknown>>): Promise<Call> =>
    withKey(hub, (await makeKey(admin, grants)).secret)

  it("counts as what it does: reading as reading, configuring as configuring, whoever may do one of them only", async () => {
    const viewer = await keyed({ roles: ["viewer"] })
    assert.deepEqual(
      [await ask(viewer, read), await ask(viewer, reserve("v1")), await ask(viewer, configure("v2"))],
      [200, 403, 403]
    )
    const seller = await keyed({ roles: ["operator"], actions: ["stock.request"] })
    assert.deepEqual(
      [await ask(seller, read), await ask(seller, reserve("s1")), await ask(seller, configure("s2"))],
      [403, 200, 403]
    )
    const planner = await keyed({ roles: ["operator"], actions: ["stock.configure"] })
    assert.deepEqual(
      [await ask(planner, read), await ask(planner, reserve("p1")), await ask(planner, configure("p2"))],
      [403, 403, 200]
    )
    assert.equal(await ask(seller, { type: ["configure"] }), 400)
    assert.equal(await ask(seller, "nonsense"), 400)
  })

  it("does so over a socket and GraphQL", async () => {
    const { secret } = await makeKey(admin, { roles: ["operator"], actions: ["stock.request"] })
    const socket = new WebSocket(`${hub.url.replace("http", "ws")}/v1/ws`, {
      headers: { authorization: `Bearer ${secret}` }
    })
    await new Promise((resolve) => socket.once("open", resolve))
    const heard: Array<Record<string, unknown>> = []
    socket.on("message", (data: Buffer) => {
      heard.push(...([JSON.parse(data.toString())].flat() as ReadonlyArray<Record<string, unknown>>))
    })
    for (const [id, body] of [
      ["q1", configure("q1")],
      ["q2", read],
      ["q3", reserve("q3")]
    ] as const) {
      socket.send(JSON.stringify({ op: "request", id, sku: "MUG", body }))
    }
    const all = await eventually(
      async () => heard,
      (messages) => messages.length === 3
    )
    assert.deepEqual(Object.fromEntries(all.map(({ id, op }) => [id, op])), { q1: "error", q2: "error", q3: "answer" })
    socket.terminate()
    const query = 'mutation { configureStock(sku: "MUG", mutationId: "g1", safetyThreshold: 2) { __typename } }'
    const { body } = await withKey(hub, secret)("POST", "/graphql", { query }, { "content-type": "application/json" })
    assert.match(JSON.stringify(body), /may not do this \(stock\.configure\)/)
  })
})

describe("what a body is about", () => {
  it("is found however deep it lies, and by its own keys only", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5_000)}{"sku":"zeta/1"}${"}".repeat(5_000)}`) as unknown
    assert.deepEqual(bodyTarget(deep, false).names, ["zeta/1"])
    const odd = JSON.parse('{"__proto__":{"sku":"zeta/2"},"constructor":{"customerId":"zeta/3"},"sku":7}') as unknown
    assert.deepEqual(bodyTarget(odd, false).names.toSorted(), ["", "zeta/2", "zeta/3"])
  })
})
