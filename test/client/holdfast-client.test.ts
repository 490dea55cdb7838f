/**
 * Goal: whatever the hub or the line does, every request of the client's ends, once, with an answer or with the word that
 * its fate is not known; and what was followed is followed again.
 * Method: a stand-in for the hub that can be as rude as a test wants.
 */
import assert from "node:assert/strict"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, it } from "vitest"
import { type WebSocket, WebSocketServer } from "ws"
import { FateUnknown, HoldfastClient } from "../../src/client/holdfast-client.ts"
import type { Answer, StockMessage } from "../../src/gateway/protocol.ts"
import { eventually } from "../support/hub.ts"

interface Asked {
  readonly op: string
  readonly id: string
  readonly sku?: string
  readonly topics?: ReadonlyArray<string>
  readonly have?: Readonly<Record<string, number>>
}

class RudeHub {
  readonly frames: Array<ReadonlyArray<Asked>> = []
  readonly sockets: Array<WebSocket> = []
  onFrame: (socket: WebSocket, messages: ReadonlyArray<Asked>) => void = () => undefined
  private readonly server = new WebSocketServer({ port: 0, host: "127.0.0.1" })

  constructor() {
    this.server.on("connection", (socket) => {
      this.sockets.push(socket)
      socket.on("message", (data: Buffer) => {
        const parsed = JSON.parse(data.toString()) as Asked | ReadonlyArray<Asked>
        const messages = (Array.isArray(parsed) ? parsed : [parsed]) as ReadonlyArray<Asked>
        this.frames.push(messages)
        this.onFrame(socket, messages)
      })
    })
  }

  readonly listening = new Promise((resolve) => this.server.once("listening", resolve))

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }
}

const answer = ({ id, sku }: Asked) => ({ op: "answer", id, body: { ok: true, sku } })
const reserve = (id: string) => ({ type: "reserve", mutationId: id, holdId: id, quantity: 1 }) as const
const TIMEOUT_MS = 300

let hub: RudeHub
let client: HoldfastClient
const heard: Array<StockMessage> = []

beforeEach(async () => {
  heard.length = 0
  hub = new RudeHub()
  await hub.listening
  client = await HoldfastClient.connect(hub.url, { timeoutMs: TIMEOUT_MS, onStock: (change) => heard.push(change) })
})

afterEach(async () => {
  client.close()
  await hub.close()
})

const skuOf = (given: Answer): unknown => (given as { readonly sku?: unknown }).sku

describe("a client of the hub", () => {
  it("sends what is asked in one tick as one frame, and gives each its own answer in whatever order they come", async () => {
    hub.onFrame = (socket, messages) => socket.send(JSON.stringify(messages.toReversed().map(answer)))
    const answers = await Promise.all(["a", "b", "c"].map((sku) => client.ask(sku, reserve(sku))))
    assert.deepEqual(answers.map(skuOf), ["a", "b", "c"])
    assert.equal(hub.frames.length, 1)
  })

  it("says that the fate is unknown when no answer comes in time, and takes no harm from a late one", async () => {
    const late: Array<() => void> = []
    hub.onFrame = (socket, messages) => late.push(() => socket.send(JSON.stringify(messages.map(answer))))
    await assert.rejects(client.ask("a", reserve("1")), FateUnknown)
    for (const send of late) send()
    hub.onFrame = (socket, messages) => socket.send(JSON.stringify(messages.map(answer)))
    assert.equal(skuOf(await client.ask("b", reserve("2"))), "b")
  })

  it("says so at once when the line is lost, connects again, and follows on from what it has", async () => {
    client.subscribe(["stock.a"])
    await eventually(
      async () => hub.frames.length,
      (frames) => frames === 1
    )
    const change = { op: "stock", sku: "a", version: 7, available: 1, physical: 1, allocated: 0 }
    hub.sockets[0]?.send(JSON.stringify(change))
    await eventually(
      async () => heard.length,
      (changes) => changes === 1
    )
    const asked = client.ask("a", reserve("1"))
    hub.sockets[0]?.terminate()
    await assert.rejects(asked, FateUnknown)
    const again = await eventually(
      async () => hub.frames.flat().filter(({ op }) => op === "subscribe")[1],
      (subscription) => subscription !== undefined
    )
    assert.deepEqual([again?.topics, again?.have], [["stock.a"], { a: 7 }])
    hub.onFrame = (socket, messages) => socket.send(JSON.stringify(messages.map(answer)))
    assert.equal(skuOf(await client.ask("a", reserve("1"))), "a")
  })

  it.each([
    ["no JSON", "{"],
    ["not a message", "[1,null]"],
    ["no object", '"hello"']
  ])("drops a connection that says what cannot be read (%s), and goes on with a new one", async (_what, garbage) => {
    hub.onFrame = (socket) => socket.send(garbage)
    await assert.rejects(client.ask("a", reserve("1")), FateUnknown)
    hub.onFrame = (socket, messages) => socket.send(JSON.stringify(messages.map(answer)))
    const given = await eventually(
      () => client.ask("a", reserve("1")).catch(() => undefined),
      (known) => known !== undefined
    )
    assert.equal(given?.ok, true)
  })

  it("fails a request that the hub could not understand with the hub's words", async () => {
    hub.onFrame = (socket, messages) =>
      socket.send(JSON.stringify(messages.map(({ id }) => ({ op: "error", id, message: "quantity is missing" }))))
    await assert.rejects(client.ask("a", reserve("1")), /quantity is missing/)
  })

  it("refuses more than it can keep in mind, and lets go of all when it is closed", async () => {
    const asked = Array.from({ length: 8_200 }, (_, n) => client.ask("a", reserve(String(n))))
    const settled = Promise.allSettled(asked)
    await new Promise((resolve) => setTimeout(resolve, 20))
    client.close()
    const reasons = (await settled).map((one) => (one.status === "rejected" ? (one.reason as Error) : undefined))
    assert.equal(reasons.filter((reason) => reason instanceof FateUnknown).length, 8_192)
    assert.equal(reasons.filter((reason) => /under way/.test(reason?.message ?? "")).length, 8)
    await assert.rejects(client.ask("a", reserve("x")), FateUnknown)
  })
})
