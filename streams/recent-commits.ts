/**
 * The newest commits, for whoever needs one of them again: an answer that is repeated, the distance that a projection is
 * behind. Bounded in number and size; what is older stands in the journal.
 *
 * Kept as the text that the journal has, one behind the other in blocks, with what is asked most beside it in arrays of numbers: as
 * objects they lived just long enough to be copied twice by the garbage collector, and so did even a view of each text. The few
 * that are asked for are read again, and the last of those are kept as they were read.
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

/** A text that is larger has a block of its own. */
const BLOCK_BYTES = 1024 * 1024
const PLACES_MIN = 256

export interface CommitText {
  /** To be read at once: its block is written to again when the commit is no longer kept. */
  readonly bytes: Uint8Array
  readonly partition: number
}

export class RecentCommits<R = JournalRecord> {
  /** Sequences of the oldest and the newest that are kept; the newest is 0 before the first. */
  private first = 1
  private last = 0
  private readonly bounds: Bounds
  private places = placesFor(PLACES_MIN)
  /** The block that is written to, and how far. */
  private block = new Uint8Array(0)
  private end = 0
  /** A block of which nothing is kept any more. */
  private spare: Uint8Array<ArrayBuffer> | undefined
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
    this.last = sequence
    if (this.size > this.places.blocks.length) this.places = twiceAsMany(this.places, this.first)
    const { places } = this
    const place = sequence & (places.blocks.length - 1)
    this.makeRoom(bytes.length)
    this.block.set(bytes, this.end)
    places.blocks[place] = this.block
    places.starts[place] = this.end
    places.sizes[place] = bytes.length
    places.partitions[place] = partition
    places.times[place] = at
    places.records[place] = records.length
    this.end += bytes.length
    this.bytes += bytes.length
    this.records += records.length
    while (this.size > 1 && (this.bytes > this.bounds.bytesMax || this.size > this.bounds.commitsMax)) this.drop()
  }

  has(sequence: number): boolean {
    return sequence >= this.first && sequence <= this.last
  }

  /** The commit as the journal has it. */
  textOf(sequence: number): CommitText | undefined {
    if (!this.has(sequence)) return undefined
    const { blocks, starts, sizes, partitions } = this.places
    const place = sequence & (blocks.length - 1)
    const start = starts[place] as number
    const bytes = (blocks[place] as Uint8Array).subarray(start, start + (sizes[place] as number))
    return { bytes, partition: partitions[place] as number }
  }

  /** When the commit was decided, in milliseconds since the epoch. */
  timeOf(sequence: number): number | undefined {
    return this.has(sequence) ? this.places.times[sequence & (this.places.blocks.length - 1)] : undefined
  }

  get(sequence: number): StoredCommit<R> | undefined {
    const known = this.readAgain.get(sequence)
    if (known !== undefined) return known
    const kept = this.textOf(sequence)
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
      const mean = this.size === 0 ? 1 : this.records / this.size
      return Math.round((this.last - sequence) * mean)
    }
    const { blocks, records } = this.places
    let after = 0
    for (let next = sequence + 1; next <= this.last; next++) after += records[next & (blocks.length - 1)] as number
    return after
  }

  /** Forgets everything. */
  clear(): void {
    while (this.size > 0) this.drop()
    this.first = 1
    this.last = 0
  }

  private get size(): number {
    return this.last - this.first + 1
  }

  private makeRoom(bytes: number): void {
    if (this.end + bytes <= this.block.length) return
    const isUsual = bytes <= BLOCK_BYTES
    this.block = (isUsual ? this.spare : undefined) ?? new Uint8Array(isUsual ? BLOCK_BYTES : bytes)
    this.spare = undefined
    this.end = 0
  }

  /** The oldest. */
  private drop(): void {
    const { blocks, sizes, records } = this.places
    const sequence = this.first++
    const place = sequence & (blocks.length - 1)
    const block = blocks[place]
    blocks[place] = undefined
    this.readAgain.delete(sequence)
    this.bytes -= sizes[place] as number
    this.records -= records[place] as number
    const isLeft = block === this.block || (this.size > 0 && blocks[this.first & (blocks.length - 1)] === block)
    if (!isLeft && block?.length === BLOCK_BYTES) this.spare = block
  }
}

/** What is known of each commit, at the place that its sequence names modulo their number, a power of two. */
interface Places {
  readonly blocks: Array<Uint8Array<ArrayBuffer> | undefined>
  readonly starts: Uint32Array
  readonly sizes: Uint32Array
  readonly partitions: Uint32Array
  /** Milliseconds since the epoch. */
  readonly times: Float64Array
  readonly records: Uint32Array
}

const placesFor = (count: number): Places => ({
  blocks: Array.from({ length: count }, () => undefined),
  starts: new Uint32Array(count),
  sizes: new Uint32Array(count),
  partitions: new Uint32Array(count),
  times: new Float64Array(count),
  records: new Uint32Array(count)
})

/** All of them were taken, from sequence `first` on. */
const twiceAsMany = (full: Places, first: number): Places => {
  const count = full.blocks.length
  const places = placesFor(2 * count)
  for (let sequence = first; sequence < first + count; sequence++) {
    const from = sequence & (count - 1)
    const to = sequence & (2 * count - 1)
    places.blocks[to] = full.blocks[from]
    places.starts[to] = full.starts[from] as number
    places.sizes[to] = full.sizes[from] as number
    places.partitions[to] = full.partitions[from] as number
    places.times[to] = full.times[from] as number
    places.records[to] = full.records[from] as number
  }
  return places
}

export class Recent extends Context.Service<Recent, RecentCommits>()("holdfast/streams/RecentCommits") {
  static readonly layer: Layer.Layer<Recent> = Layer.sync(Recent, () => new RecentCommits())
}
