/**
 * A host of any kind of actors on a journal of the test's own, with one partition and no timers.
 */
import { Clock, Effect } from "effect"
import { claim } from "../../src/host/claim.ts"
import type { ActorBook, Kind } from "../../src/host/kind.ts"
import type { AnyMail } from "../../src/host/mail.ts"
import { DeadLetters } from "../../streams/dead-letters.ts"
import type { JournalShape } from "../../streams/journal.ts"
import { RecentCommits } from "../../streams/recent-commits.ts"
import { Snapshots } from "../../streams/snapshots.ts"

export const claimHost = Effect.fnUntraced(function* <R, M extends AnyMail, B extends ActorBook<R>>(
  kind: Kind<R, M, B>,
  owner: string,
  journal: JournalShape<R>
) {
  const start = Effect.runForkWith(yield* Effect.context())
  return yield* claim({
    kind,
    options: {
      owner,
      partitions: 1,
      idempotencyWindowMs: 3_600_000,
      idempotencyIdsMax: 1_000,
      flightsMax: 2,
      followingCommandsMin: 1,
      stagedAnswersMin: 1,
      snapshotEveryRecords: 1_000_000
    },
    ports: {
      journal,
      recent: new RecentCommits<R>(),
      timers: { arm: () => undefined, watch: () => Effect.never },
      deadLetters: yield* DeadLetters
    },
    snapshots: yield* Snapshots,
    clock: yield* Clock.Clock,
    start
  })
})
