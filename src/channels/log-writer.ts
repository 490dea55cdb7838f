/**
 * Writes a channel's log behind its work: outcomes gather for a moment and leave as one commit; of a listing only the
 * newest outcome is written. What must be stored before somebody is answered is flushed at once.
 *
 * When the log cannot be written the work goes on: an outcome that is lost costs a write that was not needed.
 */
import { Effect, Semaphore } from "effect"
import type { ChannelBook } from "../../actors/channel/book.ts"
import type { ChannelRecord } from "../../actors/channel/records.ts"
import type { ChannelCommit, ChannelLogShape, LogFailed } from "../../streams/channel-log.ts"

const FLUSH_EVERY = "200 millis"
/** Records of a commit: at 200 bytes each some 200 KB, with a held event of 64 KB among them still below 1 MiB. */
const COMMIT_RECORDS_MAX = 1_000
const COMMIT_CHARACTERS_MAX = 400_000
/** Records after which the log is written anew, and more than it would then have. */
const REBASE_RECORDS_MIN = 50_000

const OUTCOMES = new Set(["written", "accepted", "failed", "dead"])

export interface LogWriterOptions {
  readonly channel: string
  readonly log: ChannelLogShape
  readonly book: ChannelBook
  readonly newId: () => string
}

export class LogWriter {
  private readonly options: LogWriterOptions
  private readonly turn = Semaphore.makeUnsafe(1)
  private readonly pending = new Map<string, ChannelRecord>()
  private uncertain: ChannelCommit | undefined
  private count = 0
  private lastSequence = 0
  private baseSequence = 0
  private recordsSinceBase = 0

  constructor(options: LogWriterOptions) {
    this.options = options
  }

  /** Fills the book from the log. Before anything is added. */
  readonly recover: Effect.Effect<void, LogFailed> = Effect.suspend(() => {
    const { log, channel, book } = this.options
    const read = log.read(channel, (record) => {
      book.fold(record)
      this.recordsSinceBase++
    })
    return Effect.map(read, ({ lastSequence, baseSequence }) => {
      this.lastSequence = lastSequence
      this.baseSequence = baseSequence
    })
  })

  add(record: ChannelRecord): void {
    const key = "listingId" in record && OUTCOMES.has(record.type) ? `of ${record.listingId}` : `${this.count++}`
    this.pending.delete(key)
    this.pending.set(key, record)
  }

  /** Everything added before is stored. */
  readonly flush: Effect.Effect<void, LogFailed> = Effect.suspend(() => this.turn.withPermits(1)(this.writeAll))

  /** Flushes and rewrites now and then, until the log is lost to another hub. */
  readonly run: Effect.Effect<never, LogFailed> = Effect.gen({ self: this }, function* () {
    while (true) {
      yield* Effect.sleep(FLUSH_EVERY)
      yield* Effect.andThen(this.flush, this.rebase).pipe(
        Effect.catchIf(
          (failed) => failed.reason === "unavailable",
          () => Effect.void
        )
      )
    }
  })

  private readonly writeAll: Effect.Effect<void, LogFailed> = Effect.gen({ self: this }, function* () {
    if (this.uncertain !== undefined) yield* this.append(this.uncertain)
    while (this.pending.size > 0) yield* this.commit(this.takeCommit())
  })

  private takeCommit(): ReadonlyArray<ChannelRecord> {
    const taken: Array<ChannelRecord> = []
    let characters = 0
    for (const [key, record] of this.pending) {
      characters += charactersOf(record)
      if (taken.length > 0 && (taken.length >= COMMIT_RECORDS_MAX || characters > COMMIT_CHARACTERS_MAX)) break
      taken.push(record)
      this.pending.delete(key)
    }
    return taken
  }

  private commit(records: ReadonlyArray<ChannelRecord>): Effect.Effect<void, LogFailed> {
    return Effect.suspend(() => this.append({ id: this.options.newId(), records }))
  }

  /** A commit whose fate is not known is appended again as it is, before any other: the log knows it by its id. */
  private append(commit: ChannelCommit): Effect.Effect<void, LogFailed> {
    this.uncertain = commit
    const { log, channel } = this.options
    return Effect.retry(log.append(channel, this.lastSequence, commit), {
      times: 3,
      while: (failed) => failed.reason === "unavailable"
    }).pipe(
      Effect.map((sequence) => {
        this.uncertain = undefined
        this.lastSequence = sequence
        this.recordsSinceBase += commit.records.length
      })
    )
  }

  /** Says everything once more, and drops what was said before the base that readers used until now. */
  private readonly rebase: Effect.Effect<void, LogFailed> = Effect.suspend(() => {
    const { book, log, channel } = this.options
    if (this.recordsSinceBase < Math.max(REBASE_RECORDS_MIN, 3 * book.listings.size)) return Effect.void
    return this.turn.withPermits(1)(
      Effect.gen({ self: this }, function* () {
        const before = this.baseSequence
        const begin = this.lastSequence + 1
        let chunk: Array<ChannelRecord> = []
        let characters = 0
        // As it is now: while a chunk is written the book goes on.
        const records = Array.from(book.base())
        for (const record of records) {
          chunk.push(record)
          characters += charactersOf(record)
          if (chunk.length < COMMIT_RECORDS_MAX && characters < COMMIT_CHARACTERS_MAX) continue
          yield* this.commit(chunk)
          chunk = []
          characters = 0
        }
        if (chunk.length > 0) yield* this.commit(chunk)
        this.baseSequence = begin
        this.recordsSinceBase = 0
        if (before > 0) yield* log.trim(channel, before)
      })
    )
  })
}

/** Only what a channel sent can be long. */
const charactersOf = (record: ChannelRecord): number => (record.type === "held" ? JSON.stringify(record).length : 300)
