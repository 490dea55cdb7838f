/**
 * Goal: what a hub answers over HTTP is told apart into stored, refused for good, and to be sent again.
 * Method: a server that answers as it is told.
 */
import assert from "node:assert/strict"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, it } from "vitest"
import type { ErpFact } from "../../src/channels/erp/facts.ts"
import { httpPublish } from "../../src/channels/erp/http-publish.ts"
import { FRAME_BYTES_MAX } from "../../config/limits.ts"

let server: Server
let answer: { readonly status: number; readonly body: unknown }
let bodies: Array<{ readonly url: string; readonly text: string }>

beforeEach(async () => {
  bodies = []
  answer = { status: 202, body: { accepted: 1, rejected: [] } }
  server = createServer((request, response) => {
    let text = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => (text += chunk))
    request.on("end", () => {
      bodies.push({ url: request.url ?? "", text })
      response.writeHead(answer.status).end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const fact = (sku: string, mutationId: string, reason = "r"): ErpFact => ({
  sku,
  body: { type: "receipt", mutationId, quantity: 1, reason }
})

describe("facts over HTTP", () => {
  it("go out as arrays of one SKU in their order, each below the contract's size whatever they carry", async () => {
    const facts = Array.from({ length: 600 }, (_, at) => fact(at % 3 === 0 ? "A/ä" : "B", `m${at}`, "€".repeat(1_024)))
    const outcomes = await httpPublish(url())(facts)
    assert.ok(outcomes.every(({ ok }) => ok))
    for (const { text } of bodies) assert.ok(Buffer.byteLength(text) <= FRAME_BYTES_MAX)
    for (const sku of ["A/ä", "B"]) {
      const sent = bodies
        .filter((body) => body.url === `/v1/stock/${encodeURIComponent(sku)}/facts`)
        .flatMap(({ text }) => (JSON.parse(text) as ReadonlyArray<{ mutationId: string }>).map((one) => one.mutationId))
      assert.deepEqual(
        sent,
        facts.filter((one) => one.sku === sku).map(({ body }) => body.mutationId)
      )
    }
  })

  it("that are refused for good are told with the hub's words, in their places", async () => {
    answer = { status: 202, body: { rejected: [{ index: 1, code: "mutation_conflict", message: "Known." }] } }
    assert.deepEqual(await httpPublish(url())([fact("A", "1"), fact("A", "2"), fact("A", "3")]), [
      { ok: true },
      { ok: false, message: "Known." },
      { ok: true }
    ])
    answer = { status: 400, body: { code: "invalid_request", message: "Nothing of it." } }
    const refused = { ok: false, message: "Nothing of it." }
    assert.deepEqual(await httpPublish(url())([fact("A", "1"), fact("B", "2")]), [refused, refused])
  })

  it.each([
    [503, { code: "unavailable", message: "The journal is away." }, /503: The journal is away/],
    [429, { code: "overloaded" }, /429: overloaded/],
    [401, { code: "unauthorized", message: "Who are you?" }, /401: Who are you/],
    [500, "<html>", /500: it does not say why/],
    [202, { rejected: [{ index: 0, code: "overloaded", message: "Later." }] }, /takes no facts now: Later/]
  ])("that met %i %j are sent again", async (status, body, message) => {
    answer = { status, body }
    await assert.rejects(httpPublish(url())([fact("A", "1")]), message)
  })

  it("that met nobody are sent again, and the operator reads where", async () => {
    await assert.rejects(httpPublish("http://127.0.0.1:9")([fact("A", "1")]), /127\.0\.0\.1:9 cannot be reached/)
  })
})
