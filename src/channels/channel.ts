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
import { receivedIn } from "./answers.ts"
import { brokenOff } from "./ask-adapter.ts"
import { Dispatcher, type DispatchPolicy } from "./dispatcher.ts"
import { Intake, NotTaken, type OutgoingFact } from "./intake.ts"
import { LogWriter } from "./log-writer.ts"
import { type ReconcileFailed, Reconciler } from "./reconcile.ts"
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
  /** Where the trace of the newest of it is, if it is in one. */
  readonly trace?: string
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

/** What came of mapping listings by the SKUs that the channel has for them. */
export interface Adopted {
  readonly isDryRun: boolean
  /** Listings that had no SKU here. */
  readonly found: number
  readonly mapped: number
  /** Happenings that had waited for it. */
  readonly released: number
  /** Of those found, listings for which the channel has no SKU either. */
  readonly withoutSku: number
  /** The first of those whose SKU the hub does not know. */
  readonly unknown: ReadonlyArray<{ readonly listingId: string; readonly sku: string }>
}

const LOOK_UP_SKUS = 500
const ADOPT_REPORTED_MAX = 1_000

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
      const receive = adapter.receive?.bind(adapter)
      if (receive === undefined) return { type: "refused", status: 400, message: "This channel takes no webhooks." }
      const received = yield* Effect.tryPromise(async (signal) => receive(webhook, signal)).pipe(
        Effect.timeout(this.settings.policy.callTimeoutMs),
        Effect.map((answer) => receivedIn(answer) ?? later(new TypeError("no answer of the port's"))),
        Effect.catch((cause) => Effect.succeed(later(cause)))
      )
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
      const fresh = mappings.filter(({ listingId, sku }) => (this.book.find(listingId)?.sku ?? null) !== sku)
      if (this.book.listings.size + fresh.length > LISTINGS_MAX) {
        return yield* new NotTaken({ detail: `A channel has at most ${LISTINGS_MAX} listings.` })
      }
      for (const { listingId, sku } of fresh) {
        const record =
          sku === null ? ({ type: "unmapped", listingId } as const) : ({ type: "mapped", listingId, sku } as const)
        this.book.fold(record)
        this.log.add(record)
      }
      // Also what an earlier try has left unstored, and what was held for it.
      yield* Effect.mapError(this.log.flush, ({ detail }) => new NotTaken({ detail }))
      yield* this.ask([...new Set(fresh.flatMap(({ sku }) => sku ?? []))])
      const listingIds = new Set(mappings.flatMap(({ listingId, sku }) => (sku === null ? [] : listingId)))
      const released = yield* this.intake.release(listingIds)
      return { mapped: fresh.filter(({ sku }) => sku !== null).length, released }
    })
  }

  /** Lists the channel and maps what has no SKU here to the SKU that the channel has for it, where the hub knows that. */
  adopt(isDryRun: boolean): Effect.Effect<Adopted, NotTaken | ReconcileFailed> {
    return Effect.gen({ self: this }, function* () {
      yield* this.open
      yield* this.reconciler.reconcile(true)
      const found = [...this.reconciler.unmappedListings()]
      const named = found.flatMap(({ listingId, sku }) => (sku === undefined ? [] : [{ listingId, sku }]))
      const known = new Set<string>()
      for (let from = 0; from < named.length; from += LOOK_UP_SKUS) {
        const skus = named.slice(from, from + LOOK_UP_SKUS).map(({ sku }) => sku)
        for (const { sku } of yield* this.ports.lookUp(skus)) known.add(sku)
      }
      const matched = named.filter(({ sku }) => known.has(sku))
      const unknown = named.filter(({ sku }) => !known.has(sku)).slice(0, ADOPT_REPORTED_MAX)
      const { mapped, released } = isDryRun ? { mapped: matched.length, released: 0 } : yield* this.map(matched)
      return { isDryRun, found: found.length, mapped, released, withoutSku: found.length - named.length, unknown }
    })
  }

  /** Finds first what the channel sold and did not tell, then compares. */
  reconcile(isDryRun: boolean) {
    return Effect.andThen(this.rounds.poll, this.reconciler.reconcile(isDryRun))
  }

  /** Listings given up are tried again: those named, or all. Answers how many once that is stored. */
  redrive(listingIds: ReadonlyArray<string> | undefined): Effect.Effect<number, NotTaken> {
    return this.settle(listingIds, (listingId) => {
      this.dispatcher.decide(listingId, Listing.redriven)
      this.look(listingId)
    })
  }

  /** Listings given up are let be. Answers how many once that is stored. */
  discard(listingIds: ReadonlyArray<string>, reason: string): Effect.Effect<number, NotTaken> {
    return this.settle(listingIds, (listingId) => {
      this.log.add({ type: "discarded", listingId, reason, at: this.ports.nowMs() })
      this.dispatcher.decide(listingId, (listing) => Listing.discarded(listing, reason))
    })
  }

  private settle(
    listingIds: ReadonlyArray<string> | undefined,
    each: (listingId: string) => void
  ): Effect.Effect<number, NotTaken> {
    return Effect.gen({ self: this }, function* () {
      yield* this.open
      const chosen = listingIds === undefined ? undefined : new Set(listingIds)
      const given = [...this.book.given()].filter(({ listingId }) => chosen?.has(listingId) ?? true)
      for (const { listingId } of given) each(listingId)
      if (given.length > 0) yield* Effect.mapError(this.log.flush, ({ detail }) => new NotTaken({ detail }))
      return given.length
    })
  }

  /** The least of its listings' freshness, and their mean; 1 where there are none. What was let be does not count. */
  freshness(): { readonly least: number; readonly mean: number; readonly behind: number } {
    let least = 1
    let sum = 0
    let count = 0
    let behind = 0
    for (const listing of this.book.listings.values()) {
      if (listing.wanted === undefined || Listing.isLetBe(listing)) continue
      if (!Listing.isInStep(listing)) behind++
      const one = this.freshnessOf(listing)
      least = Math.min(least, one)
      sum += one
      count++
    }
    return { least, mean: count === 0 ? 1 : sum / count, behind }
  }

  /** 1 fresh, 0 stale for 30 seconds or longer. */
  freshnessOf(listing: Listing.Listing): number {
    const since = Listing.isInStep(listing)
      ? Math.max(this.dispatcher.aliveAt, listing.confirmedAt)
      : Listing.staleSince(listing)
    return freshness(this.ports.nowMs() - since)
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
