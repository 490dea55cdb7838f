/**
 * Hubs that crash, come back and fight over one journal, on a clock and a chance that a seed decides.
 *
 * Nothing here is real but the host: the journal is the twin in memory behind faults, time is a test clock. A run ends
 * quietly (faults stop, everything open is asked again) and then every invariant must hold.
 */
import { Clock, Duration, Effect, FiberSet, Scope, Exit } from "effect"
import { TestClock } from "effect/testing"
import { DeadLetters } from "../../streams/dead-letters.ts"
import { RecentCommits } from "../../streams/recent-commits.ts"
import { partsOf, SnapshotFailed, Snapshots, type SnapshotsShape } from "../../streams/snapshots.ts"
import { claim } from "../../src/host/claim.ts"
import type { PartitionHost } from "../../src/host/host.ts"
import { submitView } from "../../src/gateway/requests.ts"
import { takeSnapshot } from "../../src/host/snapshotting.ts"
import { stockKind } from "../../src/host/stock-kind.ts"
import { type Faults, type FaultyJournal, makeFaultyJournal, noFaults } from "./faulty-journal.ts"
import { violations } from "./invariants.ts"
import { Random } from "./random.ts"
import { Shoppers } from "./shoppers.ts"

export interface SimulationOptions {
  readonly seed: number
  readonly steps: number
  readonly partitions: number
}

export interface SimulationReport {
  readonly violations: ReadonlyArray<string>
  readonly asked: number
  readonly commits: number
  readonly crashes: number
  readonly takeovers: number
  readonly snapshots: number
  /** Answers that were written down while their turn was on its way. */
  readonly staged: number
  readonly faults: ReadonlyMap<string, number>
}

interface Hub {
  readonly host: PartitionHost
  readonly scope: Scope.Closeable
}

/** Weights of what may go wrong in one step. */
const CRASH = 0.01
const SECOND_OWNER = 0.005
const SNAPSHOT = 0.02
/** A part, a manifest or a look at one takes so long: steps of two snapshots mix. */
const SNAPSHOT_STEP_MS_MAX = 15

export const simulate = Effect.fnUntraced(function* (options: SimulationOptions) {
  const random = new Random(options.seed)
  const faults: Faults = {
    lostAck: 0.05,
    lostAppend: 0.03,
    lateAppend: 0.02,
    spuriousConflict: 0.02,
    failedRead: 0.1,
    latencyMsMax: 5
  }
  let current = faults
  const striking = new Proxy(faults, { get: (_, name) => Reflect.get(current, name) as number })
  const journal = makeFaultyJournal(random, striking, Effect.runForkWith(yield* Effect.context()))
  const stored = yield* Snapshots.use((shape) => Effect.succeed(shape)).pipe(Effect.provide(Snapshots.layerMemory))
  const snapshots = slow(stored, () => Duration.millis(random.integer(0, SNAPSHOT_STEP_MS_MAX)))
  const shoppers = new Shoppers(random)
  const counts = { crashes: 0, takeovers: 0, snapshots: 0 }
  const missing = new Set<string>()
  let hub = yield* startHub(options, journal, snapshots, 0)
  for (let step = 1; step <= options.steps; step++) {
    for (let acts = random.integer(1, 6); acts > 0; acts--) shoppers.act(hub.host)
    hub.host.submit({ kind: "due" })
    yield* pass(random.integer(1, 40))
    hub.host.tend()
    if (random.chance(SNAPSHOT)) {
      const taking = yield* Effect.forkChild(takeOne(hub.host, snapshots, `s${step}`))
      yield* pass(100)
      if (taking.pollUnsafe() !== undefined) counts.snapshots++
    }
    if (random.chance(CRASH) || !hub.host.isOpen) {
      counts.crashes++
      yield* Scope.close(hub.scope, Exit.void)
      hub = yield* startHub(options, journal, snapshots, step)
    } else if (random.chance(SECOND_OWNER)) {
      // The old owner does not know yet: what it still decides must be fenced off.
      counts.takeovers++
      const old = hub
      yield* Effect.forkChild(takeOne(old.host, snapshots, `s${step}-old`))
      hub = yield* startHub(options, journal, snapshots, step)
      yield* Effect.forkChild(takeOne(hub.host, snapshots, `s${step}-new`))
      for (let acts = random.integer(1, 6); acts > 0; acts--) shoppers.act(old.host)
      yield* pass(300)
      yield* Scope.close(old.scope, Exit.void)
      for (const part of yield* missingParts(stored)) missing.add(part)
    }
  }
  current = noFaults
  for (let round = 0; round < 20; round++) {
    yield* pass(500)
    hub.host.tend()
    if (!hub.host.isOpen) hub = yield* startHub(options, journal, snapshots, options.steps + 1 + round)
    shoppers.insist(hub.host)
  }
  yield* pass(1_000)
  yield* Scope.close(hub.scope, Exit.void)
  const report: SimulationReport = {
    violations: [
      ...violations(journal.memory.stored, shoppers.book),
      ...Array.from(missing, (part) => `the newest snapshot named ${part}, which was not there`)
    ],
    asked: shoppers.book.length,
    commits: journal.memory.stored.length,
    ...counts,
    staged: shoppers.sentStaged,
    faults: journal.struck
  }
  return report
})

const slow = (snapshots: SnapshotsShape, step: () => Duration.Duration): SnapshotsShape => {
  const delay = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.suspend(() => Effect.andThen(Effect.sleep(step()), effect))
  return {
    latest: delay(snapshots.latest),
    get: (part) => delay(snapshots.get(part)),
    put: (part, bytes) => delay(snapshots.put(part, bytes)),
    publish: (manifest, after) => delay(snapshots.publish(manifest, after)),
    prune: (snapshot) => delay(snapshots.prune(snapshot))
  }
}

/** What the newest snapshot names though somebody has removed it. */
const missingParts = Effect.fnUntraced(function* (snapshots: SnapshotsShape) {
  const newest = yield* snapshots.latest
  const parts = newest === undefined ? [] : [...partsOf(newest.manifest)]
  return yield* Effect.filter(parts, (part) =>
    snapshots.get(part).pipe(
      Effect.as(false),
      Effect.catchTag("PartMissing", () => Effect.succeed(true))
    )
  )
})

/** Lets time pass, and what time has woken run. */
const pass = Effect.fnUntraced(function* (ms: number) {
  for (let passed = 0; passed < ms; passed += 5) {
    yield* TestClock.adjust(Duration.millis(5))
    yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
  }
})

const startHub = Effect.fnUntraced(function* (
  options: SimulationOptions,
  journal: FaultyJournal,
  snapshots: SnapshotsShape,
  step: number
) {
  const scope = yield* Scope.make()
  const deadLetters = yield* DeadLetters.use((shape) => Effect.succeed(shape)).pipe(
    Effect.provide(DeadLetters.layerMemory)
  )
  const start = yield* Scope.provide(FiberSet.makeRuntime<never>(), scope)
  const claiming = yield* Effect.forkIn(
    claim({
      kind: stockKind(20),
      options: {
        owner: `hub${step}`,
        partitions: options.partitions,
        idempotencyWindowMs: 24 * 3_600_000,
        idempotencyIdsMax: 1_000_000,
        flightsMax: options.partitions === 1 ? 2 : 1,
        followingCommandsMin: 1,
        stagedAnswersMin: 1,
        snapshotEveryRecords: 1_000_000
      },
      // Next to nothing is kept, so that repeats are read back from the journal.
      ports: {
        journal,
        recent: new RecentCommits({ bytesMax: 4_000, commitsMax: 8 }),
        timers: noTimers,
        deadLetters
      },
      snapshots,
      clock: yield* Clock.Clock,
      start
    }),
    scope
  )
  for (let waited = 0; claiming.pollUnsafe() === undefined && waited < 200; waited++) yield* pass(20)
  const claimed = claiming.pollUnsafe()
  if (claimed === undefined) return yield* Effect.die(new Error("the hub did not come up"))
  const host = yield* Effect.orDie(claimed)
  return { host, scope } satisfies Hub
})

const noTimers = { arm: () => undefined, watch: () => Effect.never }

const takeOne = (host: PartitionHost, snapshots: SnapshotsShape, name: string) => {
  const source = {
    remembered: host.remembered,
    standing: () => host.standing,
    rest: () => Effect.void,
    view: <A>(look: (book: PartitionHost["book"]) => A) =>
      Effect.callback<A, SnapshotFailed>((resume) =>
        submitView(host, look, (outcome) =>
          resume(
            "value" in outcome
              ? Effect.succeed(outcome.value)
              : Effect.fail(new SnapshotFailed({ operation: "view", detail: "closed" }))
          )
        )
      )
  }
  return Effect.flatMap(snapshots.latest, (before) => takeSnapshot(source, snapshots, name, before))
}
