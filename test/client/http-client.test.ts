/**
 * Goal: calls over HTTP end with a value, whatever happens, and nothing is sent twice that might be done twice.
 * Method: a server that answers as it is told stands at the other end; what it was sent is counted.
 */
import assert from "node:assert/strict"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest"
import { HttpClient } from "../../src/client/http-client.ts"

let server: Server
let client: HttpClient
let answers: Array<readonly [status: number, body: string] | "silence"> = []
let asked: Array<string> = []

const BUSY = [503, JSON.stringify({ ok: false, code: "unavailable", message: "Not now." })] as const
const PAGE = [200, JSON.stringify({ items: [] })] as const

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const answer = answers.shift() ?? PAGE
    if (answer === "silence") return
    response.writeHead(answer[0], { "content-type": "application/json" }).end(answer[1])
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  client = new HttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

beforeEach(() => {
  answers = []
  asked = []
})

const commit = { type: "commit", mutationId: "m", holdId: "h" } as const
const names = { sku: "a/b" }

describe("a call", () => {
  it("is typed by the address, and its names and query are encoded", async () => {
    const page = await client.get("/v1/stock", { query: { limit: 2, after: "a b" } })
    assert.ok(page.ok)
    assert.equal(page.value.items[0]?.available, undefined)
    await client.post("/v1/stock/:sku/requests", { names, body: commit })
    assert.deepEqual(asked, ["GET /v1/stock?limit=2&after=a+b", "POST /v1/stock/a%2Fb/requests"])
  })

  it("may change and take away as well, and is made again only with a mutation id", async () => {
    answers = [BUSY, PAGE, BUSY]
    const change = { mutationId: "m", expectedVersion: 1, by: "ann", settings: {} as never }
    assert.ok((await client.put("/v1/recovery/settings", { body: change })).ok)
    const outcome = await client.delete("/v1/access/users/:user", { names: { user: "a@b" } })
    assert.ok(!outcome.ok && outcome.failure.kind === "refused")
    const put = "PUT /v1/recovery/settings"
    assert.deepEqual(asked, [put, put, "DELETE /v1/access/users/a%40b"])
  })

  it("is offered for what is JSON both ways", () => {
    // @ts-expect-error: figures for Prometheus are text.
    const figures = () => client.get("/metrics", {})
    // @ts-expect-error: what Stripe tells is signed by Stripe.
    const webhook = () => client.post("/v1/payments/stripe/webhooks", {})
    assert.deepEqual([typeof figures, typeof webhook], ["function", "function"])
  })

  it("that is refused ends with the contract's code", async () => {
    answers = [[404, JSON.stringify({ ok: false, code: "unknown_sku", message: "Nobody knows it." })]]
    const outcome = await client.get("/v1/stock/:sku", { names })
    assert.ok(!outcome.ok && outcome.failure.kind === "refused")
    assert.equal(outcome.failure.code, "unknown_sku")
    assert.equal(outcome.failure.status, 404)
  })

  it("is made again while the hub has no room, when it is a read or carries a mutation id", async () => {
    answers = [BUSY, BUSY, PAGE]
    assert.ok((await client.get("/v1/stock", {})).ok)
    answers = [BUSY]
    assert.ok((await client.post("/v1/stock/:sku/requests", { names, body: commit })).ok)
    assert.equal(asked.length, 5)
  })

  it("is made once when nobody could tell it from a second one", async () => {
    answers = [BUSY, PAGE]
    const body = { outcome: "refunded" } as const
    const outcome = await client.post("/v1/incidents/:id/resolution", { names: { id: "i" }, body })
    assert.equal(outcome.ok, false)
    assert.equal(asked.length, 1)
  })

  it("ends when its time is over, when it is called off, and when what comes cannot be read", async () => {
    const kindOf = async (outcome: ReturnType<typeof client.get<"/v1/stock">>) => {
      const ended = await outcome
      return ended.ok ? "ok" : ended.failure.kind
    }
    answers = ["silence", "silence", [200, "<html>"]]
    assert.equal(await kindOf(client.get("/v1/stock", { timeoutMs: 50 })), "timed_out")
    assert.equal(await kindOf(client.get("/v1/stock", { signal: AbortSignal.abort() })), "aborted")
    answers = [[200, "<html>"]]
    assert.equal(await kindOf(client.get("/v1/stock", {})), "unreadable")
  })
})
