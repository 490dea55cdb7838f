/**
 * Goal: every address of the hub asks the right thing of whoever calls, and no address is forgotten.
 * Method: what each role may is written down here once more, by address. Every role then calls every address of the real
 * table through the real dispatcher; only what lies behind the addresses is replaced.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { type Role, ROLES } from "../../actors/access/actions.ts"
import type { Principal } from "../../actors/access/may.ts"
import { makeHandle } from "../../src/gateway/http/dispatch.ts"
import { RateLimiter } from "../../src/gateway/rate-limit.ts"
import { json } from "../../src/gateway/http/replies.ts"
import type { Entry } from "../../src/gateway/http/entry.ts"
import { type HttpServices, routeTable } from "../../src/gateway/http/routes.ts"
import { StaticFiles } from "../../src/gateway/http/static-files.ts"
import type { Request } from "../../src/gateway/serving.ts"
import { EXPECTED, type Expected } from "./expected-roles.ts"

/** Routes are closures over the services; making the table touches none of them. */
const table = routeTable({} as HttpServices)

/** Each says that it was reached, instead of doing what it does. */
const reached = table.map(([method, pattern, action, , bounds]): Entry => {
  const reply: Entry[3] = (_request, respond) => respond(json(200, { reached: pattern }))
  return bounds === undefined ? [method, pattern, action, reply] : [method, pattern, action, reply, bounds]
})

const asked = (method: string, path: string, body: Uint8Array): Request => ({
  method,
  path,
  query: new URLSearchParams(),
  search: "",
  address: "192.0.2.1",
  headers: {},
  body,
  receivedAtMs: 0
})

const statusFor = (
  principal: Principal | undefined,
  method: string,
  path: string,
  body: Uint8Array = new Uint8Array(0)
): Promise<number> => {
  const handle = makeHandle({
    routes: reached,
    authenticate: () => principal ?? { refused: "Sign in." },
    record: () => Promise.resolve(),
    isCorsOrigin: () => false,
    files: new StaticFiles("/nowhere"),
    limiter: new RateLimiter({ requestsPerSecond: 0 })
  })
  return new Promise((resolve) => handle(asked(method, path, body), ({ status }) => resolve(status)))
}

const pathOf = (pattern: string, name = "x"): string => pattern.replaceAll(/:\w+/g, encodeURIComponent(name))
const roleNamed = (role: Role): Principal => ({ kind: "user", name: role, roles: [role] })

const rolesOf = (expected: Expected): ReadonlyArray<Role> =>
  typeof expected === "string" ? ROLES : [...expected, "admin"]

/** What a body would say to seem a tenant's and a channel's own, on addresses that read none of it. */
const SEEMING = Buffer.from(JSON.stringify({ sku: "acme/x", customerId: "acme/x", channel: "web" }))
/** Addresses that name nothing, because what is sent there says what it is about. */
const BY_BODY = new Set(["/v1/stock/requests", "/api/inventory/sync-stock"])

describe("every address", () => {
  it("is written down here with who may call it, and nothing else is", () => {
    const addresses = table.map(([method, pattern]) => `${method} ${pattern}`)
    assert.deepEqual(addresses.toSorted(), Object.keys(EXPECTED).toSorted())
  })

  it.each(table.map(([method, pattern]) => [method, pattern] as const))(
    "%s %s is for the roles that are written down",
    async (method, pattern) => {
      const expected = EXPECTED[`${method} ${pattern}`] as Expected
      for (const role of ROLES) {
        const status = await statusFor(roleNamed(role), method, pathOf(pattern))
        assert.equal(status, rolesOf(expected).includes(role) ? 200 : 403, role)
      }
      assert.equal(await statusFor(undefined, method, pathOf(pattern)), expected === "public" ? 200 : 401)
      assert.equal(
        (await statusFor({ kind: "user", name: "no role", roles: [] }, method, pathOf(pattern))) === 200,
        expected === "public" || expected === "each-field"
      )
    }
  )

  it("of a thing with an owner is closed to another tenant, and what is the hub's as a whole to every tenant", async () => {
    const tenant: Principal = { kind: "user", name: "ann", roles: ["admin"], tenant: "acme" }
    for (const [method, pattern, action, , bounds] of table) {
      if (action === "public" || action === "each-field" || bounds !== undefined) continue
      assert.equal(await statusFor(tenant, method, pathOf(pattern, "zeta/1")), 403, `${method} ${pattern}`)
      const isOwned = /:(sku|cart|customer)\b/.test(pattern)
      assert.equal(
        await statusFor(tenant, method, pathOf(pattern, "acme/1")),
        isOwned ? 200 : 403,
        `${method} ${pattern}`
      )
    }
  })

  it("is no more a tenant's or a channel's for what a body says beside, where the body is not what it is about", async () => {
    const bounds: ReadonlyArray<Partial<Principal>> = [
      { tenant: "acme" },
      { channels: ["web"] },
      { tenant: "acme", channels: ["web"] }
    ]
    for (const bound of bounds) {
      const ann: Principal = { kind: "user", name: "ann", roles: ["admin"], ...bound }
      for (const [method, pattern, action, , own] of table) {
        if (action === "public" || action === "each-field" || own !== undefined || method === "get") continue
        if (/:(sku|cart|customer|channel)\b/.test(pattern)) continue
        const status = await statusFor(ann, method, pathOf(pattern), SEEMING)
        assert.equal(status, BY_BODY.has(pattern) ? 200 : 403, `${method} ${pattern}`)
      }
      const settings = pathOf("/v1/stock/:sku/reorder-settings", "acme/1")
      assert.equal(await statusFor(ann, "post", settings, SEEMING), bound.channels === undefined ? 200 : 403)
    }
    const tenant: Principal = { kind: "user", name: "ann", roles: ["admin"], tenant: "acme" }
    for (const [method, pattern, action] of table) {
      if (action === "public" || method === "get" || !pattern.includes(":channel")) continue
      assert.equal(await statusFor(tenant, method, pathOf(pattern, "web"), SEEMING), 403, `${method} ${pattern}`)
    }
  })

  it("of a channel is closed to a key of another channel", async () => {
    const key: Principal = { kind: "key", name: "web's", roles: ["operator"], channels: ["web"] }
    for (const [method, pattern, action] of table) {
      if (action === "public" || !pattern.includes(":channel")) continue
      assert.equal(await statusFor(key, method, pathOf(pattern, "web")), 200, `${method} ${pattern}`)
      assert.equal(await statusFor(key, method, pathOf(pattern, "amazon")), 403, `${method} ${pattern}`)
    }
  })
})
