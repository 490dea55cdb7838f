/**
 * How far the journal reaches, waiting for it to reach further, whether the hub has its hands full, and how far
 * somebody waits for it to be applied.
 */
import { Deferred, Effect } from "effect"

/** The hub tells with every commit; silence means that it has nothing to do. */
const NEWS_MS = 100

export class Head {
  private sequence = 0
  private busyUntilMs = 0
  private waiting: Array<Deferred.Deferred<void>> = []
  private wantedSequence = 0
  private wanted = Deferred.makeUnsafe<void>()
  private readonly nowMs: () => number

  /** `nowMs`: milliseconds of a clock that never goes back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.nowMs = nowMs
  }

  get lastSequence(): number {
    return this.sequence
  }

  get isBusy(): boolean {
    return this.nowMs() < this.busyUntilMs
  }

  advance(sequence: number, isBusy: boolean): void {
    this.busyUntilMs = isBusy ? this.nowMs() + NEWS_MS : 0
    if (sequence <= this.sequence) return
    this.sequence = sequence
    const woken = this.waiting
    this.waiting = []
    for (const one of woken) Deferred.doneUnsafe(one, Effect.void)
  }

  /** Somebody waits until everything up to `sequence` is applied. */
  hurry(sequence: number): void {
    if (sequence <= this.wantedSequence) return
    this.wantedSequence = sequence
    const { wanted } = this
    this.wanted = Deferred.makeUnsafe<void>()
    Deferred.doneUnsafe(wanted, Effect.void)
  }

  /** Lets commits gather behind `applied` for so long, or until somebody waits for one of them. */
  gather(applied: number, ms: number): Effect.Effect<void> {
    return Effect.suspend(() =>
      applied < this.wantedSequence
        ? Effect.void
        : Effect.timeoutOrElse(Deferred.await(this.wanted), { duration: ms, orElse: () => Effect.void })
    )
  }

  /** Until the hub has its hands free again or somebody waits for what comes after `applied`; at most so long. */
  rest(applied: number, ms: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (ms <= 0 || !this.isBusy || applied < this.wantedSequence) return Effect.void
      return Effect.andThen(this.gather(applied, Math.min(ms, NEWS_MS)), this.rest(applied, ms - NEWS_MS))
    })
  }

  reaches(sequence: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (sequence <= this.sequence) return Effect.void
      const advanced = Deferred.makeUnsafe<void>()
      this.waiting.push(advanced)
      return Effect.andThen(Deferred.await(advanced), this.reaches(sequence))
    })
  }
}
