/**
 * The hub's client for Node programs: one socket, everything asked in the same tick goes out as one frame.
 *
 * Batching is what makes it fast: a frame costs both ends about as much as one request, and the hub decides a frame's
 * requests in one turn with one write to the disk. An answer that does not come in time fails with `FateUnknown`: the
 * request may have taken effect, and asking again with the same mutation id is safe.
 *
 * C1 Whatever the hub sends, nothing is thrown but what the program's own callback throws. C2 A SKU's version never goes
 * back, unless the hub says `reset`. C3 Nothing of a connection that was given up reaches the program.
 */
import { WebSocket } from "ws"
import { MESSAGE_BYTES_MAX } from "../../config/limits.ts"
import type { Answer, LinesRequestBody, RequestBody, StockMessage } from "../gateway/protocol.ts"
import { subscriptions } from "./subscriptions.ts"
import { UnderWay } from "./under-way.ts"

/** No answer came: the request may have taken effect. Ask again with the same mutation id. */
export class FateUnknown extends Error {
  override readonly name = "FateUnknown"
}

export interface ClientOptions {
  /** Milliseconds before a request without an answer fails; default 10,000. */
  readonly timeoutMs?: number
  /**
   * Milliseconds in which a hub that is well says something, because it is asked for a sign of life after half of them;
   * then the connection is given up and made again. Default 20,000: a line that is dead can otherwise look open for a
   * quarter of an hour.
   */
  readonly silenceMs?: number
  /** An API key or token, where the hub has access control. */
  readonly token?: string
  /** Called for each change of a followed SKU. What it throws is thrown as if from a timer: nothing else is lost. */
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
const SILENCE_MS = 20_000
const RECONNECT_MS_MIN = 50
const RECONNECT_MS_MAX = 2_000
/** A hub that accepts and then says nothing. */
const HANDSHAKE_MS_MAX = 5_000
/** For the hub's side of a clean end; without it the library waits for half a minute. */
const CLOSE_MS_MAX = 1_000

export class HoldfastClient {
  private readonly url: string
  private readonly options: ClientOptions
  private readonly underWay = new UnderWay<Waiting>(UNDER_WAY_MAX)
  private readonly have = new Map<string, number>()
  private readonly topics = new Set<string>()
  /** The one connection; `undefined` while there is none. */
  private socket: WebSocket | undefined
  /** The one that is being made. */
  private opening: WebSocket | undefined
  private retry: NodeJS.Timeout | undefined
  private reconnectMs = RECONNECT_MS_MIN
  /** Sweeps since the hub was heard. Not a time: while this program was busy with itself it could not hear. */
  private silentSweeps = 0
  private pinged = false
  private outgoing: Array<string> = []
  private outgoingUnits = 0
  private flushing = false
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
    try {
      await client.open()
    } catch (error) {
      client.close()
      throw error
    }
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
    if (this.socket !== undefined) this.sayTopics(topics)
  }

  /** Ends the connection; what is under way fails with `FateUnknown`. */
  close(): void {
    this.closed = true
    clearInterval(this.sweeper)
    clearTimeout(this.retry)
    this.opening?.terminate()
    const { socket } = this
    this.socket = undefined
    socket?.close()
    setTimeout(() => socket?.terminate(), CLOSE_MS_MAX).unref()
    this.failAll("the client was closed")
  }

  private request(fields: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.socket?.readyState !== WebSocket.OPEN) {
        return reject(new FateUnknown("There is no connection to the hub; ask again with the same mutation id."))
      }
      if (this.underWay.isFull) {
        return reject(new Error(`More than ${UNDER_WAY_MAX} requests are under way; wait for answers.`))
      }
      const deadlineMs = performance.now() + (this.options.timeoutMs ?? 10_000)
      const id = this.underWay.add({ resolve, reject, deadlineMs })
      const message = `{"op":"request","id":"${id}",${fields}}`
      if (!isTooLarge(message)) return this.say(message)
      this.underWay.take(id)
      reject(new Error(`A request has at most ${MESSAGE_BYTES_MAX} bytes.`))
    })
  }

  private sayTopics(topics: Iterable<string>): void {
    const { messages, leftOut } = subscriptions(topics, this.have)
    for (const sku of leftOut) this.have.delete(sku)
    for (const message of messages) this.say(message)
  }

  private open(): Promise<void> {
    const { token } = this.options
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.url, {
        perMessageDeflate: false,
        maxPayload: 64 * 1024 * 1024,
        handshakeTimeout: HANDSHAKE_MS_MAX,
        ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
      })
      this.opening = socket
      socket.once("open", () => {
        this.opening = undefined
        this.socket = socket
        this.silentSweeps = 0
        this.pinged = false
        if (this.topics.size > 0) this.sayTopics(this.topics)
        resolve()
      })
      // Later ones are followed by `close`.
      socket.on("error", reject)
      socket.on("ping", () => this.onHeard(socket))
      socket.on("message", (data: Buffer) => this.onFrame(socket, data.toString("utf8")))
      socket.on("close", () => this.drop(socket, "the connection to the hub was lost"))
    })
  }

  /** Gives a connection up. What is under way is lost with it: its answers cannot come by another one. */
  private drop(socket: WebSocket, why: string): void {
    if (this.socket !== socket) return
    this.socket = undefined
    socket.terminate()
    this.failAll(why)
    this.reconnect()
  }

  private reconnect(): void {
    const jitteredMs = this.reconnectMs * (0.5 + Math.random() / 2)
    this.reconnectMs = Math.min(RECONNECT_MS_MAX, this.reconnectMs * 2)
    // It keeps the process alive, as the connection does: a program that only follows changes waits for them.
    this.retry = setTimeout(() => {
      this.open().catch(() => {
        if (!this.closed) this.reconnect()
      })
    }, jitteredMs)
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

  private onHeard(socket: WebSocket): boolean {
    if (this.socket !== socket) return false
    this.silentSweeps = 0
    this.pinged = false
    return true
  }

  /** What was in a frame that cannot be read nobody knows: a new connection brings what is newer, requests ask again. */
  private onFrame(socket: WebSocket, text: string): void {
    if (!this.onHeard(socket)) return
    const messages = readFrame(text)
    if (messages === undefined) return this.drop(socket, "the hub has sent what cannot be read")
    this.reconnectMs = RECONNECT_MS_MIN
    for (const message of messages) if (this.socket === socket) this.onMessage(message)
  }

  /** What is not known is of a newer hub, and passed over. */
  private onMessage(message: Said): void {
    const { op, id, body, message: why } = message
    if (op === "stock") return this.onStock(message as Partial<StockMessage>)
    if ((op !== "answer" && op !== "error") || typeof id !== "string") return
    const waiting = this.underWay.take(id)
    if (waiting === undefined) return
    if (op === "error") waiting.reject(new Error(String(why)))
    else if (isAnswer(body)) waiting.resolve(body)
    else waiting.reject(new FateUnknown("The answer cannot be read; ask again with the same mutation id."))
  }

  private onStock(change: Partial<StockMessage>): void {
    const { sku, version } = change
    if (typeof sku !== "string" || version === undefined || !Number.isSafeInteger(version)) return
    if (change.reset !== true && version <= (this.have.get(sku) ?? 0)) return
    this.have.set(sku, version)
    try {
      this.options.onStock?.(change as StockMessage)
    } catch (error) {
      setImmediate(() => {
        throw error
      })
    }
  }

  private sweep(): void {
    const now = performance.now()
    for (const { reject } of this.underWay.takeIf(({ deadlineMs }) => deadlineMs <= now)) {
      reject(new FateUnknown("No answer came in time; ask again with the same mutation id."))
    }
    if (this.socket !== undefined) this.listen(this.socket)
  }

  private listen(socket: WebSocket): void {
    const silentMs = ++this.silentSweeps * SWEEP_MS
    const silenceMs = this.options.silenceMs ?? SILENCE_MS
    if (silentMs > silenceMs) return this.drop(socket, "the hub has fallen silent")
    if (silentMs <= silenceMs / 2 || this.pinged) return
    this.pinged = true
    this.say(`{"op":"ping"}`)
  }

  private failAll(why: string): void {
    this.outgoing = []
    this.outgoingUnits = 0
    for (const { reject } of this.underWay.takeIf(() => true)) {
      reject(new FateUnknown(`${why}; ask again with the same mutation id.`))
    }
  }
}

type Said = Readonly<Record<string, unknown>>

/** `undefined` when it is no JSON, or not of messages: whoever it is, it is no hub, or its words were mangled. */
const readFrame = (text: string): ReadonlyArray<Said> | undefined => {
  try {
    const parsed = JSON.parse(text) as unknown
    const messages: ReadonlyArray<unknown> = Array.isArray(parsed) ? parsed : [parsed]
    const isRead = messages.every((message) => typeof message === "object" && message !== null && "op" in message)
    return isRead ? (messages as ReadonlyArray<Said>) : undefined
  } catch {
    return undefined
  }
}

const isAnswer = (body: unknown): body is Answer =>
  typeof body === "object" && body !== null && typeof (body as { readonly ok?: unknown }).ok === "boolean"

/** Most are far from it: a code unit has three bytes at most. */
const isTooLarge = (message: string): boolean =>
  message.length * 3 > MESSAGE_BYTES_MAX && Buffer.byteLength(message) > MESSAGE_BYTES_MAX
