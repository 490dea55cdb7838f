/**
 * Goal: the socket part of the public contract: requests, resuming, slow readers, limits. Whoever behaves is told everything in
 * order and in the end the newest of it, whatever others do that never read, flood the hub with garbage or vanish.
 * Method: a real hub on real servers; each test has SKUs of its own; hundreds of sockets with mixed topics, and ill clients that
 * come back whenever they are thrown out.
 */
import { assert, afterAll, beforeAll, describe, it } from "vitest"
import { Audience } from "../../scripts/bench-sockets/audience.ts"
import { IllClients } from "../../scripts/bench-sockets/ill-clients.ts"
import { changesAt, socketUrlOf } from "../../scripts/bench-sockets/subjects.ts"
import { eventually, http, startHub, type TestHub, TestSocket } from "../support/hub.ts"

const LOAD = { changesPerSecond: 400, skus: 100 }
const LISTENERS = 300
const OF_EACH_ILLNESS = 10
const CHANGING_MS = 3_000

let hub: TestHub

beforeAll(async () => {
  hub = await startHub()
})

afterAll(() => hub.stop())

const receipt = (sku: string, quantity: number, mutationId = `opening-${sku}`) =>
  http(hub, "POST", `/v1/stock/${encodeURIComponent(sku)}/facts`, { type: "receipt", mutationId, quantity })

const fact = (sku: string, body: unknown) => http(hub, "POST", `/v1/stock/${sku}/facts`, body)
const stock = async (sku: string) => (await http(hub, "GET", `/v1/stock/${sku}`)).body

describe("the socket", () => {
  it("answers requests, pings and errors, alone and in arrays", async () => {
    await receipt("s1", 5)
    const socket = await TestSocket.open(hub)
    socket.send([
      { op: "ping" },
      { op: "request", id: "1", sku: "s1", body: { type: "reserve", mutationId: "a", holdId: "a", quantity: 1 } },
      {
        op: "request",
        id: "2",
        body: { type: "reserve", mutationId: "b", holdId: "b", lines: [{ sku: "s1", quantity: 1 }] }
      },
      { op: "what" }
    ])
    await socket.next(({ op }) => op === "pong")
    const single = await socket.next(({ id }) => id === "1")
    assert.include(single["body"] as object, { ok: true, version: 2, available: 4 })
    const several = await socket.next(({ id }) => id === "2")
    assert.deepEqual((several["body"] as { lines: unknown }).lines, [
      { sku: "s1", version: 3, available: 3, physical: 5, allocated: 2 }
    ])
    assert.equal((await socket.next(({ op }) => op === "error"))["code"], "invalid_request")
    socket.close()
  })

  it("sends what is newer than have, then every version in order", async () => {
    await receipt("s2", 5)
    await receipt("s3", 5)
    const socket = await TestSocket.open(hub)
    socket.send({ op: "subscribe", topics: ["stock.s2", "stock.s3", "stock.s2"], have: { s2: 1, s3: 0 } })
    await socket.next(({ sku }) => sku === "s3")
    assert.notExists(socket.messages.find(({ sku }) => sku === "s2"))
    for (let n = 0; n < 50; n++) await receipt("s2", 1, `more-${n}`)
    await socket.next(({ sku, version }) => sku === "s2" && version === 51)
    const versions = socket.messages.filter(({ sku }) => sku === "s2").map(({ version }) => version)
    assert.deepEqual(
      versions,
      Array.from({ length: 50 }, (_, n) => n + 2)
    )
    const frame = socket.messages.find(({ sku, version }) => sku === "s2" && version === 51)
    assert.include(frame ?? {}, { op: "stock", available: 55, physical: 55, allocated: 0 })
    assert.isAbove(Number(frame?.["t"]), Date.now() * 1_000 - 60_000_000)
    socket.send({ op: "unsubscribe", topics: ["stock.s2"] })
    socket.send({ op: "ping" })
    await socket.next(({ op }) => op === "pong")
    await receipt("s2", 1, "unseen")
    await receipt("s3", 1, "seen")
    await socket.next(({ sku, version }) => sku === "s3" && version === 2)
    assert.notExists(socket.messages.find(({ sku, version }) => sku === "s2" && version === 52))
    socket.close()
  })

  it("says reset to who has more than there is, and reads have as plain data", async () => {
    await receipt("s4", 1)
    const socket = await TestSocket.open(hub)
    socket.send(
      `{"op":"subscribe","topics":["stock.s4","stock.__proto__"],"have":{"s4":99,"__proto__":0,"constructor":7}}`
    )
    const reset = await socket.next(({ sku }) => sku === "s4")
    assert.include(reset, { version: 1, reset: true })
    socket.close()
  })

  it("gives a socket that does not read the newest state, never an older one", async () => {
    await receipt("slow", 1)
    const socket = await TestSocket.open(hub)
    socket.send({ op: "subscribe", topics: ["stock.*"], have: {} })
    await socket.next(({ sku }) => sku === "slow")
    socket.pause()
    const facts = (from: number) =>
      Array.from({ length: 2_000 }, (_, n) => ({ type: "receipt", mutationId: `s${from + n}`, quantity: 1 }))
    for (let round = 0; round < 30; round++) await http(hub, "POST", "/v1/stock/slow/facts", facts(round * 2_000))
    const before = socket.messages.length
    socket.resume()
    await socket.next(({ sku, version }) => sku === "slow" && version === 60_001)
    const versions = socket.messages.filter(({ sku }) => sku === "slow").map(({ version }) => Number(version))
    assert.isTrue(versions.every((version, n) => n === 0 || version > (versions[n - 1] as number)))
    assert.isBelow(socket.messages.length - before, 59_000, "what waited for the socket was conflated")
    socket.close()
  })

  it("closes on a frame that is too large, and on who keeps talking nonsense", async () => {
    const large = await TestSocket.open(hub)
    large.send("x".repeat(1_100_000))
    await eventually(
      async () => large.closeCode,
      (code) => code !== undefined
    )
    const nonsense = await TestSocket.open(hub)
    for (let n = 0; n < 30; n++) nonsense.send("nonsense")
    assert.equal(
      await eventually(
        async () => nonsense.closeCode,
        (code) => code !== undefined
      ),
      1008
    )
  })
})

describe("a dashboard that reconnects", () => {
  it("while stock changes never sees a version go back, and loses no change made before its snapshot", async () => {
    const sku = "again"
    await fact(sku, { type: "receipt", mutationId: "opening", quantity: 100 })
    let isTrading = true
    const trade = (async () => {
      for (let sale = 0; isTrading; sale++) await fact(sku, { type: "sale", mutationId: `s${sale}`, quantity: 1 })
    })()
    const seen: Array<number> = []
    let have = 0
    for (let visit = 0; visit < 20; visit++) {
      const socket = await TestSocket.open(hub)
      socket.send({ op: "subscribe", topics: [`stock.${sku}`], ...(have === 0 ? {} : { have: { [sku]: have } }) })
      await socket.next(({ op, version }) => op === "stock" && Number(version) > have)
      const versions = socket.messages.filter(({ op }) => op === "stock").map(({ version }) => Number(version))
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
        "a version went back"
      )
      assert.strictEqual(new Set(versions).size, versions.length, "a version came twice")
      // After the snapshot every version comes: a gap would be a change that was lost.
      for (const [index, version] of versions.entries())
        if (index > 0) assert.strictEqual(version, (versions[index - 1] ?? 0) + 1)
      seen.push(...versions)
      have = Math.max(...seen)
      socket.close()
    }
    isTrading = false
    await trade
    const last = await TestSocket.open(hub)
    last.send({ op: "subscribe", topics: [`stock.${sku}`] })
    const { version } = await last.next(({ op }) => op === "stock")
    assert.strictEqual(version, (await stock(sku))["version"])
    last.close()
  })
})

describe("a webhook", () => {
  it("delivered twice at the same moment has one effect", async () => {
    await fact("twice", { type: "receipt", mutationId: "opening", quantity: 10 })
    const sale = { type: "sale", mutationId: "order-1", quantity: 3, channel: "shop" }
    const replies = await Promise.all(Array.from({ length: 8 }, () => fact("twice", sale)))
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([202]))
    assert.deepEqual(
      ["version", "physical"].map((name) =>
        replies.map(({ body }) => body[name]).every((value, _, all) => value === all[0])
      ),
      [true, true]
    )
    const { version, physical } = await stock("twice")
    assert.deepEqual([version, physical], [2, 7])
  })

  it("whose worker is killed after the effect and before the acknowledgement has no second effect when it comes again", async () => {
    await fact("killed", { type: "receipt", mutationId: "opening", quantity: 10 })
    const sale = { type: "sale", mutationId: "order-1", quantity: 3, channel: "shop" }
    // Nobody waits for this one's acknowledgement.
    const lost = fact("killed", sale).catch(() => undefined)
    await eventually(
      () => stock("killed"),
      ({ version }) => version === 2
    )
    await hub.crash()
    await lost
    assert.strictEqual((await fact("killed", sale)).status, 202)
    const { version, physical } = await stock("killed")
    assert.deepEqual([version, physical], [2, 7])
  })
})

describe("a crowd of sockets, some of them ill", () => {
  it("is told everything in order, and in the end the newest of it", async () => {
    const { start, stop, end } = await changesAt(hub.url, LOAD)
    const audience = new Audience()
    const ill = new IllClients()
    try {
      await audience.open(socketUrlOf(hub.url), LISTENERS, LOAD.skus)
      ill.start(socketUrlOf(hub.url), OF_EACH_ILLNESS, LOAD.skus)
      start()
      await new Promise((resolve) => setTimeout(resolve, CHANGING_MS))
      const versions = await stop()
      await eventually(
        async () => audience.untold(versions),
        (untold) => untold === 0
      )
      assert.equal(audience.disordered, 0)
      assert.isAbove(ill.ended, 0)
      assert.isAbove(Math.max(...versions.values()), 2)
    } finally {
      ill.close()
      audience.close()
      end()
    }
    const { status } = await http(hub, "GET", "/readyz")
    assert.equal(status, 200)
  })
})
