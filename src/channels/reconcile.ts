/**
 * Compares everything a channel lists with what the hub wants it to show, page by page within the channel's limits, and
 * puts right what differs: by making it known, so that the dispatcher sends the newest quantity there is when it gets to
 * it. So a change that comes while a page is on its way can never be overwritten by what was compared.
 */
import { Effect, Schema } from "effect"
import type { ChannelBook, Watch } from "../../actors/channel/book.ts"
import { type Drift, type DriftCause, driftOf } from "../../actors/channel/drift.ts"
import * as Listing from "../../actors/channel/listing.ts"
import type { Adapter, CallFailure, ListedItem, ListedPage, ObservedEvent } from "./adapter.ts"
import { pageIn } from "./answers.ts"
import { askAdapter } from "./ask-adapter.ts"
import type { Dispatcher } from "./dispatcher.ts"

/** The channel could not be read to the end; what was compared until then stands. */
export class ReconcileFailed extends Schema.TaggedError<ReconcileFailed>()("ReconcileFailed", {
  message: Schema.String
}) {}

export interface ReconcileReport {
  readonly channel: string
  /** Nothing was put right: it was only to be told, or the channel is only watched. */
  readonly isDryRun: boolean
  readonly startedAt: string
  readonly tookMs: number
  /** Listings that the channel showed. */
  readonly compared: number
  /** Of those, listings that changed while they were looked at: left to the dispatcher. */
  readonly skipped: number
  /** Listings there without a SKU here. */
  readonly unmapped: number
  /** Listings here that the channel does not show at all. */
  readonly missing: ReadonlyArray<string>
  readonly driftCount: number
  readonly causes: Readonly<Partial<Record<DriftCause, number>>>
  /** The first of them; `driftCount` counts all. */
  readonly drift: ReadonlyArray<Drift>
}

export interface ReconcileOptions {
  readonly channel: string
  readonly adapter: Pick<Adapter, "list">
  readonly book: ChannelBook
  readonly dispatcher: Dispatcher
  readonly nowMs: () => number
  readonly callTimeoutMs: number
}

const REPORTED_MAX = 1_000
/** A listing page that fails is asked for again so often. */
const PAGE_ATTEMPTS_MAX = 5
const PAGES_MAX = 20_000
const SUSPECTS_MAX = 100_000
/** Listings without a SKU that are remembered, some 200 bytes each. */
const UNMAPPED_MAX = 100_000

/** The channel lists it, and nobody has said which SKU stands behind it. */
export interface UnmappedListing {
  readonly listingId: string
  /** The merchant's SKU as the channel has it. */
  readonly sku?: string
  readonly quantity: number
  readonly seenAt: number
}

export class Reconciler {
  private readonly options: ReconcileOptions
  /** Where the rolling look goes on; absent: at the beginning. */
  private rolling: string | undefined
  /** Listings that showed something else when they were looked at in passing, and since when. */
  private readonly suspects = new Map<string, { readonly shown: number; readonly at: number }>()
  private readonly unmapped = new Map<string, UnmappedListing>()

  constructor(options: ReconcileOptions) {
    this.options = options
  }

  get canList(): boolean {
    return this.options.adapter.list !== undefined
  }

  reconcile(isDryRun: boolean): Effect.Effect<ReconcileReport, ReconcileFailed> {
    return Effect.gen({ self: this }, function* () {
      const { channel, book, dispatcher, nowMs } = this.options
      const startedMs = nowMs()
      const tally = new Tally()
      const unseen = new Set(book.listings.keys())
      const isOnlyTold = isDryRun || dispatcher.isShadow
      let cursor: string | undefined
      for (let pageCount = 0; pageCount < PAGES_MAX; pageCount++) {
        cursor = yield* this.onPage(cursor, tally, ({ listingId }, drift) => {
          unseen.delete(listingId)
          if (drift !== undefined && !isOnlyTold) this.correct(drift)
        })
        if (cursor === undefined) break
      }
      for (const { listingId, seenAt } of this.unmapped.values()) {
        if (seenAt < startedMs) this.unmapped.delete(listingId)
      }
      const missing = [...unseen]
      return tally.report({ channel, isDryRun: isOnlyTold, startedMs, endedMs: nowMs(), missing })
    })
  }

  /**
   * One page in passing, as a sign of life and so that drift is found between reconciliations. What differs is put right
   * when it is seen so a second time `graceMs` later: until then it may be a sale that is still being told.
   */
  look(graceMs: number): Effect.Effect<void, ReconcileFailed> {
    return Effect.gen({ self: this }, function* () {
      const { nowMs, dispatcher } = this.options
      this.rolling = yield* this.onPage(this.rolling, new Tally(), ({ listingId }, drift) => {
        const suspect = this.suspects.get(listingId)
        if (drift === undefined || dispatcher.isShadow) this.suspects.delete(listingId)
        else if (suspect === undefined || suspect.shown !== drift.shown) {
          if (this.suspects.size < SUSPECTS_MAX) this.suspects.set(listingId, { shown: drift.shown, at: nowMs() })
        } else if (nowMs() - suspect.at >= graceMs) {
          this.suspects.delete(listingId)
          this.correct(drift)
        }
      })
    })
  }

  /** Listings seen on the channel that have no SKU here, in the order in which they were met. */
  *unmappedListings(): IterableIterator<UnmappedListing> {
    for (const one of this.unmapped.values()) {
      if (this.options.book.find(one.listingId) === undefined) yield one
      else this.unmapped.delete(one.listingId)
    }
  }

  /** Reads a page and compares what is on it; answers where the next begins. */
  private onPage(
    cursor: string | undefined,
    tally: Tally,
    each: (item: ListedItem, drift: Drift | undefined) => void
  ): Effect.Effect<string | undefined, ReconcileFailed> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.options.book.watch()),
      (watch) =>
        Effect.map(this.page(cursor), ({ items, next }) => {
          for (const item of items) each(item, this.compare(item, watch, tally))
          return next
        }),
      (watch) => Effect.sync(() => watch.end())
    )
  }

  /** The channel tells what it shows: when that is not it, the next look decides. */
  suspect({ listingId, quantity }: ObservedEvent): void {
    const listing = this.options.book.find(listingId)
    if (listing?.wanted === undefined || listing.wanted.quantity === quantity) return
    if (this.suspects.has(listingId) || this.suspects.size >= SUSPECTS_MAX) return
    this.suspects.set(listingId, { shown: quantity, at: this.options.nowMs() })
  }

  private compare(item: ListedItem, watch: Watch, tally: Tally): Drift | undefined {
    const { book, dispatcher } = this.options
    const { listingId, quantity } = item
    const now = book.find(listingId)
    const then = watch.before(listingId)
    if (now === undefined || then === undefined) {
      tally.unmapped++
      if (now === undefined) this.meet(item)
      return undefined
    }
    tally.compared++
    const drift = driftOf(now, quantity, !dispatcher.isShadow)
    if (drift !== undefined) tally.add(drift)
    if (drift?.cause === "in_flight" || !Listing.isComparable(then, now)) {
      tally.skipped++
      return undefined
    }
    if (drift === undefined || drift.cause === "not_told") this.see(listingId, quantity)
    return drift
  }

  private see(listingId: string, shown: number): void {
    const { dispatcher, nowMs } = this.options
    dispatcher.decide(listingId, (listing) => Listing.seen(listing, shown, nowMs()))
  }

  private meet({ listingId, sku, quantity }: ListedItem): void {
    if (this.unmapped.size >= UNMAPPED_MAX && !this.unmapped.has(listingId)) return
    const seenAt = this.options.nowMs()
    this.unmapped.set(listingId, { listingId, quantity, seenAt, ...(sku === undefined ? {} : { sku }) })
  }

  /** What an operator has let be stays as it is. */
  private correct({ listingId, shown }: Drift): void {
    const { dispatcher, book, nowMs } = this.options
    const before = book.find(listingId)
    if (before === undefined || Listing.isLetBe(before)) return
    dispatcher.stats.driftCorrected++
    dispatcher.decide(listingId, (listing) => Listing.redriven(Listing.seen(listing, shown, nowMs())))
    const listing = book.find(listingId)
    if (listing !== undefined) dispatcher.look(listing)
  }

  private page(cursor: string | undefined): Effect.Effect<ListedPage, ReconcileFailed> {
    return Effect.gen({ self: this }, function* () {
      const { adapter, dispatcher, callTimeoutMs } = this.options
      const list = adapter.list?.bind(adapter)
      if (list === undefined) return yield* new ReconcileFailed({ message: "This channel cannot be listed." })
      let failure: CallFailure | undefined
      for (let attempt = 1; attempt <= PAGE_ATTEMPTS_MAX;) {
        if (!dispatcher.takeTurn()) {
          yield* Effect.sleep("100 millis")
          if (dispatcher.health().state === "suspended") break
          continue
        }
        const result = yield* askAdapter((signal) => list(cursor, signal), callTimeoutMs, pageIn)
        dispatcher.heard(result)
        if (result.ok) return result.value
        failure = result.failure
        if (failure.kind === "unauthorized") break
        if (failure.kind === "unavailable") attempt++
      }
      const message = failure?.message ?? dispatcher.health().message ?? "The channel cannot be called now."
      return yield* new ReconcileFailed({ message })
    })
  }
}

class Tally {
  compared = 0
  skipped = 0
  unmapped = 0
  private count = 0
  private readonly causes: Partial<Record<DriftCause, number>> = {}
  private readonly drift: Array<Drift> = []

  add(drift: Drift): void {
    this.count++
    this.causes[drift.cause] = (this.causes[drift.cause] ?? 0) + 1
    if (this.drift.length < REPORTED_MAX) this.drift.push(drift)
  }

  report(run: {
    readonly channel: string
    readonly isDryRun: boolean
    readonly startedMs: number
    readonly endedMs: number
    readonly missing: ReadonlyArray<string>
  }): ReconcileReport {
    return {
      channel: run.channel,
      isDryRun: run.isDryRun,
      startedAt: new Date(run.startedMs).toISOString(),
      tookMs: Math.round(run.endedMs - run.startedMs),
      compared: this.compared,
      skipped: this.skipped,
      unmapped: this.unmapped,
      missing: run.missing.slice(0, REPORTED_MAX),
      driftCount: this.count,
      causes: this.causes,
      drift: this.drift
    }
  }
}
