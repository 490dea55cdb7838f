/**
 * Goal: a hub is open on the loopback address only, pages of elsewhere get in where they are named and no further, proxies that are
 * trusted tell who called, and nobody has sockets without end.
 * Method: settings and the entrance by themselves; then a real hub that trusts one proxy and names one shop.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { SOCKETS_PER_ADDRESS_MAX, SOCKETS_PER_PRINCIPAL_MAX } from "../../config/access.ts"
import type { AccessShape } from "../../src/access/layer.ts"
import { accessMode } from "../../src/access/mode.ts"
import { Entrance } from "../../src/gateway/entrance.ts"
import type { SocketGuard } from "../../src/gateway/socket-guard.ts"
import { callerOf } from "../../src/gateway/serving.ts"
import { caller, local, makeKey, withKey } from "../support/access.ts"
import { startHub, type TestHub } from "../support/hub.ts"

const SHOP = "https://shop.example"

describe("the mode", () => {
  it("is open on the loopback address alone, unless it is required there too", () => {
    for (const host of ["127.0.0.1", "localhost", "::1", "127.8.0.1"]) {
      assert.equal(accessMode("when-exposed", host), "open")
      assert.equal(accessMode("off", host), "open")
      assert.equal(accessMode("required", host), "required")
    }
    for (const host of ["0.0.0.0", "::", "10.0.0.7", "hub.example", "127.0.0.1.example"]) {
      assert.equal(accessMode("when-exposed", host), "required")
      assert.equal(accessMode("required", host), "required")
      assert.match(JSON.stringify(accessMode("off", host)), /only taken on the loopback address/)
    }
  })
})

const entranceOf = (mode: AccessShape["mode"]): Entrance =>
  new Entrance({
    access: {
      mode,
      authenticate: () => ({ kind: "open", name: "anybody", roles: [] })
    } as Partial<AccessShape> as AccessShape,
    corsOrigins: () => new Set([SHOP]),
    nowMs: () => 0,
    run: () => undefined
  })

describe("the entrance", () => {
  it("of an open hub takes acts of programs and of this machine's pages, and of no page that calls it by another name", () => {
    const entrance = entranceOf("open")
    const host = "127.0.0.1:3020"
    assert.ok(entrance.isFromNear({ host }))
    assert.ok(entrance.isFromNear({ host, origin: `http://${host}` }))
    assert.ok(entrance.isFromNear({ host, origin: "http://localhost:5173" }))
    assert.ok(entrance.isFromNear({ host, origin: SHOP }))
    assert.ok(!entrance.isFromNear({ host, origin: "https://elsewhere.example" }))
    assert.ok(!entrance.isFromNear({ host, "sec-fetch-site": "cross-site" }))
    // Its name means this machine by now; the browser takes the hub for a part of it.
    assert.ok(!entrance.isFromNear({ host: "elsewhere.example:3020", origin: "http://elsewhere.example:3020" }))
  })

  it("of an open hub lets nobody read by a name that is not the machine's, and one with access control goes by who asks", async () => {
    const refuses = async (mode: AccessShape["mode"], method: string, headers: Readonly<Record<string, string>>) =>
      "refused" in (await entranceOf(mode).admit({ method, headers }))
    for (const host of ["127.0.0.1:3020", "localhost:3020", "LOCALHOST", "[::1]:3020"]) {
      assert.ok(!(await refuses("open", "get", { host })), host)
    }
    for (const method of ["get", "head"]) {
      assert.ok(await refuses("open", method, { host: "elsewhere.example:3020" }), method)
      assert.ok(!(await refuses("required", method, { host: "hub.example" })), method)
    }
    assert.ok(!(await refuses("open", "get", {})), "a program that names none")
  })

  it("of a hub with access control takes its own pages, by whatever name it has, and those that are named", () => {
    const entrance = entranceOf("required")
    assert.ok(entrance.isFromNear({ host: "hub.example", origin: "https://hub.example" }))
    assert.ok(entrance.isFromNear({ host: "hub.example", origin: SHOP }))
    assert.ok(!entrance.isFromNear({ host: "hub.example", origin: "http://localhost:5173" }))
  })

  it("counts the sockets of an address and of a caller, and forgets those that have left", () => {
    const entrance = entranceOf("required")
    const guard = (): SocketGuard => ({}) as SocketGuard
    for (let count = 0; count < SOCKETS_PER_ADDRESS_MAX; count++) assert.ok(entrance.enter(guard(), "192.0.2.1"))
    const oneMore = guard()
    assert.ok(!entrance.enter(oneMore, "192.0.2.1"))
    assert.ok(entrance.enter(guard(), "192.0.2.2"))
    entrance.leave(oneMore, ["address 192.0.2.1"])
    entrance.leave(guard(), ["address 192.0.2.1"])
    assert.ok(entrance.enter(guard(), "192.0.2.1"))
    const known = { kind: "key", name: "k", roles: [] } as const
    for (let count = 0; count < SOCKETS_PER_PRINCIPAL_MAX; count++) assert.ok(entrance.enterAs(known))
    assert.ok(!entrance.enterAs(known))
    assert.ok(entranceOf("open").enterAs(known))
  })
})

describe("who called through proxies", () => {
  it("is the entry that the outermost trusted one has written, whatever was claimed before", () => {
    assert.equal(callerOf("10.0.0.1", "6.6.6.6, 203.0.113.9", 0), "10.0.0.1")
    assert.equal(callerOf("10.0.0.1", "6.6.6.6, 203.0.113.9", 1), "203.0.113.9")
    assert.equal(callerOf("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", 2), "203.0.113.9")
    assert.equal(callerOf("10.0.0.1", undefined, 1), "10.0.0.1")
    assert.equal(callerOf("10.0.0.1", "x".repeat(1_000), 1), "10.0.0.1")
  })
})

describe("a hub behind a proxy, with one shop's pages let in", () => {
  let hub: TestHub
  let secret: string

  beforeAll(async () => {
    hub = await startHub({ HOLDFAST_ACCESS: "required", CORS_ORIGINS: SHOP, PROXIES_TRUSTED: "1" })
    secret = (await makeKey(local(hub), { roles: ["admin"] })).secret
  }, 60_000)
  afterAll(() => hub.stop())

  it("tells that shop's pages what they may send, and no others", async () => {
    const { headers, status } = await caller(hub)("OPTIONS", "/v1/stock/MUG/requests", undefined, { origin: SHOP })
    assert.equal(status, 204)
    assert.equal(headers.get("access-control-allow-origin"), SHOP)
    assert.match(headers.get("access-control-allow-headers") ?? "", /authorization/)
    assert.equal(headers.get("access-control-allow-credentials"), null)
    const other = await caller(hub)("OPTIONS", "/v1/stock/MUG/requests", undefined, { origin: `${SHOP}.evil.example` })
    assert.equal(other.headers.get("access-control-allow-origin"), null)
  })

  it("answers them with a key, readable for them alone, and refuses them without one all the same", async () => {
    const withIt = await withKey(hub, secret)("GET", "/v1/status", undefined, { origin: SHOP })
    assert.deepEqual([withIt.status, withIt.headers.get("access-control-allow-origin")], [200, SHOP])
    const without = await caller(hub)("GET", "/v1/status", undefined, { origin: SHOP })
    assert.deepEqual([without.status, without.headers.get("access-control-allow-origin")], [401, SHOP])
    const elsewhere = await withKey(hub, secret)("GET", "/v1/status", undefined, {
      origin: "https://elsewhere.example"
    })
    assert.equal(elsewhere.headers.get("access-control-allow-origin"), null)
  })

  it("writes into the audit record who called, not the proxy and not who they said they were", async () => {
    const forwarded = { "x-forwarded-for": "6.6.6.6, 203.0.113.9" }
    const made = await withKey(hub, secret)("POST", "/v1/access/users", { name: "ann", roles: ["viewer"] }, forwarded)
    assert.equal(made.status, 200)
    const { items } = (await withKey(hub, secret)("GET", "/v1/audit?limit=1")).body
    assert.equal((items as ReadonlyArray<Record<string, unknown>>)[0]?.["address"], "203.0.113.9")
  })
})
