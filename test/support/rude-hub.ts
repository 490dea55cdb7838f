/**
 * A stand-in for the hub's socket that does as it is told: it answers when, what and in which order the test says, or
 * not at all, cuts its connections, and keeps what it was sent.
 */
import { createServer, type Server, type Socket } from "node:net"
import type { AddressInfo } from "node:net"
import { type WebSocket, WebSocketServer } from "ws"
import { eventually } from "./hub.ts"

export interface Heard {
  readonly op: string
  readonly id?: string
  readonly sku?: string
  readonly topics?: ReadonlyArray<string>
  readonly have?: Readonly<Record<string, number>>
  readonly body?: Readonly<Record<string, unknown>>
}

export class RudeHub {
  /** Messages of all connections, oldest first, and the frames that they came in. */
  readonly heard: Array<Heard> = []
  readonly frames: Array<string> = []
  /** Connections so far. */
  connections = 0
  private readonly server: WebSocketServer
  private socket: WebSocket | undefined
  /** Called for each message, on the connection that it came by. */
  onMessage: (message: Heard) => void = () => undefined

  private constructor(server: WebSocketServer) {
    this.server = server
    server.on("connection", (socket) => {
      this.connections++
      this.socket = socket
      socket.on("error", () => undefined)
      socket.on("message", (data: Buffer) => this.onFrame(data.toString("utf8")))
    })
  }

  static async start(port = 0): Promise<RudeHub> {
    const server = new WebSocketServer({ port, host: "127.0.0.1", path: "/v1/ws" })
    await new Promise((resolve) => server.once("listening", resolve))
    return new RudeHub(server)
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Connections that stand. */
  get open(): number {
    return this.server.clients.size
  }

  get requests(): ReadonlyArray<Heard> {
    return this.heard.filter(({ op }) => op === "request")
  }

  get subscriptions(): ReadonlyArray<Heard> {
    return this.heard.filter(({ op }) => op === "subscribe")
  }

  /** One frame: text as it is, everything else as JSON. */
  say(frame: unknown): void {
    this.socket?.send(typeof frame === "string" ? frame : JSON.stringify(frame))
  }

  /** Ends the newest connection without a word. */
  cut(): void {
    this.socket?.terminate()
  }

  /** Reads no more, so that it answers no ping either. */
  freeze(): void {
    this.socket?.pause()
  }

  hears(count: number, what: () => ReadonlyArray<Heard> = () => this.heard): Promise<ReadonlyArray<Heard>> {
    return eventually(
      async () => what(),
      (heard) => heard.length >= count
    )
  }

  async stop(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private onFrame(frame: string): void {
    this.frames.push(frame)
    const parsed = JSON.parse(frame) as Heard | ReadonlyArray<Heard>
    for (const message of Array.isArray(parsed) ? (parsed as ReadonlyArray<Heard>) : [parsed as Heard]) {
      this.heard.push(message)
      this.onMessage(message)
    }
  }
}

/** Takes connections and never says a word: no hub, but a port that looks like one. */
export const muteServer = async (): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> => {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined)
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
