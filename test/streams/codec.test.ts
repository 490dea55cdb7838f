/**
 * Goal: what was written by any released version stays readable, and folds to the same state.
 * Method: recordings of each schema version, kept as they were written; upcasters are tried with a made-up older version.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { StockBook } from "../../actors/stock/book.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { type Commit, decodeCommit, encodeCommit, SCHEMA_VERSION, UnreadableCommit } from "../../streams/codec.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const recording = (version: number): ReadonlyArray<string> =>
  readFileSync(join(projectRoot(), "test", "golden", `commits.v${version}.jsonl`), "utf8")
    .trim()
    .split("\n")

describe("a recorded journal", () => {
  for (let version = 1; version <= SCHEMA_VERSION; version++) {
    it(`of schema version ${version} folds to the state that it folded to when it was written`, () => {
      const book = new StockBook()
      for (const line of recording(version)) {
        const commit = decodeCommit(bytes(line))
        for (const record of commit.records) book.apply(record, commit.at)
      }
      const heart = book.find("85123A")
      assert.include(heart, { version: 6, physical: 8, allocated: 0, low: true, changedAt: 1_763_668_800_400 })
      assert.equal(heart?.settings.channels["web"]?.buffer, 1)
      const lantern = book.find("71053")
      assert.include(lantern, { version: 4, physical: -1, allocated: 0 })
      assert.deepEqual(lantern?.locations, [{ locationId: "store-1", physical: -1, allocated: 0 }])
      assert.equal(book.deadlines.size, 0)
      assert.equal(book.spanningCount, 0)
    })
  }
})

describe("a commit", () => {
  const commit: Commit = { id: "a-1", at: 5, facts: 2, records: [] }

  it("comes back as it was written", () => {
    const { v: _version, ...read } = decodeCommit(encodeCommit(commit)) as Commit & { readonly v: number }
    assert.deepEqual(read, commit)
  })

  it("of an older version is lifted step by step", () => {
    const lifted = decodeCommit(
      bytes(`{"v":1,"id":"a","at":1,"facts":0,"entries":[]}`),
      {
        1: ({ entries, ...rest }) => ({ ...rest, v: 2, records: entries }),
        2: (raw) => ({ ...raw, v: 3, facts: 9 })
      },
      3
    )
    assert.deepInclude(lifted, { id: "a", facts: 9, records: [] })
  })

  it("of a newer version, or not the hub's, is refused with what to do", () => {
    assert.throws(() => decodeCommit(bytes(`{"v":99}`)), UnreadableCommit, /newer release/)
    assert.throws(() => decodeCommit(bytes("garbage")), UnreadableCommit, /only the hub/)
  })
})
