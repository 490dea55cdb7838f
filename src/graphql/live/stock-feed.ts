/**
 * Stock changes to GraphQL subscriptions, by the rules of the socket contract: the hub's own fan-out says what each of them
 * gets and when (`src/gateway/fanout/`), and what it publishes to a topic is encoded here once for each selection.
 *
 * A subscription is a subscriber of the fan-out whose topics are kept here and not by the socket library, because no two
 * clients are sent the same bytes. One that has no room while a change is handed out misses it, and every one after it;
 * once the flush is over it falls behind in the fan-out and gets the newest state of what it missed.
 */
import type { GraphQLResolveInfo } from "graphql"
import type { Fanout } from "../../gateway/fanout/fanout.ts"
import type { SocketPort, Subscriber } from "../../gateway/fanout/subscriber.ts"
import type { StockMessage } from "../../gateway/protocol.ts"
import type { Next } from "./next.ts"
import { type Outlet, source } from "./outlet.ts"
import type { Selection } from "./selection.ts"
import { Selections } from "./selections.ts"
import { template } from "./template.ts"

type Change = StockMessage & Readonly<Record<string, unknown>>

export interface Wanted {
  /** `undefined`: all. */
  readonly skus: ReadonlyArray<string> | undefined
  readonly have: ReadonlyMap<string, number>
}

export class StockFeed {
  private readonly fanout: Fanout
  private readonly selections = new Selections<Change>(template)
  private readonly topics = new Map<string, Map<Selection<Change>, Set<Follower>>>()

  constructor(fanout: Fanout) {
    this.fanout = fanout
  }

  /** Ends when its client or socket does. */
  subscribe({ have, skus }: Wanted, outlet: Outlet, info: GraphQLResolveInfo): AsyncGenerator<never, void> {
    const selection = this.selections.take(info)
    const follower = new Follower({ selection, outlet, feed: this, fanout: this.fanout })
    this.fanout.subscribe(follower.subscriber, skus ?? [], skus === undefined, have)
    return source(() => {
      this.fanout.leave(follower.subscriber)
      follower.leave()
      this.selections.release(selection)
    })
  }

  /** What the fan-out publishes to a topic: one contract message, or an array of them. */
  publish(topic: string, frame: string): void {
    const followed = this.topics.get(topic)
    if (followed === undefined) return
    const changes = changesOf(frame)
    for (const [selection, followers] of followed) {
      for (const change of changes) {
        const next = selection.encode(change)
        for (const follower of followers) follower.take(change.sku, next)
      }
    }
  }

  follow(topic: string, follower: Follower): void {
    let followed = this.topics.get(topic)
    if (followed === undefined) this.topics.set(topic, (followed = new Map()))
    const followers = followed.get(follower.selection)
    if (followers === undefined) followed.set(follower.selection, new Set([follower]))
    else followers.add(follower)
  }

  unfollow(topic: string, follower: Follower): void {
    const followed = this.topics.get(topic)
    const followers = followed?.get(follower.selection)
    if (followers?.delete(follower) !== true || followers.size > 0) return
    followed?.delete(follower.selection)
    if (followed?.size === 0) this.topics.delete(topic)
  }
}

const changesOf = (frame: string): ReadonlyArray<Change> => {
  const parsed = JSON.parse(frame) as Change | ReadonlyArray<Change>
  return Array.isArray(parsed) ? parsed : [parsed as Change]
}

interface FollowerOptions {
  readonly selection: Selection<Change>
  readonly outlet: Outlet
  readonly feed: StockFeed
  readonly fanout: Fanout
}

class Follower implements SocketPort {
  readonly selection: Selection<Change>
  readonly subscriber: Subscriber
  private readonly options: FollowerOptions
  private readonly topics = new Set<string>()
  private readonly stopListening: () => void
  private missed: Set<string> | undefined

  constructor(options: FollowerOptions) {
    this.options = options
    this.selection = options.selection
    this.subscriber = options.fanout.join(this)
    this.stopListening = options.outlet.socket.whenDrained(() => options.fanout.drained(this.subscriber))
  }

  /** Live: one change. */
  take(sku: string, next: Next): void {
    const { outlet } = this.options
    if (this.missed !== undefined) this.missed.add(sku)
    else if (outlet.socket.hasRoom()) outlet.next(next)
    else {
      this.missed = new Set([sku])
      queueMicrotask(() => this.fallBehind())
    }
  }

  private fallBehind(): void {
    const { fanout } = this.options
    fanout.flush()
    const missed = this.missed ?? []
    this.missed = undefined
    fanout.overrun(this.subscriber, missed)
  }

  /** Catching up: the newest states of a slice. */
  send(frame: string): void {
    for (const change of changesOf(frame)) this.options.outlet.next(this.selection.encode(change))
  }

  unsentBytes(): number {
    return this.options.outlet.socket.unsentBytes()
  }

  follow(topic: string): void {
    this.topics.add(topic)
    this.options.feed.follow(topic, this)
  }

  unfollow(topic: string): void {
    this.topics.delete(topic)
    this.options.feed.unfollow(topic, this)
  }

  leave(): void {
    this.stopListening()
    for (const topic of this.topics) this.options.feed.unfollow(topic, this)
    this.topics.clear()
  }
}
