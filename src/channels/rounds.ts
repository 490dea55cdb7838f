/**
 * What is done for a channel at intervals, beside sending: a sign of life, what webhooks did not tell, webhooks that the
 * channel switched off, what became of accepted writes. Each waits for its turn within the channel's limits, and a round
 * that finds none is left out.
 */
import { Effect } from "effect"
import type { ChannelBook } from "../../actors/channel/book.ts"
import * as Listing from "../../actors/channel/listing.ts"
import * as Pace from "../../actors/channel/pace.ts"
import {
  type Adapter,
  type CallFailure,
  failed,
  type Result,
  type Shipment,
  type ShipmentOutcome,
  type TicketResult
} from "./adapter.ts"
import { polledIn, restoredIn, shipmentOutcomeIn, ticketsIn } from "./answers.ts"
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

export interface PollFailure {
  readonly kind: CallFailure["kind"]
  readonly message: string
  readonly count: number
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
  /** Why the last polls came to nothing, and how many in a row. */
  pollFailure: PollFailure | undefined
  /** When it was asked for a sign of life. */
  private askedAt = 0
  /** When the adapter wants to poll again, where that is sooner than the interval. */
  private againMs = Infinity
  private readonly options: RoundsOptions

  constructor(options: RoundsOptions) {
    this.options = options
  }

  readonly run: Effect.Effect<never> = Effect.suspend(() => {
    const { adapter, reconciler, intervals } = this.options
    const every = (intervalMs: () => number, work: Effect.Effect<unknown>) =>
      Effect.forever(
        Effect.andThen(
          this.unharmed(work),
          Effect.suspend(() => Effect.sleep(intervalMs()))
        )
      )
    const later = (intervalMs: number, work: Effect.Effect<unknown>) =>
      Effect.andThen(
        Effect.sleep(intervalMs),
        every(() => intervalMs, work)
      )
    // What was told while no hub listened is asked for at once, and so is whether the channel is there and tells.
    const rounds: Array<Effect.Effect<never>> = [every(() => this.untilBeatMs(), this.beat)]
    if (adapter.poll !== undefined) rounds.push(every(() => Math.min(intervals.pollMs, this.againMs), this.poll))
    if (adapter.upkeep !== undefined) rounds.push(every(() => intervals.upkeepMs, this.upkeep))
    if (adapter.results !== undefined) rounds.push(later(intervals.resultsMs, this.results))
    if (reconciler.canList && intervals.reconcileMs > 0) {
      rounds.push(later(intervals.reconcileMs, Effect.ignore(Effect.andThen(this.poll, reconciler.reconcile(false)))))
    }
    return Effect.flatMap(Effect.all(rounds, { concurrency: "unbounded", discard: true }), () => Effect.never)
  })

  /** A round that dies of a defect is said so and comes again: the others must not end with it. */
  private unharmed(work: Effect.Effect<unknown>): Effect.Effect<void> {
    return Effect.catchDefect(Effect.asVoid(work), (defect) =>
      Effect.logError(`A round of the channel ${this.options.channel} failed and comes again: ${kindOf(defect)}.`)
    )
  }

  private readonly beat: Effect.Effect<void> = Effect.suspend(() => {
    const { dispatcher, reconciler } = this.options
    // It answered something meanwhile.
    if (this.untilBeatMs() > Pace.BEAT_MS_MIN) return Effect.void
    this.askedAt = this.options.nowMs()
    if (dispatcher.health().state === "suspended") return Effect.void
    return reconciler.canList ? Effect.ignore(reconciler.look(GRACE_MS)) : dispatcher.refresh()
  })

  private untilBeatMs(): number {
    const { dispatcher, intervals, nowMs } = this.options
    const { aliveAt } = dispatcher
    return Pace.untilBeatMs({ aliveAt, askedAt: this.askedAt, heartbeatMs: intervals.heartbeatMs }, nowMs())
  }

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
      const { book, dispatcher, intake, log } = this.options
      const result = yield* askAdapter((signal) => poll(book.cursor, signal), this.options.callTimeoutMs, polledIn)
      const { isElsewhere = false } = result.ok ? result.value : result.failure
      if (!isElsewhere) dispatcher.heard(result)
      this.pollFailure = result.ok ? undefined : this.failedAgain(result.failure)
      this.againMs = Infinity
      if (!result.ok) return "failed"
      const { events, cursor, hasMore, againMs = Infinity } = result.value
      this.againMs = againMs
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

  /** Tells the channel of a package, within its limits; `undefined`: it takes none. */
  confirmShipment(shipment: Shipment): Effect.Effect<Result<ShipmentOutcome> | undefined> {
    return Effect.gen({ self: this }, function* () {
      const { adapter, dispatcher } = this.options
      const confirm = adapter.confirmShipment?.bind(adapter)
      if (confirm === undefined) return undefined
      for (let wait = 0; !dispatcher.takeTurn(); wait++) {
        if (wait >= TURN_WAITS_MAX) return failed({ kind: "unavailable", message: "The channel cannot be called now." })
        yield* Effect.sleep(TURN_WAIT)
      }
      return yield* this.ask((signal) => confirm(shipment, signal), shipmentOutcomeIn)
    })
  }

  private failedAgain({ kind, message }: CallFailure): PollFailure {
    return { kind, message, count: (this.pollFailure?.count ?? 0) + 1 }
  }

  private readonly upkeep: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const { adapter, dispatcher, channel } = this.options
    const upkeep = adapter.upkeep?.bind(adapter)
    if (upkeep === undefined || !dispatcher.takeTurn()) return
    const result = yield* this.ask(upkeep, restoredIn)
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
    const result = yield* this.ask((signal) => results([...open.keys()], signal), ticketsIn)
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

  private ask<Value>(call: Parameters<typeof askAdapter<Value>>[0], read: Parameters<typeof askAdapter<Value>>[2]) {
    const { dispatcher, callTimeoutMs } = this.options
    return Effect.tap(askAdapter(call, callTimeoutMs, read), (result) => Effect.sync(() => dispatcher.heard(result)))
  }
}

/** What a defect holds may be anything, secrets too, so only its kind is told. */
const kindOf = (defect: unknown): string => (defect instanceof Error ? defect.name : typeof defect)
