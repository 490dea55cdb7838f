/**
 * The journal: the record of everything, and the fence that keeps a second owner out.
 *
 * An append names, for each partition that it writes, the sequence it believes to be that partition's last; the server
 * refuses it when somebody else has written since. An append to several partitions is stored whole or not at all.
 *
 * J1 An acknowledged commit is read back by every later `last`, `get` and `scan`.
 * J2 Two appends with the same expectation: at most one is stored.
 * J3 A failed append may have been stored all the same (`AppendUncertain`): read `last` before going on.
 */
import { Context, Effect, Schema } from "effect"
import type { JournalRecord } from "../actors/sku/events.ts"
import type { StoredCommit } from "./codec.ts"

export interface Append {
  readonly partition: number
  /**
   * Sequence of the partition's last commit, 0 when it has none. `undefined`: the append stands in one call with another
   * to the same partition, and comes right behind it.
   */
  readonly expectedSequence: number | undefined
  /** The commit's. */
  readonly id: string
  /** The commit as `encodeCommit` wrote it. */
  readonly bytes: Uint8Array
}

/**
 * The append was not acknowledged. `conflict`: the server says the expectation is wrong, which is also what it says to
 * a repeat of a stored append. `timeout`, `unavailable`: nobody knows. `refused`: the server gave another reason.
 */
export class AppendUncertain extends Schema.TaggedError<AppendUncertain>()("AppendUncertain", {
  reason: Schema.Literals(["conflict", "timeout", "unavailable", "refused"]),
  detail: Schema.String
}) {}

/** The journal could not be read; trying again may help. */
export class JournalUnavailable extends Schema.TaggedError<JournalUnavailable>()("JournalUnavailable", {
  operation: Schema.String,
  detail: Schema.String
}) {}

export interface ScanRange {
  /** First sequence to visit. */
  readonly fromSequence: number
  /** Last sequence to visit; the scan ends there, or at the journal's end if that comes first. */
  readonly untilSequence: number
}

/** What became of an append, as far as the journal said. */
export type Settled = (outcome: ReadonlyArray<number> | AppendUncertain) => void

export type Visit<R = JournalRecord> = (commit: StoredCommit<R>) => unknown

/** How much one `read` may bring. */
export interface ReadBounds {
  readonly commitsMax: number
  /** Of stored text; the first commit comes however large it is. */
  readonly bytesMax: number
}

export interface JournalShape<R = JournalRecord> {
  /**
   * Stores the commits of one turn. `settled` is told each one's sequence, in order, or that this is not known: once, and maybe
   * before the call returns. Every turn waits for it, and a fiber that waits leaves more garbage than all that it decided.
   */
  readonly append: (appends: ReadonlyArray<Append>, settled: Settled) => void
  /** The partition's newest commit, as the leader knows it. */
  readonly last: (partition: number) => Effect.Effect<StoredCommit<R> | undefined, JournalUnavailable>
  readonly get: (sequence: number) => Effect.Effect<StoredCommit<R> | undefined, JournalUnavailable>
  /** The journal's newest sequence, 0 when it is empty. */
  readonly lastSequence: Effect.Effect<number, JournalUnavailable>
  /**
   * Consecutive commits from `fromSequence` on: a look at what is there, none when that is beyond the end. A copy of the
   * journal may answer that is a moment behind, so fewer than there are is no sign of the end.
   */
  readonly read: (
    fromSequence: number,
    bounds: ReadBounds
  ) => Effect.Effect<ReadonlyArray<StoredCommit<R>>, JournalUnavailable>
  /** Visits commits in order, as fast as they come; `visit` must not wait, and ends the scan by answering `false`. */
  readonly scan: (range: ScanRange, visit: Visit<R>) => Effect.Effect<void, JournalUnavailable>
}

/** `append` as an effect. */
export const appended = (
  journal: Pick<JournalShape<unknown>, "append">,
  appends: ReadonlyArray<Append>
): Effect.Effect<ReadonlyArray<number>, AppendUncertain> =>
  Effect.callback((resume) =>
    journal.append(appends, (outcome) =>
      resume(outcome instanceof AppendUncertain ? Effect.fail(outcome) : Effect.succeed(outcome))
    )
  )

export class Journal extends Context.Service<Journal, JournalShape>()("holdfast/streams/Journal") {}
