/**
 * Goal: GraphQL asks of whoever calls what HTTP asks: who they are, what they may, and within which bounds.
 * Method: a hub with access control; keys of a viewer, an operator and a tenant, over HTTP and over sockets.
 */
import assert from "node:assert/strict"
import { type Client, createClient } from "graphql-ws"
import { afterAll, beforeAll, describe, it } from "vitest"
import { WebSocket } from "ws"
import { type Call, local, makeKey, withKey } from "../support/access.ts"
import { followed } from "../support/graphql.ts"
import { eventually, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
let admin: Call
const secrets: Record<string, string> = {}

beforeAll(async () => {
  hub = await startHub({ HOLDFAST_ACCESS: "required" })
  admin = local(hub)
  for (const sku of ["acme/MUG", "MUG"]) {
    await admin("POST", `/v1/stock/${encodeURIComponent(sku)}/facts`, { type: "receipt", mutationId: "r", quantity: 9 })
  }
  for (const [name, asked] of Object.entries({
    viewer: { roles: ["viewer"] },
    operator: { roles: ["operator"] },
    tenant: { roles: ["admin"], tenant: "acme" }
  })) {
    secrets[name] = (await makeKey(admin, asked)).secret
  }
}, 60_000)
afterAll(() => hub.stop())

const askAs = async (name: string, query: string) => {
  const call = withKey(hub, secrets[name] ?? "")
  const { body } = await call("POST", "/graphql", { query }, { "content-type": "application/json" })
  const errors = (body["errors"] ?? []) as ReadonlyArray<{ readonly extensions: Readonly<Record<string, unknown>> }>
  return {
    data: body["data"] as Record<string, unknown> | null,
    codes: errors.map(({ extensions }) => extensions["code"])
  }
}

const RESERVE = `mutation { reserve(sku: "MUG", mutationId: "m", holdId: "h", quantity: 1) { version } }`
const REDRIVE = `mutation { redrive(channel: "none", all: true) { redriven } }`

describe("over HTTP", () => {
  it("nobody is let in who is not known", async () => {
    const response = await fetch(`${hub.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", connection: "close" },
      body: JSON.stringify({ query: "{ __typename }" })
    })
    assert.equal(response.status, 401)
  })

  it("a viewer looks and an operator acts, and what was refused is in the audit record", async () => {
    assert.deepEqual(await askAs("viewer", `{ stock(sku: "MUG") { available } }`), {
      data: { stock: { available: 9 } },
      codes: []
    })
    assert.deepEqual(await askAs("viewer", RESERVE), { data: { reserve: null }, codes: ["unauthorized"] })
    assert.deepEqual((await askAs("operator", RESERVE)).codes, [])
    assert.deepEqual((await askAs("viewer", REDRIVE)).codes, ["unauthorized"])
    assert.deepEqual((await askAs("operator", REDRIVE)).codes, ["unknown_channel"])
    const recorded = async () => JSON.stringify((await admin("GET", "/v1/audit")).body)
    const text = await eventually(recorded, (acts) => acts.includes("/graphql redrive none"))
    assert.match(text, /"action":"channels.redrive","target":"\/graphql redrive none","outcome":403/)
    assert.match(text, /"action":"channels.redrive","target":"\/graphql redrive none","outcome":404/)
  })

  it("a tenant sees and does only what is its own", async () => {
    const { data } = await askAs("tenant", `{ stocks { items { sku } } }`)
    assert.deepEqual(data, { stocks: { items: [{ sku: "acme/MUG" }] } })
    const others = [
      `{ stock(sku: "MUG") { sku } }`,
      `{ ledger(sku: "MUG") { next } }`,
      `{ cart(cart: "zeta/1") { cart } }`,
      `{ deadLetters { next } }`,
      `{ status { skus } }`,
      RESERVE,
      `mutation { reserveLines(mutationId: "l", holdId: "acme/h", lines: [{ sku: "acme/MUG", quantity: 1 }, { sku: "MUG", quantity: 1 }]) { holdId } }`,
      `mutation { configureStock(sku: "acme/MUG", mutationId: "c", components: [{ sku: "MUG", quantity: 1 }]) { sku } }`,
      `mutation { addToCart(cart: "acme/1", mutationId: "a", sku: "MUG", quantity: 1, unitPriceMinor: 1, currency: "EUR") { cart } }`
    ]
    for (const query of others) assert.deepEqual((await askAs("tenant", query)).codes, ["unauthorized"], query)
    assert.deepEqual((await askAs("tenant", RESERVE.replace("MUG", "acme/MUG"))).codes, [])
  })
})

describe("over a socket", () => {
  const connect = (connectionParams?: Record<string, unknown>): Client =>
    createClient({
      url: `${hub.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...(connectionParams && { connectionParams })
    })
  const follow = (client: Client, skus: string) => followed(client, `subscription { stock${skus} { sku version } }`)

  it("whoever says their key first is known, and nobody else is let in", async () => {
    for (const params of [{ token: secrets["viewer"] }, { authorization: `Bearer ${secrets["viewer"]}` }]) {
      const client = connect(params)
      const heard = follow(client, `(skus: ["MUG"])`)
      await heard.until(() => heard.results.length === 1)
      await client.dispose()
    }
    for (const params of [undefined, { token: "no key" }]) {
      const client = connect(params)
      const code = new Promise<number>((resolve) =>
        client.on("closed", (event) => resolve((event as { code: number }).code))
      )
      await follow(client, "").ended
      assert.ok([4_401, 4_403].includes(await code))
    }
  })

  it("a tenant follows its own SKUs by name, and no others", async () => {
    const client = connect({ token: secrets["tenant"] })
    const own = follow(client, `(skus: ["acme/MUG"])`)
    await own.until(() => own.results.length === 1)
    for (const skus of [`(skus: ["acme/MUG", "MUG"])`, ""]) {
      const heard = follow(client, skus)
      await heard.ended
      assert.equal(heard.errors[0]?.extensions?.["code"], "unauthorized")
    }
    own.complete()
    await client.dispose()
  })
})
