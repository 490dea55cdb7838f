/**
 * Goal: a snapshot holds up nobody, however many holds one SKU or all carts together have, and is true all the same.
 * Method: a book that changes between two slices, whose slices are looked at one by one; what was stored is restored.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { describe, it } from "vitest"
import type { JournalRecord } from "../../actors/sku/events.ts"
import { pack } from "../../actors/sku/pack.ts"
import type { SkuState } from "../../actors/sku/state.ts"
import { StockBook } from "../../actors/stock/book.ts"
import { Remembered } from "../../src/host/remembered.ts"
import { eachLine, restoreState, textOf } from "../../src/host/snapshot-lines.ts"
import { type SnapshotSource, takeSnapshot } from "../../src/host/snapshotting.ts"
import { Snapshots } from "../../streams/snapshots.ts"

const HOLDS = 50_000
const EXPIRES_AT = 1_800_000_000_000

const reserve = (version: number, scope?: string): JournalRecord => ({
  type: "reserve",
  sku: "drop",
  version,
  mutationId: `m${version}`,
  ...(scope === undefined ? {} : { scope }),
  holdId: `h${version}`,
  quantity: 1,
  physical: 1_000_000,
  allocated: version - 1,
  expiresAt: EXPIRES_AT
})

const commit = (version: number, hold: number): JournalRecord => ({
  type: "commit",
  sku: "drop",
  version,
  mutationId: `c${hold}`,
  holdId: `h${hold}`,
  quantity: 1,
  physical: 1_000_000,
  allocated: 0
})

const lines = (n: number): JournalRecord => ({
  type: "lines",
  act: "reserve",
  holdId: `cart${n}`,
  mutationId: `l${n}`,
  expiresAt: EXPIRES_AT,
  legs: ["drop"],
  asked: ["drop"]
})

/** One SKU that very many hold, and as many carts. */
const busyBook = (): StockBook => {
  const book = new StockBook()
  book.apply(
    {
      type: "receipt",
      sku: "drop",
      version: 1,
      mutationId: "r",
      quantity: 1_000_000,
      physical: 1_000_000,
      allocated: 0
    },
    0
  )
  for (let version = 2; version < HOLDS + 2; version++) book.apply(reserve(version), 0)
  for (let n = 0; n < HOLDS; n++) book.apply(lines(n), 0)
  return book
}

/** Calls `between` after each slice; answers how many slices there were. */
const snapshotOf = (book: StockBook, snapshots: Snapshots["Service"], between: (slice: number) => void) => {
  let slices = 0
  const source: SnapshotSource = {
    view: (look) => Effect.sync(() => look(book)),
    rest: () => Effect.sync(() => between(++slices)),
    standing: () => ({ sequence: 7, partitions: [7], facts: 0, at: 5 }),
    remembered: new Remembered({ windowMs: 1_000, idsMax: 10 })
  }
  return Effect.map(takeSnapshot(source, snapshots, "s", undefined), ({ manifest }) => ({ manifest, slices }))
}

describe("a snapshot of a SKU with very many holds, and of as many carts", () => {
  it("is taken in many slices, and is what was there when it was begun with each", () =>
    Effect.gen(function* () {
      const snapshots = yield* Snapshots
      const book = busyBook()
      const state = book.find("drop") as SkuState
      const before = pack(state)
      const carts = [...book.spanningRecords()].length
      const { manifest, slices } = yield* snapshotOf(book, snapshots, (slice) => {
        const version = state.version + 1
        book.apply(slice % 2 === 0 ? reserve(version) : commit(version, slice + 1), 0)
        book.apply({ ...lines(slice), act: "commit" } as JournalRecord, 0)
      })
      // At a millisecond each; all of it in one took more than a hundred.
      assert.ok(slices > 20, `${slices} slices`)
      const restored = new StockBook()
      yield* eachLine(manifest.states, snapshots, (line) => restoreState(restored, line))
      assert.equal(pack(restored.find("drop") as SkuState), before)
      let spanning = 0
      yield* eachLine(manifest.spanning, snapshots, (line) => void (spanning += JSON.parse(textOf(line)).legs.length))
      assert.equal(spanning, carts)
    }).pipe(Effect.provide(Snapshots.layerMemory), Effect.runPromise))
})
