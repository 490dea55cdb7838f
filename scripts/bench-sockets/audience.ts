/**
 * Who listens: sockets that follow one SKU, sockets that follow twenty, dashboards that follow all of them; each keeps the newest
 * version of what it follows, so that at the end it can be said who was not told.
 */
import { WebSocket } from "ws"
import type { StockMessage } from "../../src/gateway/protocol.ts"

export const skuName = (index: number): string => `sku-${index}`

/** SKUs that a shop's page or a picking list follows. */
const SEVERAL = 20
/** Of a hundred listeners so many follow several SKUs, so many follow all; the others one. */
const SEVERAL_PERCENT = 10
const ALL_PERCENT = 2
const CONNECTIONS_AT_ONCE = 100
/** Every so many deliveries one is noted. */
const SAMPLE = 5

export const ALL_TOPICS: ReadonlyArray<string> = ["stock.*"]

/** `index`: of the listener; the same SKUs each time. */
export const topicsOf = (index: number, skus: number): ReadonlyArray<string> => {
  const kind = index % 100
  if (kind < ALL_PERCENT) return ALL_TOPICS
  const count = kind < ALL_PERCENT + SEVERAL_PERCENT ? SEVERAL : 1
  return Array.from({ length: count }, (_, nth) => `stock.${skuName((index * 7 + nth * 13) % skus)}`)
}

export const openSocket = (url: string): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    socket.once("open", () => resolve(socket))
    socket.on("error", reject)
  })

interface Listener {
  readonly socket: WebSocket
  readonly topics: ReadonlyArray<string>
  readonly seen: Map<string, number>
  isClosed: boolean
}

export class Audience {
  deliveries = 0
  /** Frames that spoke of a version no newer than one before. */
  disordered = 0
  readonly latenciesMs: Array<number> = []
  private readonly listeners: Array<Listener> = []

  async open(url: string, count: number, skus: number): Promise<void> {
    for (let first = 0; first < count; first += CONNECTIONS_AT_ONCE) {
      const some = Array.from({ length: Math.min(CONNECTIONS_AT_ONCE, count - first) }, (_, nth) => first + nth)
      await Promise.all(some.map((index) => this.join(url, topicsOf(index, skus))))
    }
  }

  /** Begins to count. */
  reset(): void {
    this.deliveries = 0
    this.latenciesMs.length = 0
  }

  /** Listeners that lost their socket, or do not know the newest version of something that they follow. */
  untold(newest: ReadonlyMap<string, number>): number {
    const isTold = ({ topics, seen, isClosed }: Listener): boolean => {
      const followed = topics === ALL_TOPICS ? [...newest.keys()] : topics.map((topic) => topic.slice("stock.".length))
      return !isClosed && followed.every((sku) => (seen.get(sku) ?? 0) === (newest.get(sku) ?? 0))
    }
    return this.listeners.filter((listener) => !isTold(listener)).length
  }

  close(): void {
    for (const { socket } of this.listeners) socket.terminate()
  }

  private async join(url: string, topics: ReadonlyArray<string>): Promise<void> {
    const socket = await openSocket(url)
    const listener: Listener = { socket, topics, seen: new Map(), isClosed: false }
    this.listeners.push(listener)
    socket.on("close", () => (listener.isClosed = true))
    socket.on("message", (data: Buffer) => this.hear(listener, data))
    socket.send(JSON.stringify({ op: "subscribe", topics }))
  }

  private hear({ seen }: Listener, data: Buffer): void {
    const now = (performance.timeOrigin + performance.now()) * 1_000
    const parsed = JSON.parse(data.toString()) as StockMessage | ReadonlyArray<StockMessage>
    for (const { op, sku, version, t } of Array.isArray(parsed)
      ? (parsed as Array<StockMessage>)
      : [parsed as StockMessage]) {
      if (op !== "stock") continue
      if (version <= (seen.get(sku) ?? 0)) this.disordered++
      seen.set(sku, version)
      if (this.deliveries++ % SAMPLE === 0) this.latenciesMs.push((now - t) / 1_000)
    }
  }
}
