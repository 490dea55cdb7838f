/**
 * Goal: of the newest commits each is at hand as the journal has it, and no more of them than the bounds allow.
 * Method: any commits in any order of sizes, one after the other with gaps now and then, beside a plain list of the same.
 */
import assert from "node:assert/strict"
import { isDeepStrictEqual } from "node:util"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { encodeCommit, SCHEMA_VERSION, type StoredCommit } from "../../streams/codec.ts"
import { RecentCommits } from "../../streams/recent-commits.ts"
import { runs } from "../support/runs.ts"

interface Given {
  readonly gap: number
  readonly note: string
  readonly records: number
}

const commitAt = (
  sequence: number,
  { note, records }: Given
): StoredCommit<string> & { readonly bytes: Uint8Array } => {
  const commit = {
    id: `c-${sequence}`,
    at: 1_700_000_000_000.5 + sequence,
    facts: 0,
    records: Array.from({ length: records }, (_, index) => `${sequence}.${index} ${note}`)
  }
  const bytes = encodeCommit(commit)
  return { ...commit, partition: sequence % 3, sequence, sizeBytes: bytes.length, bytes }
}

type Kept = ReturnType<typeof commitAt>

/** The text has its schema's version beside. */
const asRead = ({ bytes: _, ...commit }: Kept) => ({ v: SCHEMA_VERSION, ...commit })

const isSameText = (text: Uint8Array | undefined, expected: Uint8Array | undefined): boolean =>
  text === undefined || expected === undefined ? text === expected : Buffer.compare(text, expected) === 0

/** Everything that can be asked, of each sequence around those that were given. */
const agrees = (recent: RecentCommits<string>, kept: ReadonlyArray<Kept>, last: number): void => {
  const [oldest] = kept
  for (let sequence = Math.max(0, (oldest?.sequence ?? 0) - 2); sequence <= last + 1; sequence++) {
    const expected = kept.find((one) => one.sequence === sequence)
    assert.equal(recent.has(sequence), expected !== undefined)
    assert.equal(recent.timeOf(sequence), expected?.at)
    const read = expected === undefined ? undefined : asRead(expected)
    assert.ok(isDeepStrictEqual(recent.get(sequence), read), `commit ${sequence} is read back as it was pushed`)
    const text = recent.textOf(sequence)
    assert.equal(text?.partition, expected?.partition)
    assert.ok(isSameText(text?.bytes, expected?.bytes), `the text of commit ${sequence} is as it was pushed`)
    if (oldest === undefined || sequence + 1 < oldest.sequence) continue
    const after = kept.filter((one) => one.sequence > sequence).reduce((sum, { records }) => sum + records.length, 0)
    assert.equal(recent.recordsAfter(sequence), after)
  }
  assert.equal(recent.lastSequence, last)
}

const given = fc.record({
  gap: fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 5 }) }),
  note: fc.oneof(fc.string({ maxLength: 40 }), fc.constant("x".repeat(3_000))),
  records: fc.integer({ min: 0, max: 4 })
})

describe("the newest commits", () => {
  it("are those that a plain list would keep, each as it was pushed", () => {
    const bounds = fc.record({
      bytesMax: fc.integer({ min: 1, max: 20_000 }),
      commitsMax: fc.integer({ min: 1, max: 30 })
    })
    fc.assert(
      fc.property(bounds, fc.nat(10_000_000_000), fc.array(given, { maxLength: 60 }), (within, start, all) => {
        const recent = new RecentCommits<string>(within)
        let kept: Array<Kept> = []
        let last = start
        for (const one of all) {
          const commit = commitAt(last + 1 + one.gap, one)
          if (one.gap > 0) kept = []
          last = commit.sequence
          recent.push(commit, commit.bytes)
          kept.push(commit)
          const bytes = (): number => kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
          while (kept.length > 1 && (bytes() > within.bytesMax || kept.length > within.commitsMax)) kept.shift()
        }
        if (all.length > 0) agrees(recent, kept, last)
      }),
      runs(200)
    )
  })

  it("keep their texts while blocks fill, are let go and are written to again, and a text larger than a block has its own", () => {
    const recent = new RecentCommits<string>({ bytesMax: 3_000_000, commitsMax: 10_000 })
    const kept: Array<Kept> = []
    for (let sequence = 1; sequence <= 1_500; sequence++) {
      const length = sequence === 700 ? 2_000_000 : 1_000 + ((sequence * 7_919) % 9_000)
      const commit = commitAt(sequence, { gap: 0, note: String(sequence % 10).repeat(length), records: 1 })
      recent.push(commit, commit.bytes)
      kept.push(commit)
      while (kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > 3_000_000) kept.shift()
      if (sequence % 100 === 0) agrees(recent, kept, sequence)
    }
  })

  it("are none after they were forgotten, whatever comes next", () => {
    const recent = new RecentCommits<string>()
    const push = (sequence: number): void => {
      const commit = commitAt(sequence, { gap: 0, note: "", records: 2 })
      recent.push(commit, commit.bytes)
    }
    for (let sequence = 5; sequence < 600; sequence++) push(sequence)
    recent.clear()
    assert.deepEqual([recent.has(599), recent.textOf(599), recent.lastSequence], [false, undefined, 0])
    push(3)
    assert.deepEqual([recent.has(3), recent.recordsAfter(2), recent.recordsAfter(0)], [true, 2, 6])
  })
})
