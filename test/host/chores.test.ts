/**
 * Goal: hosts look for what has ended at the same moments, often while something ends soon and seldom while nothing does.
 * Method: hosts of the test's own under its clock.
 */
import assert from "node:assert/strict"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { describe, it } from "vitest"
import { Deadlines } from "../../actors/stock/deadlines.ts"
import { chores } from "../../src/host/chores.ts"

/** A host that does nothing; when it was tended, and when it was told to end what is due. */
class Host {
  readonly tended: Array<number> = []
  readonly told: Array<number> = []
  readonly book = { deadlines: new Deadlines<string>() }
  /** Actors are left to be put to sleep. */
  isMoreLeft = false
  private readonly clock: Clock.Clock

  constructor(clock: Clock.Clock) {
    this.clock = clock
  }

  readonly tend = (): boolean => {
    this.tended.push(this.clock.currentTimeMillisUnsafe())
    return this.isMoreLeft
  }

  readonly submit = (): void => void this.told.push(this.clock.currentTimeMillisUnsafe())
}

const play = <A>(scene: (newHost: () => Effect.Effect<Host>) => Effect.Effect<A>): Promise<A> =>
  Effect.runPromise(
    Effect.provide(
      Effect.gen(function* () {
        yield* TestClock.setTime(1_010)
        const clock = yield* Clock.Clock
        return yield* scene(() =>
          Effect.gen(function* () {
            const host = new Host(clock)
            yield* Effect.forkDetach(chores(host))
            yield* TestClock.adjust(0)
            return host
          })
        )
      }),
      TestClock.layer()
    )
  )

describe("chores", () => {
  it("are done at the same moments by all hosts, whenever they began", async () => {
    const [one, other] = await play((newHost) =>
      Effect.gen(function* () {
        const first = yield* newHost()
        yield* TestClock.adjust("20 millis")
        const second = yield* newHost()
        yield* TestClock.adjust("800 millis")
        return [first, second] as const
      })
    )
    assert.deepEqual(one.tended, [1_050, 1_250, 1_500, 1_750])
    assert.deepEqual(other.tended, one.tended)
    assert.deepEqual(one.told, [])
  })

  it("come twenty times a second while something ends soon, and end it within a twentieth", async () => {
    const host = await play((newHost) =>
      Effect.gen(function* () {
        const made = yield* newHost()
        made.book.deadlines.add("hold", 1_610)
        yield* TestClock.adjust("640 millis")
        made.book.deadlines.remove("hold", 1_610)
        yield* TestClock.adjust("600 millis")
        return made
      })
    )
    assert.deepEqual(host.told, [1_650])
    assert.deepEqual(host.tended, [1_050, 1_250, 1_500, 1_550, 1_600, 1_650, 1_700, 1_750, 2_000, 2_250])
  })

  it("end what was made for less than a quarter of a second by the end of it", async () => {
    const host = await play((newHost) =>
      Effect.gen(function* () {
        const made = yield* newHost()
        yield* TestClock.adjust("60 millis")
        made.book.deadlines.add("hold", 1_180)
        yield* TestClock.adjust("200 millis")
        return made
      })
    )
    assert.deepEqual(host.told, [1_250])
  })

  it("come as often while actors are left to be put to sleep", async () => {
    const host = await play((newHost) =>
      Effect.gen(function* () {
        const made = yield* newHost()
        made.isMoreLeft = true
        yield* TestClock.adjust("200 millis")
        return made
      })
    )
    assert.deepEqual(host.tended, [1_050, 1_100, 1_150, 1_200])
  })
})
