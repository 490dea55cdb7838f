/**
 * Goal: a projection is kept up to date whatever happens to what it keeps, and is left in peace while it starts over.
 * Method: a projection in memory that can be spoiled, over the journal's twin, on a clock that the test moves.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { appendOf } from "../../src/host/ownership.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import { appended } from "../../streams/journal.ts"
import { makeMemoryJournal } from "../../streams/journal.memory.ts"
import { Head } from "../../streams/projections/head.ts"
import {
  type Checkpoint,
  type Projection,
  ProjectionFailed,
  ProjectionRunner
} from "../../streams/projections/runner.ts"

const START_OVER_SECONDS = 5

class Kept {
  checkpoint: Checkpoint | undefined = { sequence: 0 }
  applied: Array<number> = []
  /** Commits in each. */
  batches: Array<number> = []
  /** Whether it may pause in each. */
  pauses: Array<boolean> = []
  startedOver = 0
  failures = 0
  /** What a batch costs. */
  costMs = 0

  readonly projection: { -readonly [Name in keyof Projection]: Projection[Name] } = {
    name: "kept",
    recordsMax: 10,
    goesInSteps: false,
    gatherMs: 10,
    visitMs: 0,
    isWatched: true,
    prepare: Effect.void,
    checkpoint: Effect.sync(() => this.checkpoint),
    startOver: Effect.andThen(
      Effect.sleep(Duration.seconds(START_OVER_SECONDS)),
      Effect.sync(() => {
        this.startedOver++
        this.applied = []
        this.checkpoint = { sequence: 0 }
      })
    ),
    apply: (commits, pause) =>
      Effect.suspend(() => {
        this.pauses.push(pause !== undefined)
        for (const untilMs = performance.now() + this.costMs; performance.now() < untilMs;);
        if (this.failures-- > 0) return Effect.fail(new ProjectionFailed({ projection: "kept", detail: "away" }))
        for (const { sequence } of commits) this.applied.push(sequence)
        this.batches.push(commits.length)
        const last = commits[commits.length - 1] as StoredCommit
        this.checkpoint = { sequence: last.sequence, commitId: last.id }
        return Effect.void
      })
  }
}

const setUp = Effect.gen(function* () {
  const journal = makeMemoryJournal()
  const hub = { isBusy: false }
  const head = new Head(() => hub.isBusy)
  const kept = new Kept()
  const growing = Effect.fnUntraced(function* (isBusy: boolean, commits = 1) {
    for (let last = journal.stored.length, end = last + commits; last < end; last++) {
      yield* appended(journal, [appendOf(0, [last], { id: `c-${last + 1}`, at: 1, facts: 0, records: [] })])
    }
    hub.isBusy = isBusy
    head.advance(journal.stored.length)
  })
  const runner = new ProjectionRunner(kept.projection, { journal, head, onApplied: () => undefined })
  return {
    kept,
    head,
    hub,
    grow: growing(false),
    growAtOnce: (commits: number) => growing(false, commits),
    growInRush: growing(true),
    running: yield* Effect.forkChild(runner.run)
  }
})

const pass = Effect.fnUntraced(function* (seconds: number) {
  for (let passed = 0; passed < seconds * 20; passed++) {
    yield* TestClock.adjust("50 millis")
    yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
  }
})

/** One whose hub is busy: the first batch cost something, and a second commit waits. */
const inRush = Effect.fnUntraced(function* ({ seconds }: { readonly seconds: number }) {
  const made = yield* setUp
  yield* pass(seconds)
  made.kept.costMs = 20
  for (let commit = 0; commit < 2; commit++) {
    yield* made.growInRush
    yield* pass(0.05)
  }
  return made
})

describe("a projection", () => {
  it.effect("takes every commit once, in order, through failures", () =>
    Effect.gen(function* () {
      const { kept, grow, running } = yield* setUp
      yield* Effect.forEach([1, 2, 3], () => grow)
      yield* pass(1)
      kept.failures = 3
      yield* grow
      yield* pass(10)
      assert.deepEqual(kept.applied, [1, 2, 3, 4])
      yield* Fiber.interrupt(running)
    })
  )

  it.effect("whose checkpoint is taken away starts over once, however long that takes", () =>
    Effect.gen(function* () {
      const { kept, grow, running } = yield* setUp
      yield* Effect.forEach([1, 2, 3], () => grow)
      yield* pass(1)
      kept.checkpoint = undefined
      yield* pass(START_OVER_SECONDS * 3)
      assert.equal(kept.startedOver, 1)
      assert.deepEqual(kept.applied, [1, 2, 3])
      yield* Fiber.interrupt(running)
    })
  )

  it.effect("lets commits gather for so long, or until so many have", () =>
    Effect.gen(function* () {
      const { kept, grow, growAtOnce, running } = yield* setUp
      Object.assign(kept.projection, { gatherMs: 1_000, gatherCommitsMax: 3 })
      yield* grow
      yield* pass(0.1)
      yield* grow
      yield* pass(0.5)
      assert.deepEqual(kept.batches, [1])
      yield* growAtOnce(2)
      yield* pass(0.1)
      assert.deepEqual(kept.batches, [1, 3])
      yield* grow
      yield* pass(0.5)
      assert.deepEqual(kept.batches, [1, 3])
      yield* pass(0.5)
      assert.deepEqual(kept.batches, [1, 3, 1])
      yield* Fiber.interrupt(running)
    })
  )

  it.effect("that was written from another journal starts over", () =>
    Effect.gen(function* () {
      const { kept, grow, running } = yield* setUp
      kept.checkpoint = { sequence: 2, commitId: "other-2" }
      yield* Effect.forEach([1, 2, 3], () => grow)
      yield* pass(START_OVER_SECONDS * 3)
      assert.equal(kept.startedOver, 1)
      assert.deepEqual(kept.applied, [1, 2, 3])
      yield* Fiber.interrupt(running)
    })
  )

  it.effect("rests while the hub is busy, until somebody waits for it", () =>
    Effect.gen(function* () {
      const { kept, head, running } = yield* inRush({ seconds: 1 })
      assert.deepEqual(kept.applied, [1])
      head.hurry(2)
      yield* pass(0.05)
      assert.deepEqual(kept.applied, [1, 2])
      yield* Fiber.interrupt(running)
    })
  )

  it.effect("goes on when the rush is over, whatever rest is left", () =>
    Effect.gen(function* () {
      const { hub, kept, running } = yield* inRush({ seconds: 1 })
      yield* pass(1)
      assert.deepEqual(kept.applied, [1])
      hub.isBusy = false
      yield* pass(0.15)
      assert.deepEqual(kept.applied, [1, 2])
      yield* Fiber.interrupt(running)
    })
  )

  for (const { visitMs, taken } of [
    { visitMs: 0, taken: [1, 2] },
    { visitMs: 60_000, taken: [1, 2, 3, 4] }
  ]) {
    it.effect(`takes ${taken.length - 1} batches between two rests of a rush when it may work for ${visitMs} ms`, () =>
      Effect.gen(function* () {
        const { growInRush, kept, running } = yield* inRush({ seconds: 1 })
        kept.projection.visitMs = visitMs
        // Whatever is more than one commit.
        kept.projection.recordsMax = -1
        for (let commit = 0; commit < 2; commit++) yield* growInRush
        // A rest lasts from 1.2 to 2 s: a batch costs 20 ms of the machine's time, or more if the machine has more to do.
        yield* pass(2.1)
        assert.deepEqual(kept.applied, taken)
        yield* Fiber.interrupt(running)
      })
    )
  }

  it.effect("does not rest when it is ten seconds behind, however busy the hub is", () =>
    Effect.gen(function* () {
      const { kept, running } = yield* inRush({ seconds: 11 })
      assert.deepEqual(kept.applied, [1, 2])
      yield* Fiber.interrupt(running)
    })
  )

  // All commits are of the first millisecond.
  for (const { seconds, how, batches } of [
    { seconds: 0.5, how: "in pieces while it keeps up", batches: [1, 24, 24, 12] },
    { seconds: 5, how: "at once when it is behind", batches: [1, 60] }
  ]) {
    it.effect(`takes what has come meanwhile ${how}`, () =>
      Effect.gen(function* () {
        const { grow, growAtOnce, kept, running } = yield* setUp
        yield* pass(seconds)
        yield* grow
        yield* pass(0.05)
        yield* growAtOnce(60)
        yield* pass(0.3)
        assert.deepEqual(kept.batches, batches)
        yield* Fiber.interrupt(running)
      })
    )
  }

  // All commits are of the first millisecond.
  for (const { seconds, how, pauses } of [
    { seconds: 0.3, how: "may pause in what came at once while it keeps up", pauses: [false, true] },
    { seconds: 5, how: "may not when it is behind", pauses: [false, false] }
  ]) {
    it.effect(`that goes in steps ${how}`, () =>
      Effect.gen(function* () {
        const { grow, growAtOnce, kept, running } = yield* setUp
        kept.projection.goesInSteps = true
        yield* pass(seconds)
        yield* grow
        yield* pass(0.05)
        yield* growAtOnce(60)
        yield* pass(0.3)
        assert.deepEqual(kept.batches, [1, 60])
        assert.deepEqual(kept.pauses, pauses)
        yield* Fiber.interrupt(running)
      })
    )
  }
})
