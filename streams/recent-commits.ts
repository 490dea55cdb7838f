/**
 * The newest commits, decoded, for whoever needs one of them again: an answer that is repeated, a socket that resumes,
 * the distance that a projection is behind. Bounded in number and size; what is older stands in the journal.
 */
import { Context, Layer } from "effect"
import { TAIL_BYTES_MAX, TAIL_COMMITS_MAX } from "../config/limits.ts"
import type { StoredCommit } from "./codec.ts"

export interface Bounds {
  readonly bytesMax: number
  readonly commitsMax: number
}

const bounds: Bounds = { bytesMax: TAIL_BYTES_MAX, commitsMax: TAIL_COMMITS_MAX }

export class RecentCommits {
  /** Sequences of the oldest and the newest that are kept; the newest is 0 before the first. */
  private first = 1
  private last = 0
  private readonly bounds: Bounds
  private readonly commits = new Map<number, StoredCommit>()
  private bytes = 0
  private records = 0

  constructor(given: Bounds = bounds) {
    this.bounds = given
  }

  /** Takes in an acknowledged commit; in the journal's order. A gap makes it forget what was before. */
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
    for (let next = sequence + 1; next <= this.last; next++) records += this.commits.get(next)?.records.length ?? 0
    return records
  }

  private startAt(sequence: number): void {
    this.commits.clear()
    this.bytes = 0
    this.records = 0
    this.first = sequence
  }
}

export class Recent extends Context.Service<Recent, RecentCommits>()("holdfast/streams/RecentCommits") {
  static readonly layer: Layer.Layer<Recent> = Layer.sync(Recent, () => new RecentCommits())
}
