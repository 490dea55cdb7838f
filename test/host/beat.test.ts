/**
 * Goal: chores that begin at different times wake at the same.
 * Method: two of them under a clock of the test's own.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { describe, it } from "vitest"
import { nextBeat } from "../../src/host/beat.ts"

const chore = (woken: Array<number>) =>
  Effect.forkScoped(
    Effect.forever(
      Effect.tap(nextBeat(50), (at) =>
        Effect.sync(() => {
          woken.push(at)
        })
      )
    )
  )

describe("chores", () => {
  it("wake on a beat that is the same for all of them, whenever they began", async () => {
    const one: Array<number> = []
    const other: Array<number> = []
    const play = Effect.gen(function* () {
      yield* TestClock.setTime(1_010)
      yield* chore(one)
      yield* TestClock.adjust("20 millis")
      yield* chore(other)
      yield* TestClock.adjust("130 millis")
    })
    await Effect.runPromise(Effect.scoped(Effect.provide(play, TestClock.layer())))
    assert.deepEqual(one, [1_050, 1_100, 1_150])
    assert.deepEqual(other, one)
  })
})
