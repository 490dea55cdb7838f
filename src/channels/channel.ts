/**
 * One channel at work: its book, its log, what comes in and what goes out, put together.
 *
 * It knows the hub by two ports: the stock of given SKUs when it asks (`lookUp`), and what changed since (`told`). News
 * may come twice, late or not at all while it starts: versions sort them, and it asks again for what it does not know.
 */
import { Deferred, Effect } from "effect"
import { ChannelBook, LISTINGS_MAX } from "../../actors/channel/book.ts"
import * as Listing from "../../actors/channel/listing.ts"
import { freshness } from "../../actors/channel/pace.ts"
import type { ChannelRecord } from "../../actors/channel/records.ts"
import type { ChannelLogShape, LogFailed } from "../../streams/channel-log.ts"
import type { Adapter, Received, Webhook } from "./adapter.ts"
import { brokenOff } from "./ask-adapter.ts"
import { Dispatcher, type DispatchPolicy } from "./dispatcher.ts"
import { Intake, NotTaken, type OutgoingFact } from "./intake.ts"
import { LogWriter } from "./log-writer.ts"
import { Reconciler } from "./reconcile.ts"
import { type Intervals, Rounds } from "./rounds.ts"

/** A SKU's newest numbers as the channels are to see them. */
export interface Change {
  readonly sku: string
  readonly version: number
  /** Units that a channel without rules of its own is shown. */
  readonly quantity: number
  /** Of channels that have rules. */
  readonly byChannel?: Readonly<Record<string, number>>
  /** When the journal acknowledged it, in milliseconds since the epoch. */
  readonly at: number
  /** Mutations among it that a channel had told of. */
  readonly moves?: ReadonlyArray<{ readonly channel: string; readonly mutationId: string; readonly movedAt?: number }>
}

export interface ChannelSettings {
  readonly name: string
  readonly kind: string
  readonly policy: DispatchPolicy
  readonly isIdentity: boolean
  readonly intervals: Intervals
  /** Units held back while accepted writes are stuck. */
  readonly stuckBuffer: number
}

export interface ChannelPorts {
  readonly adapter: Adapter
  readonly log: ChannelLogShape
  readonly lookUp: (skus: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Change>>
  readonly publish: (facts: ReadonlyArray<OutgoingFact>) => Effect.Effect<void, NotTaken>
  /** Keeps a copy of a listing that was given up. */
  readonly bury: (listing: Listing.Listing) => Effect.Effect<void>
  readonly nowMs: () => number
  readonly random: () => number
  readonly newId: () => string
}

export interface Mapping {
  readonly listingId: string
  /** `null` takes the mapping away. */
  readonly sku: string | null
}

const LOOK_UP_SKUS = 500

export class Channel {
  readonly settings: ChannelSettings
  readonly book = new ChannelBook()
  readonly dispatcher: Dispatcher
  readonly reconciler: Reconciler
  readonly intake: Intake
  readonly log: LogWriter
  readonly rounds: Rounds
  private readonly ports: ChannelPorts
  /** Units that this channel is shown fewer of than it may sell. */
  private heldBack = 0
  private readonly started = Deferred.makeUnsafe<void>()
  readonly whenStarted: Effect.Effect<void> = Deferred.await(this.started)
  private isStarted = false

  constructor(settings: ChannelSettings, ports: ChannelPorts) {
    this.settings = settings
    this.ports = ports
    const { name, policy } = settings
    const { adapter, nowMs, random, newId } = ports
    const { book } = this
    this.log = new LogWriter({ channel: name, log: ports.log, book, newId })
    this.dispatcher = new Dispatcher({
      channel: name,
      adapter,
      policy,
      book,
      nowMs,
      random,
      record: (record) => this.onOutcome(record)
    })
    this.reconciler = new Reconciler({
      channel: name,
      adapter,
      book,
      dispatcher: this.dispatcher,
      nowMs,
      callTimeoutMs: policy.callTimeoutMs
    })
    this.intake = new Intake({
      channel: name,
      book,
      log: this.log,
      nowMs,
      publish: ports.publish,
      isIdentity: settings.isIdentity,
      onObserved: (event) => this.reconciler.suspect(event)
    })
    this.rounds = new Rounds({
      channel: name,
      adapter,
      book,
      dispatcher: this.dispatcher,
      intake: this.intake,
      log: this.log,
      reconciler: this.reconciler,
      intervals: settings.intervals,
      callTimeoutMs: policy.callTimeoutMs,
      nowMs,
      onStuck: (isStuck) => this.holdBack(isStuck ? settings.stuckBuffer : 0)
    })
  }

  /** Reads its log and the stock of its listings; then news may be told. */
  readonly start: Effect.Effect<void, LogFailed> = Effect.gen({ self: this }, function* () {
    yield* this.log.recover
    const skus = new Set<string>()
    for (const { sku } of this.book.listings.values()) skus.add(sku)
    yield* this.ask([...skus])
    this.isStarted = true
    Deferred.doneUnsafe(this.started, Effect.void)
  })

  /** Works until its log is lost to another hub. */
  readonly run: Effect.Effect<never, LogFailed> = Effect.suspend(() =>
    Effect.raceFirst(
      this.log.run,
      Effect.andThen(Effect.all([this.dispatcher.run, this.rounds.run], { concurrency: 2 }), Effect.never)
    )
  )

  /** The hub's news, in any order. */
  told(changes: ReadonlyArray<Change>): void {
    for (const change of changes) {
      const listingIds = this.book.listingsOf(change.sku)
      if (listingIds.length > 0) this.tell(change, listingIds)
      else if (change.moves !== undefined) this.movesOf(change)
    }
  }

  receive(webhook: Webhook): Effect.Effect<Received & { readonly taken?: number }, NotTaken> {
    const { adapter } = this.ports
    return Effect.gen({ self: this }, function* () {
      yield* this.open
      const received = yield* Effect.tryPromise(async (signal) => adapter.receive?.(webhook, signal)).pipe(
        Effect.timeout(this.settings.policy.callTimeoutMs),
        Effect.catch((cause) => Effect.succeed(later(cause)))
      )
      if (received === undefined) return { type: "refused", status: 400, message: "This channel takes no webhooks." }
      if (received.type === "refused") this.dispatcher.stats.refusedDeliveries++
      if (received.type !== "events") return received
      for (const { type } of received.events) this.dispatcher.stats.countEvent(type)
      const { facts, held } = yield* this.intake.take(received.events)
      return { ...received, taken: facts + held }
    })
  }

  /** Maps listings to SKUs, durably, and makes facts of what was held for them. */
  map(
    mappings: ReadonlyArray<Mapping>
  ): Effect.Effect<{ readonly mapped: number; readonly released: number }, NotTaken> {
    return Effect.gen({ self: this }, function* () {
      yield* this.open
      const mapped = new Set<string>()
      const skus = new Set<string>()
      for (const { listingId, sku } of mappings) {
        if (this.book.find(listingId)?.sku === sku) continue
        if (this.book.listings.size >= LISTINGS_MAX) break
        const record =
          sku === null ? ({ type: "unmapped", listingId } as const) : ({ type: "mapped", listingId, sku } as const)
        this.book.fold(record)
        this.log.add(record)
        if (sku === null) continue
        mapped.add(listingId)
        skus.add(sku)
      }
      yield* Effect.ignore(this.log.flush)
      yield* this.ask([...skus])
      const released = yield* this.intake.release(mapped)
      return { mapped: mapped.size, released }
    })
  }

  /** Finds first what the channel sold and did not tell, then compares. */
  reconcile(isDryRun: boolean) {
    return Effect.andThen(this.rounds.poll, this.reconciler.reconcile(isDryRun))
  }

  /** Listings given up are tried again: those named, or all. Answers how many. */
  redrive(listingIds: ReadonlyArray<string> | undefined): number {
    const given = [...this.book.given()].filter(({ listingId }) => listingIds?.includes(listingId) ?? true)
    for (const { listingId } of given) {
      this.log.add({ type: "redriven", listingId, at: this.ports.nowMs() })
      this.dispatcher.decide(listingId, Listing.redriven)
      this.look(listingId)
    }
    return given.length
  }

  discard(listingIds: ReadonlyArray<string>, reason: string): number {
    const given = [...this.book.given()].filter(({ listingId }) => listingIds.includes(listingId))
    for (const { listingId } of given) {
      this.log.add({ type: "discarded", listingId, reason, at: this.ports.nowMs() })
      this.dispatcher.decide(listingId, Listing.discarded)
    }
    return given.length
  }

  /** The least of its listings' freshness, and their mean; 1 where there are none. */
  freshness(): { readonly least: number; readonly mean: number; readonly behind: number } {
    const now = this.ports.nowMs()
    const alive = freshness(now - this.dispatcher.health().aliveAt)
    let least = 1
    let sum = 0
    let count = 0
    let behind = 0
    for (const listing of this.book.listings.values()) {
      if (listing.wanted === undefined) continue
      const isInStep = Listing.isInStep(listing)
      if (!isInStep) behind++
      const one = isInStep
        ? Math.max(alive, freshness(now - listing.confirmedAt))
        : freshness(now - listing.wanted.since)
      least = Math.min(least, one)
      sum += one
      count++
    }
    return { least, mean: count === 0 ? 1 : sum / count, behind }
  }

  /** Listings that the channel is known to show at this version of the SKU or a newer one. */
  showsSince(sku: string, version: number): boolean {
    const listingIds = this.book.listingsOf(sku)
    return (
      listingIds.length > 0 &&
      listingIds.every((listingId) => {
        const listing = this.book.find(listingId)
        return listing !== undefined && (listing.wanted?.version ?? 0) >= version && Listing.isInStep(listing)
      })
    )
  }

  /** Before it has read its log it does not know what is mapped, and must not write. */
  private readonly open: Effect.Effect<void, NotTaken> = Effect.suspend(() =>
    this.isStarted ? Effect.void : Effect.fail(new NotTaken({ detail: "The channel is starting." }))
  )

  private tell(change: Change, listingIds: ReadonlyArray<string>): void {
    const allowed = Math.max(0, change.byChannel?.[this.settings.name] ?? change.quantity)
    const quantity = Math.max(0, allowed - this.heldBack)
    const moves = change.moves === undefined ? [] : this.movesOf(change)
    for (const listingId of listingIds) {
      const listing = this.book.find(listingId)
      if (listing === undefined) continue
      const own = moves.filter((move) => move.listingId === undefined || move.listingId === listingId)
      const isKnown = own.every((move) => move.shownBy !== undefined)
      const shownBy = isKnown ? own.reduce((sum, move) => sum + (move.shownBy ?? 0), 0) : undefined
      const movedAt = own.length === 0 ? undefined : Math.min(...own.map((move) => move.movedAt ?? 0))
      const { version, at } = change
      const told =
        version === listing.wanted?.version
          ? Listing.restated(listing, quantity, at)
          : Listing.told(listing, { quantity, version, at, shownBy, movedAt })
      if (told === listing) continue
      this.book.put(told)
      this.dispatcher.look(told)
    }
  }

  /** A channel that does not carry out what it accepted sells on what it shows: until it does, it is shown less. */
  private holdBack(units: number): Effect.Effect<void> {
    this.heldBack = units
    return this.ask([...new Set([...this.book.listings.values()].map(({ sku }) => sku))])
  }

  private movesOf({ moves = [] }: Change) {
    return moves
      .filter(({ channel }) => channel === this.settings.name)
      .map(({ mutationId, movedAt }) => ({ ...this.intake.moveOf(mutationId), movedAt }))
  }

  private onOutcome(record: ChannelRecord): void {
    this.log.add(record)
    if (record.type !== "dead") return
    const listing = this.book.find(record.listingId)
    if (listing !== undefined) Effect.runFork(this.ports.bury(listing))
  }

  private look(listingId: string): void {
    const listing = this.book.find(listingId)
    if (listing !== undefined) this.dispatcher.look(listing)
  }

  /** The stock as it is now. A listing written at another version than this may have moved unseen. */
  private ask(skus: ReadonlyArray<string>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      for (let from = 0; from < skus.length; from += LOOK_UP_SKUS) {
        const changes = yield* this.ports.lookUp(skus.slice(from, from + LOOK_UP_SKUS))
        for (const change of changes) this.askedFor(change)
      }
    })
  }

  private askedFor(change: Change): void {
    for (const listingId of this.book.listingsOf(change.sku)) {
      const listing = this.book.find(listingId)
      if (listing !== undefined && listing.wanted === undefined && listing.written?.version !== change.version) {
        this.book.put({ ...listing, believed: undefined })
      }
    }
    this.told([{ ...change, moves: [] }])
  }
}

const later = (cause: unknown): Received => ({ type: "later", failure: brokenOff(cause).failure })
