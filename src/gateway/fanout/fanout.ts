/**
 * Spreads every change to the sockets that follow it.
 *
 * Changes are encoded once and handed to the socket library's own topics. At rest each change goes out at once; the
 * more a flush costs, the longer the next one waits, so that under load changes share frames instead of queueing.
 * Sockets that cannot keep up are found by looking at their unsent bytes each time enough has been published to fill
 * a buffer, and from then on get the newest states only (see `subscriber.ts`).
 */
import { isStockEvent, type StockEvent } from "../../../actors/sku/events.ts"
import { FRAME_BYTES_MAX, SOCKET_UNSENT_BYTES_MAX } from "../../../config/limits.ts"
import type { StoredCommit } from "../../../streams/codec.ts"
import { encodeSku } from "../../../streams/subjects.ts"
import { type MailTaker, submitView } from "../requests.ts"
import { ChangeLog } from "./changes.ts"
import { eventFrame, joinFrames } from "./frames.ts"
import { ALL, Subscriber, type SocketPort } from "./subscriber.ts"

export interface FanoutOptions {
  readonly host: MailTaker
  readonly publish: (topic: string, frame: string) => void
  /** Microseconds since the epoch. */
  readonly nowMicros: () => number
}

/** A flush waits this share of the time that the last one took; what is published meanwhile shares its frames. */
const REST_FACTOR = 0.5
const REST_MS_MAX = 8
/** Published bytes after which unsent bytes are looked at: with what a flush adds, far below the library's own limit. */
const LOOK_AFTER_BYTES = 256 * 1024
/** Text of one frame, in code units; the contract's MiB with room for three-byte characters. */
const FRAME_UNITS_MAX = FRAME_BYTES_MAX / 4

interface Pending {
  frames: Array<string>
  units: number
}

export class Fanout {
  readonly subscribers = new Set<Subscriber>()
  private readonly options: FanoutOptions
  private readonly changes = new ChangeLog()
  private followingAll = 0
  /** Followers by SKU, live or not: only what somebody follows is encoded. */
  private readonly followers = new Map<string, number>()
  private readonly pending = new Map<string, Pending>()
  private timer: NodeJS.Timeout | undefined
  private restUntilMs = 0
  private publishedBytes = 0
  deliveredFrames = 0
  conflated = 0

  constructor(options: FanoutOptions) {
    this.options = options
  }

  join(port: SocketPort): Subscriber {
    const subscriber = new Subscriber(port)
    this.subscribers.add(subscriber)
    return subscriber
  }

  leave(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber)
    this.dropTopics(subscriber, [...subscriber.skus.keys()], subscriber.all)
  }

  /** Follows SKUs (`undefined`: all) from the versions in `have` on. Following twice is once. */
  subscribe(
    subscriber: Subscriber,
    skus: ReadonlyArray<string>,
    all: boolean,
    have: ReadonlyMap<string, number>
  ): void {
    this.flush()
    subscriber.fallBehind(this.changes.offset)
    const added = skus.filter((sku) => !subscriber.wants(sku))
    for (const sku of skus) {
      if (subscriber.skus.has(sku)) continue
      subscriber.skus.set(sku, `stock.${encodeSku(sku)}`)
      this.followers.set(sku, (this.followers.get(sku) ?? 0) + 1)
    }
    if (all && !subscriber.all) {
      const followed = new Set(subscriber.skus.keys())
      for (const sku of added) followed.delete(sku)
      subscriber.all = true
      this.followingAll++
      this.enqueueAll(subscriber, have, followed)
      return
    }
    subscriber.enqueue(added, have)
    this.pump(subscriber)
  }

  unsubscribe(subscriber: Subscriber, skus: ReadonlyArray<string>, all: boolean): void {
    const wasLive = subscriber.mode === "live"
    this.flush()
    subscriber.fallBehind(this.changes.offset)
    this.dropTopics(subscriber, skus, all)
    if (wasLive) subscriber.goLive()
    else this.pump(subscriber)
  }

  /** The socket has room again. */
  drained(subscriber: Subscriber): void {
    if (subscriber.mode === "catching") this.pump(subscriber)
  }

  /** The socket had no room for the newest changes of these SKUs. Not for the midst of a flush, whose other changes it may want. */
  overrun(subscriber: Subscriber, missed: Iterable<string>): void {
    if (!this.subscribers.has(subscriber)) return
    this.conflated++
    subscriber.fallBehind(this.changes.offset)
    subscriber.enqueue(missed)
    this.pump(subscriber)
  }

  /** Called for each acknowledged turn, in order. */
  onCommits(commits: ReadonlyArray<StoredCommit>): void {
    const ackedAtMicros = this.options.nowMicros()
    for (const commit of commits) {
      const times = { at: new Date(commit.at).toISOString(), ackedAtMicros }
      for (const record of commit.records) if (isStockEvent(record)) this.spread(record, times)
    }
    if (this.pending.size > 0) this.flushSoon()
  }

  flush(): void {
    if (this.timer !== undefined) clearTimeout(this.timer)
    this.timer = undefined
    if (this.pending.size === 0) return
    const startedMs = performance.now()
    for (const [topic, { frames, units }] of this.pending) {
      this.options.publish(topic, joinFrames(frames))
      this.publishedBytes += units
      this.deliveredFrames++
    }
    this.pending.clear()
    if (this.publishedBytes > LOOK_AFTER_BYTES) this.lookForSlowSockets()
    this.restUntilMs = performance.now() + Math.min(REST_MS_MAX, (performance.now() - startedMs) * REST_FACTOR)
  }

  private spread(event: StockEvent, times: { readonly at: string; readonly ackedAtMicros: number }): void {
    this.changes.push(event.sku)
    const followed = this.followers.size > 0 && this.followers.has(event.sku)
    if (this.followingAll === 0 && !followed) return
    const frame = eventFrame(event, times)
    if (this.followingAll > 0) this.hold(ALL, frame)
    if (followed) this.hold(`stock.${encodeSku(event.sku)}`, frame)
  }

  private hold(topic: string, frame: string): void {
    let pending = this.pending.get(topic)
    if (pending === undefined) this.pending.set(topic, (pending = { frames: [], units: 0 }))
    if (pending.units + frame.length > FRAME_UNITS_MAX) {
      this.flush()
      this.pending.set(topic, (pending = { frames: [], units: 0 }))
    }
    pending.frames.push(frame)
    pending.units += frame.length
  }

  private flushSoon(): void {
    const restMs = this.restUntilMs - performance.now()
    if (restMs <= 0) this.flush()
    else this.timer ??= setTimeout(() => this.flush(), restMs)
  }

  private lookForSlowSockets(): void {
    this.publishedBytes = 0
    for (const subscriber of this.subscribers) {
      if (subscriber.mode !== "live" || subscriber.topicCount === 0) continue
      if (subscriber.port.unsentBytes() <= SOCKET_UNSENT_BYTES_MAX) continue
      this.conflated++
      subscriber.fallBehind(this.changes.offset)
    }
  }

  private enqueueAll(subscriber: Subscriber, have: ReadonlyMap<string, number>, followed: ReadonlySet<string>): void {
    subscriber.busy = true
    submitView(
      this.options.host,
      (book) => [...book.skus()],
      (outcome) => {
        subscriber.busy = false
        if ("value" in outcome) {
          subscriber.enqueue(
            outcome.value.filter((sku) => !followed.has(sku)),
            have
          )
        }
        this.pump(subscriber)
      }
    )
  }

  /** Sends the next slice, if the socket has room; when nothing is left, puts the subscriber back on its topics. */
  private pump(subscriber: Subscriber): void {
    if (subscriber.busy || subscriber.mode === "live" || !this.subscribers.has(subscriber)) return
    if (subscriber.port.unsentBytes() > SOCKET_UNSENT_BYTES_MAX) return
    subscriber.busy = true
    submitView(
      this.options.host,
      (book) => subscriber.slice(book),
      (outcome) => {
        subscriber.busy = false
        if (!this.subscribers.has(subscriber)) return
        if ("failure" in outcome) return this.pumpLater(subscriber)
        if (outcome.value.length > 0) subscriber.port.send(joinFrames(outcome.value))
        if (subscriber.isDrained) this.nextRound(subscriber)
        this.pump(subscriber)
      }
    )
  }

  /** The queue is empty: what changed since the round began is the next round; if nothing did, the socket is live. */
  private nextRound(subscriber: Subscriber): void {
    this.flush()
    const changed = this.changes.since(subscriber.offset)
    subscriber.offset = this.changes.offset
    if (changed !== undefined && changed.size === 0) return subscriber.goLive()
    if (changed !== undefined) return subscriber.enqueue([...changed].filter((sku) => subscriber.wants(sku)))
    if (subscriber.all) this.enqueueAll(subscriber, new Map(), new Set())
    else subscriber.enqueue(subscriber.skus.keys())
  }

  private pumpLater(subscriber: Subscriber): void {
    setTimeout(() => this.pump(subscriber), 250).unref()
  }

  private dropTopics(subscriber: Subscriber, skus: ReadonlyArray<string>, all: boolean): void {
    if (all && subscriber.all) {
      subscriber.all = false
      this.followingAll--
    }
    for (const sku of skus) {
      if (!subscriber.skus.delete(sku)) continue
      const left = (this.followers.get(sku) ?? 1) - 1
      if (left > 0) this.followers.set(sku, left)
      else this.followers.delete(sku)
    }
  }
}
