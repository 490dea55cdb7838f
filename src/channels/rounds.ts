/**
 * What is done for a channel at intervals, beside sending: a sign of life, what webhooks did not tell, webhooks that the
 * channel switched off, what became of accepted writes. Each waits for its turn within the channel's limits, and a round
 * that finds none is left out.
 */
import { Effect } from "effect"
import type { ChannelBook } from "../../actors/channel/book.ts"
import * as Listing from "../../actors/channel/listing.ts"
import type { Adapter, TicketResult } from "./adapter.ts"
import { askAdapter } from "./ask-adapter.ts"
import type { Dispatcher } from "./dispatcher.ts"
import type { Intake } from "./intake.ts"
import type { LogWriter } from "./log-writer.ts"
import type { Reconciler } from "./reconcile.ts"

export interface Intervals {
  /** How often a channel that nothing is sent to is asked for a sign of life. */
  readonly heartbeatMs: number
  readonly pollMs: number
  readonly upkeepMs: number
  /** 0: only on demand. */
  readonly reconcileMs: number
  readonly resultsMs: number
  /** An accepted write without a result for so long is stuck. */
  readonly stuckMs: number
}

export interface RoundsOptions {
  readonly channel: string
  readonly adapter: Adapter
  readonly book: ChannelBook
  readonly dispatcher: Dispatcher
  readonly intake: Intake
  readonly log: LogWriter
  readonly reconciler: Reconciler
  readonly intervals: Intervals
  readonly callTimeoutMs: number
  readonly nowMs: () => number
  /** Accepted writes are stuck, or no longer are. */
  readonly onStuck: (isStuck: boolean) => Effect.Effect<void>
}

/** Seen to differ twice, so long apart: a sale is told within less. */
const GRACE_MS = 30_000
/** Pages of one poll: at 50 orders each, half a million. */
const PAGES_MAX = 10_000
const TURN_WAIT = "100 millis"
const TURN_WAITS_MAX = 100

export class Rounds {
  /** Accepted writes that the channel has not carried out for too long. */
  stuckCount = 0
  /** The last poll, and why it came to nothing. */
  lastPoll: { readonly at: number; readonly message?: string } | undefined
  private readonly options: RoundsOptions

  constructor(options: RoundsOptions) {
    this.options = options
  }

  readonly run: Effect.Effect<never> = Effect.suspend(() => {
    const { adapter, reconciler, intervals } = this.options
    const rounds: Array<Effect.Effect<never>> = [Effect.never]
    if (reconciler.canList) rounds.push(every(intervals.heartbeatMs, this.beat))
    if (adapter.poll !== undefined) rounds.push(every(intervals.pollMs, Effect.asVoid(this.poll)))
    if (adapter.upkeep !== undefined) rounds.push(every(intervals.upkeepMs, this.upkeep))
    if (adapter.results !== undefined) rounds.push(every(intervals.resultsMs, this.results))
    if (reconciler.canList && intervals.reconcileMs > 0) {
      rounds.push(every(intervals.reconcileMs, Effect.ignore(Effect.andThen(this.poll, reconciler.reconcile(false)))))
    }
    return Effect.flatMap(Effect.all(rounds, { concurrency: "unbounded", discard: true }), () => Effect.never)
  })

  private readonly beat: Effect.Effect<void> = Effect.suspend(() => {
    const { dispatcher, reconciler, intervals, nowMs } = this.options
    const { aliveAt, state } = dispatcher.health()
    const isQuiet = nowMs() - aliveAt >= intervals.heartbeatMs * 0.9
    return isQuiet && state !== "suspended" ? Effect.ignore(reconciler.look(GRACE_MS)) : Effect.void
  })

  /** Until there is no more; false when it could not be read to its end. */
  readonly poll: Effect.Effect<boolean> = Effect.gen({ self: this }, function* () {
    const { adapter, dispatcher } = this.options
    const poll = adapter.poll?.bind(adapter)
    if (poll === undefined) return true
    for (let page = 0; page < PAGES_MAX; page++) {
      for (let wait = 0; !dispatcher.takeTurn(); wait++) {
        if (wait >= TURN_WAITS_MAX) return false
        yield* Effect.sleep(TURN_WAIT)
      }
      const next = yield* this.pollPage(poll)
      if (next !== "more") return next === "end"
    }
    return false
  })

  /** The cursor moves only once what was found is stored; what is found twice is taken once. */
  private pollPage(poll: NonNullable<Adapter["poll"]>): Effect.Effect<"more" | "end" | "failed"> {
    return Effect.gen({ self: this }, function* () {
      const { book, dispatcher, intake, log, nowMs } = this.options
      const result = yield* this.ask((signal) => poll(book.cursor, signal))
      this.lastPoll = { at: nowMs(), ...(result.ok ? {} : { message: result.failure.message }) }
      if (!result.ok) return "failed"
      const { events, cursor, hasMore } = result.value
      for (const { type } of events) dispatcher.stats.countEvent(type)
      const taken = yield* Effect.exit(intake.take(events))
      if (taken._tag === "Failure") return "failed"
      if (cursor !== book.cursor) {
        const record = { type: "cursor", cursor } as const
        book.fold(record)
        log.add(record)
      }
      return hasMore === true ? "more" : "end"
    })
  }

  private readonly upkeep: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const { adapter, dispatcher, channel } = this.options
    const upkeep = adapter.upkeep?.bind(adapter)
    if (upkeep === undefined || !dispatcher.takeTurn()) return
    const result = yield* this.ask(upkeep)
    if (!result.ok) return
    for (const what of result.value.restored) {
      yield* Effect.logWarning(`The channel ${channel} had switched off ${what}; it is on again.`)
    }
  })

  private readonly results: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const { adapter, dispatcher } = this.options
    const results = adapter.results?.bind(adapter)
    const wasStuck = this.stuckCount > 0
    const open = this.openTickets()
    if (this.stuckCount > 0 !== wasStuck) yield* this.options.onStuck(!wasStuck)
    if (results === undefined || open.size === 0 || !dispatcher.takeTurn()) return
    const result = yield* this.ask((signal) => results([...open.keys()], signal))
    if (!result.ok) return
    for (const told of result.value) {
      for (const listingId of open.get(told.ticket) ?? []) this.onResult(listingId, told)
    }
  })

  private openTickets(): ReadonlyMap<string, ReadonlyArray<string>> {
    const open = new Map<string, Array<string>>()
    let stuckCount = 0
    for (const { listingId, ticket, wasStuck } of this.options.book.listings.values()) {
      // Sent again is not through yet.
      if (wasStuck || (ticket !== undefined && this.isStuck(ticket.since))) stuckCount++
      if (ticket === undefined) continue
      const listingIds = open.get(ticket.id)
      if (listingIds === undefined) open.set(ticket.id, [listingId])
      else listingIds.push(listingId)
    }
    this.stuckCount = stuckCount
    return open
  }

  private isStuck(since: number): boolean {
    return this.options.nowMs() - since > this.options.intervals.stuckMs
  }

  private onResult(listingId: string, told: TicketResult): void {
    const { book, dispatcher, nowMs } = this.options
    dispatcher.decide(listingId, (listing) => {
      const { ticket } = listing
      // What was sent meanwhile is another ticket's matter.
      if (ticket?.id !== told.ticket) return listing
      if (told.state === "pending") return this.isStuck(ticket.since) ? Listing.ticketLost(listing) : listing
      if (told.state === "failed") {
        const message = told.message ?? "The channel gave it up and does not say why."
        return dispatcher.refuse(listing, { code: "failed", message, isFinal: false })
      }
      const refusal = told.rejected?.find((one) => one.listingId === listingId)
      return refusal === undefined
        ? Listing.ticketDone(listing, nowMs())
        : dispatcher.refuse(listing, { ...refusal, isFinal: true })
    })
    const listing = book.find(listingId)
    if (listing !== undefined) dispatcher.look(listing)
  }

  private ask<Value>(call: Parameters<typeof askAdapter<Value>>[0]) {
    const { dispatcher, callTimeoutMs } = this.options
    return Effect.tap(askAdapter(call, callTimeoutMs), (result) => Effect.sync(() => dispatcher.heard(result)))
  }
}

/** Again and again, the first time after one interval. */
const every = (intervalMs: number, work: Effect.Effect<void>): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(Effect.sleep(intervalMs), work))
