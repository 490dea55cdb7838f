/**
 * One socket's view of the stock: live, or catching up.
 *
 * Live, it hangs on the socket library's topics and costs the hub nothing of its own. Catching up (just subscribed, or
 * too slow), it hangs on none: the hub sends it the newest state of one slice of SKUs after another, as fast as it
 * reads, and puts it back on the topics at an instant when it has everything.
 *
 *   subscribe -> [catching up] --- nothing left, nothing unsent ---> [live]
 *                      ^------------- more than 64 KiB unsent ---------'
 *
 * F1 A SKU's versions only rise, except by `reset`. F2 Live, every version of a SKU is sent. F3 What waits for one
 * socket is bounded: by its unsent bytes, and by the SKUs that exist.
 */
import type { StockBook } from "../../../actors/stock/book.ts"
import { stateFrame } from "./frames.ts"

export interface SocketPort {
  readonly send: (frame: string) => void
  readonly unsentBytes: () => number
  readonly follow: (topic: string) => void
  readonly unfollow: (topic: string) => void
}

export const ALL = "stock.*"

export type Mode = "live" | "catching"

/** SKUs looked at in one slice: some 100 KiB of frames at most. */
const SLICE_SKUS = 500

export class Subscriber {
  readonly port: SocketPort
  /** SKU to its topic. */
  readonly skus = new Map<string, string>()
  all = false
  mode: Mode = "live"
  /** Up to this offset of the change log the socket has, or has on its way, every change. */
  offset = 0
  /** SKUs to be looked at in this round. */
  private queue: Array<string> = []
  /** Versions that the socket has said it has, or was sent since it began to catch up. */
  private readonly sent = new Map<string, number>()
  /** A slice has been asked for and not come yet. */
  busy = false

  constructor(port: SocketPort) {
    this.port = port
  }

  wants(sku: string): boolean {
    return this.all || this.skus.has(sku)
  }

  get topicCount(): number {
    return this.skus.size + (this.all ? 1 : 0)
  }

  /** Leaves the topics; from `offset` on the changes are found in the log. */
  fallBehind(offset: number): void {
    if (this.mode === "catching") return
    this.mode = "catching"
    this.offset = offset
    for (const topic of this.nativeTopics()) this.port.unfollow(topic)
  }

  /** Everything up to here has been sent: the topics bring the rest. */
  goLive(): void {
    this.mode = "live"
    this.sent.clear()
    for (const topic of this.nativeTopics()) this.port.follow(topic)
  }

  /** `stock.*` brings everything: following a SKU beside it would bring its changes twice. */
  nativeTopics(): Iterable<string> {
    return this.all ? [ALL] : this.skus.values()
  }

  enqueue(skus: Iterable<string>, have?: ReadonlyMap<string, number>): void {
    for (const sku of skus) {
      this.queue.push(sku)
      const known = have?.get(sku)
      if (known !== undefined) this.sent.set(sku, known)
    }
  }

  get isDrained(): boolean {
    return this.queue.length === 0
  }

  /** The frames of the next slice of the queue. Reads the book: call it between two commands. */
  slice(book: StockBook): ReadonlyArray<string> {
    const frames: Array<string> = []
    for (const sku of this.queue.splice(-SLICE_SKUS)) {
      const state = this.wants(sku) ? book.peek(sku) : undefined
      if (state === undefined || state.version === 0) continue
      const known = this.sent.get(sku)
      if (known === state.version) continue
      const reset = known !== undefined && known > state.version
      this.sent.set(sku, state.version)
      frames.push(stateFrame(state, reset))
    }
    return frames
  }
}
