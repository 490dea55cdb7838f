/**
 * Spreads every change of a cart to the sockets that follow it: all of a shopper's devices, and whoever helps them.
 *
 * What is sent is always the whole cart. Of a followed cart the state is kept as the journal has it, taken on by each commit;
 * the book may be ahead of the journal. A socket that does not read gets the newest state once it does, and no queue.
 *
 *   follow -> [asked: events are kept] -- the book's state is here --> [known: each event is a frame]
 *
 * F1 A cart's versions only rise, except by `reset`. F2 A socket with room is sent every version.
 */
import { type CartEvent, type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import { type CartState, evolve, initialCart } from "../../actors/cart/state.ts"
import { isStockEvent } from "../../actors/sku/events.ts"
import { SOCKET_UNSENT_BYTES_MAX } from "../../config/limits.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import { hubsCommand } from "../host/owner-mail.ts"
import { cartView } from "./answers.ts"
import type { CartPartitions } from "./layer.ts"
import type { AvailableOf } from "./turn.ts"

export interface FollowerPort {
  readonly send: (frame: string) => void
  readonly unsentBytes: () => number
}

export interface Follower {
  readonly port: FollowerPort
  /** Followed carts, with the version that the socket has; 0 when it has none. */
  readonly carts: Map<string, number>
  /** Carts whose newest state it was not sent, for want of room. */
  readonly behind: Set<string>
}

interface Followed {
  /** As the journal has it; `undefined` until the book has said. */
  state: CartState | undefined
  /** Events that came before the book's state did. */
  readonly early: Array<readonly [event: CartEvent, at: number]>
  readonly followers: Set<Follower>
  ackedAtMicros: number
}

export interface FollowersServices {
  readonly host: CartPartitions
  readonly availableOf: AvailableOf
  /** Microseconds since the epoch. */
  readonly nowMicros: () => number
}

export class CartFollowers {
  private readonly services: FollowersServices
  private readonly followed = new Map<string, Followed>()
  /** Followed carts by the SKUs in them. */
  private readonly bySku = new Map<string, Set<string>>()

  constructor(services: FollowersServices) {
    this.services = services
    services.host.onCommits((commits) => this.onCommits(commits))
  }

  join(port: FollowerPort): Follower {
    return { port, carts: new Map(), behind: new Set() }
  }

  leave(follower: Follower): void {
    this.unfollow(follower, [...follower.carts.keys()])
  }

  /** Follows carts from the versions in `have` on. Following twice is once. */
  follow(follower: Follower, carts: ReadonlyArray<string>, have: ReadonlyMap<string, number>): void {
    for (const cart of carts) {
      if (follower.carts.has(cart)) continue
      follower.carts.set(cart, have.get(cart) ?? 0)
      const followed = this.followed.get(cart)
      followed?.followers.add(follower)
      if (followed === undefined) this.ask(cart, follower)
      else if (followed.state !== undefined) this.catchUp(follower, cart, followed)
    }
  }

  unfollow(follower: Follower, carts: ReadonlyArray<string>): void {
    for (const cart of carts) {
      follower.carts.delete(cart)
      follower.behind.delete(cart)
      const followed = this.followed.get(cart)
      if (followed?.followers.delete(follower) !== true || followed.followers.size > 0) continue
      this.followed.delete(cart)
      this.noteSkus(cart, followed.state, undefined)
    }
  }

  /** Somebody has this cart open now. */
  isFollowed(cart: string): boolean {
    return (this.followed.get(cart)?.followers.size ?? 0) > 0
  }

  /** Something is said to whoever has the cart open; false when nobody has, or none of them reads. */
  say(cart: string, said: { readonly id: string; readonly text: string; readonly link?: string }): boolean {
    let isSaid = false
    for (const { port } of this.followed.get(cart)?.followers ?? []) {
      if (port.unsentBytes() > SOCKET_UNSENT_BYTES_MAX) continue
      port.send(JSON.stringify({ op: "chat", cart, ...said }))
      isSaid = true
    }
    return isSaid
  }

  /** The socket has room again. */
  drained(follower: Follower): void {
    for (const cart of follower.behind) {
      const followed = this.followed.get(cart)
      if (followed !== undefined && !this.send(follower, cart, followed)) return
    }
  }

  /** Carts that somebody looks at are told when what is in them sells out, or is there again. */
  onStock(commits: ReadonlyArray<StoredCommit>): void {
    if (this.bySku.size === 0) return
    const touched = new Set<string>()
    for (const { records } of commits) {
      for (const record of records) {
        const carts = isStockEvent(record) ? this.bySku.get(record.sku) : undefined
        for (const cart of carts ?? []) touched.add(cart)
      }
    }
    for (const cart of touched) {
      const state = this.followed.get(cart)?.state
      if (state?.status === "open" && this.isToldWrong(state)) this.lookAgain(cart)
    }
  }

  private isToldWrong({ lines, notes = [] }: CartState): boolean {
    return lines.some((line) => {
      const available = this.services.availableOf(line)
      const isShort = available !== undefined && available < line.quantity
      const told = notes.find((note) => (note.type === "short" || note.type === "sold-out") && note.sku === line.sku)
      if (!isShort || told === undefined) return isShort !== (told !== undefined)
      return "available" in told && told.available !== Math.max(0, available)
    })
  }

  private lookAgain(cart: string): void {
    // What is wrong still is seen at the next change.
    this.services.host.submit(hubsCommand({ type: "look-again", cart, mutationId: `look:${cart}` }, () => undefined))
  }

  private ask(cart: string, follower: Follower): void {
    const followed: Followed = { state: undefined, early: [], followers: new Set([follower]), ackedAtMicros: 0 }
    this.followed.set(cart, followed)
    this.services.host.view(
      (book) => book.peek(cart),
      (outcome) => {
        if (this.followed.get(cart) !== followed) return
        if (outcome === undefined) {
          setTimeout(() => this.askAgain(cart, followed), ASK_AGAIN_MS).unref()
          return
        }
        followed.state = outcome.value ?? initialCart(cart)
        for (const [event, at] of followed.early.splice(0)) this.takeOn(followed, event, at)
        this.noteSkus(cart, undefined, followed.state)
        for (const one of followed.followers) this.catchUp(one, cart, followed)
      }
    )
  }

  private askAgain(cart: string, followed: Followed): void {
    if (this.followed.get(cart) !== followed) return
    const [first, ...others] = followed.followers
    if (first === undefined) return
    this.ask(cart, first)
    for (const other of others) this.followed.get(cart)?.followers.add(other)
  }

  private onCommits(commits: ReadonlyArray<StoredCommit<CartRecord>>): void {
    if (this.followed.size === 0) return
    const ackedAtMicros = this.services.nowMicros()
    for (const { records, at } of commits) {
      for (const record of records) {
        const followed = isCartEvent(record) ? this.followed.get(record.cart) : undefined
        if (followed === undefined || !isCartEvent(record)) continue
        followed.ackedAtMicros = ackedAtMicros
        if (followed.state === undefined) followed.early.push([record, at])
        else {
          const before = followed.state
          this.takeOn(followed, record, at)
          this.noteSkus(record.cart, before, followed.state)
          for (const follower of followed.followers) this.send(follower, record.cart, followed)
        }
      }
    }
  }

  private takeOn(followed: Followed, event: CartEvent, at: number): void {
    const before = followed.state
    if (before !== undefined && event.version > before.version) followed.state = evolve(before, event, at)
  }

  private catchUp(follower: Follower, cart: string, followed: Followed): void {
    const { version = 0 } = followed.state ?? {}
    const have = follower.carts.get(cart) ?? 0
    if (have > version) this.send(follower, cart, followed, true)
    else if (have < version) this.send(follower, cart, followed)
  }

  /** False when the socket has no room. */
  private send(follower: Follower, cart: string, { state, ackedAtMicros }: Followed, reset = false): boolean {
    if (state === undefined || state.version === 0) return true
    if (follower.port.unsentBytes() > SOCKET_UNSENT_BYTES_MAX) {
      follower.behind.add(cart)
      return false
    }
    follower.behind.delete(cart)
    follower.carts.set(cart, state.version)
    const t = ackedAtMicros === 0 ? {} : { t: ackedAtMicros }
    follower.port.send(JSON.stringify({ op: "cart", ...cartView(state), ...t, ...(reset ? { reset } : {}) }))
    return true
  }

  private noteSkus(cart: string, before: CartState | undefined, after: CartState | undefined): void {
    for (const { sku } of before?.lines ?? []) {
      const carts = this.bySku.get(sku)
      if (carts?.delete(cart) === true && carts.size === 0) this.bySku.delete(sku)
    }
    for (const { sku } of after?.lines ?? []) {
      const carts = this.bySku.get(sku)
      if (carts === undefined) this.bySku.set(sku, new Set([cart]))
      else carts.add(cart)
    }
  }
}

const ASK_AGAIN_MS = 250
