/**
 * The journal's twin in memory: the same rules without a server, for tests and simulations.
 *
 * Commits go through the codec, so what a test reads back is what a server would have kept.
 */
import { Effect, Layer } from "effect"
import type { JournalRecord } from "../actors/sku/events.ts"
import { decodeCommit, type StoredCommit } from "./codec.ts"
import { type Append, AppendUncertain, Journal, type JournalShape } from "./journal.ts"

export interface MemoryJournal<R = JournalRecord> extends JournalShape<R> {
  /** Everything stored, oldest first. */
  readonly stored: ReadonlyArray<StoredCommit<R>>
}

export const makeMemoryJournal = <R = JournalRecord>(): MemoryJournal<R> => {
  const stored: Array<StoredCommit<R>> = []
  const lastOf = (partition: number): StoredCommit<R> | undefined =>
    stored.findLast((commit) => commit.partition === partition)

  const store = (appends: ReadonlyArray<Append>): ReadonlyArray<number> | AppendUncertain => {
    for (const { partition, expectedSequence } of appends) {
      if (expectedSequence === undefined) continue
      const last = lastOf(partition)?.sequence ?? 0
      if (last !== expectedSequence) {
        return new AppendUncertain({ reason: "conflict", detail: `wrong last sequence: ${last}` })
      }
    }
    return appends.map(({ partition, bytes }) => {
      const sequence = stored.length + 1
      stored.push({ ...decodeCommit<R>(bytes), partition, sequence, sizeBytes: bytes.length })
      return sequence
    })
  }

  return {
    stored,
    append: (appends, settled) => settled(store(appends)),
    last: (partition) => Effect.sync(() => lastOf(partition)),
    get: (sequence) => Effect.sync(() => stored[sequence - 1]),
    lastSequence: Effect.sync(() => stored.length),
    read: (fromSequence, { commitsMax, bytesMax }) =>
      Effect.sync(() => {
        const commits: Array<StoredCommit<R>> = []
        let bytes = 0
        for (const commit of stored.slice(Math.max(0, fromSequence - 1), fromSequence - 1 + commitsMax)) {
          bytes += commit.sizeBytes
          if (commits.length > 0 && bytes > bytesMax) break
          commits.push(commit)
        }
        return commits
      }),
    scan: ({ fromSequence, untilSequence }, visit) =>
      Effect.sync(() => {
        for (const commit of stored.slice(Math.max(0, fromSequence - 1), untilSequence)) {
          if (visit(commit) === false) return
        }
      })
  }
}

export const journalMemory: Layer.Layer<Journal> = Layer.sync(Journal, () => makeMemoryJournal())
