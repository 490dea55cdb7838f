/**
 * Goal: what follows from a cart is one trace: its hold and the channel that is told of it, the message that it was left, the
 * payment link, the payment and the order; and nothing of the customer is in it.
 * Method: a real hub with a channel, the local Twilio and the local Stripe, that exports to a collector of the test's own. The
 * hub begins no trace by itself, so that every span is there because it was led there.
 */
import assert from "node:assert/strict"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, headers } from "@nats-io/transport-node"
import { afterAll, beforeAll, describe, it } from "vitest"
import { isHeldOut } from "../../actors/recovery/holdout.ts"
import { POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import { noonZone } from "../../scripts/shoppers/hub-files.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { attributeOf, type Collector, type Span, startCollector } from "../support/collector.ts"
import { eventually, http, TestSocket } from "../support/hub.ts"
import { follow, pay, type PayingHub, startPayingHub } from "../support/paying-hub.ts"

const TRACE = "1bf7651916cd43dd8448eb211c80319c"
const PARENT = "b7ad6b7169203331"
const PHONE = "+447700812345"
const directory = mkdtempSync(join(tmpdir(), "holdfast-tracing-carts-"))
let collector: Collector
let shop: Server
let paying: PayingHub
let count = 0

const post = async (path: string, body: object): Promise<void> => {
  const reply = await http(paying.hub, "POST", path, { mutationId: `m${++count}`, ...body })
  assert.ok(reply.status < 300, JSON.stringify(reply.body))
}

beforeAll(async () => {
  collector = await startCollector()
  shop = createServer((request, response) => {
    request.resume().on("end", () => void response.setHeader("content-type", "application/json").end("{}"))
  }).listen(0, "127.0.0.1")
  await once(shop, "listening")
  const adapter = join(projectRoot(), "dist", "scripts", "bench-channels", "plain-channel.js")
  const file = join(directory, "channels.json")
  const settings = { url: `http://127.0.0.1:${(shop.address() as { readonly port: number }).port}` }
  writeFileSync(file, JSON.stringify({ channels: [{ name: "web", adapter, identity: true, settings }] }))
  paying = await startPayingHub(
    {},
    {
      CHANNELS_FILE: file,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_TRACES_SAMPLER_ARG: "0"
    }
  )
  await post("/v1/stock/mug/facts", { type: "receipt", quantity: 9 })
  const mappings = await http(paying.hub, "POST", "/v1/channels/web/mappings", [{ listingId: "mug", sku: "mug" }])
  assert.equal(mappings.status, 200)
}, 60_000)

afterAll(async () => {
  await paying.close()
  shop.close()
  collector.close()
  rmSync(directory, { recursive: true, force: true })
})

const nameAndOutcome = (span: Span): string => `${span.name} ${String(attributeOf(span, "holdfast.outcome"))}`

/** The names from a span up to where the trace began. */
const wayTo = (spans: ReadonlyArray<Span>, name: string): ReadonlyArray<string> => {
  const way: Array<string> = []
  for (let at = spans.find((one) => one.name === name); at !== undefined;) {
    const { parentSpanId } = at
    way.unshift(at.name)
    if (parentSpanId === PARENT) return way
    at = spans.find((one) => one.spanId === parentSpanId)
  }
  throw new Error(`${name} does not lead back to whoever began the trace: ${way.join(" < ")}`)
}

describe("the trace of a cart", () => {
  it("goes from a request over a socket to the message, the payment link, the order and the channels", async () => {
    let customerId = "traced-1"
    while (isHeldOut(customerId, POLICY_DEFAULT)) customerId = `traced-${++count}`
    const point = { type: "point", channel: "sms", address: PHONE, hasConsented: true }
    await post(`/v1/customers/${customerId}/requests`, point)
    await post(`/v1/customers/${customerId}/requests`, { type: "settings", zone: noonZone() })
    await post("/v1/carts/traced/requests", { type: "sign-in", customerId })
    const socket = await TestSocket.open(paying.hub)
    const body = { type: "add", mutationId: "add", sku: "mug", quantity: 2, unitPriceMinor: 950, currency: "GBP" }
    socket.send({ op: "request", id: "1", cart: "traced", traceparent: `00-${TRACE}-${PARENT}-01`, body })
    const [message] = await eventually(
      async () => paying.twilio.sent(PHONE),
      (sent) => sent.length > 0
    )
    socket.close()
    const link = /http\S+\/c\/\S+/.exec(message?.body ?? "")?.[0] ?? ""
    const pressed = await follow(link, "POST", 1_900)
    assert.equal(pressed.status, 303, pressed.text)
    await pay(paying, pressed.location ?? "", "traced")
    const found = await eventually(
      async () => collector.spans.filter(({ traceId }) => traceId === TRACE),
      (spans) =>
        spans.some(({ name }) => name === "cart.commit") && spans.some(({ name }) => name === "channel.push web")
    )
    assert.deepEqual(wayTo(found, "message.send sms"), ["cart.request", "message.send sms"])
    assert.deepEqual(wayTo(found, "cart.reserve"), ["cart.request", "cart.request", "cart.reserve"])
    assert.deepEqual(wayTo(found, "channel.push web"), [
      "cart.request",
      "cart.request",
      "cart.reserve",
      "channel.push web"
    ])
    assert.deepEqual(wayTo(found, "payment.link"), ["cart.request", "cart.request", "payment.link"])
    assert.deepEqual(wayTo(found, "payment.fact"), ["cart.request", "cart.request", "payment.fact"])
    assert.deepEqual(wayTo(found, "cart.commit"), [...wayTo(found, "payment.fact"), "cart.commit"])
    for (const name of ["message.send sms", "payment.link", "cart.reserve", "cart.commit"]) {
      assert.ok(found.map(nameAndOutcome).includes(`${name} ok`), found.map(nameAndOutcome).join(", "))
    }
    const sent = found.find(({ name }) => name === "message.send sms")
    assert.equal(attributeOf(sent as Span, "holdfast.message_id"), message?.sid)
    const said = JSON.stringify(found)
    for (const personal of [customerId, PHONE.slice(1), link]) assert.ok(!said.includes(personal), personal)
  })

  it("goes with a request over HTTP and with a fact over NATS, and a link that is asked for is in the trace of who asks", async () => {
    const [asked, fact, linked, queried] = ["2b", "3b", "4b", "5b"].map((start) => TRACE.replace("1b", start)) as [
      string,
      string,
      string,
      string
    ]
    const ask = (trace: string, path: string, body: object) =>
      fetch(`${paying.hub.url}/v1/carts/asked/${path}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { traceparent: `00-${trace}-${PARENT}-01` }
      })
    const line = { sku: "mug", quantity: 1, unitPriceMinor: 950, currency: "GBP" }
    await ask(asked, "requests", { type: "add", mutationId: "add", ...line })
    await ask(asked, "requests", { type: "checkout", mutationId: "checkout" })
    const spans = await collector.trace(asked, 3)
    assert.deepEqual(wayTo(spans, "cart.reserve"), ["cart.request", "cart.reserve"])
    assert.equal((await ask(linked, "payment-link", {})).status, 200)
    assert.deepEqual(wayTo(await collector.trace(linked, 1), "payment.link"), ["payment.link"])
    await fetch(`${paying.hub.url}/graphql`, {
      method: "POST",
      body: JSON.stringify({ query: `mutation { createPaymentLink(cart: "asked") { url } }` }),
      headers: { "content-type": "application/json", traceparent: `00-${queried}-${PARENT}-01` }
    })
    assert.deepEqual(wayTo(await collector.trace(queried, 1), "payment.link"), ["payment.link"])
    const nats = await connect({ servers: paying.hub.nats.url })
    const given = headers()
    given.set("traceparent", `00-${fact}-${PARENT}-01`)
    nats.publish("cart.fact.asked", JSON.stringify({ type: "left", mutationId: "left" }), { headers: given })
    assert.deepEqual(wayTo(await collector.trace(fact, 1), "cart.fact"), ["cart.fact"])
    await nats.close()
  })
})
