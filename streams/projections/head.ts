/**
 * How far the journal reaches, waiting for it to reach further, whether the hub has its hands full, and how far
 * somebody waits for it to be applied.
 */
import { Deferred, Effect } from "effect"

/**
 * While the hub is busy a projection rests so many times as long as a batch took: there are several of them, and the
 * servers that they keep busy share the cores with the hub. With 3 they took half of its throughput, with 15 a tenth of
 * what a cart costs. What they fall behind they make up for when the rush is over; how far is a metric.
 */
const REST_FACTOR = 60
/** Longer it does not rest at once. When the rush is over it goes on whatever rest is left. */
const REST_MS_MAX = 2_000
/** Nor at all when what it applied last is older: a rush may last for hours. */
const BEHIND_MS_MAX = 10_000
/** While it rests a projection looks so often whether the rush is over. */
const LOOK_MS = 100

export class Head {
  private sequence = 0
  private waiting: Array<Deferred.Deferred<void>> = []
  private wantedSequence = 0
  private wanted = Deferred.makeUnsafe<void>()
  /** Whether the hub has its hands full now. */
  readonly isBusy: () => boolean

  constructor(isBusy: () => boolean) {
    this.isBusy = isBusy
  }

  get lastSequence(): number {
    return this.sequence
  }

  advance(sequence: number): void {
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

  /**
   * The rest that a busy hub is owed after a batch that took `costMs` and ended with a commit of `ageMs`; `undefined`: none.
   * It ends early when somebody waits for what comes after `applied`.
   */
  restAfter(applied: number, costMs: number, ageMs: number): Effect.Effect<void> | undefined {
    if (!this.isBusy() || ageMs >= BEHIND_MS_MAX) return undefined
    return this.rest(applied, Math.min(REST_MS_MAX, costMs * REST_FACTOR))
  }

  /** Until the hub has its hands free again or somebody waits for what comes after `applied`; at most so long. */
  private rest(applied: number, ms: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (ms <= 0 || !this.isBusy() || applied < this.wantedSequence) return Effect.void
      return Effect.andThen(this.gather(applied, Math.min(ms, LOOK_MS)), this.rest(applied, ms - LOOK_MS))
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
