/**
 * Goal: the socket part of the public contract: requests, resuming, slow readers, limits.
 * Method: a real hub on real servers; each test has SKUs of its own.
 */
import { assert, afterAll, beforeAll, describe, it } from "vitest"
import { eventually, http, startHub, type TestHub, TestSocket } from "../support/hub.ts"

let hub: TestHub

beforeAll(async () => {
  hub = await startHub()
})

afterAll(() => hub.stop())

const receipt = (sku: string, quantity: number, mutationId = `opening-${sku}`) =>
  http(hub, "POST", `/v1/stock/${encodeURIComponent(sku)}/facts`, { type: "receipt", mutationId, quantity })

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
