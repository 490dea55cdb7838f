/**
 * Goal: a hub with access control lets in who is known, for what they may, and nobody for longer than they are.
 * Method: one real hub; users, keys and sessions over HTTP and the socket; the hub is killed in between.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { WebSocket } from "ws"
import type { RecoverySettings } from "../../actors/recovery/settings.ts"
import { caller, cookieOf, local, makeKey, withKey, withSession } from "../support/access.ts"
import { eventually, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub

beforeAll(async () => {
  hub = await startHub({ HOLDFAST_ACCESS: "required" })
}, 60_000)
afterAll(() => hub.stop())

const firstPassword = (): string => /made the user admin with the password (\S+),/.exec(hub.output())?.[1] ?? ""

/** Opens a socket, says what is given, and settles with its close code or its first message. */
const socketSays = (said: ReadonlyArray<unknown>, headers: Readonly<Record<string, string>> = {}): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${hub.url.replace("http", "ws")}/v1/ws`, { headers })
    socket.on("open", () => said.forEach((message) => socket.send(JSON.stringify(message))))
    socket.on("message", (data: Buffer) => {
      resolve(JSON.parse(data.toString()))
      socket.terminate()
    })
    socket.on("close", (code) => resolve(code))
    socket.on("error", reject)
  })

describe("a hub with access control", () => {
  it("tells strangers nothing but that it is there, and why they get no more", async () => {
    const stranger = caller(hub)
    assert.equal((await stranger("GET", "/healthz")).status, 200)
    assert.equal((await stranger("GET", "/readyz")).status, 200)
    for (const path of ["/v1/stock", "/v1/status", "/metrics", "/v1/access/session", "/v1/audit"]) {
      const { status, body, headers } = await stranger("GET", path)
      assert.equal(status, 401, path)
      assert.equal(body["code"], "unauthorized")
      assert.equal(headers.get("www-authenticate"), "Bearer")
    }
    for (const token of ["hf_0123456789ab_" + "x".repeat(43), "hf_", "nonsense", "a.b.c", ""]) {
      assert.equal((await withKey(hub, token)("GET", "/v1/stock")).status, 401, token)
    }
  })

  it("has the administrator of its first start choose a password before anything else", async () => {
    const stranger = caller(hub)
    assert.equal((await stranger("POST", "/v1/access/session", { name: "admin", password: "wrong" })).status, 401)
    const signedIn = await stranger("POST", "/v1/access/session", { name: "admin", password: firstPassword() })
    assert.equal(signedIn.body["mustChangePassword"], true)
    const cookie = signedIn.headers.get("set-cookie") ?? ""
    assert.match(cookie, /HttpOnly/)
    assert.match(cookie, /SameSite=Strict/)
    const early = withSession(hub, cookieOf(signedIn))
    assert.equal((await early("GET", "/v1/stock")).status, 403)
    const next = { password: firstPassword(), newPassword: "correct horse battery" }
    assert.equal((await early("POST", "/v1/access/password", { ...next, newPassword: "short" })).status, 400)
    const changed = await early("POST", "/v1/access/password", next)
    assert.equal(changed.status, 200)
    assert.equal((await early("GET", "/v1/access/session")).status, 401, "the session from before has ended")
    assert.equal((await withSession(hub, cookieOf(changed))("GET", "/v1/stock")).status, 200)
    assert.equal(
      (await stranger("POST", "/v1/access/session", { name: "admin", password: firstPassword() })).status,
      401
    )
  })

  it("takes nothing that changes something from another page, even with a session", async () => {
    const signedIn = await caller(hub)("POST", "/v1/access/session", {
      name: "admin",
      password: "correct horse battery"
    })
    const cookie = cookieOf(signedIn)
    const fact = { type: "receipt", mutationId: "csrf-1", quantity: 1 }
    const post = (headers: Readonly<Record<string, string>>) =>
      caller(hub, { cookie, ...headers })("POST", "/v1/stock/CSRF/facts", fact)
    assert.equal((await post({})).status, 401, "no header")
    assert.equal((await post({ "x-holdfast-csrf": "1", origin: "https://evil.example" })).status, 401)
    assert.equal((await post({ "x-holdfast-csrf": "1", origin: "null" })).status, 401)
    assert.equal((await post({ "x-holdfast-csrf": "1", origin: hub.url })).status, 202)
    assert.equal(await socketSays([{ op: "ping" }], { cookie, origin: "https://evil.example" }), 4_401)
    assert.deepEqual(await socketSays([{ op: "ping" }], { cookie, origin: hub.url }), { op: "pong" })
  })

  it("shows a key once, keeps a hash, and lets it do what it is for until it is revoked", async () => {
    const admin = local(hub)
    const key = await makeKey(admin, { name: "till", roles: ["operator"] })
    assert.match(key.secret, /^hf_[0-9a-f]{12}_[\w-]{43}$/)
    const till = withKey(hub, key.secret)
    assert.equal(
      (await till("POST", "/v1/stock/KEY/facts", { type: "receipt", mutationId: "k1", quantity: 1 })).status,
      202
    )
    assert.equal((await till("GET", "/v1/access/keys")).status, 403)
    const listed = await admin("GET", "/v1/access/keys")
    assert.doesNotMatch(JSON.stringify(listed.body), new RegExp(key.secret.slice(-43)))
    const [shown] = listed.body["items"] as ReadonlyArray<Record<string, unknown>>
    assert.ok(Date.parse(String(shown?.["lastUsedAt"])) > Date.now() - 120_000)
    const open = socketSays([{ op: "subscribe", topics: ["stock.NOBODY"] }], { authorization: `Bearer ${key.secret}` })
    await eventually(
      async () => (await admin("GET", "/v1/status")).body["sockets"],
      (count) => count === 1
    )
    assert.equal((await admin("DELETE", `/v1/access/keys/${key.id}`)).status, 200)
    assert.equal(await open, 4_401, "its socket is closed")
    assert.equal((await till("GET", "/v1/stock")).status, 401)
  })

  it("keeps settings of recovery in the name of who changed them, whatever they call themselves", async () => {
    const admin = local(hub)
    const { id, secret } = await makeKey(admin, { name: "desk", roles: ["admin"] })
    const { body: now } = await admin("GET", "/v1/recovery/settings")
    const { contact, ...others } = now["settings"] as RecoverySettings
    const settings = { ...others, contact: { ...contact, holdoutShare: contact.holdoutShare === 0 ? 0.1 : 0 } }
    const change = { mutationId: "in whose name", expectedVersion: now["version"], settings }
    for (const by of ["ann", "holdfast", undefined]) {
      const { body, status } = await withKey(hub, secret)("POST", "/v1/recovery/settings", { ...change, by })
      assert.equal(status, 200, JSON.stringify(body))
    }
    const { body: newest } = await admin("GET", "/v1/recovery/settings")
    assert.deepEqual([newest["version"], newest["by"]], [Number(now["version"]) + 1, id])
  })

  it("lets both secrets of a rotated key in for a while, or only the new one", async () => {
    const admin = local(hub)
    const key = await makeKey(admin, { roles: ["viewer"] })
    const rotate = async (overlapMs: number) =>
      String((await admin("POST", `/v1/access/keys/${key.id}/rotate`, { overlapMs })).body["secret"])
    const second = await rotate(60_000)
    for (const secret of [key.secret, second])
      assert.equal((await withKey(hub, secret)("GET", "/v1/stock")).status, 200)
    const third = await rotate(0)
    for (const secret of [key.secret, second])
      assert.equal((await withKey(hub, secret)("GET", "/v1/stock")).status, 401)
    assert.equal((await withKey(hub, third)("GET", "/v1/stock")).status, 200)
  })

  it("knows who speaks on a socket by its first message, and asks for each thing what it may", async () => {
    const viewer = await makeKey(local(hub), { roles: ["viewer"] })
    const { secret } = viewer
    assert.deepEqual(await socketSays([{ op: "authenticate", token: secret }]), { op: "authenticated" })
    assert.equal(await socketSays([{ op: "authenticate", token: secret.slice(0, -1) + "!" }]), 4_401)
    const early = (await socketSays([{ op: "subscribe", topics: ["stock.*"] }])) as Record<string, unknown>
    assert.equal(early["code"], "unauthorized")
    const body = { type: "reserve", mutationId: "s1", holdId: "s1", quantity: 1 }
    const refused = (await socketSays([{ op: "request", id: "1", sku: "KEY", body }], {
      authorization: `Bearer ${secret}`
    })) as Record<string, unknown>
    assert.equal(refused["code"], "unauthorized")
  })

  it("slows down who guesses, and does not tell a wrong name from a wrong password", async () => {
    const admin = local(hub)
    assert.equal((await admin("POST", "/v1/access/users", { name: "guessed", roles: ["viewer"] })).status, 200)
    const guess = (name: string) => caller(hub)("POST", "/v1/access/session", { name, password: "guess guess guess" })
    const [known, unknown] = [await guess("guessed"), await guess("nobody")]
    assert.deepEqual(known.body, unknown.body)
    let last = known
    for (let tries = 0; tries < 6; tries++) last = await guess("guessed")
    assert.equal(last.status, 429)
    assert.ok(Number(last.headers.get("retry-after")) >= 1)
  })

  it("keeps the last administrator, and records who did what", async () => {
    const admin = local(hub)
    assert.equal((await admin("DELETE", "/v1/access/users/admin")).body["code"], "last_admin")
    assert.equal((await admin("PUT", "/v1/access/users/admin", { roles: ["viewer"] })).status, 409)
    const { items } = (await admin("GET", "/v1/audit?limit=2")).body as {
      items: ReadonlyArray<Record<string, unknown>>
    }
    assert.deepEqual(
      items.map(({ action, target, outcome, who }) => ({ action, target, outcome, who })),
      [
        {
          action: "access.manage",
          target: "/v1/access/users/admin",
          outcome: 409,
          who: { kind: "key", name: "local" }
        },
        {
          action: "access.manage",
          target: "/v1/access/users/admin",
          outcome: 409,
          who: { kind: "key", name: "local" }
        }
      ]
    )
    const older = await admin("GET", `/v1/audit?limit=1&before=${String(items[1]?.["id"])}`)
    assert.equal((older.body["items"] as ReadonlyArray<unknown>).length, 1)
    const everything = JSON.stringify((await admin("GET", "/v1/audit?limit=1000")).body) + hub.output()
    assert.doesNotMatch(everything, /hf_[0-9a-z]+_[\w-]{43}|correct horse/)
  })

  it("knows users, keys and sessions again after it was killed", async () => {
    const admin = local(hub)
    const key = await makeKey(admin, { roles: ["viewer"] })
    const made = await admin("POST", "/v1/access/users", { name: "ann", roles: ["operator"] })
    const password = String(made.body["oneTimePassword"])
    await hub.crash()
    assert.equal((await admin("GET", "/v1/stock")).status, 401, "the key of this machine is another at each start")
    assert.equal((await withKey(hub, key.secret)("GET", "/v1/stock")).status, 200)
    // Failures are forgotten with the process, and nobody else has tried since.
    const signedIn = await caller(hub)("POST", "/v1/access/session", { name: "ann", password })
    assert.equal(signedIn.status, 200)
    assert.equal((await withSession(hub, cookieOf(signedIn))("DELETE", "/v1/access/session")).status, 200)
    assert.equal((await withSession(hub, cookieOf(signedIn))("GET", "/v1/access/session")).status, 401)
  })
})
