/**
 * What a host is given: its settings, the streams that it works with, and what it runs on.
 */
import type { Clock, Effect } from "effect"
import type { JournalRecord } from "../../actors/sku/events.ts"
import type { DeadLettersShape } from "../../streams/dead-letters.ts"
import type { JournalShape } from "../../streams/journal.ts"
import type { RecentCommits } from "../../streams/recent-commits.ts"
import type { TimersShape } from "../../streams/timers.ts"

export interface HostOptions {
  /** Names this hub in its commits; no dash in it. */
  readonly owner: string
  readonly partitions: number
  readonly idempotencyWindowMs: number
  readonly idempotencyIdsMax: number
  /**
   * Turns in flight at once. More than one needs a journal on one server with one partition: a replicated one refuses
   * a fence that is still on its way, and of two partitions the later could be stored without the earlier.
   */
  readonly flightsMax: 1 | 2
  /** A snapshot is taken when so many records came after the last one: they are what a start has to fold. */
  readonly snapshotEveryRecords: number
  /** So much mail is worth a commit of its own while another is in flight; less gathers on. */
  readonly followingCommandsMin: number
  /** So many answers of a turn are written down while its append is under way; fewer are soon written afterwards. */
  readonly stagedAnswersMin: number
}

export interface Ports<R = JournalRecord> {
  readonly journal: JournalShape<R>
  readonly recent: RecentCommits<R>
  readonly timers: TimersShape
  readonly deadLetters: DeadLettersShape
}

/** What the host runs on. */
export interface Runtime {
  readonly clock: Clock.Clock
  /** Runs what has to wait for something, and interrupts it when the host is to end. */
  readonly start: (work: Effect.Effect<unknown, unknown>) => void
}
