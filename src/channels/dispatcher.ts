/**
 * Sends one channel what it ought to show: when its limits allow, in batches, the last units first, each listing's
 * newest quantity and one write of it at a time.
 *
 * Every channel has a dispatcher of its own, and they share nothing but the thread: one that is slow, throttled or down
 * holds up nobody else. What a call's outcome means for a listing is decided in `actors/channel`; here is only when to
 * call, and what to do with the channel as a whole.
 */
import { createHash } from "node:crypto"
import { Deferred, Effect, FiberSet } from "effect"
import type { ChannelBook } from "../../actors/channel/book.ts"
import * as Listing from "../../actors/channel/listing.ts"
import * as Pace from "../../actors/channel/pace.ts"
import { outcomeOf } from "../../actors/channel/outcome.ts"
import type { ChannelRecord } from "../../actors/channel/records.ts"
import type { Adapter, AdapterLimits, CallFailure, QuantityWrite, Result, WriteOutcome } from "./adapter.ts"
import { pushed } from "./pushed.ts"
import { ChannelStats } from "./stats.ts"
import { type Taken, Waiting } from "./waiting.ts"

export interface DispatchPolicy {
  readonly limits: AdapterLimits
  readonly backoff: Pace.BackoffPolicy
  readonly breaker: Pace.BreakerPolicy
  /** A listing that is to show so few units or fewer goes before all others and waits for no batch. */
  readonly lastUnitsMax: number
  readonly callTimeoutMs: number
  /** Nothing is sent: a new channel is watched first. */
  readonly isShadow: boolean
}

export const DISPATCH_DEFAULT: Omit<DispatchPolicy, "limits"> = {
  backoff: Pace.BACKOFF_DEFAULT,
  breaker: Pace.BREAKER_DEFAULT,
  lastUnitsMax: 2,
  callTimeoutMs: 15_000,
  isShadow: false
}

export interface DispatcherOptions {
  readonly channel: string
  readonly adapter: Pick<Adapter, "push">
  readonly policy: DispatchPolicy
  readonly book: ChannelBook
  /** Milliseconds since the epoch, with fractions. */
  readonly nowMs: () => number
  readonly random: () => number
  readonly record: (record: ChannelRecord) => void
}

/** Credentials do not do: looked at again after so long, in case somebody has mended them without saying so. */
const SUSPENDED_MS = 60_000
/** The wait when a channel says "too many" and not for how long. */
const THROTTLED_MS = 1_000
/** While a call is under way what comes gathers for so long or until it ends: a call costs far more than a write more in it (Nagle's rule). */
const GATHER_MS = 10
/** The longest the loop sleeps; whatever makes a write due wakes it. */
const REST_MS_MAX = 60_000

export class Dispatcher {
  readonly stats = new ChannelStats()
  private readonly options: DispatcherOptions
  private readonly waiting = new Waiting()
  private readonly retry: Listing.RetryPolicy
  private readonly rate: Pace.BucketRate
  private bucket: Pace.Bucket
  private breaker: Pace.Breaker = Pace.closedBreaker
  private throttledUntil = 0
  private suspended: { readonly message: string; readonly since: number; readonly until: number } | undefined
  private flights = 0
  private wake: Deferred.Deferred<void> | undefined
  /** When the loop looks again by itself. */
  private restsUntil = 0
  /** When the channel last answered anything that makes sense; 0: never. */
  aliveAt = 0
  private lastFailure: { readonly message: string; readonly at: number } | undefined

  constructor(options: DispatcherOptions) {
    this.options = options
    const { limits, backoff } = options.policy
    this.rate = { perSecond: limits.callsPerSecond, burst: limits.burst }
    this.bucket = Pace.fullBucket(this.rate, options.nowMs())
    this.retry = {
      retriesMax: backoff.retriesMax,
      waitMs: (attempts) => Pace.backoffMs(backoff, attempts, options.random())
    }
  }

  /** A listing may have become due. Cheap, and harmless when it is not. */
  look(listing: Listing.Listing): void {
    if (!Listing.isDue(listing)) return
    const { wanted, listingId, retryAt } = listing
    const now = this.options.nowMs()
    const since = wanted?.since ?? now
    if (retryAt > now) this.waiting.addRetry(listingId, since, retryAt)
    else this.waiting.add(listingId, since, (wanted?.quantity ?? 0) <= this.options.policy.lastUnitsMax)
    // Whatever cannot leave before the loop looks anyway needs no waking of it.
    if (Math.min(retryAt > now ? retryAt : Infinity, now + this.untilBatchMs(now)) < this.restsUntil) this.rouse()
  }

  /** An operator has put something right: what kept the channel from being called is forgotten. */
  resume(): void {
    this.suspended = undefined
    this.throttledUntil = 0
    this.breaker = Pace.closedBreaker
    this.rouse()
  }

  readonly run: Effect.Effect<never> = Effect.gen({ self: this }, function* () {
    const calls = yield* FiberSet.make<void, never>()
    const send = Effect.gen({ self: this }, function* () {
      while (true) {
        if (this.untilWorkMs(this.options.nowMs()) > 0) yield* this.rest
        else yield* FiberSet.run(calls, this.call(this.batch()))
      }
    })
    // A call that dies of a defect would leave its listings under way for ever: it ends the whole.
    return yield* Effect.raceFirst(send, Effect.andThen(FiberSet.join(calls), Effect.never))
  }).pipe(Effect.scoped)

  get isShadow(): boolean {
    return this.options.policy.isShadow
  }

  /** Another call to this channel, such as a page of its listings: takes its share of the limits; false: not now. */
  takeTurn(): boolean {
    const now = this.options.nowMs()
    if (this.untilCallMs(now) > 0) return false
    this.bucket = Pace.taken(this.bucket, this.rate, now)
    return true
  }

  /**
   * Writes what a listing shows already once more, the one confirmed longest ago: the sign of life of a channel that
   * cannot be asked what it lists. Nothing when none is in step or no call may be made.
   */
  refresh(): Effect.Effect<void> {
    return Effect.suspend(() => {
      let oldest: Listing.Listing | undefined
      for (const listing of this.options.book.listings.values()) {
        if (!Listing.isInStep(listing) || listing.flight !== undefined || listing.ticket !== undefined) continue
        if (oldest === undefined || listing.confirmedAt < oldest.confirmedAt) oldest = listing
      }
      if (oldest === undefined || this.isShadow || !this.takeTurn()) return Effect.void
      return this.carry([this.leave(oldest, Listing.refreshing(oldest))], new Map())
    })
  }

  /** How a call that is not a push went. */
  heard(result: Result<unknown>): void {
    if (result.ok) this.onAnswer()
    else this.onFailure(result.failure)
  }

  health(): DispatcherHealth {
    const now = this.options.nowMs()
    const state =
      this.suspended !== undefined
        ? "suspended"
        : this.options.policy.isShadow
          ? "shadow"
          : this.breaker.state !== "closed"
            ? "down"
            : this.throttledUntil > now
              ? "throttled"
              : "ok"
    return {
      state,
      waiting: this.waiting.size,
      flights: this.flights,
      aliveAt: this.aliveAt,
      ...(this.suspended === undefined ? {} : { message: this.suspended.message }),
      ...(this.suspended !== undefined || this.lastFailure === undefined ? {} : { lastFailure: this.lastFailure })
    }
  }

  /** Milliseconds until a batch of what is ready may leave; `Infinity` when none is or a call has to end first. */
  private untilBatchMs(now: number): number {
    const { limits } = this.options.policy
    if (this.waiting.readyCount === 0) return Infinity
    const hold = this.holdMs(now)
    if (hold > 0 || this.waiting.hasUrgent || this.waiting.readyCount >= limits.batchMax) return hold
    const windowMs = Math.max(limits.windowMs, this.flights === 0 ? 0 : GATHER_MS)
    return Math.max(0, (this.waiting.oldestSince() ?? 0) + windowMs - now)
  }

  /** Milliseconds until the loop has something to do. */
  private untilWorkMs(now: number): number {
    this.waiting.wakeRetries(now)
    return Math.min(this.untilBatchMs(now), this.waiting.nextRetryAt() - now)
  }

  private batch(): ReadonlyArray<Taken> {
    // One listing asks whether a channel that was down is back: its attempt is the one that a failure counts.
    return this.waiting.take(this.breaker.state === "closed" ? this.options.policy.limits.batchMax : 1)
  }

  /** Milliseconds before which nothing may be written. */
  private holdMs(now: number): number {
    return this.isShadow ? Infinity : this.untilCallMs(now)
  }

  /** Milliseconds before which no call may be made. */
  private untilCallMs(now: number): number {
    if (this.flights >= this.options.policy.limits.concurrencyMax) return Infinity
    const untilCall = Pace.untilCall(this.breaker, now) ?? Infinity
    const suspended = this.suspended === undefined ? 0 : this.suspended.until - now
    return Math.max(0, untilCall, suspended, this.throttledUntil - now, Pace.untilToken(this.bucket, this.rate, now))
  }

  private call(batch: ReadonlyArray<Taken>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const writes = batch.flatMap((taken) => this.depart(taken))
      if (writes.length === 0) return Effect.void
      this.bucket = Pace.taken(this.bucket, this.rate, this.options.nowMs())
      return this.carry(writes, new Map(batch.map(({ listingId, dueSince }) => [listingId, dueSince])))
    })
  }

  /** `since`: when each became due; a write that nobody waited for has none. */
  private carry(writes: ReadonlyArray<QuantityWrite>, since: ReadonlyMap<string, number>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { adapter, policy, book, channel } = this.options
      this.breaker = Pace.calling(this.breaker)
      this.flights++
      this.stats.calls.add(1)
      return pushed({ adapter, channel, writes, timeoutMs: policy.callTimeoutMs }).pipe(
        Effect.map((result) => {
          this.flights--
          if (result.ok) this.settle(writes, result.value, since)
          else this.fail(writes, result.failure)
          // What changed while it was on its way is due again.
          for (const { listingId } of writes) {
            const listing = book.find(listingId)
            if (listing !== undefined) this.look(listing)
          }
          this.rouse()
        })
      )
    })
  }

  private depart({ listingId, dueSince }: Taken): ReadonlyArray<QuantityWrite> {
    const { book, nowMs } = this.options
    const listing = book.find(listingId)
    if (listing === undefined || !Listing.isDue(listing)) return []
    if (listing.attempts === 0) this.stats.started.record(Math.max(0, nowMs() - dueSince))
    return [this.leave(listing, Listing.sent(listing))]
  }

  private leave(listing: Listing.Listing, leaving: Listing.Leaving): QuantityWrite {
    const { book, channel, policy } = this.options
    book.put(leaving)
    const key = createHash("sha256").update(Listing.writeKey(channel, leaving)).digest("hex").slice(0, 32)
    const { quantity, version, from } = leaving.flight
    const { listingId, sku } = listing
    return {
      listingId,
      sku,
      quantity,
      version,
      key,
      ...(from === undefined ? {} : { believed: from }),
      ...(quantity <= policy.lastUnitsMax ? { isLast: true } : {}),
      ...(listing.wasStuck ? { wasStuck: true } : {})
    }
  }

  private settle(
    writes: ReadonlyArray<QuantityWrite>,
    outcomes: ReadonlyArray<WriteOutcome>,
    since: ReadonlyMap<string, number>
  ): void {
    const now = this.options.nowMs()
    this.onAnswer()
    for (const [index, write] of writes.entries()) {
      const outcome = outcomes[index] ?? { type: "failed", message: "The adapter gave no outcome for this write." }
      const isDone = outcome.type === "applied" || outcome.type === "accepted"
      const dueSince = since.get(write.listingId)
      if (isDone && dueSince !== undefined) this.stats.recordSynced(Math.max(0, now - dueSince))
      this.stats.writes.add(1)
      this.decide(write.listingId, (listing) => this.afterOutcome(listing, outcome, now))
    }
  }

  private afterOutcome(listing: Listing.Listing, outcome: WriteOutcome, now: number): Listing.Listing {
    switch (outcome.type) {
      case "applied":
        return Listing.applied(listing, now)
      case "accepted":
        return Listing.accepted(listing, outcome.ticket, now)
      case "stale":
        return Listing.compared(listing, outcome.actual, this.retry, now)
      case "unsent":
        this.throttledUntil = Math.max(this.throttledUntil, now + THROTTLED_MS)
        return Listing.notSent(listing)
      case "rejected":
        return Listing.refused(listing, { ...outcome, isFinal: true }, this.retry, now)
      case "failed":
        return Listing.refused(listing, { code: "failed", isFinal: false, message: outcome.message }, this.retry, now)
    }
  }

  /** The whole call came to nothing. */
  private fail(writes: ReadonlyArray<QuantityWrite>, failure: CallFailure): void {
    const now = this.options.nowMs()
    this.onFailure(failure)
    for (const { listingId } of writes) {
      const refusal = { code: failure.kind, message: failure.message, isFinal: false }
      // Waiting for a limit, or for an operator, burns no attempt.
      this.decide(listingId, (listing) =>
        failure.kind === "unavailable" ? Listing.refused(listing, refusal, this.retry, now) : Listing.notSent(listing)
      )
    }
  }

  /** As a write that the channel refused, by this channel's rules for trying again. */
  refuse(listing: Listing.Listing, refusal: Listing.Refusal): Listing.Listing {
    return Listing.refused(listing, refusal, this.retry, this.options.nowMs())
  }

  /** Changes a listing and writes down what became of it. */
  decide(listingId: string, change: (listing: Listing.Listing) => Listing.Listing): void {
    const { book, record } = this.options
    const before = book.find(listingId)
    if (before === undefined) return
    const after = change(before)
    book.put(after)
    const outcome = outcomeOf(before, after)
    if (outcome !== undefined) record(outcome)
  }

  private onAnswer(): void {
    const now = this.options.nowMs()
    const opened = this.breaker.state === "closed" ? undefined : this.breaker.since
    this.stats.countResult("ok")
    this.aliveAt = now
    this.suspended = undefined
    this.lastFailure = undefined
    this.breaker = Pace.returned(this.breaker, true, this.options.policy.breaker, now)
    if (opened !== undefined) this.redriveSince(opened)
  }

  private onFailure(failure: CallFailure): void {
    const now = this.options.nowMs()
    this.stats.countResult(failure.kind)
    this.lastFailure = { message: failure.message, at: now }
    if (failure.kind === "throttled") {
      this.aliveAt = now
      this.throttledUntil = Math.max(this.throttledUntil, now + (failure.retryAfterMs ?? THROTTLED_MS))
      if (this.breaker.state === "probing") this.breaker = Pace.closedBreaker
      return
    }
    if (failure.kind === "unauthorized") {
      const since = this.suspended?.since ?? now
      this.suspended = { message: failure.message, since, until: now + SUSPENDED_MS }
      if (this.breaker.state === "probing") this.breaker = Pace.closedBreaker
      return
    }
    this.breaker = Pace.returned(this.breaker, false, this.options.policy.breaker, now)
    if (failure.retryAfterMs !== undefined) this.throttledUntil = now + failure.retryAfterMs
  }

  /** The channel was at fault, not the writes: what was given up while it was down is sent after all. */
  private redriveSince(at: number): void {
    for (const listing of this.options.book.given()) {
      if (listing.dead.code !== "unavailable" || listing.dead.at < at) continue
      this.decide(listing.listingId, Listing.redriven)
      this.look(this.options.book.find(listing.listingId) ?? listing)
    }
  }

  private rouse(): void {
    if (this.wake !== undefined) Deferred.doneUnsafe(this.wake, Effect.void)
    this.wake = undefined
  }

  /** Looks once more where nothing can come between, so that no waking is missed. */
  private readonly rest: Effect.Effect<void> = Effect.suspend(() => {
    const now = this.options.nowMs()
    const patience = Math.min(REST_MS_MAX, Math.max(0.1, this.untilWorkMs(now)))
    this.wake ??= Deferred.makeUnsafe<void>()
    this.restsUntil = now + patience
    return Effect.timeoutOrElse(Deferred.await(this.wake), { duration: patience, orElse: () => Effect.void })
  })
}

export interface DispatcherHealth {
  /** `down`: the circuit breaker is open. `suspended`: waits for an operator. */
  readonly state: "ok" | "throttled" | "down" | "suspended" | "shadow"
  readonly waiting: number
  readonly flights: number
  readonly aliveAt: number
  /** What the operator is to do. */
  readonly message?: string
  readonly lastFailure?: { readonly message: string; readonly at: number }
}
