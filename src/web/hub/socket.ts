/**
 * The page's one connection to the hub: opens it, subscribes with what the page already has, notices when it went
 * silent, comes back after a drop, and says at each moment how far the numbers can be trusted.
 *
 *   connecting --open--> live --silence--> stale --message--> live
 *        |                 |                  |
 *        |               close              close or longer silence
 *        |                 v                  v
 *        '--refused--> offline <--refused-- stale (a first try is under way) --open--> live
 *
 * What a message means is left to the caller; which versions are newer is the store's to decide.
 *
 * S1. Messages of a closed socket never reach the caller: a late frame must not follow the resume that replaces it.
 * S2. At most one socket and one retry timer exist at a time.
 */
import type { ClientMessage, ServerMessage } from "../../gateway/protocol.ts"
import { retryDelayMs } from "./backoff.ts"
import { decodeFrame, subscription } from "./frames.ts"

export type ConnectionPhase = "connecting" | "live" | "stale" | "offline"

export interface ConnectionState {
  readonly phase: ConnectionPhase
  /** When the hub was last heard, in milliseconds since the epoch; 0 when never. */
  readonly heardAtMs: number
  /** When the next try is due; absent while one is under way or none is needed. */
  readonly retryAtMs?: number
}

/** The part of the browser's WebSocket that is used here, so that a test can stand in for it. */
export interface SocketLike {
  addEventListener(type: "open" | "close", listener: () => void): void
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void
  send(frame: string): void
  close(): void
}

export interface HubSocketOptions {
  readonly open: () => SocketLike
  readonly topics: ReadonlyArray<string>
  /** The version the page has of each SKU, read at each (re)subscription. */
  readonly versions: () => Iterable<readonly [string, number]>
  /** These SKUs did not fit into `have`: the next message of each is taken whatever its version. */
  readonly onUnconfirmed: (skus: ReadonlyArray<string>) => void
  /** `openedAtMs`: what the journal acknowledged before this moment is state that was waiting, not a change arriving. */
  readonly onMessages: (messages: ReadonlyArray<ServerMessage>, openedAtMs: number) => void
  readonly now: () => number
  readonly random: () => number
}

export const HEARTBEAT = {
  /** Well below the minute or two after which proxies drop a silent connection. */
  pingEveryMs: 5_000,
  /** A ping and its answer are overdue: what is shown may be old. */
  staleAfterMs: 8_000,
  /** Two pings unanswered: the connection is half open, and waiting for its end could take minutes. */
  dropAfterMs: 15_000,
  /** A try that neither opens nor fails is given up after this. */
  openWithinMs: 10_000,
  /** Only a connection that lasted this long proves the hub healthy and starts the waits from the beginning. */
  steadyAfterMs: 5_000,
  checkEveryMs: 1_000
} as const

/** Far more than a page sends in one task (a subscription, a ping); at most 256 x 64 KiB would be held for a moment. */
const OUTBOX_MESSAGES_MAX = 256

export class HubSocket {
  readonly #options: HubSocketOptions
  readonly #listeners = new Set<() => void>()
  #state: ConnectionState = { phase: "connecting", heardAtMs: 0 }
  #socket: SocketLike | undefined
  #outbox: Array<ClientMessage> = []
  #attempt = 0
  #startedAtMs = 0
  #openedAtMs = 0
  #pingedAtMs = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #heartbeat: ReturnType<typeof setInterval> | undefined

  constructor(options: HubSocketOptions) {
    this.#options = options
  }

  readonly state = (): ConnectionState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(): void {
    if (this.#heartbeat !== undefined) return
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT.checkEveryMs)
    this.#connect()
  }

  stop(): void {
    clearInterval(this.#heartbeat)
    clearTimeout(this.#retry)
    this.#heartbeat = undefined
    this.#detach()
  }

  /** Tries at once instead of waiting: the user asked, or the browser says the network is back. */
  retryNow(): void {
    if (this.#heartbeat === undefined || this.#socket !== undefined) return
    this.#attempt = 0
    this.#connect()
  }

  /** Sends with whatever else this task sends, as one frame. False when the hub is not connected; nothing is kept. */
  send(message: ClientMessage): boolean {
    if (this.#openedAtMs === 0 || this.#outbox.length >= OUTBOX_MESSAGES_MAX) return false
    if (this.#outbox.push(message) === 1) queueMicrotask(() => this.#flush())
    return true
  }

  #flush(): void {
    const waiting = this.#outbox
    this.#outbox = []
    if (waiting.length === 0 || this.#openedAtMs === 0) return
    this.#socket?.send(JSON.stringify(waiting.length === 1 ? waiting[0] : waiting))
  }

  #connect(): void {
    clearTimeout(this.#retry)
    this.#startedAtMs = this.#options.now()
    this.#become({ phase: this.#state.phase, heardAtMs: this.#state.heardAtMs })
    const socket = this.#options.open()
    this.#socket = socket
    const isCurrent = (): boolean => this.#socket === socket
    socket.addEventListener("open", () => isCurrent() && this.#opened())
    socket.addEventListener("message", (event) => isCurrent() && this.#received(event.data))
    socket.addEventListener("close", () => isCurrent() && this.#closed())
  }

  #opened(): void {
    this.#openedAtMs = this.#options.now()
    this.#pingedAtMs = this.#openedAtMs
    const { message, leftOut } = subscription(this.#options.topics, this.#options.versions())
    this.#options.onUnconfirmed(leftOut)
    this.send(message)
    this.#become({ phase: "live", heardAtMs: this.#openedAtMs })
  }

  #received(frame: unknown): void {
    if (typeof frame !== "string") return
    const heardAtMs = this.#options.now()
    // Heard of every frame, but listeners hear only of a change of phase: thousands of frames a second arrive here.
    if (this.#state.phase === "live") this.#state = { phase: "live", heardAtMs }
    else this.#become({ phase: "live", heardAtMs })
    this.#options.onMessages(decodeFrame(frame), this.#openedAtMs)
  }

  #closed(): void {
    const opened = this.#openedAtMs > 0
    const now = this.#options.now()
    if (opened && now - this.#openedAtMs >= HEARTBEAT.steadyAfterMs) this.#attempt = 0
    this.#detach()
    const delayMs = retryDelayMs(this.#attempt, this.#options.random())
    this.#attempt += 1
    this.#retry = setTimeout(() => this.#connect(), delayMs)
    const phase = opened ? "stale" : "offline"
    this.#become({ phase, heardAtMs: this.#state.heardAtMs, retryAtMs: now + delayMs })
  }

  #detach(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#openedAtMs = 0
    this.#outbox = []
    socket?.close()
  }

  #beat(): void {
    if (this.#socket === undefined) return
    const now = this.#options.now()
    if (this.#openedAtMs === 0) {
      if (now - this.#startedAtMs >= HEARTBEAT.openWithinMs) this.#closed()
      return
    }
    const silenceMs = now - this.#state.heardAtMs
    if (silenceMs >= HEARTBEAT.dropAfterMs) {
      this.#closed()
      return
    }
    if (silenceMs >= HEARTBEAT.staleAfterMs && this.#state.phase === "live") {
      this.#become({ phase: "stale", heardAtMs: this.#state.heardAtMs })
    }
    if (now - this.#pingedAtMs >= HEARTBEAT.pingEveryMs) {
      this.#pingedAtMs = now
      this.send({ op: "ping" })
    }
  }

  #become(state: ConnectionState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}
