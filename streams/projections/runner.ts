/**
 * Keeps one projection up to date: reads commits from its checkpoint on, applies them in batches, tries again for as
 * long as it takes.
 *
 * A projection stores its checkpoint together with what it applied, so a batch that is applied twice changes nothing.
 * It is polite: while the host has mail waiting it rests in proportion to what a batch cost, because on two cores its
 * work is taken from the answers. It catches up when the rush is over, and its lag is a metric.
 */
import { Duration, Effect, Schedule, Schema } from "effect"
import type { StoredCommit } from "../codec.ts"
import type { CommitFeedShape } from "../feed.ts"

/** A batch could not be applied, or the checkpoint not be read. */
export class ProjectionFailed extends Schema.TaggedError<ProjectionFailed>()("ProjectionFailed", {
  projection: Schema.String,
  detail: Schema.String
}) {}

export interface Projection {
  readonly name: string
  /** The journal's sequence applied last; asked at the start and after each failure. */
  readonly checkpoint: Effect.Effect<number, ProjectionFailed>
  /** Applies commits in order and moves the checkpoint, both or neither. Some of them may have been applied before. */
  readonly apply: (commits: ReadonlyArray<StoredCommit>) => Effect.Effect<void, ProjectionFailed>
  /** Records in a batch. */
  readonly recordsMax: number
}

export interface ProjectionLag {
  readonly name: string
  /** Journal records not applied yet; beyond what memory holds an estimate from the mean commit. */
  readonly lagEvents: number
  /** Age of the oldest of them. */
  readonly lagSeconds: number
}

export interface RunnerOptions {
  readonly feed: CommitFeedShape
  readonly isBusy: () => boolean
}

/**
 * While the host is busy a projection rests so many times as long as a batch took. There are three of them, and the
 * servers that they keep busy share the two cores: with 3 they took half of the hub's throughput.
 */
const REST_FACTOR = 15
const REST_MS_MAX = 1_000
/**
 * At rest a projection lets commits gather for so long. Without it each of a thousand small turns a second was a
 * transaction of PostgreSQL with an fsync of its own, and the hub's answers waited behind them.
 */
const GATHER_MS = 15
const FULL_COMMITS = 100
const RETRY = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")]).pipe(Schedule.jittered)

export class ProjectionRunner {
  readonly projection: Projection
  private readonly options: RunnerOptions
  private appliedSequence = 0
  private appliedAtMs = 0
  private failing = false

  constructor(projection: Projection, options: RunnerOptions) {
    this.projection = projection
    this.options = options
  }

  get sequence(): number {
    return this.appliedSequence
  }

  lag(nowMs: number): ProjectionLag {
    const { feed } = this.options
    const { name } = this.projection
    const { records } = feed.lagAfter(this.appliedSequence)
    if (feed.lastSequence() <= this.appliedSequence) return { name, lagEvents: 0, lagSeconds: 0 }
    const oldestAtMs = feed.recent(this.appliedSequence + 1)?.at ?? this.appliedAtMs
    return { name, lagEvents: records, lagSeconds: Math.max(0, nowMs - oldestAtMs) / 1_000 }
  }

  /** Waits until everything up to `sequence` is applied; false when that takes longer than `patienceMs`. */
  caughtUp(sequence: number, patienceMs: number): Effect.Effect<boolean> {
    return Effect.gen({ self: this }, function* () {
      for (let waitedMs = 0; this.appliedSequence < sequence; waitedMs += 5) {
        if (waitedMs >= patienceMs) return false
        yield* Effect.sleep("5 millis")
      }
      return true
    })
  }

  /** Runs until interrupted. */
  readonly run: Effect.Effect<never> = Effect.suspend(() =>
    Effect.forever(
      this.follow.pipe(
        Effect.tapError((failed) => this.onFailure(failed.detail)),
        Effect.retry(RETRY),
        Effect.ignore
      )
    )
  )

  private readonly follow = Effect.gen({ self: this }, function* () {
    this.appliedSequence = yield* this.projection.checkpoint
    while (true) {
      const commits = yield* this.options.feed
        .read(this.appliedSequence + 1, this.projection.recordsMax)
        .pipe(Effect.mapError((cause) => this.failed(`the journal cannot be read: ${cause.detail}`)))
      const startedMs = performance.now()
      yield* this.projection.apply(commits)
      const last = commits[commits.length - 1]
      if (last === undefined) continue
      this.appliedSequence = last.sequence
      this.appliedAtMs = last.at
      yield* this.onSuccess
      const costMs = performance.now() - startedMs
      const restMs = this.options.isBusy() ? Math.min(REST_MS_MAX, costMs * REST_FACTOR) : GATHER_MS
      // A full batch means that more is waiting already.
      if (this.options.isBusy() || commits.length < FULL_COMMITS) yield* Effect.sleep(Duration.millis(restMs))
    }
  })

  private failed(detail: string): ProjectionFailed {
    return new ProjectionFailed({ projection: this.projection.name, detail })
  }

  private onFailure(detail: string): Effect.Effect<void> {
    if (this.failing) return Effect.void
    this.failing = true
    return Effect.logWarning(`The projection ${this.projection.name} is held up and tries on: ${detail}`)
  }

  private readonly onSuccess: Effect.Effect<void> = Effect.suspend(() => {
    if (!this.failing) return Effect.void
    this.failing = false
    return Effect.logInfo(`The projection ${this.projection.name} goes on.`)
  })
}
