/**
 * Goal: a NATS that is silent, mute or gone costs time and nothing else: requests are told `unavailable` soon, nothing that
 * was acknowledged is lost, and the same mutation id gets one answer when it is well again.
 * Method: a real hub whose NATS stands behind a proxy that spoils the line while trade goes on; what NATS has is read
 * past the proxy.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { jetstream } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { afterAll, beforeAll, describe, it } from "vitest"
import { binaries, freePort, type RunningServer, startNats } from "../../src/servers/servers.ts"
import { eventually, http, type Reply, startHub, type TestHub } from "../support/hub.ts"
import { Proxy, type Weather } from "../support/proxy.ts"

/** A second until an append's fate is looked up, two of patience, and as much again for a machine that is busy. */
const UNAVAILABLE_MS_MAX = 6_000
/** Once that is known nobody waits for it. */
const AT_ONCE_MS_MAX = 1_000
const RECOVERY_MS_MAX = 30_000

let directory: string
let server: RunningServer
let line: Proxy
let nats: NatsConnection
let hub: TestHub

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "holdfast-faults-"))
  server = await startNats({ binaries: binaries(), directory: join(directory, "nats"), port: await freePort() })
  line = await Proxy.before(server.url)
  nats = await connect({ servers: server.url })
  hub = await startHub({ NATS_URL: line.addressOf(server.url) })
})

afterAll(async () => {
  await hub.stop()
  await nats.close()
  await line.close()
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
})

const opening = async (sku: string, quantity: number): Promise<void> => {
  const receipt = { type: "receipt", mutationId: "opening", quantity }
  assert.equal((await http(hub, "POST", `/v1/stock/${sku}/facts`, receipt)).status, 202)
}

const reserve = (sku: string, id: string): Promise<Reply> =>
  http(hub, "POST", `/v1/stock/${sku}/requests`, { type: "reserve", mutationId: id, holdId: id, quantity: 1 })

/** As a patient program does: until there is an answer that stands. */
const insist = (sku: string, id: string): Promise<Reply> =>
  eventually(
    () => reserve(sku, id),
    ({ status }) => status !== 503,
    RECOVERY_MS_MAX
  )

/** What an answer says of the stock, whether it is given for the first time or again. */
const said = ({ body }: Reply): Record<string, unknown> => {
  const { replayed: _replayed, ...rest } = body
  return rest
}

const timed = async <A>(work: () => Promise<A>): Promise<readonly [A, passedMs: number]> => {
  const startedMs = performance.now()
  return [await work(), performance.now() - startedMs]
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const unique = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, n) => `m${n}`)

/** Each version is one event, in order, and the hub's own numbers are those of the last. */
const agree = async (sku: string): Promise<void> => {
  const { version, physical, allocated } = (await http(hub, "GET", `/v1/stock/${sku}`)).body
  const events = await eventually(
    () => published(sku),
    (known) => known.length >= Number(version),
    RECOVERY_MS_MAX
  )
  assert.deepEqual(
    events.map((event) => event["version"]),
    Array.from({ length: Number(version) }, (_, before) => before + 1)
  )
  const last = events[events.length - 1]
  assert.deepEqual([last?.["physical"], last?.["allocated"]], [physical, allocated])
  assert.equal(new Set(events.map((event) => event["mutationId"])).size, events.length, "a mutation has two events")
}

const published = async (sku: string): Promise<ReadonlyArray<Record<string, unknown>>> => {
  // The stream is made when the hub first has something for it.
  const consumer = await jetstream(nats)
    .consumers.get("STOCK_EVENTS", { filter_subjects: [`stock.event.${sku}`] })
    .catch(() => undefined)
  if (consumer === undefined) return []
  const { num_pending: count } = await consumer.info()
  const events: Array<Record<string, unknown>> = []
  if (count === 0) return events
  for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) events.push(message.json())
  return events
}

const ills: ReadonlyArray<readonly [name: string, weather: Weather]> = [
  ["silent", { kind: "silent" }],
  ["unanswered", { kind: "unanswered" }],
  ["cut", { kind: "cut" }]
]

describe("while NATS is ill", () => {
  it.each(ills)("(%s), requests are unavailable soon, and each id has one answer afterwards", async (ill, weather) => {
    const sku = `nats-${ill}`
    await opening(sku, 100)
    const before = await reserve(sku, "before")
    assert.equal(before.status, 200)
    const ids = unique(10)
    line.set(weather)
    try {
      const [replies, passedMs] = await timed(() => Promise.all(ids.map((id) => reserve(sku, id))))
      for (const { status, body } of replies) assert.deepEqual([status, body["code"]], [503, "unavailable"])
      assert.ok(passedMs < UNAVAILABLE_MS_MAX, `unavailable after ${passedMs} ms`)
      const [next, nextMs] = await timed(() => reserve(sku, "next"))
      assert.equal(next.body["code"], "unavailable")
      assert.ok(nextMs < AT_ONCE_MS_MAX, `the next one after ${nextMs} ms`)
      assert.equal((await http(hub, "GET", "/readyz")).status, 503)
      assert.equal((await http(hub, "GET", "/healthz")).status, 200)
    } finally {
      line.set({ kind: "fair" })
    }
    const first = await Promise.all(ids.map((id) => insist(sku, id)))
    for (const { body } of first) assert.equal(body["ok"], true)
    const again = await Promise.all(ids.map((id) => reserve(sku, id)))
    for (const { body } of again) assert.equal(body["replayed"], true)
    assert.deepEqual(again.map(said), first.map(said))
    assert.deepEqual(said(await reserve(sku, "before")), said(before))
    const { version, allocated } = (await http(hub, "GET", `/v1/stock/${sku}`)).body
    assert.deepEqual([version, allocated], [12, 11])
    assert.equal((await http(hub, "GET", "/readyz")).status, 200)
    await agree(sku)
  })

  it("the last units are sold once, whatever those who asked meanwhile were told", async () => {
    const sku = "nats-last"
    await opening(sku, 5)
    const ids = unique(64)
    line.set({ kind: "unanswered" })
    let told: ReadonlyArray<Reply>
    try {
      told = await Promise.all(ids.map((id) => reserve(sku, id)))
    } finally {
      line.set({ kind: "fair" })
    }
    const answers = await Promise.all(ids.map((id) => insist(sku, id)))
    assert.equal(answers.filter(({ body }) => body["ok"] === true).length, 5)
    for (const [n, reply] of told.entries()) {
      if (reply.status !== 503) assert.deepEqual(said(reply), said(answers[n] as Reply))
    }
    assert.equal((await http(hub, "GET", `/v1/stock/${sku}`)).body["allocated"], 5)
    await agree(sku)
  })

  it("facts that NATS took before are applied once afterwards", async () => {
    const sku = "nats-facts"
    await opening(sku, 100)
    line.set({ kind: "cut" })
    try {
      for (const mutationId of unique(20)) {
        const sale = JSON.stringify({ type: "sale", mutationId, quantity: 1 })
        await jetstream(nats).publish(`stock.fact.${sku}`, sale)
        await jetstream(nats).publish(`stock.fact.${sku}`, sale)
      }
    } finally {
      line.set({ kind: "fair" })
    }
    const { body } = await eventually(
      () => http(hub, "GET", `/v1/stock/${sku}`),
      (reply) => reply.body["physical"] === 80,
      RECOVERY_MS_MAX
    )
    assert.equal(body["version"], 21)
    await agree(sku)
  })
})

describe("while the line to NATS breaks again and again in the middle of the load", () => {
  it("nothing acknowledged is lost, and each id keeps its answer", async () => {
    const sku = "nats-load"
    await opening(sku, 1_000_000)
    const untilMs = performance.now() + 4_000
    const told = new Map<string, Reply>()
    const buyers = Array.from({ length: 8 }, async (_, buyer) => {
      for (let n = 0; performance.now() < untilMs; n++) {
        const id = `b${buyer}-${n}`
        const [reply, passedMs] = await timed(() => reserve(sku, id))
        assert.ok(reply.status === 200 || reply.body["code"] === "unavailable", JSON.stringify(reply.body))
        assert.ok(passedMs < UNAVAILABLE_MS_MAX)
        told.set(id, reply)
      }
    })
    const breaking = (async () => {
      while (performance.now() < untilMs) {
        line.set({ kind: "cut" })
        await pause(150)
        line.set({ kind: "fair" })
        await pause(450)
      }
    })()
    await Promise.all([...buyers, breaking])
    const acknowledged = [...told.values()].filter(({ status }) => status === 200)
    assert.ok(acknowledged.length > 50, `${acknowledged.length} were answered between the breaks`)
    for (const [id, reply] of told) {
      const answer = await insist(sku, id)
      if (reply.status === 200) assert.deepEqual(said(answer), said(reply))
      else assert.equal(answer.body["ok"], true)
    }
    const { version, allocated } = (await http(hub, "GET", `/v1/stock/${sku}`)).body
    assert.deepEqual([version, allocated], [told.size + 1, told.size])
    await agree(sku)
  })
})

describe("when the network has forgotten the hub's connections", () => {
  it("the hub makes new ones and takes requests again", async () => {
    const sku = "nats-forgotten"
    await opening(sku, 10)
    line.forgetAll()
    assert.equal((await reserve(sku, "m")).body["code"], "unavailable")
    const answer = await insist(sku, "m")
    assert.equal(answer.body["ok"], true)
    assert.deepEqual(said(await reserve(sku, "m")), said(answer))
    await agree(sku)
  })
})
