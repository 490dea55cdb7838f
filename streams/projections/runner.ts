/**
 * Keeps one projection up to date: reads commits from its checkpoint on, applies them in batches, tries again for as
 * long as it takes.
 *
 * A projection stores its checkpoint together with what it applied, so a batch that is applied twice changes nothing.
 * A checkpoint that is gone, or that names a commit which this journal does not have (a server was emptied, a backup of
 * one side restored), makes the projection start over from nothing; deleting it is how an operator asks for that.
 */
import { Clock, Effect, Schedule, Schema } from "effect"
import type { JournalRecord } from "../../actors/sku/events.ts"
import type { StoredCommit } from "../codec.ts"
import type { JournalShape, JournalUnavailable, ReadBounds } from "../journal.ts"
import type { Head } from "./head.ts"

/** A batch could not be applied, or the checkpoint not be read. */
export class ProjectionFailed extends Schema.TaggedError<ProjectionFailed>()("ProjectionFailed", {
  projection: Schema.String,
  detail: Schema.String
}) {}

/** Settles after as long as the step before it took, or when somebody waits for the batch after all. */
export type Pause = (stepMs: number) => Promise<void>

export interface Checkpoint {
  /** The journal's sequence applied last. */
  readonly sequence: number
  /** The id of the commit there, where the projection keeps it: another one means another journal. */
  readonly commitId?: string
}

/** `R`: what the journal that it reads records. */
export interface Projection<R = JournalRecord> {
  readonly name: string
  /** Makes the place ready in which it keeps things; before anything else, and after each failure. */
  readonly prepare: Effect.Effect<void, ProjectionFailed>
  readonly checkpoint: Effect.Effect<Checkpoint | undefined, ProjectionFailed>
  /** Makes a checkpoint where none that fits is: everything up to it is made anew. */
  readonly startOver: Effect.Effect<void, ProjectionFailed>
  /**
   * Applies commits in order and moves the checkpoint, both or neither. Some of them may have been applied before. With a `pause`
   * nobody waits for the batch: it is to be taken between any two of its steps.
   */
  readonly apply: (commits: ReadonlyArray<StoredCommit<R>>, pause?: Pause) => Effect.Effect<void, ProjectionFailed>
  /** Records in a batch. */
  readonly recordsMax: number
  /** It goes in steps of its own where it may pause, and need not be given its commits in pieces. */
  readonly goesInSteps: boolean
  /**
   * While the hub is busy it works for so long between two rests; 0: for a batch. What others read as it comes must keep up longer
   * than what waits until somebody asks: by a batch a rest, everything was ten seconds behind already at 1,000 requests a second.
   */
  readonly visitMs: number
  /** Commits may gather for so long when it is up to date and nobody waits for them: a batch costs the same for one as for ten. */
  readonly gatherMs: number
  /** And no longer once so many have; absent: however many. */
  readonly gatherCommitsMax?: number
  /** The checkpoint is looked at once a second, also without traffic: somebody may take it away. */
  readonly isWatched: boolean
}

export interface RunnerOptions<R = JournalRecord> {
  readonly journal: Pick<JournalShape<R>, "read" | "get" | "lastSequence">
  readonly head: Head
  /** Told of the checkpoint at each start, and of each commit that ends a batch; `at` is 0 where it is not known. */
  readonly onApplied: (name: string, position: { readonly sequence: number; readonly at: number }) => void
}

/** See `visitMs`: with this, the register was one second behind and the event streams two to four at 1,000 requests a second. */
export const VISIT_MS = 150
/** What is read ahead of the batches when it is behind: some 20 turns under load. */
const READ_BOUNDS = { commitsMax: 500, bytesMax: 2 * 1024 * 1024 }
/**
 * What is read, and applied, at once while it keeps up. Whoever wants the processor on which this or a server that it asks is at
 * work may wait until the kernel's next tick, 4 ms, though another one is idle: a piece is over before that.
 */
const PIECE_BOUNDS = { commitsMax: 24, bytesMax: 32 * 1024 }
/** It keeps up while what it applied last is no older. */
const KEEPS_UP_MS = 1_000
/** A copy of the journal that answered may be behind the hub by a moment. */
const COPY_BEHIND = "20 millis"
const RETRY = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")]).pipe(Schedule.jittered)

export class ProjectionRunner<R = JournalRecord> {
  private readonly projection: Projection<R>
  private readonly options: RunnerOptions<R>
  private applied = 0
  private ahead: Array<StoredCommit<R>> = []
  private keepsUp = false
  private failing = false

  constructor(projection: Projection<R>, options: RunnerOptions<R>) {
    this.projection = projection
    this.options = options
  }

  /** Runs until interrupted. */
  readonly run: Effect.Effect<never> = Effect.suspend(() => {
    const attempt = this.projection.isWatched ? Effect.raceFirst(this.follow, this.watch) : this.follow
    return Effect.forever(
      attempt.pipe(
        Effect.tapError((failed) => this.onFailure(failed.detail)),
        Effect.retry(RETRY),
        Effect.ignore
      )
    )
  })

  private readonly follow: Effect.Effect<never, ProjectionFailed> = Effect.gen({ self: this }, function* () {
    this.ahead = []
    this.keepsUp = false
    // From here until it has started, nothing is there that could be missed.
    this.applied = 0
    yield* this.projection.prepare
    this.moveTo({ sequence: yield* this.start, at: 0 })
    let visitMs = 0
    while (true) {
      const commits = yield* this.nextBatch
      const last = commits[commits.length - 1]
      if (last === undefined) continue
      const startedMs = performance.now()
      yield* this.projection.apply(commits, this.pause())
      this.moveTo(last)
      yield* this.onSuccess
      visitMs += performance.now() - startedMs
      if (this.mayGoOn(visitMs)) continue
      yield* this.rest(visitMs, (yield* Clock.currentTimeMillis) - last.at)
      visitMs = 0
    }
  })

  /** While it keeps up, and nobody waits for what comes next. */
  private pause(): Pause | undefined {
    const { applied, keepsUp } = this
    return keepsUp ? (stepMs) => Effect.runPromise(this.options.head.gather(applied, stepMs)) : undefined
  }

  /** Between two rests it takes more than one batch, if there is more. */
  private mayGoOn(visitMs: number): boolean {
    const { head } = this.options
    return visitMs < this.projection.visitMs && head.isBusy() && head.lastSequence > this.applied
  }

  /** `ageMs`: of the commit that was applied last. */
  private rest(costMs: number, ageMs: number): Effect.Effect<void> {
    const { head } = this.options
    const owed = head.restAfter(this.applied, costMs, ageMs)
    this.keepsUp = owed === undefined && ageMs <= KEEPS_UP_MS
    if (owed !== undefined) return owed
    const isMoreLeft = this.ahead.length > 0 || head.lastSequence - this.applied >= this.readBounds.commitsMax
    if (!isMoreLeft) return this.gathering
    return this.isInPieces ? head.gather(this.applied, costMs) : Effect.void
  }

  private get gathering(): Effect.Effect<void> {
    const { gatherCommitsMax, gatherMs } = this.projection
    const { head } = this.options
    const gathered = head.gather(this.applied, gatherMs)
    return gatherCommitsMax === undefined
      ? gathered
      : Effect.raceFirst(gathered, head.reaches(this.applied + gatherCommitsMax))
  }

  /** The sequence to go on from. */
  private readonly start: Effect.Effect<number, ProjectionFailed> = Effect.gen({ self: this }, function* () {
    const { projection } = this
    const known = yield* projection.checkpoint
    if (known !== undefined && (yield* this.isOfThisJournal(known))) return known.sequence
    yield* projection.startOver
    const made = yield* projection.checkpoint
    return made === undefined ? yield* this.failed("it has no checkpoint after it started over") : made.sequence
  })

  private isOfThisJournal({ sequence, commitId }: Checkpoint): Effect.Effect<boolean, ProjectionFailed> {
    const { journal } = this.options
    if (sequence === 0) return Effect.succeed(true)
    const found =
      commitId === undefined
        ? Effect.map(journal.lastSequence, (last) => sequence <= last)
        : Effect.map(journal.get(sequence), (commit) => commit?.id === commitId)
    return Effect.mapError(found, (cause) => this.unreadable(cause))
  }

  private get isInPieces(): boolean {
    return this.keepsUp && !this.projection.goesInSteps
  }

  private get readBounds(): ReadBounds {
    return this.isInPieces ? PIECE_BOUNDS : READ_BOUNDS
  }

  private readonly nextBatch: Effect.Effect<ReadonlyArray<StoredCommit<R>>, ProjectionFailed> = Effect.gen(
    { self: this },
    function* () {
      if (this.ahead.length === 0) {
        yield* this.options.head.reaches(this.applied + 1)
        const read = this.options.journal.read(this.applied + 1, this.readBounds)
        this.ahead = [...(yield* Effect.mapError(read, (cause) => this.unreadable(cause)))]
        if (this.ahead.length === 0) yield* Effect.sleep(COPY_BEHIND)
      }
      return this.ahead.splice(0, this.fitting())
    }
  )

  /** How many of the commits read ahead make a batch: one at least. */
  private fitting(): number {
    let records = 0
    const beyond = this.ahead.findIndex((commit, index) => {
      records += commit.records.length
      return index > 0 && records > this.projection.recordsMax
    })
    return beyond === -1 ? this.ahead.length : beyond
  }

  /** Fails when what was applied is not there any more. */
  private readonly watch: Effect.Effect<never, ProjectionFailed> = Effect.gen({ self: this }, function* () {
    while (true) {
      yield* Effect.sleep("1 second")
      const { applied } = this
      // It is starting, maybe over.
      if (applied === 0) continue
      const known = yield* this.projection.checkpoint
      if (known === undefined || known.sequence < applied) return yield* this.failed("what it had made is gone")
    }
  })

  private moveTo(position: { readonly sequence: number; readonly at: number }): void {
    this.applied = position.sequence
    this.options.onApplied(this.projection.name, { sequence: position.sequence, at: position.at })
  }

  private unreadable(cause: JournalUnavailable): ProjectionFailed {
    return this.failed(`the journal cannot be read: ${cause.detail}`)
  }

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
