/**
 * Goal: the clients that shops use connect as they are: Apollo Client and urql, over HTTP and over `graphql-ws`'s sockets.
 * Method: the real packages against a real hub, set up as their manuals say.
 */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { ApolloClient, type FetchPolicy, gql, HttpLink, InMemoryCache } from "@apollo/client"
import { ApolloLink } from "@apollo/client/link"
import { BatchHttpLink } from "@apollo/client/link/batch-http"
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries"
import { GraphQLWsLink } from "@apollo/client/link/subscriptions"
import { OperationTypeNode } from "graphql"
import { Client as UrqlClient, fetchExchange, subscriptionExchange } from "@urql/core"
import { type Client, createClient, type Sink } from "graphql-ws"
import { afterAll, beforeAll, describe, it } from "vitest"
import { WebSocket } from "ws"
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
  http(hub, "POST", `/v1/stock/${sku}/facts`, { type: "receipt", mutationId, quantity })

/** What the fetches of a client asked, beside doing it; each over a connection of its own. */
const watched = (
  asked: Array<{ readonly method: string; readonly url: string; readonly body: string }>
): typeof fetch =>
  ((url: string, options: RequestInit = {}) => {
    asked.push({ method: options.method ?? "GET", url, body: String(options.body ?? "") })
    return fetch(url, { ...options, headers: { ...(options.headers as Record<string, string>), connection: "close" } })
  }) as typeof fetch

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
    await eventually(
      async () => heard.length,
      (count) => count === 1
    )
    await receipt("apollo", 4, "more")
    await eventually(
      async () => heard.length,
      (count) => count === 2
    )
    assert.deepEqual(heard[1], { stock: { __typename: "StockChange", sku: "apollo", version: 2, available: 7 } })
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
    await eventually(
      async () => heard.length,
      (count) => count === 1
    )
    await receipt("urql", 4, "more")
    await eventually(
      async () => heard.length,
      (count) => count === 2
    )
    assert.deepEqual(heard[1], { stock: { sku: "urql", version: 2, available: 7 } })
    following.unsubscribe()
  })
})
