/**
 * Goal: GraphQL over HTTP: the protocol, what is refused before it runs, stock as HTTP has it; and the clients that shops use
 * connect as they are: Apollo Client and urql, over HTTP and over `graphql-ws`'s sockets.
 * Method: a real hub on real servers; the protocol by the library's own audits; the real packages, set up as their manuals say;
 * each test has SKUs of its own.
 */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { ApolloClient, type FetchPolicy, gql, HttpLink, InMemoryCache } from "@apollo/client"
import { ApolloLink } from "@apollo/client/link"
import { BatchHttpLink } from "@apollo/client/link/batch-http"
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries"
import { GraphQLWsLink } from "@apollo/client/link/subscriptions"
import { getIntrospectionQuery, OperationTypeNode } from "graphql"
import { auditServer } from "graphql-http"
import { Client as UrqlClient, fetchExchange, subscriptionExchange } from "@urql/core"
import { type Client, createClient, type Sink } from "graphql-ws"
import { afterAll, beforeAll, describe, it } from "vitest"
import { WebSocket } from "ws"
import { ask } from "../support/graphql.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
const sockets: Array<Client> = []
beforeAll(async () => void (hub = await startHub()))
afterAll(async () => {
  for (const socket of sockets) await socket.dispose()
  await hub.stop()
})

const overSocket = (): Client => {
  const socket = createClient({ url: `${hub.url.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket })
  sockets.push(socket)
  return socket
}

const receipt = (sku: string, quantity: number, mutationId = `opening-${sku}`) =>
  http(hub, "POST", `/v1/stock/${encodeURIComponent(sku)}/facts`, { type: "receipt", mutationId, quantity })

/** What a follower hears of a change, after what it was told at first. */
const changeHeard = async (sku: string, heard: ReadonlyArray<unknown>): Promise<unknown> => {
  const hears = (most: number) =>
    eventually(
      async () => heard.length,
      (count) => count === most
    )
  await hears(1)
  await receipt(sku, 4, "more")
  await hears(2)
  return heard[1]
}

/** What the fetches of a client asked, beside doing it; each over a connection of its own. */
const watched = (
  asked: Array<{ readonly method: string; readonly url: string; readonly body: string }>
): typeof fetch =>
  ((url: string, options: RequestInit = {}) => {
    asked.push({ method: options.method ?? "GET", url, body: String(options.body ?? "") })
    return fetch(url, { ...options, headers: { ...(options.headers as Record<string, string>), connection: "close" } })
  }) as typeof fetch

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

const ONE = gql`
  query One($sku: String!) {
    stock(sku: $sku) {
      sku
      version
      available
    }
  }
`
const FOLLOW = gql`
  subscription Follow($skus: [String!]) {
    stock(skus: $skus) {
      sku
      version
      available
    }
  }
`
const fetchPolicy: FetchPolicy = "no-cache"

describe("Apollo Client", () => {
  it("queries over HTTP and subscribes over a socket", async () => {
    await receipt("apollo", 3)
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: ApolloLink.split(
        ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
        new GraphQLWsLink(overSocket()),
        new HttpLink({ uri: `${hub.url}/graphql`, fetch: watched([]) })
      )
    })
    const { data } = await client.query({ query: ONE, variables: { sku: "apollo" } })
    assert.deepEqual(data, { stock: { __typename: "Stock", sku: "apollo", version: 1, available: 3 } })
    const heard: Array<unknown> = []
    const following = client
      .subscribe({ query: FOLLOW, variables: { skus: ["apollo"] } })
      .subscribe(({ data: change }) => heard.push(change))
    assert.deepEqual(await changeHeard("apollo", heard), {
      stock: { __typename: "StockChange", sku: "apollo", version: 2, available: 7 }
    })
    following.unsubscribe()
    client.stop()
  })

  it("hears the hub's refusals with their codes", async () => {
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new HttpLink({ uri: `${hub.url}/graphql`, fetch: watched([]) })
    })
    const { error } = await client.query({ query: ONE, variables: { sku: "nobody's" }, errorPolicy: "all" })
    assert.match(String(error), /No SKU nobody's is known/)
    client.stop()
  })

  it("sends a query's text once, and from then on its hash by GET", async () => {
    await receipt("hashed", 1)
    const asked: Array<{ readonly method: string; readonly url: string; readonly body: string }> = []
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new PersistedQueryLink({
        sha256: (text: string) => createHash("sha256").update(text).digest("hex"),
        useGETForHashedQueries: true
      }).concat(new HttpLink({ uri: `${hub.url}/graphql`, fetch: watched(asked) }))
    })
    for (let time = 0; time < 2; time++) {
      const { data }: { data?: unknown } = await client.query({ query: ONE, variables: { sku: "hashed" }, fetchPolicy })
      assert.deepEqual(data, { stock: { __typename: "Stock", sku: "hashed", version: 1, available: 1 } })
    }
    assert.deepEqual(
      asked.map(({ method, url, body }) => [
        method,
        `${url}${body}`.includes("query%20One") || body.includes("query One")
      ]),
      [
        ["GET", false],
        ["POST", true],
        ["GET", false]
      ]
    )
    client.stop()
  })

  it("sends several queries of one moment as one array", async () => {
    await receipt("b1", 1)
    await receipt("b2", 2)
    const asked: Array<{ readonly method: string; readonly url: string; readonly body: string }> = []
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new BatchHttpLink({ uri: `${hub.url}/graphql`, fetch: watched(asked) })
    })
    const answers = await Promise.all(
      ["b1", "b2"].map((sku) => client.query<{ stock: { available: number } }>({ query: ONE, variables: { sku } }))
    )
    assert.deepEqual(
      answers.map(({ data }) => data?.stock.available),
      [1, 2]
    )
    assert.equal(asked.length, 1)
    client.stop()
  })
})

describe("urql", () => {
  it("queries over HTTP and subscribes over a socket", async () => {
    await receipt("urql", 3)
    const socket = overSocket()
    const client = new UrqlClient({
      url: `${hub.url}/graphql`,
      preferGetMethod: false,
      fetch: watched([]),
      exchanges: [
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: ({ query = "", variables }) => ({
            subscribe: (sink) => ({
              unsubscribe: socket.subscribe({ query, variables: variables as Record<string, unknown> }, sink as Sink)
            })
          })
        })
      ]
    })
    const { data } = await client.query(ONE, { sku: "urql" }).toPromise()
    assert.deepEqual(data, { stock: { sku: "urql", version: 1, available: 3 } })
    const heard: Array<unknown> = []
    const following = client
      .subscription(FOLLOW, { skus: ["urql"] })
      .subscribe(({ data: change }) => heard.push(change))
    assert.deepEqual(await changeHeard("urql", heard), { stock: { sku: "urql", version: 2, available: 7 } })
    following.unsubscribe()
  })
})
