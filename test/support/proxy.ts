/**
 * A stretch of network in front of a server, with what can happen to it: it gets slow or narrow, it swallows, it breaks,
 * it lets nobody new in.
 *
 * It loses and reorders nothing within a connection, because TCP does not: what it held back while it was silent or slow
 * arrives when it can, behind what came before. What it holds for one direction is bounded; past that the sender waits,
 * as it would for a full window.
 */
import { createServer, connect, type Server, type Socket } from "node:net"
import type { AddressInfo } from "node:net"

export type Weather =
  | { readonly kind: "fair" }
  /** Each piece of data takes so long in each direction. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** So many bytes a second in each direction of each connection. */
  | { readonly kind: "narrow"; readonly bytesPerSecond: number }
  /** Connections stand and new ones are taken, nothing comes through. */
  | { readonly kind: "silent" }
  /** What is asked arrives, no answer comes back. */
  | { readonly kind: "unanswered" }
  /** Connections stand, new ones are cut. */
  | { readonly kind: "closed" }
  /** Connections are cut, new ones too. */
  | { readonly kind: "cut" }

/** Held for one direction of one connection before its sender waits. */
const HELD_BYTES_MAX = 256 * 1024
/** More connections at once than any program here opens; beyond it they are cut. */
const CONNECTIONS_MAX = 64
/** A narrow line passes pieces of this share of a second. */
const NARROW_SHARE = 50

export class Proxy {
  private weather: Weather = { kind: "fair" }
  private readonly lines = new Set<Line>()
  private readonly server: Server
  private readonly target: { readonly host: string; readonly port: number }
  /** Connections made through it so far. */
  accepted = 0

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.target = target
    this.server = createServer({ allowHalfOpen: true }, (incoming) => this.join(incoming))
  }

  static async before(url: string): Promise<Proxy> {
    const { hostname, port } = new URL(url)
    const proxy = new Proxy({ host: hostname, port: Number(port) })
    await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve))
    return proxy
  }

  /** The server's address by way of the proxy. */
  addressOf(url: string): string {
    const { port } = this.server.address() as AddressInfo
    const address = new URL(url)
    address.hostname = "127.0.0.1"
    address.port = String(port)
    return address.href
  }

  get connections(): number {
    return this.lines.size
  }

  set(weather: Weather): void {
    this.weather = weather
    if (weather.kind === "cut") this.cutAll()
    for (const line of this.lines) line.onWeather()
  }

  /** Breaks every connection there is; what it held is lost. New ones meet the weather. */
  cutAll(): void {
    for (const line of this.lines) line.cut()
  }

  /** Forgets every connection there is, as a router does: nothing comes through them ever again. New ones are not affected. */
  forgetAll(): void {
    for (const line of this.lines) line.forget()
  }

  async close(): Promise<void> {
    this.cutAll()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private join(incoming: Socket): void {
    const { kind } = this.weather
    if (kind === "cut" || kind === "closed" || this.lines.size >= CONNECTIONS_MAX) {
      incoming.on("error", () => undefined)
      incoming.resetAndDestroy()
      return
    }
    this.accepted++
    const outgoing = connect({ ...this.target, allowHalfOpen: true })
    const line = new Line(incoming, outgoing, { weather: () => this.weather, onCut: () => this.lines.delete(line) })
    this.lines.add(line)
  }
}

interface LineOptions {
  readonly weather: () => Weather
  readonly onCut: () => void
}

/** One connection: two directions that end together. */
class Line {
  private readonly there: Direction
  private readonly back: Direction
  private readonly sockets: ReadonlyArray<Socket>
  private readonly onCut: () => void
  private forgotten = false

  constructor(incoming: Socket, outgoing: Socket, { weather, onCut }: LineOptions) {
    this.onCut = onCut
    this.sockets = [incoming, outgoing]
    const isHeld = (...kinds: ReadonlyArray<Weather["kind"]>): boolean =>
      this.forgotten || kinds.includes(weather().kind)
    this.there = new Direction(incoming, outgoing, { weather, isHeld: () => isHeld("silent") })
    this.back = new Direction(outgoing, incoming, { weather, isHeld: () => isHeld("silent", "unanswered") })
    for (const socket of this.sockets) {
      socket.setNoDelay(true)
      socket.on("error", () => this.cut())
    }
    // A side that has ended in good order is told to the other behind what it said last.
    incoming.on("close", () => this.cut())
    outgoing.on("close", () => this.back.end())
  }

  onWeather(): void {
    this.there.pass()
    this.back.pass()
  }

  forget(): void {
    this.forgotten = true
  }

  cut(): void {
    this.there.stop()
    this.back.stop()
    for (const socket of this.sockets) socket.destroy()
    this.onCut()
  }
}

interface DirectionOptions {
  readonly weather: () => Weather
  /** Nothing passes for the moment. */
  readonly isHeld: () => boolean
}

class Direction {
  private readonly from: Socket
  private readonly to: Socket
  private readonly weather: () => Weather
  private readonly isHeld: () => boolean
  private held: Array<{ readonly data: Buffer; readonly arrivedMs: number }> = []
  private heldBytes = 0
  private ended = false
  /** A narrow line is taken until then. */
  private takenUntilMs = 0
  private timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, { weather, isHeld }: DirectionOptions) {
    this.from = from
    this.to = to
    this.weather = weather
    this.isHeld = isHeld
    from.on("data", (data: Buffer) => this.hold(data))
    from.on("end", () => this.end())
    to.on("drain", () => this.pass())
  }

  /** Passes on what may arrive by now, in the order in which it came. */
  pass(): void {
    clearTimeout(this.timer)
    for (let next = this.held[0]; next !== undefined; next = this.held[0]) {
      if (this.to.writableNeedDrain || this.isHeld()) return
      const waitMs = this.waitMs(next.arrivedMs)
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.pass(), waitMs)
        return
      }
      this.held.shift()
      this.heldBytes -= next.data.length
      this.write(next)
    }
    if (this.heldBytes < HELD_BYTES_MAX) this.from.resume()
    if (this.ended) this.to.end()
  }

  end(): void {
    this.ended = true
    this.pass()
  }

  stop(): void {
    clearTimeout(this.timer)
    this.held = []
    this.heldBytes = 0
  }

  private hold(data: Buffer): void {
    this.held.push({ data, arrivedMs: performance.now() })
    this.heldBytes += data.length
    if (this.heldBytes >= HELD_BYTES_MAX) this.from.pause()
    this.pass()
  }

  private waitMs(arrivedMs: number): number {
    const weather = this.weather()
    const now = performance.now()
    if (weather.kind === "slow") return Math.max(0, arrivedMs + weather.delayMs - now)
    return weather.kind === "narrow" ? Math.max(0, this.takenUntilMs - now) : 0
  }

  private write({ data, arrivedMs }: { readonly data: Buffer; readonly arrivedMs: number }): void {
    const weather = this.weather()
    if (weather.kind !== "narrow") {
      this.to.write(data)
      return
    }
    const piece = data.subarray(0, Math.max(1, Math.floor(weather.bytesPerSecond / NARROW_SHARE)))
    const rest = data.subarray(piece.length)
    this.to.write(piece)
    this.takenUntilMs = performance.now() + (piece.length / weather.bytesPerSecond) * 1_000
    if (rest.length === 0) return
    this.held.unshift({ data: rest, arrivedMs })
    this.heldBytes += rest.length
  }
}
