/**
 * A stand-in for the hub that speaks the contract's part a page needs: the socket with `have` and array frames, pages
 * of stock, one SKU, status, and the built files under the hub's content security policy.
 *
 * It can drop sockets and refuse to come back, and it keeps what clients sent, so a test can look at a resume.
 */
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join, normalize } from "node:path"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import type { WebSocket } from "ws"
import type { ClientMessage, HubStatus, ServerMessage, StockMessage, StockPage } from "../../src/gateway/protocol.ts"
import { StandInStock } from "./stand-in-stock.ts"

const MESSAGE_BYTES_MAX = 64 * 1024
const FRAME_MESSAGES_MAX = 500
const TICK_MS = 10

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml"
}

export interface StandInOptions {
  readonly webRoot: string
  readonly skus: number
  readonly changesPerSecond: number
}

export class StandIn {
  readonly stock: StandInStock
  /** Every subscription received, oldest first. */
  readonly subscriptions: Array<Extract<ClientMessage, { op: "subscribe" }>> = []
  readonly #webRoot: string
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  readonly #sockets = new WebSocketServer({ noServer: true })
  #refusing = false
  #due = 0
  #tickedAtMs = performance.now()
  #ticker: ReturnType<typeof setInterval> | undefined
  changesPerSecond: number

  constructor({ webRoot, skus, changesPerSecond }: StandInOptions) {
    this.#webRoot = webRoot
    this.stock = new StandInStock(skus)
    this.changesPerSecond = changesPerSecond
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head))
    this.#sockets.on("connection", (socket) => socket.on("message", (frame) => this.#received(socket, String(frame))))
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve))
    this.#ticker = setInterval(() => this.#tick(), TICK_MS)
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    clearInterval(this.#ticker)
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** The hub goes away: sockets end without a word and nothing is answered until `comeBack`. */
  goAway(): void {
    this.#refusing = true
    for (const socket of this.#sockets.clients) socket.terminate()
  }

  comeBack(): void {
    this.#refusing = false
  }

  /** The hub hangs: sockets stay open and nothing comes, not even a pong. */
  silent = false

  send(messages: ReadonlyArray<StockMessage>): void {
    if (this.silent) return
    for (let start = 0; start < messages.length; start += FRAME_MESSAGES_MAX) {
      const frame = JSON.stringify(messages.slice(start, start + FRAME_MESSAGES_MAX))
      for (const socket of this.#sockets.clients) socket.send(frame)
    }
  }

  #tick(): void {
    const now = performance.now()
    this.#due += ((now - this.#tickedAtMs) / 1_000) * this.changesPerSecond
    this.#tickedAtMs = now
    const count = Math.floor(this.#due)
    this.#due -= count
    if (count > 0) this.send(Array.from({ length: count }, () => this.stock.randomChange()))
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#refusing || request.url !== "/v1/ws") socket.destroy()
    else this.#sockets.handleUpgrade(request, socket, head, (client) => this.#sockets.emit("connection", client))
  }

  #received(socket: WebSocket, frame: string): void {
    if (this.silent) return
    const parsed = JSON.parse(frame) as ClientMessage | ReadonlyArray<ClientMessage>
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
      if (Buffer.byteLength(JSON.stringify(message)) > MESSAGE_BYTES_MAX) {
        reply(socket, { op: "error", code: "invalid_request", message: "A message is at most 64 KiB" })
      } else if (message.op === "ping") reply(socket, { op: "pong" })
      else if (message.op === "subscribe") {
        this.subscriptions.push(message)
        this.#sendPresent(socket, new Map(Object.entries(message.have ?? {})))
      }
    }
  }

  #sendPresent(socket: WebSocket, have: ReadonlyMap<string, number>): void {
    const present: Array<StockMessage> = []
    for (const entry of this.stock.skus.values()) {
      const had = have.get(entry.sku) ?? 0
      if (had > entry.version) present.push({ ...this.stock.message(entry), reset: true })
      else if (had < entry.version) present.push(this.stock.message(entry))
    }
    for (let start = 0; start < present.length; start += FRAME_MESSAGES_MAX) {
      socket.send(JSON.stringify(present.slice(start, start + FRAME_MESSAGES_MAX)))
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#refusing) {
      response.destroy()
      return
    }
    const url = new URL(request.url ?? "/", "http://stand-in")
    if (url.pathname === "/v1/status") json(response, this.#status())
    else if (url.pathname === "/v1/stock") json(response, this.#page(url.searchParams))
    else if (url.pathname.startsWith("/v1/stock/")) {
      const entry = this.stock.skus.get(decodeURIComponent(url.pathname.slice("/v1/stock/".length)))
      if (entry === undefined) response.writeHead(404).end()
      else json(response, this.stock.view(entry, true))
    } else await this.#file(url.pathname, response)
  }

  #page(query: URLSearchParams): StockPage {
    const after = query.get("after") ?? ""
    const limit = Math.min(1_000, Number(query.get("limit") ?? 500))
    const rest = this.stock.inOrder().filter((entry) => entry.sku > after)
    const items = rest.slice(0, limit).map((entry) => this.stock.view(entry, false))
    const next = items.at(-1)?.sku
    return rest.length > limit && next !== undefined ? { items, next } : { items }
  }

  #status(): HubStatus {
    const entries = [...this.stock.skus.values()]
    const isLow = (physical: number, allocated: number, threshold: number): boolean =>
      threshold > 0 && physical - allocated <= threshold
    return {
      startedAt: new Date().toISOString(),
      access: "open",
      skus: entries.length,
      sockets: this.#sockets.clients.size,
      conflatedSockets: 0,
      openHolds: entries.reduce((sum, entry) => sum + entry.allocated, 0),
      commandsPerSecond: this.changesPerSecond * 1.04,
      changesPerSecond: this.changesPerSecond,
      answerMs: { p50: 0.7, p95: 1.4, p99: 2.2 },
      appendMs: { p50: 0.5, p95: 0.9, p99: 1.3 },
      lowStock: entries.filter((entry) => isLow(entry.physical, entry.allocated, entry.safetyThreshold)).length,
      oversellIncidents: 3,
      factsSequence: 0,
      projections: [
        { name: "register", lagEvents: 4, lagSeconds: 0.1 },
        { name: "ledger", lagEvents: 212, lagSeconds: 0.4 }
      ]
    }
  }

  async #file(path: string, response: ServerResponse): Promise<void> {
    const name = normalize(path === "/" ? "/index.html" : path)
    const content = await readFile(join(this.#webRoot, name)).catch(() => undefined)
    if (content === undefined) {
      response.writeHead(404).end()
      return
    }
    const type = TYPES[extname(name)] ?? "application/octet-stream"
    response.writeHead(200, { "content-type": type, "content-security-policy": "default-src 'self'" }).end(content)
  }
}

const reply = (socket: WebSocket, message: ServerMessage): void => socket.send(JSON.stringify(message))

const json = (response: ServerResponse, body: unknown): void => {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body))
}
