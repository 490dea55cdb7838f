/**
 * Goal: whatever a stranger sends, the hub answers everybody else, keeps what it has, and gives nothing away.
 * Method: one real hub; broken HTTP and broken frames as bytes on a plain connection, floods, and slow senders. After each of
 * them the hub takes an ordinary request within a second.
 */
import assert from "node:assert/strict"
import { connect, type Socket } from "node:net"
import { afterAll, afterEach, beforeAll, describe, it } from "vitest"
import { WebSocket } from "ws"
import { FRAME_BYTES_MAX, SOCKET_TOPICS_MAX } from "../../config/limits.ts"
import { eventually, http, startHub, type TestHub, TestSocket } from "../support/hub.ts"

let hub: TestHub
let facts = 0

beforeAll(async () => {
  hub = await startHub()
}, 60_000)
afterAll(() => hub.stop())

afterEach(async () => {
  const startedMs = performance.now()
  const taken = await http(hub, "POST", "/v1/stock/WELL/facts", {
    type: "receipt",
    mutationId: `well-${facts++}`,
    quantity: 1
  })
  assert.equal(taken.status, 202, "the hub takes what others send")
  assert.ok(performance.now() - startedMs < 1_000, "and soon")
  const { body } = await http(hub, "GET", "/v1/stock/WELL")
  assert.equal(body["physical"], facts, "and has kept what it had")
})

const raw = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(hub.url).port), "127.0.0.1", () => resolve(socket))
    socket.once("error", reject)
  })

/** Sends bytes and settles with all that comes until the other end closes, or `patienceMs` have passed. */
const talk = async (
  bytes: string | Buffer,
  patienceMs = 1_000,
  then = Buffer.alloc(0)
): Promise<{ said: string; closed: boolean }> => {
  const socket = await raw()
  let said = ""
  socket.on("data", (data) => {
    const isFirst = said === ""
    said += data.toString("latin1")
    if (isFirst && then.length > 0) socket.write(then)
  })
  socket.on("error", () => undefined)
  const closed = new Promise<boolean>((resolve) => {
    socket.once("close", () => resolve(true))
    setTimeout(() => resolve(false), patienceMs).unref()
  })
  socket.write(bytes)
  const isClosed = await closed
  socket.destroy()
  return { said, closed: isClosed }
}

const HANDSHAKE =
  "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

/** A frame with a mask of zeros, so that its bytes stand as they are. */
const frame = (first: number, payload: Buffer, masked = true): Buffer => {
  const length =
    payload.length < 126 ? Buffer.from([payload.length]) : Buffer.from([126, payload.length >> 8, payload.length])
  length[0] = (length[0] as number) | (masked ? 0x80 : 0)
  return Buffer.concat([Buffer.from([first]), length, masked ? Buffer.alloc(4) : Buffer.alloc(0), payload])
}

const sayFrames = (...frames: ReadonlyArray<Buffer>) => talk(HANDSHAKE, 500, Buffer.concat(frames))

describe("broken HTTP", () => {
  it("that asks for files outside of the pages gets none", async () => {
    for (const path of [
      "/../../../../etc/passwd",
      "/..%2f..%2f..%2fetc%2fpasswd",
      "/assets/../../package.json",
      "/assets/%2e%2e/%2e%2e/package.json",
      "/assets/..\\..\\package.json",
      "/%00/etc/passwd",
      "//etc/passwd",
      "/.holdfast/run.json",
      "/index.html/../../../run.json"
    ]) {
      const { said } = await talk(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 500)
      assert.doesNotMatch(said, /root:|"dependencies"|"postgres"/, path)
    }
  })

  it("with lines, headers and lengths that cannot be is refused or closed", async () => {
    for (const text of [
      "\r\n\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "\u0000\u0001\u0002\u0003\r\n\r\n",
      "POST /v1/stock/A/facts HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
      "POST /v1/stock/A/facts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST /v1/stock/A/facts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nzzzz",
      "POST /v1/stock/A/facts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
      `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: localhost\r\nx-big: ${"a".repeat(200_000)}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: localhost\r\n${"x: y\r\n".repeat(10_000)}\r\n`
    ]) {
      const { said } = await talk(text, 300)
      assert.doesNotMatch(said, /^HTTP\/1\.1 20[02]/, text.slice(0, 60))
    }
  })

  it("with keys that a prototype has is read as plain data", async () => {
    const body =
      '{"__proto__":{"ok":true,"type":"receipt"},"constructor":{"prototype":{"quantity":5}},"mutationId":"p"}'
    for (const path of ["/v1/stock/P/facts", "/v1/stock/P/requests", "/v1/stock/requests", "/v1/leakage"]) {
      assert.equal((await http(hub, "POST", path, body)).status, 400, path)
    }
    assert.equal((await http(hub, "GET", "/v1/stock/__proto__")).status, 404)
  })

  it("nested as deep as it is long is refused", async () => {
    const deep = "[".repeat(30_000) + "]".repeat(30_000)
    for (const path of [
      "/v1/stock/D/requests",
      "/v1/stock/requests",
      "/v1/carts/D/requests",
      "/v1/customers/D/requests"
    ]) {
      assert.equal((await http(hub, "POST", path, deep)).status, 400, path)
      assert.equal((await http(hub, "POST", path, `{"type":${deep}}`)).status, 400, path)
    }
  })

  it("by a name that has come to mean this machine reads nothing, by the machine's own all", async () => {
    const asked = async (host: string, path = "/v1/stock") =>
      (await talk(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 2_000)).said.slice(9, 12)
    const port = new URL(hub.url).port
    for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example", "localhost.evil.example"]) {
      assert.equal(await asked(host), "401", host)
      assert.equal(await asked(host, "/v1/stock/A"), "401", host)
      assert.equal(await asked(host, "/healthz"), "200", host)
    }
    for (const host of [
      "localhost",
      `LOCALHOST:${port}`,
      "127.0.0.1",
      `127.0.0.1:${port}`,
      "127.8.0.1",
      `[::1]:${port}`
    ]) {
      assert.equal(await asked(host), "200", host)
    }
  })

  it("from a page of another origin changes nothing", async () => {
    for (const origin of [
      "https://evil.example",
      "http://evil.example:3020",
      "null",
      "http://127.0.0.1.evil.example"
    ]) {
      const response = await fetch(`${hub.url}/v1/stock/WELL/facts`, {
        method: "POST",
        headers: { origin, connection: "close" },
        body: JSON.stringify({ type: "receipt", mutationId: "evil", quantity: 1_000 })
      })
      assert.equal(response.status, 401, origin)
    }
  })
})

describe("broken frames", () => {
  it("end the socket that sends them, or are answered with what is wrong, and touch no other", async () => {
    const bystander = await TestSocket.open(hub)
    const ping = Buffer.from('{"op":"ping"}')
    const unmoved: Array<string> = []
    for (const [what, bytes] of [
      ["text that is no UTF-8", frame(0x81, Buffer.from([0xff, 0xfe, 0xc0, 0x80]))],
      ["half a surrogate", frame(0x81, Buffer.from([0xed, 0xa0, 0x80]))],
      ["an opcode that there is not", frame(0x83, ping)],
      ["bits that nobody agreed to", frame(0xf1, ping)],
      ["a control frame in pieces", frame(0x09, ping)],
      ["a piece of nothing", frame(0x80, ping)],
      ["a length of 2^62", Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
      ["a length of 16 MiB", Buffer.from([0x81, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])]
    ] as const) {
      const { closed, said } = await sayFrames(bytes)
      // Where the framing is whole the socket stays open, and is told what is wrong.
      if (!closed && !said.includes('"op":"error"')) unmoved.push(what)
    }
    assert.deepEqual(unmoved, [])
    // Its first four bytes are taken for the mask, so it waits for four more and then is nonsense; Node's own server ends the socket.
    const { closed, said } = await sayFrames(frame(0x81, ping, false), Buffer.alloc(4))
    assert.ok(closed || said.includes('"op":"error"'), "a frame without a mask")
    bystander.send({ op: "ping" })
    await bystander.next(({ op }) => op === "pong")
    bystander.close()
  })

  it("of nonsense are answered, and a socket that keeps on is closed", async () => {
    const socket = await TestSocket.open(hub)
    const deep = "[".repeat(200_000) + "]".repeat(200_000)
    for (const text of ["", "nul", '{"op":', deep, `[${deep}]`, `[{"op":"request","id":"1","sku":"A","body":${deep}}]`])
      socket.send(text)
    await eventually(
      async () => socket.messages.length,
      (count) => count >= 6
    )
    for (let times = 0; times < 30; times++) socket.send("nonsense")
    await eventually(
      async () => socket.closeCode,
      (code) => code === 1_008
    )
  })
})

describe("floods", () => {
  it("of subscriptions end at what one socket may follow", async () => {
    const socket = await TestSocket.open(hub)
    for (let part = 0; part < 12; part++) {
      socket.send({
        op: "subscribe",
        topics: Array.from({ length: 1_000 }, (_, index) => `stock.flood-${part}-${index}`)
      })
    }
    const refused = await socket.next(({ op }) => op === "error")
    assert.match(String(refused["message"]), new RegExp(String(SOCKET_TOPICS_MAX)))
    socket.close()
  })

  it("of frames as large as they may be are read one by one", async () => {
    const socket = new WebSocket(`${hub.url.replace("http", "ws")}/v1/ws`)
    await new Promise((resolve) => socket.once("open", resolve))
    socket.on("error", () => undefined)
    const large = `["${"x".repeat(FRAME_BYTES_MAX - 4)}"]`
    for (let times = 0; times < 19; times++) socket.send(large)
    await new Promise((resolve) => socket.once("message", resolve))
    socket.terminate()
  })

  it("of senders that never finish are closed, and keep nobody waiting", async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, raw))
    let closed = 0
    for (const [index, socket] of slow.entries()) {
      socket.on("error", () => undefined)
      socket.once("close", () => closed++)
      // Node's own server says 408 first, and who does not read never sees the end.
      socket.resume()
      socket.write(
        index % 2 === 0
          ? "GET / HTTP/1.1\r\nHost: localhost\r\nx-a:"
          : "POST /v1/stock/SLOW/facts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
      )
    }
    const others = await http(hub, "GET", "/v1/status")
    assert.equal(others.status, 200)
    await eventually(
      async () => closed,
      (count) => count === slow.length,
      30_000
    )
  }, 40_000)
})
