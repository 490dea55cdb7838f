/**
 * Brings a hub to where the journal is: a snapshot, then the commits after it.
 */
import { Effect } from "effect"
import { RECOVERY_AWAKE_MAX } from "../../config/limits.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import type { JournalShape, JournalUnavailable } from "../../streams/journal.ts"
import type { Manifest, PartMissing, Snapshot, SnapshotFailed, SnapshotsShape } from "../../streams/snapshots.ts"
import type { ActorBook } from "./kind.ts"
import { type Fingerprint, Generation, type Remembered } from "./remembered.ts"
import { eachLine, restoreState, textOf } from "./snapshot-lines.ts"

export interface Recovered {
  /** The journal's last sequence, and each partition's. */
  readonly sequence: number
  readonly partitions: Array<number>
  /** Last consumed sequence of the FACTS stream. */
  readonly facts: number
  /** Milliseconds since the epoch of the newest commit. */
  readonly at: number
  readonly fromSnapshot: Snapshot | undefined
  readonly foldedRecords: number
}

export interface Memory<R> {
  readonly book: ActorBook<R>
  readonly remembered: Remembered
  readonly rememberedBy: (record: R) => ReadonlyArray<Fingerprint>
}

const PARTS_AT_ONCE = 8

/** `from`: the snapshot to begin with, if any; fails with `PartMissing` when it is not whole. */
export const recover = Effect.fnUntraced(function* <R>(
  memory: Memory<R>,
  partitions: number,
  from: Snapshot | undefined,
  sources: { readonly journal: JournalShape<R>; readonly snapshots: SnapshotsShape }
): Effect.fn.Return<Recovered, JournalUnavailable | SnapshotFailed | PartMissing> {
  const manifest = from?.manifest
  if (manifest !== undefined) yield* restore(memory, manifest, sources.snapshots)
  const state = {
    sequence: manifest?.sequence ?? 0,
    partitions: [...(manifest?.partitions ?? Array.from({ length: partitions }, () => 0))],
    facts: manifest?.facts ?? 0,
    at: manifest?.at ?? 0,
    foldedRecords: 0
  }
  const until = yield* sources.journal.lastSequence
  // The scan may be cut by a server that restarts; what it visited stays folded and it goes on from there.
  yield* Effect.retry(
    Effect.suspend(() =>
      sources.journal.scan({ fromSequence: state.sequence + 1, untilSequence: until }, (commit) => {
        fold(memory, commit)
        state.sequence = commit.sequence
        state.partitions[commit.partition] = commit.sequence
        state.facts = Math.max(state.facts, commit.facts)
        state.at = Math.max(state.at, commit.at)
        state.foldedRecords += commit.records.length
        if (memory.book.awakeCount > RECOVERY_AWAKE_MAX) memory.book.sweep(Number.MAX_SAFE_INTEGER, true)
      })
    ),
    { times: 5 }
  )
  return { ...state, fromSnapshot: from }
})

const fold = <R>(memory: Memory<R>, commit: StoredCommit<R>): void => {
  for (const [index, record] of commit.records.entries()) {
    memory.book.apply(record, commit.at)
    for (const id of memory.rememberedBy(record)) {
      memory.remembered.add(id, { sequence: commit.sequence, index }, commit.at)
    }
  }
}

const restore = Effect.fnUntraced(function* <R>(memory: Memory<R>, manifest: Manifest, snapshots: SnapshotsShape) {
  yield* eachLine(manifest.states, snapshots, (line) => restoreState(memory.book, line))
  yield* eachLine(manifest.spanning, snapshots, (line) => {
    memory.book.apply(JSON.parse(textOf(line)) as R, manifest.at)
  })
  for (const { startedAt, base, parts: names } of manifest.ids) {
    const generation = new Generation(startedAt, base)
    for (const bytes of yield* Effect.forEach(names, snapshots.get, { concurrency: PARTS_AT_ONCE })) {
      generation.decode(bytes)
    }
    memory.remembered.restore(generation)
  }
})
