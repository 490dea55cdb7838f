/**
 * What any journal must do. Run against the twin in memory and against a real server; see `streams/journal.ts`.
 */
import { assert, describe, it } from "vitest"
import { Effect, Exit } from "effect"
import { type Commit, encodeCommit, type StoredCommit } from "../../streams/codec.ts"
import { type Append, appended, type JournalShape } from "../../streams/journal.ts"

export type WithJournal = <A>(use: (journal: JournalShape) => Effect.Effect<A, unknown>) => Promise<A>

const commit = (id: string, records = 1): Commit => ({
  id,
  at: 1_700_000_000_000,
  facts: 7,
  records: Array.from({ length: records }, (_, index) => ({
    type: "receipt" as const,
    sku: `${id}-ü-${index}`,
    version: 1,
    mutationId: `m${index}`,
    quantity: 1,
    physical: 1,
    allocated: 0
  }))
})

const append = (partition: number, expectedSequence: number, id: string, records = 1): Append => ({
  partition,
  expectedSequence,
  id,
  bytes: encodeCommit(commit(id, records))
})

/** Each test gets a journal of its own with partitions 0 to 3. */
export const journalKit = (name: string, withJournal: WithJournal): void => {
  describe(`a journal (${name})`, () => {
    itReads(withJournal)
    itFences(withJournal)
  })
}

const itReads = (withJournal: WithJournal): void => {
  it("is empty at first", () =>
    withJournal((journal) =>
      Effect.gen(function* () {
        assert.equal(yield* journal.lastSequence, 0)
        assert.isUndefined(yield* journal.last(0))
        assert.isUndefined(yield* journal.get(1))
        const seen: Array<StoredCommit> = []
        yield* journal.scan({ fromSequence: 1, untilSequence: 100 }, (one) => seen.push(one))
        assert.lengthOf(seen, 0)
      })
    ))

  it("gives back what was appended", () =>
    withJournal((journal) =>
      Effect.gen(function* () {
        const [sequence] = yield* appended(journal, [append(2, 0, "a", 3)])
        const stored = yield* journal.get(sequence as number)
        assert.deepInclude(stored as object, { ...commit("a", 3), partition: 2, sequence })
        assert.deepEqual(yield* journal.last(2), stored)
        assert.equal(yield* journal.lastSequence, sequence)
      })
    ))

  it("reads what is there from a place on, within bounds, and nothing beyond the end", () =>
    withJournal((journal) =>
      Effect.gen(function* () {
        for (let n = 1; n <= 12; n++) yield* appended(journal, [append(n % 3, Math.max(0, n - 3), `c${n}`)])
        const ids = (commits: ReadonlyArray<StoredCommit>) => commits.map(({ id, sequence }) => `${sequence} ${id}`)
        const few = yield* journal.read(3, { commitsMax: 4, bytesMax: 1_000_000 })
        assert.deepEqual(ids(few), ["3 c3", "4 c4", "5 c5", "6 c6"])
        assert.deepEqual(few[0], yield* journal.get(3))
        assert.deepEqual(ids(yield* journal.read(11, { commitsMax: 100, bytesMax: 1_000_000 })), ["11 c11", "12 c12"])
        assert.lengthOf(yield* journal.read(1, { commitsMax: 100, bytesMax: 1 }), 1)
        assert.lengthOf(yield* journal.read(13, { commitsMax: 100, bytesMax: 1_000_000 }), 0)
      })
    ))

  it("reads of an empty journal nothing", () =>
    withJournal((journal) =>
      Effect.map(journal.read(1, { commitsMax: 10, bytesMax: 1_000 }), (commits) => assert.lengthOf(commits, 0))
    ))

  it("scans in order from the middle, up to an end, until the visitor has enough", () =>
    withJournal((journal) =>
      Effect.gen(function* () {
        let last = 0
        for (let n = 1; n <= 30; n++) last = (yield* appended(journal, [append(0, last, `c${n}`)]))[0] as number
        const seen: Array<string> = []
        yield* journal.scan({ fromSequence: 11, untilSequence: 20 }, (one) => seen.push(one.id))
        assert.deepEqual(
          seen,
          Array.from({ length: 10 }, (_, n) => `c${n + 11}`)
        )
        const some: Array<number> = []
        yield* journal.scan({ fromSequence: 1, untilSequence: 30 }, (one) => {
          some.push(one.sequence)
          return one.sequence < 5
        })
        assert.deepEqual(some, [1, 2, 3, 4, 5])
      })
    ))
}

const itFences = (withJournal: WithJournal): void => {
  it("refuses an append whose partition has gone on, and stores nothing of it", () =>
    withJournal((journal) =>
      Effect.gen(function* () {
        const [first] = yield* appended(journal, [append(0, 0, "a")])
        const stale = yield* Effect.exit(appended(journal, [append(0, 0, "b")]))
        assert.isTrue(Exit.isFailure(stale))
        assert.equal((yield* journal.last(0))?.id, "a")
        yield* appended(journal, [append(0, first as number, "c")])
        assert.equal((yield* journal.last(0))?.id, "c")
      })
    ))

  it("fences each partition by itself", () =>
    withJournal((journal) =>
      Effect.gen(function* () {
        yield* appended(journal, [append(0, 0, "a")])
        yield* appended(journal, [append(1, 0, "b")])
        assert.equal((yield* journal.last(0))?.id, "a")
        assert.equal((yield* journal.last(1))?.id, "b")
      })
    ))

  it("stores an append to several partitions whole or not at all", () =>
    withJournal((journal) =>
      Effect.gen(function* () {
        const sequences = yield* appended(journal, [append(0, 0, "a"), append(1, 0, "a"), append(3, 0, "a")])
        assert.deepEqual(sequences, [1, 2, 3])
        const stale = yield* Effect.exit(appended(journal, [append(0, 1, "b"), append(1, 0, "b")]))
        assert.isTrue(Exit.isFailure(stale))
        assert.equal((yield* journal.last(0))?.id, "a")
        assert.equal(yield* journal.lastSequence, 3)
      })
    ))

  it("stores two commits of one partition together, behind one fence", () =>
    withJournal((journal) =>
      Effect.gen(function* () {
        const twice = (expectedSequence: number, id: string) => [
          append(0, expectedSequence, `${id}-1`),
          { ...append(0, 0, `${id}-2`), expectedSequence: undefined }
        ]
        assert.deepEqual(yield* appended(journal, twice(0, "a")), [1, 2])
        assert.isTrue(Exit.isFailure(yield* Effect.exit(appended(journal, twice(0, "b")))))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(appended(journal, twice(1, "b")))))
        assert.deepEqual(yield* appended(journal, [...twice(2, "c"), append(1, 0, "c-1")]), [3, 4, 5])
        assert.equal((yield* journal.last(0))?.id, "c-2")
      })
    ))
}
