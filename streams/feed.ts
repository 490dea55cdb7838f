/**
 * Commits in order for everybody who derives something from them: the newest from memory, older ones from the journal.
 *
 * The host pushes each acknowledged commit; a bounded ring keeps the newest. A reader asks from its own sequence on and
 * waits when there is nothing yet; one that has fallen out of the ring reads the journal in slices until it is back.
 */
import { Context, Deferred, Effect, Layer } from "effect"
import { TAIL_BYTES_MAX, TAIL_COMMITS_MAX } from "../config/limits.ts"
import type { StoredCommit } from "./codec.ts"
import { Journal, type JournalShape, type JournalUnavailable } from "./journal.ts"

export interface CommitFeedShape {
  /** Takes in an acknowledged commit; in the journal's order, without gaps after the first. */
  readonly push: (commit: StoredCommit) => void
  /** The commit, if memory still has it. */
  readonly recent: (sequence: number) => StoredCommit | undefined
  /** At least one commit from `fromSequence` on, in order; more while they hold at most `maxRecords` records. */
  readonly read: (
    fromSequence: number,
    maxRecords: number
  ) => Effect.Effect<ReadonlyArray<StoredCommit>, JournalUnavailable>
  /** Of the newest commit pushed; 0 before the first. */
  readonly lastSequence: () => number
  /** What lies after `sequence`: exact while memory reaches back to it, else estimated from the mean commit. */
  readonly lagAfter: (sequence: number) => { readonly records: number; readonly exact: boolean }
}

export class CommitFeed extends Context.Service<CommitFeed, CommitFeedShape>()("holdfast/streams/CommitFeed") {
  static readonly layer: Layer.Layer<CommitFeed, never, Journal> = Layer.effect(
    CommitFeed,
    Effect.map(Journal, (journal) => CommitFeed.of(makeFeed(journal)))
  )
}

/** Commits read from the journal at once by a reader that is behind. */
const SLICE_COMMITS = 2_000

export const makeFeed = (
  journal: JournalShape,
  bounds: { readonly bytesMax: number; readonly commitsMax: number } = {
    bytesMax: TAIL_BYTES_MAX,
    commitsMax: TAIL_COMMITS_MAX
  }
): CommitFeedShape => {
  const tail = new Tail(bounds)
  let waiting: Array<Deferred.Deferred<void>> = []

  const fromJournal = (fromSequence: number, maxRecords: number) => {
    const commits: Array<StoredCommit> = []
    let records = 0
    const untilSequence = fromSequence + SLICE_COMMITS - 1
    return Effect.map(
      journal.scan({ fromSequence, untilSequence }, (commit) => {
        if (commits.length > 0 && records + commit.records.length > maxRecords) return false
        commits.push(commit)
        records += commit.records.length
        return true
      }),
      () => commits
    )
  }

  const read = (
    fromSequence: number,
    maxRecords: number
  ): Effect.Effect<ReadonlyArray<StoredCommit>, JournalUnavailable> =>
    Effect.suspend(() => {
      if (fromSequence > tail.last) {
        const pushed = Deferred.makeUnsafe<void>()
        waiting.push(pushed)
        return Effect.andThen(Deferred.await(pushed), read(fromSequence, maxRecords))
      }
      return fromSequence >= tail.first
        ? Effect.succeed(tail.slice(fromSequence, maxRecords))
        : fromJournal(fromSequence, maxRecords)
    })

  return {
    read,
    push: (commit) => {
      tail.push(commit)
      if (waiting.length === 0) return
      const woken = waiting
      waiting = []
      for (const one of woken) Deferred.doneUnsafe(one, Effect.void)
    },
    recent: (sequence) => tail.get(sequence),
    lastSequence: () => tail.last,
    lagAfter: (sequence) => tail.lagAfter(sequence)
  }
}

/** A ring of consecutive commits, bounded by number and by size. */
class Tail {
  first = 1
  last = 0
  private readonly bounds: { readonly bytesMax: number; readonly commitsMax: number }
  private readonly commits = new Map<number, StoredCommit>()
  private bytes = 0
  private records = 0

  constructor(bounds: { readonly bytesMax: number; readonly commitsMax: number }) {
    this.bounds = bounds
  }

  push(commit: StoredCommit): void {
    if (commit.sequence !== this.last + 1) this.startAt(commit.sequence)
    this.commits.set(commit.sequence, commit)
    this.last = commit.sequence
    this.bytes += commit.sizeBytes
    this.records += commit.records.length
    while (this.commits.size > 1 && (this.bytes > this.bounds.bytesMax || this.commits.size > this.bounds.commitsMax)) {
      const oldest = this.commits.get(this.first)
      this.commits.delete(this.first++)
      this.bytes -= oldest?.sizeBytes ?? 0
      this.records -= oldest?.records.length ?? 0
    }
  }

  get(sequence: number): StoredCommit | undefined {
    return this.commits.get(sequence)
  }

  slice(from: number, maxRecords: number): ReadonlyArray<StoredCommit> {
    const commits: Array<StoredCommit> = []
    let records = 0
    for (let sequence = from; sequence <= this.last; sequence++) {
      const commit = this.commits.get(sequence) as StoredCommit
      records += commit.records.length
      if (commits.length > 0 && records > maxRecords) break
      commits.push(commit)
    }
    return commits
  }

  lagAfter(sequence: number): { readonly records: number; readonly exact: boolean } {
    if (sequence + 1 < this.first) {
      const mean = this.commits.size === 0 ? 1 : this.records / this.commits.size
      return { records: Math.round((this.last - sequence) * mean), exact: false }
    }
    let records = 0
    for (let next = sequence + 1; next <= this.last; next++) records += this.commits.get(next)?.records.length ?? 0
    return { records, exact: true }
  }

  private startAt(sequence: number): void {
    this.commits.clear()
    this.bytes = 0
    this.records = 0
    this.first = sequence
  }
}
