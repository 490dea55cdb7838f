/**
 * Goal: the typed client and a hub understand each other, and a browser is sent nothing of the schemas that type it.
 * Method: a real hub is asked through the client; the client's own file is looked at for what it imports at run time.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, it } from "vitest"
import { HttpClient } from "../../src/client/http-client.ts"
import { startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
let client: HttpClient
beforeAll(async () => {
  hub = await startHub()
  client = new HttpClient(hub.url)
})
afterAll(() => hub.stop())

const names = { sku: "LAMP 7/é" }

describe("a real hub through the client", () => {
  it("takes facts and requests, and pages are read", async () => {
    const fact = { type: "receipt", mutationId: "f", quantity: 5 } as const
    const taken = await client.post("/v1/stock/:sku/facts", { names, body: fact })
    assert.deepEqual(taken, { ok: true, value: { accepted: 1, rejected: [] } })
    const body = { type: "reserve", mutationId: "m", holdId: "h", quantity: 2 } as const
    const reserved = await client.post("/v1/stock/:sku/requests", { names, body })
    assert.ok(reserved.ok)
    assert.equal(reserved.value.available, 3)
    const page = await client.get("/v1/stock", { query: { limit: 1 } })
    assert.ok(page.ok)
    assert.deepEqual(
      page.value.items.map(({ sku }) => sku),
      [names.sku]
    )
  })

  it("refuses with its code, its sentence and the place", async () => {
    const body = { type: "reserve", mutationId: "n", holdId: "i", quantity: 0 } as const
    const refused = await client.post("/v1/stock/:sku/requests", { names, body })
    assert.ok(!refused.ok && refused.failure.kind === "refused")
    const { code, message, path, status } = refused.failure
    assert.deepEqual([status, code, path], [400, "invalid_request", "quantity"])
    assert.match(message, /^Send quantity as an integer from 1/)
    const page = await client.get("/v1/audit", { query: { limit: 0 } })
    assert.ok(!page.ok && page.failure.kind === "refused" && page.failure.path === "limit")
  })

  it("changes settings by PUT, and says what cannot be taken away", async () => {
    const seen = await client.get("/v1/recovery/settings", {})
    assert.ok(seen.ok)
    const { settings, version } = seen.value
    const body = { mutationId: "s", expectedVersion: version, by: "ann", settings: { offers: null, ...settings } }
    const changed = await client.put("/v1/recovery/settings", { body })
    assert.ok(changed.ok, JSON.stringify(changed))
    const removed = await client.delete("/v1/access/users/:user", { names: { user: "nobody" } })
    assert.ok(!removed.ok && removed.failure.kind === "refused")
    assert.equal(removed.failure.code, "unknown_user")
  })
})

describe("the client's file", () => {
  it("imports types only: neither schemas nor Effect come with it", () => {
    const text = readFileSync(new URL("../../src/client/http-client.ts", import.meta.url), "utf8")
    const imports = text.match(/^import .*/gm) ?? []
    assert.ok(imports.length > 0)
    for (const line of imports) assert.match(line, /^import type /)
  })
})
