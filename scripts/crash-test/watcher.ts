/**
 * A dashboard that resumes after every cut: it says what it has, and must never be shown a version again or an older one.
 */
import { WebSocket } from "ws"
import type { StockMessage } from "../../src/gateway/protocol.ts"

const RECONNECT_MS = 100

export class Watcher {
  readonly have = new Map<string, number>()
  readonly wrong: Array<string> = []
  private readonly url: string
  private socket: WebSocket | undefined
  private closed = false

  constructor(hubUrl: string) {
    this.url = `${hubUrl.replace("http", "ws")}/v1/ws`
    this.connect()
  }

  close(): void {
    this.closed = true
    this.socket?.terminate()
  }

  private connect(): void {
    const socket = new WebSocket(this.url)
    this.socket = socket
    socket.on("error", () => undefined)
    socket.on("open", () => {
      socket.send(JSON.stringify({ op: "subscribe", topics: ["stock.*"], have: Object.fromEntries(this.have) }))
    })
    socket.on("message", (data: Buffer) => {
      const parsed = JSON.parse(data.toString()) as StockMessage | ReadonlyArray<StockMessage>
      for (const message of Array.isArray(parsed) ? parsed : [parsed]) this.see(message as StockMessage)
    })
    socket.on("close", () => {
      if (!this.closed) setTimeout(() => this.closed || this.connect(), RECONNECT_MS)
    })
  }

  private see({ op, sku, version, available, physical, allocated, reset }: StockMessage): void {
    if (op !== "stock") return
    const before = this.have.get(sku) ?? 0
    if (reset === true) this.wrong.push(`${sku} was reset from version ${before} to ${version}: something was lost`)
    else if (version <= before) this.wrong.push(`${sku} went from version ${before} to ${version}`)
    if (available !== physical - allocated) this.wrong.push(`${sku} version ${version} does not add up`)
    this.have.set(sku, version)
  }
}
