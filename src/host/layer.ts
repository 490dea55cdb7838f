/**
 * The host as a service: recovers, takes the partitions over, and keeps its small chores going until the scope closes.
 */
import { Clock, Context, Duration, Effect, FiberSet, Layer } from "effect"
import { SNAPSHOT_EVERY_MS_MIN, SNAPSHOT_REST_FACTOR } from "../../config/limits.ts"
import { DeadLetters } from "../../streams/dead-letters.ts"
import { Journal } from "../../streams/journal.ts"
import { Recent } from "../../streams/recent-commits.ts"
import { type Snapshot, SnapshotFailed, Snapshots, type SnapshotsShape } from "../../streams/snapshots.ts"
import { Timers } from "../../streams/timers.ts"
import { chores } from "./chores.ts"
import { type Claim, claim } from "./claim.ts"
import type { PartitionHost } from "./host.ts"
import type { ActorBook } from "./kind.ts"
import type { AnyMail } from "./mail.ts"
import type { HostOptions } from "./options.ts"
import { type SnapshotSource, takeSnapshot } from "./snapshotting.ts"

export class StockHost extends Context.Service<StockHost, PartitionHost>()("holdfast/src/host/StockHost") {
  static readonly layer = (kind: StockKind, options: HostOptions) => Layer.effect(StockHost, stock(kind, options))
}

type StockKind = PartitionHost["kind"]

const stock = Effect.fnUntraced(function* (kind: StockKind, options: HostOptions) {
  const ports = {
    journal: yield* Journal,
    recent: yield* Recent,
    timers: yield* Timers,
    deadLetters: yield* DeadLetters
  }
  return StockHost.of(yield* acquireHost({ kind, options, ports, snapshots: yield* Snapshots }))
})

type Wanted<R, M extends AnyMail, B extends ActorBook<R>> = Omit<Claim<R, M, B>, "clock" | "start">

/** A host that owns its partitions, with its chores, until the scope closes. */
export const acquireHost = Effect.fnUntraced(function* <R, M extends AnyMail, B extends ActorBook<R>>(
  wanted: Wanted<R, M, B>
) {
  const { ports, snapshots } = wanted
  const start = yield* FiberSet.makeRuntime<never>()
  const host = yield* claim({ ...wanted, clock: yield* Clock.Clock, start })
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(host.shut, SHUT_WITHIN)))
  yield* Effect.forkScoped(ports.timers.watch(() => host.submit({ kind: "due" })))
  yield* Effect.forkScoped(chores(host))
  const keeper = new SnapshotKeeper(host, snapshots, wanted.options.snapshotEveryRecords)
  yield* Effect.forkScoped(keeper.keep)
  yield* Effect.addFinalizer(() => keeper.atStop)
  return host
})

/** A turn that a silent journal holds up is given up: its senders have been told that its fate is not known. */
const SHUT_WITHIN = "5 seconds"

/** What taking snapshots needs of a host, whatever its kind. */
type AnyHost = Pick<PartitionHost, "remembered" | "standing" | "stats" | "recovered" | "isBusy" | "isOpen"> & {
  readonly view: <A>(look: (book: ActorBook) => A, done: (outcome: { readonly value: A } | undefined) => void) => void
}

const source = (host: AnyHost): SnapshotSource => ({
  remembered: host.remembered,
  standing: () => host.standing,
  rest: (costMs) => (host.isBusy ? Effect.sleep(Duration.millis(costMs * SNAPSHOT_REST_FACTOR)) : Effect.void),
  view: (look) =>
    Effect.callback((resume) => {
      host.view(look, (outcome) =>
        resume(
          outcome !== undefined
            ? Effect.succeed(outcome.value)
            : Effect.fail(new SnapshotFailed({ operation: "view", detail: "the hub does not take turns now" }))
        )
      )
    })
})

/** Below this a start folds them in a tenth of a second. */
const SNAPSHOT_ON_STOP_RECORDS = 20_000

/** Takes a snapshot when enough has happened since the last one, and one on a clean stop. */
class SnapshotKeeper {
  private readonly host: AnyHost
  private readonly snapshots: SnapshotsShape
  private readonly everyRecords: number
  private newest: Snapshot | undefined
  /** Of `stats.turnRecords`, what the newest snapshot covers; what recovery had to fold is not covered. */
  private coveredRecords: number
  private count = 0

  constructor(host: AnyHost, snapshots: SnapshotsShape, everyRecords: number) {
    this.everyRecords = everyRecords
    this.host = host
    this.snapshots = snapshots
    this.newest = host.recovered?.fromSnapshot
    this.coveredRecords = -(host.recovered?.foldedRecords ?? 0)
  }

  private get uncovered(): number {
    return this.host.stats.turnRecords - this.coveredRecords
  }

  private readonly take = Effect.suspend(() => {
    const records = this.host.stats.turnRecords
    const name = `${this.host.standing.sequence}-${this.count++}`
    return Effect.map(takeSnapshot(source(this.host), this.snapshots, name, this.newest), (snapshot) => {
      this.newest = snapshot
      this.coveredRecords = records
    })
  })

  readonly keep: Effect.Effect<never> = Effect.forever(
    Effect.andThen(
      Effect.sleep(SNAPSHOT_EVERY_MS_MIN),
      Effect.suspend(() => {
        if (this.uncovered < this.everyRecords) return Effect.void
        return Effect.catch(this.take, (failed) =>
          Effect.logWarning(
            `No snapshot was taken (${failed.operation}: ${failed.detail}); the next start takes longer.`
          )
        )
      })
    )
  )

  /** Leaves little to fold for the next start. */
  readonly atStop: Effect.Effect<void> = Effect.suspend(() =>
    !this.host.isOpen || this.uncovered < SNAPSHOT_ON_STOP_RECORDS
      ? Effect.void
      : Effect.ignore(Effect.timeout(this.take, "5 seconds"))
  )
}
