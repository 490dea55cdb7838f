/**
 * Goal: the network that the other tests of this folder spoil is spoiled as they say, and in no other way.
 * Method: a server that sends back what it gets, behind the proxy.
 */
import assert from "node:assert/strict"
import { connect, createServer, type Server, type Socket } from "node:net"
import type { AddressInfo } from "node:net"
import { once } from "node:events"
import { afterEach, beforeEach, describe, it } from "vitest"
import { eventually } from "../support/hub.ts"
import { Proxy } from "../support/proxy.ts"

let server: Server
let proxy: Proxy
let sockets: Array<Socket> = []

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined)
    socket.pipe(socket)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  proxy = await Proxy.before(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
  await proxy.close()
  await new Promise((resolve) => server.close(resolve))
})

interface Caller {
  readonly socket: Socket
  readonly heard: () => string
  readonly isClosed: () => boolean
}

const call = async (): Promise<Caller> => {
  const { port } = new URL(proxy.addressOf("tcp://127.0.0.1:1"))
  const socket = connect({ port: Number(port), host: "127.0.0.1" })
  sockets.push(socket)
  const chunks: Array<Buffer> = []
  let closed = false
  socket.on("data", (chunk: Buffer) => chunks.push(chunk))
  socket.on("error", () => (closed = true))
  socket.on("close", () => (closed = true))
  await eventually(
    async () => closed || !socket.connecting,
    (settled) => settled
  )
  return { socket, heard: () => Buffer.concat(chunks).toString(), isClosed: () => closed }
}

const hears = (caller: Caller, text: string): Promise<boolean> =>
  eventually(
    async () => caller.heard() === text,
    (heard) => heard
  )

const closes = (caller: Caller): Promise<boolean> =>
  eventually(
    async () => caller.isClosed(),
    (closed) => closed
  )

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe("the line", () => {
  it("passes everything in fair weather, and an end behind it", async () => {
    const caller = await call()
    const text = "x".repeat(1_000_000)
    caller.socket.end(text)
    await closes(caller)
    assert.ok(caller.heard() === text)
    await eventually(
      async () => proxy.connections,
      (count) => count === 0
    )
  })

  it("is slow both ways, and keeps the order when it gets faster", async () => {
    const caller = await call()
    proxy.set({ kind: "slow", delayMs: 150 })
    const startedMs = performance.now()
    caller.socket.write("slow ")
    await hears(caller, "slow ")
    assert.ok(performance.now() - startedMs >= 295)
    caller.socket.write("first ")
    await pause(50)
    proxy.set({ kind: "fair" })
    caller.socket.write("second")
    await hears(caller, "slow first second")
  })

  it("is narrow", async () => {
    const caller = await call()
    proxy.set({ kind: "narrow", bytesPerSecond: 100_000 })
    const startedMs = performance.now()
    const text = "n".repeat(50_000)
    caller.socket.write(text)
    await hears(caller, text)
    const passedMs = performance.now() - startedMs
    assert.ok(passedMs >= 450 && passedMs < 3_000, `${passedMs} ms`)
  })

  it("is silent and takes new connections, and what it held arrives when it speaks again", async () => {
    const caller = await call()
    caller.socket.write("a")
    await hears(caller, "a")
    proxy.set({ kind: "silent" })
    const other = await call()
    caller.socket.write("b")
    other.socket.write("c")
    await pause(100)
    assert.equal(caller.heard(), "a")
    assert.equal(other.heard(), "")
    proxy.set({ kind: "fair" })
    await hears(caller, "ab")
    await hears(other, "c")
  })

  it("brings no answer back, though what is asked arrives", async () => {
    const got: Array<string> = []
    server.on("connection", (socket: Socket) => socket.on("data", (data: Buffer) => got.push(data.toString())))
    const caller = await call()
    proxy.set({ kind: "unanswered" })
    caller.socket.write("asked")
    await eventually(
      async () => got.join(""),
      (text) => text === "asked"
    )
    await pause(50)
    assert.equal(caller.heard(), "")
    proxy.set({ kind: "fair" })
    await hears(caller, "asked")
  })

  it("forgets connections, and new ones are not affected", async () => {
    const caller = await call()
    proxy.forgetAll()
    caller.socket.write("lost")
    const other = await call()
    other.socket.write("new")
    await hears(other, "new")
    assert.equal(caller.heard(), "")
    assert.equal(caller.isClosed(), false)
  })

  it("holds no more than its bound for a sender that goes on", async () => {
    const caller = await call()
    proxy.set({ kind: "silent" })
    const text = "y".repeat(8 * 1024 * 1024)
    caller.socket.write(text)
    await pause(200)
    assert.ok(caller.socket.writableLength > 0, "the sender waits")
    proxy.set({ kind: "fair" })
    await hears(caller, text)
  })

  it("is closed to new connections, and is cut for all", async () => {
    const caller = await call()
    proxy.set({ kind: "closed" })
    await closes(await call())
    caller.socket.write("still")
    await hears(caller, "still")
    proxy.set({ kind: "cut" })
    await closes(caller)
    await closes(await call())
    proxy.set({ kind: "fair" })
    const again = await call()
    again.socket.write("again")
    await hears(again, "again")
    proxy.cutAll()
    await closes(again)
  })
})
