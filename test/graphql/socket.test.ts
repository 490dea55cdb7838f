/**
 * Goal: GraphQL over a socket: subscriptions by the rules of the socket contract, limits, the protocol's refusals.
 * Method: a real hub on real servers, `graphql-ws`'s own client; each test has SKUs of its own.
 */
import assert from "node:assert/strict"
import { type Client, CloseCode } from "graphql-ws"
import { afterAll, beforeAll, describe, it } from "vitest"
import { WebSocket } from "ws"
import { connected, followed, type Heard } from "../support/graphql.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
const clients: Array<Client> = []
beforeAll(async () => void (hub = await startHub()))
afterAll(async () => {
  for (const client of clients) await client.dispose()
  await hub.stop()
})

const connect = (): Client => {
  const client = connected(hub)
  clients.push(client)
  return client
}

const fact = (sku: string, body: object) => http(hub, "POST", `/v1/stock/${encodeURIComponent(sku)}/facts`, body)
const receipt = (sku: string, quantity: number) =>
  fact(sku, { type: "receipt", mutationId: `opening-${sku}`, quantity })
const sale = (sku: string, n: number) => fact(sku, { type: "sale", mutationId: `sale-${n}`, quantity: 1 })

const FOLLOW = `subscription Follow($skus: [String!], $have: [StockVersion!]) {
  stock(skus: $skus, have: $have) { sku version available at t reset }
}`
const lastOf = ({ results }: Heard): Record<string, unknown> => {
  const stock = results.at(-1)?.data?.["stock"]
  assert.ok(typeof stock === "object" && stock !== null)
  return stock as Record<string, unknown>
}
const versionsOf = ({ results }: Heard, sku: string): ReadonlyArray<number> =>
  results.flatMap(({ data }) => {
    const change = data?.["stock"] as { readonly sku: string; readonly version: number } | undefined
    return change?.sku === sku ? [change.version] : []
  })

describe("a stock subscription", () => {
  it("gives what is newer than the client has, then every version in order, and ends when it is completed", async () => {
    await receipt("w1", 100)
    await receipt("w2", 100)
    const heard = followed(connect(), FOLLOW, {
      skus: ["w1", "w2"],
      have: [
        { sku: "w1", version: 1 },
        { sku: "w2", version: 0 }
      ]
    })
    await heard.until(() => versionsOf(heard, "w2").length === 1)
    assert.deepEqual(versionsOf(heard, "w1"), [])
    for (let n = 0; n < 30; n++) await sale("w1", n)
    await heard.until(() => versionsOf(heard, "w1").at(-1) === 31)
    assert.deepEqual(
      versionsOf(heard, "w1"),
      Array.from({ length: 30 }, (_, n) => n + 2)
    )
    const stock = lastOf(heard)
    assert.equal(stock["available"], 70)
    assert.equal(stock["reset"], null)
    assert.ok(Number(stock["t"]) > Date.now() * 1_000 - 60_000_000)
    heard.complete()
    await heard.ended
    const { length } = heard.results
    await sale("w1", 99)
    await eventually(
      async () => (await http(hub, "GET", "/v1/stock/w1")).body["version"],
      (version) => version === 32
    )
    assert.equal(heard.results.length, length)
  })

  it("of all SKUs brings the known ones and those that become known", async () => {
    await receipt("all-1", 1)
    const heard = followed(connect(), FOLLOW)
    await heard.until(() => versionsOf(heard, "all-1").length === 1)
    await receipt("all-2", 1)
    await heard.until(() => versionsOf(heard, "all-2").length === 1)
    heard.complete()
  })

  it("says reset to who has more than there is", async () => {
    await receipt("w3", 1)
    const heard = followed(connect(), FOLLOW, { skus: ["w3"], have: [{ sku: "w3", version: 99 }] })
    await heard.until(() => heard.results.length === 1)
    const stock = lastOf(heard)
    assert.deepEqual([stock["version"], stock["reset"]], [1, true])
    heard.complete()
  })

  it("of each of many clients has its own selection and its own id, several of them on one socket", async () => {
    await receipt("w4", 5)
    const client = connect()
    const several = ["sku", "available", "v: version", "version"].map((selected) =>
      followed(client, `subscription { stock(skus: ["w4"]) { ${selected} } }`)
    )
    await Promise.all(several.map((heard) => heard.until(() => heard.results.length === 1)))
    await sale("w4", 1)
    await Promise.all(several.map((heard) => heard.until(() => heard.results.length === 2)))
    assert.deepEqual(
      several.map(({ results }) => results[1]?.data),
      [{ stock: { sku: "w4" } }, { stock: { available: 4 } }, { stock: { v: 2 } }, { stock: { version: 2 } }]
    )
    for (const heard of several) heard.complete()
  })

  it("gives a client that does not read the newest state once it does, and no older one", async () => {
    await receipt("slow", 1)
    const socket = new WebSocket(`${hub.url.replace("http", "ws")}/graphql`, "graphql-transport-ws")
    const versions: Array<number> = []
    let closeCode: number | undefined
    socket.on("close", (code) => (closeCode = code))
    socket.on("message", (data: Buffer) => {
      const text = data.toString()
      if (text.includes("connection_ack")) {
        const query = `subscription { stock(skus: ["slow"]) { sku version available physical allocated at t } }`
        socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }))
      } else versions.push(Number(/"version":(\d+)/.exec(text)?.[1]))
    })
    socket.once("open", () => socket.send(JSON.stringify({ type: "connection_init" })))
    await eventually(
      async () => versions.length,
      (count) => count === 1
    )
    socket.pause()
    for (let round = 0; round < 30; round++) {
      const facts = Array.from({ length: 2_000 }, (_, n) => ({
        type: "receipt",
        mutationId: `s${round}-${n}`,
        quantity: 1
      }))
      await http(hub, "POST", "/v1/stock/slow/facts", facts)
    }
    socket.resume()
    await eventually(
      async () => versions.at(-1),
      (version) => version === 60_001
    )
    assert.ok(versions.every((version, n) => n === 0 || version > (versions[n - 1] ?? 0)))
    assert.ok(versions.length < 59_000, `${versions.length} came: what waited was not conflated`)
    assert.equal(closeCode, undefined)
    await sale("slow", 1)
    await eventually(
      async () => versions.at(-1),
      (version) => version === 60_002
    )
    socket.terminate()
  })

  it("refuses what is wrong with the words of HTTP, and what is too heavy", async () => {
    const client = connect()
    const codes = async (query: string) => {
      const heard = followed(client, query)
      await heard.ended
      return heard.errors.map(({ extensions }) => extensions?.["code"])
    }
    assert.deepEqual(await codes(`subscription { stock(skus: [""]) { sku } }`), ["invalid_request"])
    assert.deepEqual(await codes(`subscription { stock(skus: ["x"], have: [{ sku: "x", version: -1 }]) { sku } }`), [
      "invalid_request"
    ])
    assert.deepEqual(await codes(`subscription { nothing }`), ["invalid_request"])
    const aliases = Array.from({ length: 31 }, (_, n) => `a${n}: sku`).join(" ")
    assert.deepEqual(await codes(`subscription { stock { ${aliases} } }`), ["too_complex"])
  })
})

describe("SCENARIOS 33, over GraphQL: a dashboard that reconnects", () => {
  it("while stock changes never sees a version go back, and loses no change made before its snapshot", async () => {
    await receipt("again", 1_000)
    let isTrading = true
    const trade = (async () => {
      for (let n = 0; isTrading; n++) await sale("again", n)
    })()
    let have = 0
    for (let visit = 0; visit < 20; visit++) {
      const client = connected(hub)
      const heard = followed(client, FOLLOW, {
        skus: ["again"],
        have: have === 0 ? [] : [{ sku: "again", version: have }]
      })
      await heard.until(() => versionsOf(heard, "again").length > 2)
      const versions = versionsOf(heard, "again")
      assert.ok((versions[0] ?? 0) > have, "what the client had came again")
      // After the snapshot every version comes: a gap would be a change that was lost.
      for (const [index, version] of versions.entries()) assert.equal(version, (versions[0] ?? 0) + index)
      have = versions.at(-1) ?? have
      await client.dispose()
    }
    isTrading = false
    await trade
    const heard = followed(connect(), FOLLOW, { skus: ["again"] })
    await heard.until(() => heard.results.length === 1)
    assert.equal(versionsOf(heard, "again")[0], (await http(hub, "GET", "/v1/stock/again")).body["version"])
    heard.complete()
  })
})

describe("a GraphQL socket", () => {
  const raw = async (protocol = "graphql-transport-ws"): Promise<{ socket: WebSocket; closed: Promise<number> }> => {
    const socket = new WebSocket(`${hub.url.replace("http", "ws")}/graphql`, protocol)
    const closed = new Promise<number>((resolve) => socket.on("close", resolve))
    socket.on("error", () => undefined)
    await new Promise((resolve) => socket.once("open", resolve).once("error", resolve))
    return { socket, closed }
  }
  const closedAfter = async (...said: ReadonlyArray<string | Buffer>): Promise<number> => {
    const { socket, closed } = await raw()
    for (const one of said) socket.send(one)
    return closed
  }
  const INIT = JSON.stringify({ type: "connection_init" })
  const subscribe = (id: string, query = `subscription { stock(skus: ["q"]) { sku } }`) =>
    JSON.stringify({ id, type: "subscribe", payload: { query } })

  it("is closed with the protocol's codes when its client does not keep it", async () => {
    assert.equal(await closedAfter("{"), CloseCode.BadRequest)
    assert.equal(await closedAfter(Buffer.from([0x22, 0xff, 0x22])), CloseCode.BadRequest)
    assert.equal(await closedAfter(subscribe("1")), CloseCode.Unauthorized)
    assert.equal(await closedAfter(INIT, INIT), CloseCode.TooManyInitialisationRequests)
    const deep = `{"type":"ping","payload":{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}}`
    assert.equal(await closedAfter(INIT, deep), CloseCode.InternalServerError)
    assert.equal(await closedAfter(`{"type":"ping","payload":{"a":"${"x".repeat(64 * 1024)}"}}`), 1_009)
    const other = await raw("graphql-ws")
    assert.ok(other.socket.protocol !== "graphql-ws")
  })

  it("answers queries, and what it must not read twice it refuses", async () => {
    const { socket, closed } = await raw()
    const heard: Array<string> = []
    socket.on("message", (data: Buffer) => heard.push(data.toString()))
    socket.send(INIT)
    await eventually(
      async () => heard,
      (texts) => texts.length === 1
    )
    socket.send(JSON.stringify({ id: "q", type: "subscribe", payload: { query: "{ __typename }" } }))
    await eventually(
      async () => heard,
      (texts) => texts.length === 3
    )
    assert.deepEqual(
      heard.slice(1).map((text) => JSON.parse(text) as unknown),
      [
        { id: "q", type: "next", payload: { data: { __typename: "Query" } } },
        { id: "q", type: "complete" }
      ]
    )
    socket.send(subscribe("1"))
    socket.send(subscribe("1"))
    assert.equal(await closed, CloseCode.SubscriberAlreadyExists)
  })

  it("may have so many operations open and no more", async () => {
    const { socket } = await raw()
    const refused = new Promise<{
      readonly id: string
      readonly payload: ReadonlyArray<{ readonly extensions: object }>
    }>((resolve) => {
      socket.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as { readonly type: string }
        if (message.type === "connection_ack") for (let n = 1; n <= 201; n++) socket.send(subscribe(String(n)))
        if (message.type === "error") resolve(message as never)
      })
    })
    socket.send(INIT)
    const { id, payload } = await refused
    assert.equal(id, "201")
    assert.deepEqual(payload[0]?.extensions, { code: "overloaded" })
    socket.terminate()
  })
})
