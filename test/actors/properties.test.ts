/**
 * Goal: what must hold after any commands in any order: nothing sold twice by request, nothing lost, versions without
 * gap, holds whole, one alert per crossing, and the same book however often and from wherever it is folded.
 * Method: random commands; a bookkeeper with arithmetic of its own reads the records of every decision. That deciding
 * changes nothing, never throws, and that records survive JSON is checked by the desk at every step.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { isFact } from "../../actors/sku/commands.ts"
import { fingerprint, linesFingerprint } from "../../actors/sku/fingerprint.ts"
import { pack, packInPieces, unpack } from "../../actors/sku/pack.ts"
import { holdKey, type SkuState } from "../../actors/sku/state.ts"
import { StockBook } from "../../actors/stock/book.ts"
import { keyOf, partitionOf } from "../../src/host/ownership.ts"
import { anyCommand, corner, openingOf, shop, type World } from "../support/arbitraries.ts"
import { Bookkeeper } from "../support/bookkeeper.ts"
import { type AnyCommand, configure, isForOneSku } from "../support/commands.ts"
import { Desk, fullText, restored } from "../support/desk.ts"
import { runs, times } from "../support/runs.ts"

const parameters = runs(500)

/** A few seconds' work on one core, on a machine that others use too. */
const TIMEOUT_MS = times(120_000)

const HOLDS_PER_HOLDER_MAX = 2

type Step = AnyCommand | { readonly waitMs: number }

const stepsIn = (world: World): fc.Arbitrary<ReadonlyArray<Step>> =>
  fc.array(
    fc.oneof(
      { weight: 9, arbitrary: anyCommand(world) },
      { weight: 1, arbitrary: fc.constantFrom({ waitMs: 100 }, { waitMs: 250 }, { waitMs: 1_000 }) }
    ),
    { maxLength: 60, size: "max" }
  )

const play = (desk: Desk, steps: ReadonlyArray<Step>, after: (desk: Desk) => void = () => {}): void => {
  for (const step of steps) {
    if ("waitMs" in step) {
      desk.wait(step.waitMs)
      desk.releaseDue(after)
    } else {
      desk.take(step)
      after(desk)
    }
  }
}

const worlds: ReadonlyArray<readonly [name: string, world: World]> = [
  ["a shop", shop],
  ["one unit for everybody", corner],
  ["a shop without back-orders", { ...shop, backorderLimits: [0] }]
]

const hold = (world: World, check: (steps: ReadonlyArray<Step>) => void): void =>
  fc.assert(
    fc.property(stepsIn(world), (steps) => check([...openingOf(world), ...steps])),
    parameters
  )

for (const [name, world] of worlds) {
  describe(`after any commands in ${name}`, { timeout: TIMEOUT_MS }, () => {
    it("a bookkeeper agrees with every record and with the book", () => {
      hold(world, (steps) => {
        const desk = new Desk(HOLDS_PER_HOLDER_MAX)
        const bookkeeper = new Bookkeeper()
        play(desk, steps, () => bookkeeper.check(desk))
      })
    })

    it("the book is what its records fold to, once or twice over, and what a snapshot brings back", () => {
      hold(world, (steps) => {
        const desk = new Desk(HOLDS_PER_HOLDER_MAX)
        play(desk, steps)
        const expected = fullText(desk.book)
        const folded = new StockBook(HOLDS_PER_HOLDER_MAX)
        for (const { record, at } of desk.history) folded.apply(record, at)
        assert.deepEqual(fullText(folded), expected, "folded from nothing")
        for (const { record, at } of desk.history) folded.apply(record, at)
        assert.deepEqual(fullText(folded), expected, "folded a second time")
        const snapshot = restored(desk.book)
        assert.deepEqual(fullText(snapshot), expected, "restored")
        for (const { record, at } of desk.history) snapshot.apply(record, at)
        assert.deepEqual(fullText(snapshot), expected, "all records again after a snapshot")
        for (const sku of desk.skus()) {
          assert.deepEqual(unpack(sku, pack(desk.state(sku))), withoutEmpties(desk.state(sku)))
          assert.equal([...packInPieces(desk.state(sku))].join(""), pack(desk.state(sku)))
        }
      })
    })

    it("the book is the same in whatever order the partitions of its turns are read", () => {
      fc.assert(
        fc.property(stepsIn(world), fc.nat(), fc.integer({ min: 2, max: 5 }), (steps, seed, partitions) => {
          const desk = new Desk(HOLDS_PER_HOLDER_MAX)
          play(desk, [...openingOf(world), ...steps])
          const folded = new StockBook(HOLDS_PER_HOLDER_MAX)
          for (let first = 0; first < desk.history.length;) {
            const turn = desk.history.slice(first, (first += 1 + ((seed + first) % 40)))
            for (let one = 0; one < partitions; one++) {
              const partition = (seed + one) % partitions
              for (const { record, at } of turn) {
                if (partitionOf(keyOf(record), partitions) === partition) folded.apply(record, at)
              }
            }
          }
          assert.deepEqual(fullText(folded), fullText(desk.book))
        }),
        parameters
      )
    })

    it("a snapshot that was taken in slices comes right with the records since its first", () => {
      fc.assert(
        fc.property(stepsIn(world), fc.array(fc.nat(), { minLength: 4, maxLength: 4 }), (steps, moments) => {
          const desk = new Desk(HOLDS_PER_HOLDER_MAX)
          play(desk, openingOf(world))
          const ends = [...moments.map((moment) => moment % (steps.length + 1)), 0].toSorted((a, b) => a - b)
          const playNext = (part: number) => play(desk, steps.slice(ends[part], ends[part + 1]))
          playNext(0)
          const startedAt = desk.history.length
          playNext(1)
          const skus = desk.skus()
          const spanning = desk.book.spanningRecords()
          playNext(2)
          const half = skus.slice(0, skus.length / 2).map((sku) => [sku, desk.book.packed(sku) ?? ""] as const)
          playNext(3)
          const rest = skus.slice(skus.length / 2).map((sku) => [sku, desk.book.packed(sku) ?? ""] as const)
          playNext(4)
          const book = new StockBook(HOLDS_PER_HOLDER_MAX)
          for (const [sku, packed] of [...half, ...rest]) book.restore(sku, packed)
          for (const record of spanning) book.apply(record, 0)
          for (const { record, at } of desk.history.slice(startedAt)) book.apply(record, at)
          assert.deepEqual(fullText(book), fullText(desk.book))
        }),
        parameters
      )
    })
  })
}

/** An empty map and none are the same to everybody. */
const withoutEmpties = (state: SkuState): SkuState => ({
  ...state,
  settings: JSON.parse(JSON.stringify(state.settings)) as SkuState["settings"],
  taken: state.taken?.size === 0 ? undefined : state.taken,
  holds: state.holds?.size === 0 ? undefined : state.holds
})

describe("a fingerprint", { timeout: TIMEOUT_MS }, () => {
  const hashOf = (command: AnyCommand): string =>
    isForOneSku(command) ? fingerprint(command) : linesFingerprint(command)
  /** All that a command says but the id it goes by; a mutation's SKU is whose ids are compared. */
  const contentOf = (command: AnyCommand): string => {
    const fields = Object.entries(command).filter(([name]) => name !== "mutationId" && name !== "sku")
    return JSON.stringify(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  it("is the same for the same content under another id, and different for different content", () => {
    fc.assert(
      fc.property(anyCommand(shop), anyCommand(shop), (one, other) => {
        assert.equal(hashOf(one), hashOf({ ...one, mutationId: "another" }))
        if (isForOneSku(one) !== isForOneSku(other)) return
        assert.equal(hashOf(one) === hashOf(other), contentOf(one) === contentOf(other))
      }),
      runs(20_000)
    )
  })

  it("of settings is the same in whatever order their channels are written", () => {
    const [web, ebay] = [
      { buffer: 1, ringFenced: 0 },
      { buffer: 2, ringFenced: 0 }
    ]
    const one = configure("A", { channels: { web, ebay } })
    assert.equal(fingerprint(one), fingerprint(configure("A", { channels: { ebay, web } })))
    assert.notEqual(fingerprint(one), fingerprint(configure("A", { channels: { ebay: web, web: ebay } })))
    assert.notEqual(fingerprint(configure("A", { channels: {} })), fingerprint(configure("A", {})))
  })

  it("does not mistake where one field ends and the next begins", () => {
    const field = fc.option(fc.string({ unit: fc.constantFrom("-", "1", ":", "|", "\u0000") }), { nil: undefined })
    const fact = fc.record({ channel: field, reference: field, reason: field, occurredAt: field })
    const facts = fact.map((more) => ({
      type: "sale" as const,
      sku: "A",
      mutationId: "m",
      quantity: 1,
      locationId: "default",
      ...(Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)) as object)
    }))
    fc.assert(
      fc.property(facts, facts, (one, other) => {
        assert.ok(isFact(one))
        assert.equal(fingerprint(one) === fingerprint(other), contentOf(one) === contentOf(other))
      }),
      runs(20_000)
    )
  })
})

describe("a hold's key", () => {
  it("tells apart all scopes and ids, whatever characters they hold", () => {
    const text = fc.string({ unit: fc.constantFrom("\u0000", "1", ":", "-", "l"), minLength: 1, maxLength: 5 })
    const name = fc.tuple(fc.option(text, { nil: undefined }), text)
    fc.assert(
      fc.property(name, name, (one, other) => {
        const isSame = one[0] === other[0] && one[1] === other[1]
        assert.equal(holdKey(...one) === holdKey(...other), isSame)
      }),
      runs(20_000)
    )
  })
})
