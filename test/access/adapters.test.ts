/**
 * Goal: adapters come to the hub's own NATS server by a user each, and can do nothing there but tell facts of their channel and
 * ask in its name; nobody comes without one.
 * Method: a real hub with access control and its own NATS server; adapters are added, try what they must not, and are removed.
 */
import assert from "node:assert/strict"
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { jetstream, jetstreamManager } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { afterAll, beforeAll, describe, it } from "vitest"
import { withJournal } from "../../scripts/journal-reader.ts"
import { serverOf } from "../../streams/nats/connection.ts"
import { type Call, local } from "../support/access.ts"
import { eventually, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub
let hubUrl: string
let admin: Call
let web: NatsConnection
let pos: NatsConnection
const opened: Array<NatsConnection> = []

const come = async (url: string): Promise<NatsConnection> => {
  const connection = await connect({ ...serverOf(url), reconnect: false })
  opened.push(connection)
  return connection
}

const added = async (channel: string): Promise<string> => {
  const { body, status } = await admin("POST", "/v1/access/adapters", { channel })
  assert.equal(status, 200, JSON.stringify(body))
  return String(body["url"])
}

const asked = async (adapter: NatsConnection, subject: string, body: object): Promise<Record<string, unknown>> =>
  (await adapter.request(subject, JSON.stringify(body), { timeout: 5_000 })).json()

const lettersOf = async (subject: string): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const { items } = (await admin("GET", "/v1/dead-letters?limit=1000")).body
  return (items as ReadonlyArray<Record<string, unknown>>).filter((letter) => letter["subject"] === subject)
}

const runFile = (): { readonly nats: string } =>
  JSON.parse(readFileSync(join(hub.home, "run.json"), "utf8")) as { readonly nats: string }

beforeAll(async () => {
  hub = await startHub({ HOLDFAST_ACCESS: "required", NATS_URL: "" })
  admin = local(hub)
  hubUrl = runFile().nats
  web = await come(await added("web"))
  pos = await come(await added("pos"))
}, 90_000)
afterAll(async () => {
  for (const connection of opened) await connection.close()
  await hub.stop()
})

describe("a hub's own NATS server, where whoever calls must be known", () => {
  it("lets nobody in without a user, and keeps passwords where only the hub's user reads them", async () => {
    const { host, password } = new URL(hubUrl)
    await assert.rejects(connect({ servers: host, reconnect: false }), /uthorization/)
    await assert.rejects(connect({ servers: host, user: "web", pass: password, reconnect: false }), /uthorization/)
    for (const file of ["nats-accounts.json", "nats/access.conf", "run.json"]) {
      assert.equal(statSync(join(hub.home, file)).mode & 0o777, 0o600, file)
    }
    const log = readFileSync(join(hub.home, "nats.log"), "utf8")
    assert.ok(password.length > 40 && !hub.output().includes(password) && !log.includes(password))
    // The commands of this machine find it in run.json.
    assert.ok((await withJournal(hubUrl, (journal) => journal.lastSequence)) >= 0)
  })

  it("takes an adapter's facts and requests as its channel's, by the contract's subjects", async () => {
    const told: Array<unknown> = []
    const asHub = await come(hubUrl)
    asHub.subscribe("stock.event.*", {
      callback: (_error, message) => void told.push(message.json<Record<string, unknown>>()["channel"])
    })
    await asHub.flush()
    const receipt = JSON.stringify({ type: "receipt", mutationId: "r-1", quantity: 5 })
    const ack = await jetstream(web).publish("stock.fact.A%2EB", receipt)
    assert.equal(ack.stream, "FACTS")
    await eventually(
      () => asked(web, "stock.request.A%2EB", { type: "read" }),
      (answer) => answer["physical"] === 5
    )
    const reserve = { type: "reserve", mutationId: "h-1", holdId: "h-1", quantity: 2 }
    assert.equal((await asked(pos, "stock.request.A%2EB", { ...reserve, channel: "pos" }))["available"], 3)
    const lines = { type: "reserve", mutationId: "l-1", holdId: "l-1", lines: [{ sku: "A.B", quantity: 1 }] }
    assert.equal((await asked(web, "stock.request", lines))["ok"], true)
    const channels = await eventually(
      async () => told,
      (all) => all.length >= 3
    )
    assert.deepEqual(channels.slice(0, 2), ["web", "pos"])
  })

  it("takes nothing of another channel from it, loses nothing of that, and lets no adapter configure", async () => {
    const sale = { type: "sale", mutationId: "s-1", quantity: 1, channel: "pos" }
    await jetstream(web).publish("stock.fact.OTHER", JSON.stringify(sale))
    const subject = "from.web.stock.fact.OTHER"
    const [letter] = await eventually(
      () => lettersOf(subject),
      (letters) => letters.length > 0
    )
    assert.equal(letter?.["path"], "channel")
    assert.match(String(letter?.["message"]), /speak for web alone/)
    const reserve = { type: "reserve", mutationId: "h-2", holdId: "h-2", quantity: 1, channel: "pos" }
    assert.equal((await asked(web, "stock.request.A%2EB", reserve))["path"], "channel")
    const configure = { type: "configure", mutationId: "c-1", safetyThreshold: 9 }
    assert.equal((await asked(web, "stock.request.A%2EB", configure))["code"], "unauthorized")
    // Somebody who may says that it was right after all; without a channel of its own it is the adapter's.
    const unreadable = { mutationId: "s-2", quantity: 1, type: "saale" }
    await jetstream(web).publish("stock.fact.MENDED", JSON.stringify(unreadable))
    const [broken] = await eventually(
      () => lettersOf("from.web.stock.fact.MENDED"),
      (letters) => letters.length > 0
    )
    const mended = await admin("POST", `/v1/dead-letters/${String(broken?.["id"])}/redrive`, {
      fact: { ...unreadable, type: "sale" }
    })
    assert.equal(mended.status, 200, JSON.stringify(mended.body))
  })

  it("lets it reach nothing else of the hub's: no journal, no stream, no other adapter, by whatever reply subject", async () => {
    const asHub = await come(hubUrl)
    const manager = await jetstreamManager(asHub)
    const counts = async (): Promise<Record<string, number>> => {
      const counted: Record<string, number> = {}
      for (const stream of ["JOURNAL", "ACCESS", "ACTS", "CART_FACTS"]) {
        counted[stream] = (await manager.streams.info(stream)).state.messages
      }
      return counted
    }
    const before = await counts()
    const heard: Array<string> = []
    web.subscribe(">", { callback: (_error, { subject }) => void heard.push(subject) })
    await web.flush()
    const forged = ["journal.stock.0", "access.event", "act.done", "cart.fact.X", "$JS.API.STREAM.DELETE.JOURNAL"]
    for (const subject of forged) {
      web.publish(subject, "{}")
      // What the hub answers, and what the server acknowledges, would land there.
      web.publish("stock.request.A%2EB", '{"type":"read"}', { reply: subject })
      web.publish("stock.fact.A%2EB", "{}", { reply: subject })
    }
    web.publish("from.pos.stock.fact.A%2EB", '{"type":"sale","mutationId":"forged","quantity":1}')
    await web.flush()
    await assert.rejects(jetstreamManager(web), /not enabled/i)
    await assert.rejects(web.request("$JS.API.DIRECT.GET.JOURNAL", '{"seq":1}', { timeout: 2_000 }))
    // What the server tells of connections it tells each account of its own.
    const told = (await web.request("$SYS.REQ.SERVER.PING.CONNZ", '{"auth":true}', { timeout: 2_000 })).string()
    assert.ok(told.includes("channel-web") && !told.includes("channel-pos") && !told.includes('"HUB"'), told)
    await jetstream(pos).publish("stock.fact.POS-ONLY", '{"type":"sale","mutationId":"p-1","quantity":1}')
    await eventually(
      async () => (await admin("GET", "/v1/stock/POS-ONLY")).status,
      (status) => status === 200
    )
    assert.deepEqual({ ...(await counts()), JOURNAL: 0 }, { ...before, JOURNAL: 0 })
    await withJournal(hubUrl, (journal) => journal.read(1, { commitsMax: 1_000, bytesMax: 1_000_000 }))
    assert.ok(!(await lettersOf("from.pos.stock.fact.A%2EB")).length)
    assert.ok(!heard.some((subject) => /^stock\.event|POS-ONLY/.test(subject)), heard.join(" "))
  })

  it("is told of adapters in words: of what is wrong, what is there already, and who did what", async () => {
    assert.equal((await admin("POST", "/v1/access/adapters", { channel: "we.b" })).body["path"], "channel")
    for (const channel of ["web", "hub"]) {
      assert.equal((await admin("POST", "/v1/access/adapters", { channel })).body["code"], "name_taken")
    }
    assert.equal((await admin("DELETE", "/v1/access/adapters/nobody")).body["code"], "unknown_adapter")
    const { items } = (await admin("GET", "/v1/access/adapters")).body
    assert.deepEqual((items as ReadonlyArray<{ channel: string }>).map(({ channel }) => channel).toSorted(), [
      "pos",
      "web"
    ])
    const acts = (await admin("GET", "/v1/audit?limit=100")).body["items"] as ReadonlyArray<Record<string, unknown>>
    assert.equal(acts.filter(({ target }) => target === "/v1/access/adapters").length, 5)
  })

  it("works on after it was killed with the hub, and lets a removed adapter in no more", async () => {
    await hub.crash()
    admin = local(hub)
    assert.equal(runFile().nats, hubUrl)
    const before = await asked(web, "stock.request.A%2EB", { type: "read" })
    assert.equal((await admin("DELETE", "/v1/access/adapters/web")).status, 200)
    await eventually(
      async () => web.isClosed(),
      (closed) => closed
    )
    // The hub's own connections, and what they follow, have not noticed.
    await jetstream(pos).publish("stock.fact.A%2EB", '{"type":"sale","mutationId":"p-2","quantity":1}')
    await eventually(
      () => asked(pos, "stock.request.A%2EB", { type: "read" }),
      (answer) => answer["physical"] === Number(before["physical"]) - 1
    )
  })
})
