/**
 * The hub's client for Node programs: one socket, everything asked in the same tick goes out as one frame.
 *
 * Batching is what makes it fast: a frame costs both ends about as much as one request, and the hub decides a frame's
 * requests in one turn with one write to the disk. An answer that does not come in time fails with `FateUnknown`: the
 * request may have taken effect, and asking again with the same mutation id is safe.
 */
import { WebSocket } from "ws"
import type { Answer, LinesRequestBody, RequestBody, StockMessage } from "../gateway/protocol.ts"

/** No answer came: the request may have taken effect. Ask again with the same mutation id. */
export class FateUnknown extends Error {
  override readonly name = "FateUnknown"
}

export interface ClientOptions {
  /** Milliseconds before a request without an answer fails; default 10,000. */
  readonly timeoutMs?: number
  /** Called for each change of a followed SKU. */
  readonly onStock?: (change: StockMessage) => void
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
  readonly deadlineMs: number
}

/** Text of one frame, in code units: below the contract's MiB also when every character takes three bytes. */
const FRAME_UNITS_MAX = 256 * 1024
const UNDER_WAY_MAX = 8_192
const SWEEP_MS = 250
const RECONNECT_MS_MAX = 2_000

export class HoldfastClient {
  private readonly url: string
  private readonly options: ClientOptions
  private readonly waiting = new Map<string, Waiting>()
  private readonly have = new Map<string, number>()
  private readonly topics = new Set<string>()
  private socket: WebSocket | undefined
  private outgoing: Array<string> = []
  private outgoingUnits = 0
  private flushing = false
  private count = 0
  private closed = false
  private readonly sweeper: NodeJS.Timeout

  private constructor(url: string, options: ClientOptions) {
    this.url = url
    this.options = options
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS)
    this.sweeper.unref()
  }

  /** `url`: the hub's, as `http://127.0.0.1:3020`. Fails when it cannot be reached. */
  static async connect(url: string, options: ClientOptions = {}): Promise<HoldfastClient> {
    const client = new HoldfastClient(`${url.replace(/^http/, "ws")}/v1/ws`, options)
    await client.open()
    return client
  }

  /** A request about one SKU. */
  ask(sku: string, body: RequestBody): Promise<Answer> {
    return this.request(`"sku":${JSON.stringify(sku)},"body":${JSON.stringify(body)}`)
  }

  /** Several lines, all or nothing. */
  askLines(body: LinesRequestBody): Promise<Answer> {
    return this.request(`"body":${JSON.stringify(body)}`)
  }

  /** Follows topics; after a lost connection they are followed again from the versions that were seen. */
  subscribe(topics: ReadonlyArray<string>): void {
    for (const topic of topics) this.topics.add(topic)
    this.say(this.subscription(topics))
  }

  close(): void {
    this.closed = true
    clearInterval(this.sweeper)
    this.socket?.close()
    this.failAll("the client was closed")
  }

  private request(fields: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.closed || this.socket?.readyState !== WebSocket.OPEN) {
        return reject(new FateUnknown("There is no connection to the hub; ask again with the same mutation id."))
      }
      if (this.waiting.size >= UNDER_WAY_MAX) {
        return reject(new Error(`More than ${UNDER_WAY_MAX} requests are under way; wait for answers.`))
      }
      const id = (this.count++).toString(36)
      const deadlineMs = performance.now() + (this.options.timeoutMs ?? 10_000)
      this.waiting.set(id, { resolve, reject, deadlineMs })
      this.say(`{"op":"request","id":"${id}",${fields}}`)
    })
  }

  private subscription(topics: Iterable<string>): string {
    return JSON.stringify({ op: "subscribe", topics: [...topics], have: Object.fromEntries(this.have) })
  }

  private open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.url, { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 })
      socket.once("open", () => {
        this.socket = socket
        if (this.topics.size > 0) this.say(this.subscription(this.topics))
        resolve()
      })
      // After the connection is made, what goes wrong ends it, and that is told by `close`.
      socket.on("error", reject)
      socket.on("message", (data: Buffer) => this.onFrame(socket, data.toString("utf8")))
      socket.on("close", () => this.onClosed(socket))
    })
  }

  private onClosed(socket: WebSocket): void {
    if (this.socket !== socket) return
    this.failAll("the connection to the hub was lost")
    if (!this.closed) this.reconnect(50)
  }

  private reconnect(waitMs: number): void {
    const jitterMs = waitMs * (0.5 + Math.random() / 2)
    setTimeout(() => {
      if (this.closed) return
      this.open().catch(() => this.reconnect(Math.min(RECONNECT_MS_MAX, waitMs * 2)))
    }, jitterMs).unref()
  }

  private say(message: string): void {
    this.outgoing.push(message)
    this.outgoingUnits += message.length
    if (this.outgoingUnits > FRAME_UNITS_MAX) return this.flush()
    if (this.flushing) return
    this.flushing = true
    queueMicrotask(() => this.flush())
  }

  private flush(): void {
    this.flushing = false
    if (this.outgoing.length === 0) return
    const messages = this.outgoing
    this.outgoing = []
    this.outgoingUnits = 0
    const frame = messages.length === 1 ? (messages[0] as string) : `[${messages.join(",")}]`
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(frame)
  }

  private onFrame(socket: WebSocket, text: string): void {
    const messages = readFrame(text)
    // Whoever it is, it is no hub, or one whose words were mangled on the way: only a new connection can mend that.
    if (messages === undefined) return socket.close(CLOSE_UNREADABLE, "a frame could not be read")
    for (const message of messages) this.onMessage(message)
  }

  private onMessage(message: ServerSays): void {
    if (message.op === "answer") {
      const waiting = this.waiting.get(message.id)
      this.waiting.delete(message.id)
      waiting?.resolve(message.body)
    } else if (message.op === "stock") {
      this.have.set(message.sku, message.version)
      this.options.onStock?.(message)
    } else if (message.op === "error" && message.id !== undefined) {
      const waiting = this.waiting.get(message.id)
      this.waiting.delete(message.id)
      waiting?.reject(new Error(message.message))
    }
  }

  private sweep(): void {
    const now = performance.now()
    for (const [id, waiting] of this.waiting) {
      if (waiting.deadlineMs > now) continue
      this.waiting.delete(id)
      waiting.reject(new FateUnknown("No answer came in time; ask again with the same mutation id."))
    }
  }

  private failAll(why: string): void {
    const open = [...this.waiting.values()]
    this.waiting.clear()
    for (const { reject } of open) reject(new FateUnknown(`${why}; ask again with the same mutation id.`))
  }
}

/** RFC 6455: data that is not what its type says. */
const CLOSE_UNREADABLE = 1007

const readFrame = (text: string): ReadonlyArray<ServerSays> | undefined => {
  try {
    const parsed = JSON.parse(text) as unknown
    const messages: ReadonlyArray<unknown> = Array.isArray(parsed) ? parsed : [parsed]
    const isRead = messages.every((message) => typeof message === "object" && message !== null && "op" in message)
    return isRead ? (messages as ReadonlyArray<ServerSays>) : undefined
  } catch {
    return undefined
  }
}

type ServerSays =
  | { readonly op: "answer"; readonly id: string; readonly body: Answer }
  | StockMessage
  | { readonly op: "error"; readonly message: string; readonly id?: string }
  | { readonly op: "pong"; readonly id?: undefined }
