/**
 * Goal: GraphQL over HTTP: the protocol, what is refused before it runs, stock as HTTP has it.
 * Method: a real hub on real servers; the protocol by the library's own audits; each test has SKUs of its own.
 */
import assert from "node:assert/strict"
import { getIntrospectionQuery } from "graphql"
import { auditServer } from "graphql-http"
import { afterAll, beforeAll, describe, it } from "vitest"
import { http, startHub, type TestHub } from "../support/hub.ts"
import { ask } from "../support/graphql.ts"

let hub: TestHub
beforeAll(async () => void (hub = await startHub()))
afterAll(() => hub.stop())

const receipt = (sku: string, quantity: number) =>
  http(hub, "POST", `/v1/stock/${encodeURIComponent(sku)}/facts`, {
    type: "receipt",
    mutationId: `opening-${sku}`,
    quantity
  })

const codesOf = async (query: string, variables?: object): Promise<ReadonlyArray<unknown>> =>
  ((await ask(hub, query, variables)).errors ?? []).map(({ extensions }) => extensions?.["code"])

describe("GraphQL over HTTP", () => {
  it("passes every audit of the protocol", async () => {
    const results = await auditServer({ url: `${hub.url}/graphql` })
    assert.deepEqual(
      results.filter(({ status }) => status !== "ok").map(({ id, name }) => `${id} ${name}`),
      []
    )
    assert.ok(results.length > 50)
  })

  it("refuses bodies that are too large, not JSON, or not sent as such", async () => {
    const post = (body: string | Uint8Array<ArrayBuffer>, type = "application/json") =>
      fetch(`${hub.url}/graphql`, { method: "POST", body, headers: { "content-type": type, connection: "close" } })
    const large = await post(JSON.stringify({ query: `{ ${" ".repeat(64 * 1024)} __typename }` }))
    assert.equal(large.status, 413)
    assert.equal((await post("{")).status, 400)
    assert.equal((await post(Uint8Array.from([0x22, 0xff, 0x22]))).status, 400)
    // What a page elsewhere may send without asking is not taken: nobody's browser changes stock behind their back.
    assert.equal((await post(JSON.stringify({ query: "{ __typename }" }), "text/plain")).status, 415)
  })

  it("gives stock as HTTP does, with what HTTP refuses as errors with the same code", async () => {
    await receipt("G 1", 7)
    const { data } = await ask(
      hub,
      `query One($sku: String!) { stock(sku: $sku) { sku version available locations { locationId physical } } }`,
      { sku: "G 1" }
    )
    const stock = { sku: "G 1", version: 1, available: 7, locations: [{ locationId: "default", physical: 7 }] }
    assert.deepEqual(data, { stock })
    const { data: none, errors } = await ask(hub, `{ stock(sku: "nobody's") { sku } }`)
    assert.deepEqual(none, { stock: null })
    const { body } = await http(hub, "GET", "/v1/stock/nobody's")
    assert.deepEqual({ ok: false, message: errors?.[0]?.message, ...errors?.[0]?.extensions }, body)
    assert.deepEqual(await codesOf(`{ stock(sku: "") { sku } }`), ["invalid_request"])
  })

  it("gives pages of stock", async () => {
    for (const sku of ["P1", "P2", "P3"]) await receipt(sku, 1)
    const page = `query Page($after: String) { stocks(after: $after, limit: 2) { items { sku locations { physical } } next } }`
    const first = await ask(hub, page, { after: "P" })
    assert.deepEqual(first.data, {
      stocks: {
        items: ["P1", "P2"].map((sku) => ({ sku, locations: [{ physical: 1 }] })),
        next: "P2"
      }
    })
    const second = await ask(hub, page, { after: "P2" })
    assert.deepEqual(second.data, { stocks: { items: [{ sku: "P3", locations: [{ physical: 1 }] }], next: null } })
    assert.deepEqual(await codesOf(`{ stocks(limit: 1001) { next } }`), ["invalid_request"])
    assert.deepEqual(await codesOf(`{ stocks(limit: 0) { next } }`), ["invalid_request"])
  })

  it("tells its schema to who asks", async () => {
    const { data } = await ask(hub, getIntrospectionQuery())
    assert.ok(JSON.stringify(data).includes("SafeInt"))
  })

  it("refuses what is too heavy before it runs, and says what of", async () => {
    const of = async (query: string, variables?: object) => {
      const { errors } = await ask(hub, query, variables)
      return errors?.map(({ extensions }) => extensions?.["of"] ?? extensions?.["code"])
    }
    assert.deepEqual(await of(`{ ${Array.from({ length: 31 }, (_, n) => `a${n}: __typename`).join(" ")} }`), [
      "aliases"
    ])
    assert.deepEqual(await of(`{ __typename ${"@include(if: true) ".repeat(51)} }`), ["directives"])
    assert.deepEqual(await of(`{ ${"__typename ".repeat(251)} }`), ["fields"])
    assert.deepEqual(await of(`{ stocks(limit: 1000) { items { sku locations { physical } } } }`), ["cost"])
    const page = `query Page($limit: Int) { stocks(limit: $limit) { items { sku locations { physical } } } }`
    assert.deepEqual(await of(page, { limit: 1_000 }), ["cost"])
    assert.equal(await of(page, { limit: 10 }), undefined)
    assert.deepEqual(await of(`{ ${"__typename ".repeat(2_001)} }`), ["invalid_request"])
  })
})
