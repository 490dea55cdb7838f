/**
 * Goal: whoever is bound to channels commits, releases and replaces no open hold of another channel, nor one of no channel,
 * whichever way it asks and whatever kind of hold it is; their own, and what nobody is bound to, is as before.
 * Method: one real hub with access control and its own NATS server; holds of several channels, and callers that know their ids.
 */
import assert from "node:assert/strict"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { afterAll, beforeAll, describe, it } from "vitest"
import { WebSocket } from "ws"
import { serverOf } from "../../streams/nats/connection.ts"
import { type Call, local, makeKey, withKey } from "../support/access.ts"
import { eventually, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
let admin: Call
let web: Call
let webAndApp: Call
let webSecret: string
let adapter: NatsConnection

const UNITS = 100

/** What is asked where: of one SKU, of a bundle (asked as a SKU), of several lines. */
const KINDS = [
  { kind: "a SKU's", path: "/v1/stock/MUG/requests", of: { quantity: 1 } },
  { kind: "a bundle's", path: "/v1/stock/SET/requests", of: { quantity: 1 } },
  { kind: "several lines'", path: "/v1/stock/requests", of: { lines: [{ sku: "MUG", quantity: 1 }] } }
] as const

let made = 0
const mutationId = (): string => `m${++made}`

const bound = async (channels: ReadonlyArray<string>): Promise<string> =>
  (await makeKey(admin, { roles: ["operator"], channels })).secret

beforeAll(async () => {
  hub = await startHub({ HOLDFAST_ACCESS: "required", NATS_URL: "" })
  admin = local(hub)
  for (const sku of ["MUG", "TEA"]) {
    await admin("POST", `/v1/stock/${sku}/facts`, { type: "receipt", mutationId: "r", quantity: UNITS })
  }
  const components = [
    { sku: "MUG", quantity: 1 },
    { sku: "TEA", quantity: 1 }
  ]
  await admin("POST", "/v1/stock/SET/requests", { type: "configure", mutationId: "c", components })
  webSecret = await bound(["web"])
  web = withKey(hub, webSecret)
  webAndApp = withKey(hub, await bound(["web", "app"]))
  const { body } = await admin("POST", "/v1/access/adapters", { channel: "web" })
  adapter = await connect({ ...serverOf(String(body["url"])), reconnect: false })
}, 90_000)
afterAll(async () => {
  await adapter.close()
  await hub.stop()
})

/** Made by the hub's administrator, for a channel or for none. */
const held = async ({ of, path }: (typeof KINDS)[number], holdId: string, channel?: string): Promise<void> => {
  const { body, status } = await admin("POST", path, {
    type: "reserve",
    mutationId: mutationId(),
    holdId,
    channel,
    ...of
  })
  assert.equal(status, 200, JSON.stringify(body))
}

const allocated = async (): Promise<unknown> => (await admin("GET", "/v1/stock/MUG")).body["allocated"]

describe("an open hold of another channel, or of none", () => {
  for (const asked of KINDS) {
    it(`is neither committed, released nor replaced over HTTP when it is ${asked.kind}`, async () => {
      for (const channel of ["pos", undefined]) {
        const holdId = `http ${asked.kind} ${mutationId()}`
        await held(asked, holdId, channel)
        const before = await allocated()
        for (const type of ["commit", "release", "reserve"]) {
          const body = { type, mutationId: mutationId(), holdId, channel: "web", ...asked.of }
          const answer = await web("POST", asked.path, body)
          assert.equal(answer.status, 403, `${type} ${JSON.stringify(answer.body)}`)
          assert.equal(answer.body["code"], "unauthorized")
          // Whose it is is not told.
          assert.doesNotMatch(JSON.stringify(answer.body), /pos/)
        }
        assert.equal(await allocated(), before)
        const release = { type: "release", mutationId: mutationId(), holdId }
        assert.equal((await admin("POST", asked.path, release)).status, 200)
      }
    })
  }

  it("is not touched over a socket, by an adapter over NATS, or by GraphQL either", async () => {
    const socket = new WebSocket(`${hub.url.replace("http", "ws")}/v1/ws`, {
      headers: { authorization: `Bearer ${webSecret}` }
    })
    await new Promise((resolve) => socket.once("open", resolve))
    const heard: Array<Record<string, unknown>> = []
    socket.on("message", (data: Buffer) => {
      heard.push(...([JSON.parse(data.toString())].flat() as ReadonlyArray<Record<string, unknown>>))
    })
    const overSocket = async (sku: string | undefined, body: object): Promise<unknown> => {
      const id = mutationId()
      socket.send(JSON.stringify({ op: "request", id, sku, body: { channel: "web", ...body } }))
      const answer = await eventually(
        async () => heard.find((message) => message["id"] === id),
        (message) => message !== undefined
      )
      return (answer?.["body"] as Record<string, unknown> | undefined)?.["code"]
    }
    const overNats = async (sku: string | undefined, body: object): Promise<unknown> => {
      const subject = sku === undefined ? "stock.request" : `stock.request.${sku}`
      const message = await adapter.request(subject, JSON.stringify(body), { timeout: 5_000 })
      return message.json<Record<string, unknown>>()["code"]
    }
    for (const asked of KINDS) {
      const holdId = `else ${asked.kind}`
      await held(asked, holdId, "pos")
      const before = await allocated()
      const sku = /stock\/([A-Z]+)\//.exec(asked.path)?.[1]
      for (const ask of [overSocket, overNats]) {
        for (const type of ["commit", "release", "reserve"]) {
          const code = await ask(sku, { type, mutationId: mutationId(), holdId, ...asked.of })
          assert.equal(code, "unauthorized", `${ask.name} ${type}`)
        }
      }
      assert.equal(await allocated(), before)
    }
    socket.terminate()
    const query = `mutation { reserve(sku: "MUG", mutationId: "g", holdId: "else a SKU's", quantity: 1, channel: "web") { sku } }`
    const { body } = await web("POST", "/graphql", { query }, { "content-type": "application/json" })
    assert.match(JSON.stringify(body), /is not of a channel that you may act for/)
  })

  it("leaves its mutation id to whose hold it is", async () => {
    const [asked] = KINDS
    await held(asked, "ids", "pos")
    const commit = { type: "commit", mutationId: "both", holdId: "ids", channel: "web" }
    assert.equal((await web("POST", asked.path, commit)).status, 403)
    const { body, status } = await admin("POST", asked.path, { type: "commit", mutationId: "both", holdId: "ids" })
    assert.deepEqual([status, body["replayed"]], [200, undefined])
  })
})

describe("an open hold of one's own channels", () => {
  for (const asked of KINDS) {
    it(`is replaced, committed and asked about again when it is ${asked.kind}`, async () => {
      const holdId = `own ${asked.kind}`
      const post = async (call: Call, body: object): Promise<number> =>
        (await call("POST", asked.path, { mutationId: mutationId(), holdId, channel: "web", ...body })).status
      await held(asked, holdId, "web")
      assert.equal(await post(web, { type: "reserve", ...asked.of }), 200)
      // Of several channels, whichever of them it names.
      assert.equal(await post(webAndApp, { type: "reserve", ...asked.of, channel: "app" }), 200)
      assert.equal(await post(web, { type: "release" }), 403)
      const commit = { type: "commit", mutationId: mutationId() }
      assert.equal(await post(webAndApp, commit), 200)
      assert.equal(await post(webAndApp, commit), 200)
    })
  }

  it("answers again what it answered, though another channel has an open hold of that id by then", async () => {
    const [asked] = KINDS
    await held(asked, "again", "web")
    const release = { type: "release", mutationId: mutationId(), holdId: "again", channel: "web" }
    assert.equal((await web("POST", asked.path, release)).status, 200)
    await held(asked, "again", "pos")
    const { body, status } = await web("POST", asked.path, release)
    assert.deepEqual([status, body["replayed"]], [200, true])
  })
})
