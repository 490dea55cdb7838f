/**
 * Goal: however many ask for the same page of a costly list, it is read once a second at most.
 * Method: a reading that counts how often it was asked for, under a clock of the test's own.
 */
import assert from "node:assert/strict"
import { Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import { describe, it } from "vitest"
import { sharedPages } from "../../src/projector/shared-pages.ts"
import type { ListQuery, Page } from "../../streams/projections/queries.ts"

const first = (): ListQuery => ({ after: undefined, limit: 10 })

interface Counted {
  reads: number
  isAway: boolean
}

const counted = () => {
  const list: Counted = { reads: 0, isAway: false }
  const read = (): Effect.Effect<Page, string> =>
    Effect.suspend(() => {
      const items = [{ read: ++list.reads }]
      return Effect.andThen(Effect.yieldNow, list.isAway ? Effect.fail("away") : Effect.succeed({ items }))
    })
  return { list, pages: sharedPages(read) }
}

const run = <A>(what: Effect.Effect<A, string>) => Effect.runPromise(Effect.provide(what, TestClock.layer()))

describe("a page that many ask for", () => {
  it("is read once for all who ask within a second, and again after it", async () => {
    const { list, pages } = counted()
    await run(
      Effect.gen(function* () {
        const page = yield* pages
        const asked = yield* Effect.all([page(first()), page(first())], { concurrency: "unbounded" })
        assert.deepEqual(asked, [{ items: [{ read: 1 }] }, { items: [{ read: 1 }] }])
        yield* TestClock.adjust("999 millis")
        assert.deepEqual(yield* page(first()), { items: [{ read: 1 }] })
        yield* TestClock.adjust("1 millis")
        assert.deepEqual(yield* page(first()), { items: [{ read: 2 }] })
      })
    )
    assert.equal(list.reads, 2)
  })

  it("is read by itself where another place or another length is asked for", async () => {
    const { list, pages } = counted()
    await run(
      Effect.gen(function* () {
        const page = yield* pages
        for (const asked of [first(), { ...first(), after: "north" }, { ...first(), limit: 11 }]) yield* page(asked)
      })
    )
    assert.equal(list.reads, 3)
  })

  it("is read again at once when it could not be", async () => {
    const { list, pages } = counted()
    await run(
      Effect.gen(function* () {
        const page = yield* pages
        list.isAway = true
        assert.deepEqual(yield* Effect.exit(page(first())), Exit.fail("away"))
        list.isAway = false
        assert.deepEqual(yield* page(first()), { items: [{ read: 2 }] })
      })
    )
  })
})
