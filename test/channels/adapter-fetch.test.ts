/**
 * Goal: an adapter cannot tell the hub's `fetch` from the platform's, except by what it costs.
 * Method: a server that answers in every way that matters, asked by both; what they tell is compared.
 */
import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, it } from "vitest"
import { adapterFetch } from "../../src/channels/adapter-fetch.ts"

const LONG = "ä".repeat(1_500_000)

const ANSWERS: Record<string, (response: ServerResponse, body: string, request: IncomingMessage) => void> = {
  "/echo": (response, body, request) => {
    response.setHeader("x-method", request.method ?? "")
    response.end(body)
  },
  "/status": (response) => response.writeHead(422, { "retry-after": "3" }).end('{"no":true}'),
  "/nothing": (response) => response.writeHead(204).end(),
  "/moved": (response) => response.writeHead(302, { location: "/echo" }).end("elsewhere"),
  "/packed": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(LONG)),
  "/spoiled": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end("no gzip"),
  "/long": (response) => response.writeHead(200, { "content-length": Buffer.byteLength(LONG) }).end(LONG),
  "/in-parts": (response) => {
    response.write("one ")
    setTimeout(() => response.end("two"), 5)
  },
  "/twice": (response) => response.writeHead(200, { "set-cookie": ["a=1", "b=2"] }).end("x"),
  "/cut": (response) => {
    response.writeHead(200, { "content-length": 100 })
    response.write("half", () => response.destroy())
  },
  "/heard": (response, _body, { headers }) =>
    response.end(JSON.stringify({ "user-agent": headers["user-agent"], accept: headers.accept })),
  "/silent": () => undefined
}

/** Those that are asked otherwise. */
const OTHERS = new Set(["/silent", "/cut", "/spoiled", "/heard"])

let server: Server
let url = ""

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => ANSWERS[request.url ?? ""]?.(response, Buffer.concat(chunks).toString(), request))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const told = async (fetcher: typeof fetch, path: string) => {
  const init = { method: "POST", body: "grüße", redirect: "manual", headers: { "x-one": "1" } } as const
  const response = await fetcher(`${url}${path}`, init)
  const headers = [...response.headers].filter(([name]) => !["date", "keep-alive"].includes(name))
  return { status: response.status, ok: response.ok, headers, text: await response.text() }
}

describe("an adapter's fetch", () => {
  for (const path of Object.keys(ANSWERS)) {
    if (OTHERS.has(path)) continue
    it(`answers ${path.slice(1)} as the platform's does`, async () => {
      assert.deepEqual(await told(adapterFetch, path), await told(fetch, path))
    })
  }

  for (const path of ["/cut", "/spoiled"]) {
    it(`fails on an answer that is ${path.slice(1)}`, async () => {
      await assert.rejects(told(adapterFetch, path))
      await assert.rejects(told(fetch, path))
    })
  }

  it("sends each header once, however its name is written", async () => {
    const headers = { "User-Agent": "corner-shop", Accept: "text/plain" }
    const response = await adapterFetch(`${url}/heard`, { method: "POST", body: "", redirect: "manual", headers })
    assert.deepEqual(await response.json(), { "user-agent": "corner-shop", accept: "text/plain" })
  })

  it("ends with its signal", async () => {
    const controller = new AbortController()
    const init = { method: "POST", body: "x", redirect: "manual", signal: controller.signal } as const
    const calls = [adapterFetch, fetch].map((fetcher) => fetcher(`${url}/silent`, init))
    setTimeout(() => controller.abort(), 20)
    for (const call of calls) await assert.rejects(call, { name: "AbortError" })
  })

  it("says why a host cannot be reached", async () => {
    const call = adapterFetch("http://127.0.0.1:1/", { method: "POST", body: "x", redirect: "manual" })
    await assert.rejects(call, { code: "ECONNREFUSED" })
  })

  it("follows redirects, reads forms and takes requests as the platform's does, being that", async () => {
    const response = await adapterFetch(new Request(`${url}/moved`))
    assert.equal(response.url, `${url}/echo`)
    const form = await adapterFetch(`${url}/echo`, { method: "POST", body: new URLSearchParams({ a: "1" }) })
    assert.equal(await form.text(), "a=1")
  })
})
