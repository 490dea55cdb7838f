/**
 * Goal: what happens to one fact is one trace, from whoever told it to the channel that is told of it; and nothing in it is wrong
 * when headers are.
 * Method: a real hub that exports to a collector of the test's own, with a channel that looks at the headers it gets.
 */
import assert from "node:assert/strict"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { headers } from "@nats-io/transport-node"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { afterAll, beforeAll, describe, it } from "vitest"
import { projectRoot } from "../../src/servers/servers.ts"
import { readTraceparent, writeTraceparent } from "../../src/tracing/traceparent.ts"
import { type Collector, type Span, startCollector } from "../support/collector.ts"
import { eventually, http, startHub, type TestHub, TestSocket } from "../support/hub.ts"

interface Told {
  readonly traceparent: string | undefined
  readonly body: string
}

const TRACE = "0af7651916cd43dd8448eb211c80319c"
const PARENT = "b7ad6b7169203331"
const directory = mkdtempSync(join(tmpdir(), "holdfast-tracing-"))
let collector: Collector
const told: Array<Told> = []
const servers: Array<Server> = []
let hub: TestHub
let nats: NatsConnection

const listening = async (take: (headers: NodeJS.Dict<string | string[]>, body: string) => void): Promise<string> => {
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk: Buffer) => (body += chunk.toString()))
    request.on("end", () => {
      take(request.headers, body)
      response.setHeader("content-type", "application/json").end("{}")
    })
  }).listen(0, "127.0.0.1")
  servers.push(server)
  await once(server, "listening")
  return `http://127.0.0.1:${(server.address() as { readonly port: number }).port}`
}

beforeAll(async () => {
  collector = await startCollector({ "x-key": "hush!", "x-other": "1" })
  const shop = await listening(
    ({ traceparent }, body) => void told.push({ traceparent: traceparent?.toString(), body })
  )
  const adapter = join(projectRoot(), "dist", "scripts", "bench-channels", "plain-channel.js")
  const file = join(directory, "channels.json")
  writeFileSync(file, JSON.stringify({ channels: [{ name: "web", adapter, identity: true, settings: { url: shop } }] }))
  hub = await startHub({
    CHANNELS_FILE: file,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=hush%21, x-other=1",
    OTEL_BSP_SCHEDULE_DELAY: "100",
    OTEL_TRACES_SAMPLER_ARG: "0"
  })
  nats = await connect({ servers: hub.nats.url })
  await http(hub, "POST", "/v1/stock/lamp/facts", { type: "receipt", mutationId: "open", quantity: 50 })
  await http(hub, "POST", "/v1/channels/web/mappings", [{ listingId: "lamp", sku: "lamp" }])
  await eventually(
    async () => told.length,
    (count) => count > 0
  )
}, 60_000)

afterAll(async () => {
  await nats.close()
  await hub.stop()
  for (const server of servers) server.close()
  collector.close()
  rmSync(directory, { recursive: true, force: true })
})

const isTree = (of: ReadonlyArray<Span>, traceId: string, names: ReadonlyArray<string>): void => {
  assert.deepEqual(of.map(({ name }) => name).toSorted(), [...names].toSorted())
  const [root, push] = names.map((name) => of.find((span) => span.name === name))
  assert.equal(root?.parentSpanId, PARENT)
  assert.equal(push?.parentSpanId, root?.spanId)
  for (const span of of) assert.equal(span.traceId, traceId)
  assert.ok(BigInt(push?.startTimeUnixNano ?? 0) >= BigInt(root?.startTimeUnixNano ?? 0))
}

describe("a trace", () => {
  it("goes with a fact from NATS through the journal to the channel's call", async () => {
    const given = headers()
    given.set("traceparent", `00-${TRACE}-${PARENT}-01`)
    nats.publish("stock.fact.lamp", '{"type":"sale","mutationId":"traced","quantity":1}', { headers: given })
    const found = await collector.trace(TRACE, 2)
    isTree(found, TRACE, ["stock.fact", "channel.push web"])
    const push = found.find(({ name }) => name.startsWith("channel"))
    const call = told.find(({ traceparent }) => traceparent?.includes(TRACE) === true)
    assert.deepEqual(
      [call?.traceparent, call?.body],
      [`00-${TRACE}-${push?.spanId ?? ""}-01`, '[{"sku":"lamp","quantity":49}]']
    )
  })

  it("goes with a request over HTTP, and over NATS", async () => {
    const ask = async (trace: string, how: "http" | "nats"): Promise<void> => {
      const body = JSON.stringify({ type: "reserve", mutationId: trace, holdId: trace, quantity: 1 })
      const traceparent = `00-${trace}-${PARENT}-01`
      if (how === "http") {
        await fetch(`${hub.url}/v1/stock/lamp/requests`, { method: "POST", body, headers: { traceparent } })
      } else {
        const given = headers()
        given.set("traceparent", traceparent)
        await nats.request("stock.request.lamp", body, { headers: given, timeout: 5_000 })
      }
      isTree(await collector.trace(trace, 2), trace, ["stock.request", "channel.push web"])
    }
    await ask(TRACE.replace("0a", "1a"), "http")
    await ask(TRACE.replace("0a", "2a"), "nats")
  })

  it("goes with a request over a socket, of one SKU and of several, and over GraphQL", async () => {
    const [one, several, graph] = ["5a", "6a", "7a"].map((start) => TRACE.replace("0a", start)) as [
      string,
      string,
      string
    ]
    const socket = await TestSocket.open(hub)
    const ask = (id: string, trace: string, sku: object, body: object): void =>
      socket.send({ op: "request", id, traceparent: `00-${trace}-${PARENT}-01`, ...sku, body })
    const held = { holdId: "socket", quantity: 1 }
    ask("one", one, { sku: "lamp" }, { type: "reserve", mutationId: one, ...held })
    isTree(await collector.trace(one, 2), one, ["stock.request", "channel.push web"])
    ask(
      "several",
      several,
      {},
      { type: "reserve", mutationId: several, holdId: "lines", lines: [{ sku: "lamp", quantity: 2 }] }
    )
    isTree(await collector.trace(several, 2), several, ["stock.lines", "channel.push web"])
    const query = `mutation { reserve(sku: "lamp", mutationId: "${graph}", holdId: "graph", quantity: 1) { version } }`
    const reply = await fetch(`${hub.url}/graphql`, {
      method: "POST",
      body: JSON.stringify({ query }),
      headers: { "content-type": "application/json", traceparent: `00-${graph}-${PARENT}-01` }
    })
    assert.equal(reply.status, 200)
    isTree(await collector.trace(graph, 2), graph, ["stock.request", "channel.push web"])
    assert.ok(!JSON.stringify(socket.messages).includes("error"), JSON.stringify(socket.messages))
    socket.close()
  })

  it("goes on to the parts of a bundle", async () => {
    const trace = TRACE.replace("0a", "8a")
    await http(hub, "POST", "/v1/stock/shade/facts", { type: "receipt", mutationId: "open", quantity: 9 })
    const bundle = {
      type: "configure",
      mutationId: "set",
      components: [
        { sku: "lamp", quantity: 1 },
        { sku: "shade", quantity: 2 }
      ]
    }
    assert.equal((await http(hub, "POST", "/v1/stock/set/requests", bundle)).status, 200)
    const body = JSON.stringify({ type: "reserve", mutationId: trace, holdId: trace, quantity: 1 })
    const traceparent = `00-${trace}-${PARENT}-01`
    await fetch(`${hub.url}/v1/stock/set/requests`, { method: "POST", body, headers: { traceparent } })
    isTree(await collector.trace(trace, 2), trace, ["stock.request", "channel.push web"])
  })

  it("is not exported when whoever began it says so, nor when chance does, nor when the header is none", async () => {
    const before = told.length
    for (const [n, traceparent] of [`00-${TRACE.replace("0a", "3a")}-${PARENT}-00`, "00-abc", ""].entries()) {
      const body = JSON.stringify({ type: "reserve", mutationId: `untraced-${n}`, holdId: `u${n}`, quantity: 1 })
      const { status } = await fetch(`${hub.url}/v1/stock/lamp/requests`, {
        method: "POST",
        body,
        headers: { traceparent }
      })
      assert.equal(status, 200)
    }
    await eventually(
      async () => told.length,
      (count) => count > before
    )
    const last = TRACE.replace("0a", "4a")
    const body = JSON.stringify({ type: "reserve", mutationId: "last", holdId: "last", quantity: 1 })
    await fetch(`${hub.url}/v1/stock/lamp/requests`, {
      method: "POST",
      body,
      headers: { traceparent: `00-${last}-${PARENT}-01` }
    })
    await collector.trace(last, 2)
    assert.deepEqual(
      new Set(collector.spans.map(({ traceId }) => traceId.slice(0, 2))),
      new Set(["0a", "1a", "2a", "4a", "5a", "6a", "7a", "8a"])
    )
  })
})

describe("a traceparent", () => {
  it("is read as W3C Trace Context has it", () => {
    const given = `00-${TRACE}-${PARENT}-01`
    const place = readTraceparent(given)
    assert.deepEqual(place, { traceId: TRACE, spanId: PARENT, isSampled: true })
    assert.equal(writeTraceparent(place ?? { traceId: "", spanId: "", isSampled: false }), given)
    assert.equal(readTraceparent(`00-${TRACE}-${PARENT}-00`)?.isSampled, false)
    assert.equal(readTraceparent(`01-${TRACE}-${PARENT}-01-more`)?.isSampled, true, "a later version may say more")
    for (const none of [
      undefined,
      "",
      `ff-${TRACE}-${PARENT}-01`,
      `00-${TRACE}-${PARENT}-01-more`,
      `00-${"0".repeat(32)}-${PARENT}-01`,
      `00-${TRACE}-${"0".repeat(16)}-01`,
      `00-${TRACE.toUpperCase()}-${PARENT}-01`,
      "constructor"
    ]) {
      assert.equal(readTraceparent(none), undefined, none)
    }
  })
})
