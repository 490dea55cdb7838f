/**
 * Goal: what the hub hands to its projector thread is what the journal has, and what it does not hand is read there.
 * Method: commits stored in the journal's twin, handed as the hub hands them, and read as a projection reads them.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { describe, it } from "vitest"
import { HANDED_BYTES_MAX, HANDED_COMMITS_MAX } from "../../config/limits.ts"
import { appendOf } from "../../src/host/ownership.ts"
import { Handed, handedFrom, readingHanded } from "../../src/projector/handed.ts"
import { appended, type ReadBounds } from "../../streams/journal.ts"
import { makeMemoryJournal } from "../../streams/journal.memory.ts"
import { RecentCommits } from "../../streams/recent-commits.ts"

const BOUNDS = { commitsMax: 2 * HANDED_COMMITS_MAX, bytesMax: 1024 * 1024 * 1024 }

/** A hub and its thread; `note`: text in each commit, to make it large. */
const setUp = async (commits: number, note = "") => {
  const journal = makeMemoryJournal<string>()
  const recent = new RecentCommits<string>()
  const handed = new Handed<string>()
  const grow = async (by: number): Promise<void> => {
    for (let commit = 0; commit < by; commit++) {
      const last = journal.stored.length
      const made = { id: `c-${last + 1}`, at: last, facts: 0, records: [`r-${last + 1} ${note}`] }
      const append = appendOf(0, [last], made)
      await Effect.runPromise(appended(journal, [append]))
      recent.push({ ...made, partition: 0, sequence: last + 1, sizeBytes: append.bytes.length }, append.bytes)
    }
  }
  await grow(commits)
  const asked: Array<number> = []
  const asking = {
    ...journal,
    read: (first: number, bounds: ReadBounds) => {
      asked.push(first)
      return journal.read(first, bounds)
    }
  }
  const [reading, other] = [readingHanded(asking, handed), readingHanded(asking, handed)]
  return {
    handed,
    recent,
    grow,
    /** Sequences that the journal was asked from. */
    asked,
    hand: (after: number, until: number): boolean => {
      const some = handedFrom(recent, after, until)
      if (some !== undefined) handed.take(structuredClone(some, { transfer: [some.texts.buffer] }))
      return some !== undefined
    },
    read: (first: number, bounds = BOUNDS) => Effect.runPromise(reading.read(first, bounds)),
    /** Another projection does. */
    readToo: (first: number, bounds = BOUNDS) => Effect.runPromise(other.read(first, bounds)),
    failure: (first: number) => Effect.runPromise(Effect.flip(reading.read(first, BOUNDS))),
    stored: (first: number, bounds = BOUNDS) => Effect.runPromise(journal.read(first, bounds))
  }
}

describe("commits that the hub hands over", () => {
  it("are read as they stand in the journal, which is not asked", async () => {
    const { asked, hand, read, stored } = await setUp(10)
    hand(0, 4)
    hand(4, 10)
    assert.deepEqual(await read(1), await stored(1))
    assert.deepEqual(await read(6), await stored(6))
    assert.deepEqual(asked, [])
  })

  it("are read once for all projections", async () => {
    const { hand, read, readToo } = await setUp(3)
    hand(0, 3)
    const [first] = await read(2)
    assert.equal((await readToo(2))[0], first)
  })

  it("are forgotten when all projections have read them, and one that goes back asks the journal", async () => {
    const { asked, hand, read, readToo, stored } = await setUp(10)
    hand(0, 10)
    await read(1)
    await readToo(1, { ...BOUNDS, commitsMax: 4 })
    assert.deepEqual(await readToo(5), await stored(5))
    assert.deepEqual(asked, [])
    assert.deepEqual(await read(5), await stored(5))
    assert.deepEqual(asked, [5])
  })

  it("are read in as many as are asked for", async () => {
    const { hand, read } = await setUp(10)
    hand(0, 10)
    assert.equal((await read(3, { ...BOUNDS, commitsMax: 4 })).length, 4)
    assert.equal((await read(3, { ...BOUNDS, bytesMax: 1 })).length, 1)
  })

  it("are forgotten when some between them and the next are not handed", async () => {
    const { asked, hand, read, stored } = await setUp(10)
    hand(0, 4)
    hand(6, 10)
    assert.deepEqual(await read(3), await stored(3))
    assert.deepEqual(asked, [3])
    assert.deepEqual(await read(7), await stored(7))
    assert.deepEqual(asked, [3])
  })

  it("are no more than the thread may have before it", async () => {
    const { hand } = await setUp(HANDED_COMMITS_MAX + 1)
    assert.equal(hand(0, HANDED_COMMITS_MAX + 1), false)
    assert.equal(hand(1, HANDED_COMMITS_MAX + 1), true)
    assert.equal(hand(HANDED_COMMITS_MAX + 1, HANDED_COMMITS_MAX + 1), false)
  })

  it("are none where the hub has not all of them at hand", async () => {
    const { hand, recent } = await setUp(3)
    recent.clear()
    assert.equal(hand(0, 3), false)
  })

  it("fail as the journal does when they cannot be read, so that whoever reads them tries again", async () => {
    const { failure, handed } = await setUp(0)
    handed.take({ first: 1, partitions: [0], sizes: [4], texts: new TextEncoder().encode("{no}") })
    assert.equal((await failure(1))._tag, "JournalUnavailable")
  })

  it("are kept up to a number and a size", async () => {
    const { asked, grow, hand, read, stored } = await setUp(HANDED_COMMITS_MAX)
    hand(0, HANDED_COMMITS_MAX)
    await grow(1)
    hand(HANDED_COMMITS_MAX, HANDED_COMMITS_MAX + 1)
    assert.equal((await read(2)).length, HANDED_COMMITS_MAX)
    assert.deepEqual(asked, [])
    assert.deepEqual(await read(1), await stored(1))
    assert.deepEqual(asked, [1])

    const large = await setUp(5, "x".repeat(HANDED_BYTES_MAX / 4))
    assert.equal(large.hand(0, 5), false)
    for (let after = 0; after < 5; after++) large.hand(after, after + 1)
    assert.equal((await large.read(3)).length, 3)
    assert.deepEqual(large.asked, [])
    await large.read(2)
    assert.deepEqual(large.asked, [2])
  })
})
