/**
 * Goal: what became of an append is found out, never guessed.
 * Method: appends against the journal's twin, with another hub's commits in between.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { describe, it } from "vitest"
import { appendSurely } from "../../src/host/append.ts"
import { appendOf } from "../../src/host/ownership.ts"
import { type Append, appended, AppendUncertain, type JournalShape } from "../../streams/journal.ts"
import { makeMemoryJournal } from "../../streams/journal.memory.ts"

const commitOf = (partition: number, lastSequences: ReadonlyArray<number>, id: string): Append =>
  appendOf(partition, lastSequences, { id, at: 1, facts: 0, records: [] })

const surely = (journal: JournalShape, appends: ReadonlyArray<Append>, stalled: Array<boolean> = []) =>
  Effect.runPromise(
    Effect.result(
      appendSurely(appends, { journal, isNext: () => true, onStalled: (isStalled) => void stalled.push(isStalled) })
    )
  )

describe("an append whose fate is unknown", () => {
  it("is found in the journal when only its acknowledgement was lost", async () => {
    const journal = makeMemoryJournal()
    const lossy: JournalShape = {
      ...journal,
      append: (appends, settled) =>
        journal.append(appends, () => settled(new AppendUncertain({ reason: "timeout", detail: "lost" })))
    }
    const stalled: Array<boolean> = []
    const outcome = await surely(lossy, [commitOf(0, [0, 0], "a-1"), commitOf(1, [0, 0], "a-1")], stalled)
    assert.deepEqual(outcome._tag === "Success" && outcome.success, [1, 2])
    assert.deepEqual(stalled, [true, false])
    assert.equal(journal.stored.length, 2)
  })

  it("is stored once when the journal refused it although nothing else wrote", async () => {
    const journal = makeMemoryJournal()
    let refusals = 2
    const fickle: JournalShape = {
      ...journal,
      append: (appends, settled) =>
        refusals-- > 0
          ? settled(new AppendUncertain({ reason: "conflict", detail: "wrong last sequence" }))
          : journal.append(appends, settled)
    }
    const outcome = await surely(fickle, [commitOf(0, [0], "a-1")])
    assert.deepEqual(outcome._tag === "Success" && outcome.success, [1])
    assert.equal(journal.stored.length, 1)
  })

  it("is given up when another hub has written to one of its partitions, though the others' fences still fit", async () => {
    const journal = makeMemoryJournal()
    await Effect.runPromise(appended(journal, [commitOf(1, [0, 0], "other-1")]))
    const outcome = await surely(journal, [commitOf(0, [0, 0], "a-1"), commitOf(1, [0, 0], "a-1")])
    assert.equal(outcome._tag === "Failure" && outcome.failure._tag, "FenceLost")
    assert.match(outcome._tag === "Failure" ? outcome.failure.message : "", /taken over by the hub other/)
    assert.equal(journal.stored.length, 1)
  })
})
