/**
 * The newest commits, for whoever needs one of them again: an answer that is repeated, the distance that a projection is
 * behind. Bounded in number and size; what is older stands in the journal.
 *
 * Kept as the text that the journal has: as objects they lived just long enough to be copied twice by the garbage
 * collector. The few that are asked for are read again, and the last of those are kept as they were read.
 */
import { Context, Layer } from "effect"
import type { JournalRecord } from "../actors/sku/events.ts"
import { TAIL_BYTES_MAX, TAIL_COMMITS_MAX } from "../config/limits.ts"
import { decodeCommit, type StoredCommit } from "./codec.ts"

export interface Bounds {
  readonly bytesMax: number
  readonly commitsMax: number
}

const defaultBounds: Bounds = { bytesMax: TAIL_BYTES_MAX, commitsMax: TAIL_COMMITS_MAX }

/** Repeats come in the order of what they repeat: hundreds of them ask for the same commit. */
const READ_AGAIN_MAX = 8

export interface CommitText {
  readonly bytes: Uint8Array
  readonly partition: number
}

interface Kept extends CommitText {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly recordCount: number
}

export class RecentCommits<R = JournalRecord> {
  /** Sequences of the oldest and the newest that are kept; the newest is 0 before the first. */
  private first = 1
  private last = 0
  private readonly bounds: Bounds
  private readonly commits = new Map<number, Kept>()
  private readonly readAgain = new Map<number, StoredCommit<R>>()
  private bytes = 0
  private records = 0

  constructor(bounds: Bounds = defaultBounds) {
    this.bounds = bounds
  }

  /** Takes in an acknowledged commit and its text; in the journal's order. A gap makes it forget what was before. */
  push({ sequence, partition, at, records }: StoredCommit<R>, bytes: Uint8Array): void {
    if (sequence !== this.last + 1) {
      this.clear()
      this.first = sequence
    }
    this.commits.set(sequence, { bytes, partition, at, recordCount: records.length })
    this.last = sequence
    this.bytes += bytes.length
    this.records += records.length
    while (this.commits.size > 1 && (this.bytes > this.bounds.bytesMax || this.commits.size > this.bounds.commitsMax)) {
      const oldest = this.commits.get(this.first)
      this.commits.delete(this.first)
      this.readAgain.delete(this.first++)
      this.bytes -= oldest?.bytes.length ?? 0
      this.records -= oldest?.recordCount ?? 0
    }
  }

  has(sequence: number): boolean {
    return this.commits.has(sequence)
  }

  /** The commit as the journal has it. */
  textOf(sequence: number): CommitText | undefined {
    return this.commits.get(sequence)
  }

  /** When the commit was decided, in milliseconds since the epoch. */
  timeOf(sequence: number): number | undefined {
    return this.commits.get(sequence)?.at
  }

  get(sequence: number): StoredCommit<R> | undefined {
    const known = this.readAgain.get(sequence)
    if (known !== undefined) return known
    const kept = this.commits.get(sequence)
    if (kept === undefined) return undefined
    const { bytes, partition } = kept
    const commit = { ...decodeCommit<R>(bytes), partition, sequence, sizeBytes: bytes.length }
    this.readAgain.set(sequence, commit)
    if (this.readAgain.size > READ_AGAIN_MAX) {
      for (const oldest of this.readAgain.keys()) {
        this.readAgain.delete(oldest)
        break
      }
    }
    return commit
  }

  get lastSequence(): number {
    return this.last
  }

  /** Records after `sequence`: exact as far as memory reaches back, else estimated from the mean commit. */
  recordsAfter(sequence: number): number {
    if (sequence + 1 < this.first) {
      const mean = this.commits.size === 0 ? 1 : this.records / this.commits.size
      return Math.round((this.last - sequence) * mean)
    }
    let records = 0
    for (let next = sequence + 1; next <= this.last; next++) records += this.commits.get(next)?.recordCount ?? 0
    return records
  }

  /** Forgets everything. */
  clear(): void {
    this.commits.clear()
    this.readAgain.clear()
    this.bytes = 0
    this.records = 0
    this.first = 1
    this.last = 0
  }
}

export class Recent extends Context.Service<Recent, RecentCommits>()("holdfast/streams/RecentCommits") {
  static readonly layer: Layer.Layer<Recent> = Layer.sync(Recent, () => new RecentCommits())
}
