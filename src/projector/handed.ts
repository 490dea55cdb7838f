/**
 * Commits that the hub hands to its projector thread as they are stored. What keeps up would else ask the journal for each of
 * them once for each projection; that took a quarter of the thread's time and a tenth of the server's.
 *
 * What was not handed, because the thread had much before it or another owner stored it, is read from the journal.
 */
import { Effect } from "effect"
import type { JournalRecord } from "../../actors/sku/events.ts"
import { HANDED_BYTES_MAX, HANDED_COMMITS_MAX } from "../../config/limits.ts"
import { decodeCommit, type StoredCommit } from "../../streams/codec.ts"
import { type JournalShape, JournalUnavailable, type ReadBounds } from "../../streams/journal.ts"
import type { CommitText, RecentCommits } from "../../streams/recent-commits.ts"

export interface HandedCommits {
  /** Sequence of the first; the others follow without a gap. */
  readonly first: number
  readonly partitions: ReadonlyArray<number>
  readonly sizes: ReadonlyArray<number>
  /** One behind the other, in a buffer of their own. */
  readonly texts: Uint8Array<ArrayBuffer>
}

/** The commits behind `after`, up to `until`; `undefined` when there are none, when there are too many, or when one is not at hand. */
export const handedFrom = (
  recent: Pick<RecentCommits, "textOf">,
  after: number,
  until: number
): HandedCommits | undefined => {
  if (until <= after || until - after > HANDED_COMMITS_MAX) return undefined
  const commits: Array<CommitText> = []
  let size = 0
  for (let sequence = after + 1; sequence <= until; sequence++) {
    const commit = recent.textOf(sequence)
    if (commit === undefined) return undefined
    commits.push(commit)
    size += commit.bytes.length
  }
  if (size > HANDED_BYTES_MAX) return undefined
  const texts = new Uint8Array(size)
  let end = 0
  for (const { bytes } of commits) {
    texts.set(bytes, end)
    end += bytes.length
  }
  return {
    first: after + 1,
    partitions: commits.map(({ partition }) => partition),
    sizes: commits.map(({ bytes }) => bytes.length),
    texts
  }
}

/**
 * The newest commits that were handed; bounded in number and size.
 *
 * In a ring: a map through which things pass makes its table anew now and then, and the one before it, once it has become old,
 * keeps the next alive with all that stood in it. All commits became old in that way, 1.2 kB a request, and each few seconds the
 * whole heap was looked through for them.
 */
export class Handed<R = JournalRecord> {
  private readonly ring: Array<CommitText | StoredCommit<R> | undefined> = Array.from(
    { length: HANDED_COMMITS_MAX },
    () => undefined
  )
  private readonly readers: Array<Reader<R>> = []
  private first = 1
  private last = 0
  private bytes = 0

  /** A gap makes it forget what was before. */
  take({ first, partitions, sizes, texts }: HandedCommits): void {
    if (first !== this.last + 1) {
      while (this.first <= this.last) this.drop()
      this.first = first
    }
    let start = 0
    for (const [index, size] of sizes.entries()) {
      if (first + index - this.first >= HANDED_COMMITS_MAX) this.drop()
      this.last = first + index
      this.ring[this.last % HANDED_COMMITS_MAX] = {
        bytes: texts.subarray(start, start + size),
        partition: partitions[index] ?? 0
      }
      this.bytes += size
      start += size
    }
    while (this.bytes > HANDED_BYTES_MAX) this.drop()
  }

  /** Somebody who reads on and on. What all of them have read is forgotten. */
  reader(): Reader<R> {
    const reader = new Reader<R>(this)
    this.readers.push(reader)
    return reader
  }

  /** Those from `first` on; none when that one is not here. Throws `UnreadableCommit`. */
  from(first: number, { commitsMax, bytesMax }: ReadBounds): ReadonlyArray<StoredCommit<R>> {
    const found: Array<StoredCommit<R>> = []
    if (first < this.first) return found
    let bytes = 0
    for (let sequence = first; sequence <= this.last && found.length < commitsMax && bytes < bytesMax; sequence++) {
      const commit = this.at(sequence)
      if (commit === undefined) break
      found.push(commit)
      bytes += commit.sizeBytes
    }
    return found
  }

  /** It is read when it is asked for first, and once for all that ask. */
  private at(sequence: number): StoredCommit<R> | undefined {
    const known = this.ring[sequence % HANDED_COMMITS_MAX]
    if (known === undefined || "sequence" in known) return known
    const { bytes, partition } = known
    const commit = { ...decodeCommit<R>(bytes), partition, sequence, sizeBytes: bytes.length }
    this.ring[sequence % HANDED_COMMITS_MAX] = commit
    return commit
  }

  /** What stayed until something newer took its place had become old by then: a kilobyte a request at 3,000 a second. */
  forgetRead(): void {
    let all = Number.POSITIVE_INFINITY
    for (const { last } of this.readers) all = Math.min(all, last)
    while (this.first <= this.last && this.first <= all) this.drop()
  }

  /** The oldest. */
  private drop(): void {
    const place = this.first++ % HANDED_COMMITS_MAX
    const commit = this.ring[place]
    if (commit !== undefined) this.bytes -= sizeOf(commit)
    this.ring[place] = undefined
  }
}

class Reader<R = JournalRecord> {
  /** Read last. */
  last = 0
  private readonly handed: Handed<R>

  constructor(handed: Handed<R>) {
    this.handed = handed
  }

  /** As `Handed.from`. */
  readonly read = (first: number, bounds: ReadBounds): ReadonlyArray<StoredCommit<R>> => {
    const found = this.handed.from(first, bounds)
    this.last = found.at(-1)?.sequence ?? first - 1
    this.handed.forgetRead()
    return found
  }
}

const sizeOf = <R>(commit: CommitText | StoredCommit<R>): number =>
  "bytes" in commit ? commit.bytes.length : commit.sizeBytes

const unreadable = (cause: unknown) => new JournalUnavailable({ operation: "read", detail: String(cause) })

/**
 * A journal of which is read what was not handed, for one reader. A commit that cannot be read fails here as it does there. Whoever
 * goes back to what all have read finds it in the journal.
 */
export const readingHanded = <R>(journal: JournalShape<R>, handed: Handed<R>): JournalShape<R> => {
  const reader = handed.reader()
  return {
    ...journal,
    read: (first, bounds) =>
      Effect.filterOrElse(
        Effect.try({ try: () => reader.read(first, bounds), catch: unreadable }),
        (found) => found.length > 0,
        () => journal.read(first, bounds)
      )
  }
}
