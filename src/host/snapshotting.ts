/**
 * Takes a snapshot while the hub works.
 *
 * The actors are packed in slices, each between two commands of some turn, so a slice may be newer than the sequence that
 * the manifest names. That does no harm: every state carries its version, and recovery skips events that it has.
 * A slice is stored only after its turn is in the journal, so a snapshot never holds what did not happen.
 */
import { Effect } from "effect"
import { SNAPSHOT_CHUNK_BYTES, SNAPSHOT_SLICE_MS } from "../../config/limits.ts"
import type { IdsPart, Manifest, Snapshot, SnapshotFailed, SnapshotsShape } from "../../streams/snapshots.ts"
import type { ActorBook } from "./kind.ts"
import type { Generation, Remembered } from "./remembered.ts"
import { recordTexts, stateTexts } from "./snapshot-lines.ts"

/** Where the hub stands, between two turns. */
export interface Standing {
  readonly sequence: number
  readonly partitions: ReadonlyArray<number>
  readonly facts: number
  readonly at: number
}

export interface SnapshotSource {
  /** Runs `look` between two commands, and answers once all that it saw is in the journal. */
  readonly view: <A>(look: (book: ActorBook) => A) => Effect.Effect<A, SnapshotFailed>
  /** Called after each slice, which cost so much of the hub's time. */
  readonly rest: (costMs: number) => Effect.Effect<void>
  /** As of the turn before the one that asks. */
  readonly standing: () => Standing
  readonly remembered: Remembered
}

const encoder = new TextEncoder()

/**
 * `name` makes this snapshot's parts different from any other's. `before` is the newest that this hub knows of, whose sealed
 * ids are kept; not when another hub has published one since, which may have removed them.
 */
export const takeSnapshot = Effect.fnUntraced(function* (
  source: SnapshotSource,
  snapshots: SnapshotsShape,
  name: string,
  before: Snapshot | undefined
) {
  const replaced = yield* snapshots.latest
  const start = yield* source.view((book) => ({
    standing: source.standing(),
    states: stateTexts(book, [...book.names()]),
    spanning: recordTexts(book.spanningRecords())
  }))
  const states = yield* writeInSlices(
    source,
    source.view(slicesOf(start.states)),
    new PartWriter(snapshots, `${name}.states`)
  )
  // They do not change: what is made of them need not wait for a turn.
  const spanning = yield* writeInSlices(
    source,
    Effect.sync(slicesOf(start.spanning)),
    new PartWriter(snapshots, `${name}.spanning`)
  )
  const kept = replaced?.revision === before?.revision ? (before?.manifest.ids ?? []) : []
  const ids = yield* storeIds(source.remembered, snapshots, name, kept)
  const manifest: Manifest = { v: 1, ...start.standing, states, spanning, ids }
  const snapshot = yield* snapshots.publish(manifest, replaced)
  // Parts that are left over cost only disk; the next snapshot tries again.
  yield* Effect.ignore(snapshots.prune(snapshot))
  return snapshot
})

interface Slice {
  readonly text: string
  readonly costMs: number
  readonly isLast: boolean
}

/** What this round of the event loop has to send leaves before anything is done that can wait. */
const afterThisRound: Effect.Effect<void> = Effect.callback((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Answers the names of the parts. Between two slices others get their turn, also where taking one needs none. */
const writeInSlices = Effect.fnUntraced(function* (
  { rest }: SnapshotSource,
  take: Effect.Effect<Slice, SnapshotFailed>,
  parts: PartWriter
) {
  for (;;) {
    const { costMs, isLast, text } = yield* take
    yield* parts.write(text)
    if (isLast) return yield* parts.finish
    yield* rest(costMs)
    yield* afterThisRound
  }
})

/** Each call takes texts until its time is over; one at least, if there is one. */
const slicesOf = (texts: Iterable<string>): (() => Slice) => {
  const remaining = texts[Symbol.iterator]()
  let next: IteratorResult<string, unknown> | undefined
  return () => {
    const startedMs = performance.now()
    let text = ""
    let costMs = 0
    next ??= remaining.next()
    while (next.done !== true && costMs < SNAPSHOT_SLICE_MS) {
      text += next.value
      next = remaining.next()
      costMs = performance.now() - startedMs
    }
    return { text, costMs, isLast: next.done === true }
  }
}

/** Writes text as parts of one size, wherever a line ends: a hot SKU with its holds may be longer than a part. */
class PartWriter {
  private readonly snapshots: SnapshotsShape
  private readonly name: string
  private readonly parts: Array<string> = []
  private pending: Array<Uint8Array> = []
  private pendingBytes = 0

  constructor(snapshots: SnapshotsShape, name: string) {
    this.snapshots = snapshots
    this.name = name
  }

  write(text: string): Effect.Effect<void, SnapshotFailed> {
    return Effect.suspend(() => {
      const added = encoder.encode(text)
      this.pending.push(added)
      this.pendingBytes += added.length
      return this.flush(SNAPSHOT_CHUNK_BYTES)
    })
  }

  readonly finish: Effect.Effect<ReadonlyArray<string>, SnapshotFailed> = Effect.suspend(() =>
    Effect.as(this.flush(1), this.parts)
  )

  /** Puts parts out for as long as at least `sizeMin` bytes wait. */
  private flush(sizeMin: number): Effect.Effect<void, SnapshotFailed> {
    if (this.pendingBytes < sizeMin) return Effect.void
    const part = `${this.name}.${this.parts.length}`
    this.parts.push(part)
    return Effect.andThen(
      this.snapshots.put(part, this.takePart()),
      Effect.suspend(() => this.flush(sizeMin))
    )
  }

  private takePart(): Uint8Array {
    const part = new Uint8Array(Math.min(SNAPSHOT_CHUNK_BYTES, this.pendingBytes))
    let filled = 0
    while (filled < part.length) {
      const next = this.pending.shift() as Uint8Array
      const fitting = next.subarray(0, part.length - filled)
      part.set(fitting, filled)
      filled += fitting.length
      if (fitting.length < next.length) this.pending.unshift(next.subarray(fitting.length))
    }
    this.pendingBytes -= part.length
    return part
  }
}

/** Sealed generations do not change: those that the last snapshot has are kept as they are. */
const storeIds = Effect.fnUntraced(function* (
  remembered: Remembered,
  snapshots: SnapshotsShape,
  name: string,
  kept: ReadonlyArray<IdsPart>
) {
  const stored: Array<IdsPart> = []
  for (const generation of remembered.generations.slice()) {
    const known = kept.find(
      (part) =>
        part.base === generation.base && part.startedAt === generation.startedAt && part.count === generation.count
    )
    stored.push(known ?? (yield* storeGeneration(generation, snapshots, name)))
  }
  return stored
})

const storeGeneration = Effect.fnUntraced(function* (generation: Generation, snapshots: SnapshotsShape, name: string) {
  const { startedAt, base, count } = generation
  const bytes = generation.encode()
  const parts: Array<string> = []
  const chunk = SNAPSHOT_CHUNK_BYTES - (SNAPSHOT_CHUNK_BYTES % 14)
  for (let offset = 0; offset < bytes.length; offset += chunk) {
    const part = `${name}.ids.${base}.${parts.length}`
    yield* snapshots.put(part, bytes.subarray(offset, offset + chunk))
    parts.push(part)
  }
  return { startedAt, base, count, parts }
})
