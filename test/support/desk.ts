/**
 * A book with somebody who works it: decides one command after another, folds what was decided, keeps the history.
 *
 * It is the part of the host that deciders need around them (a time, what became of closed holds) and no more; ids are
 * not remembered. Two laws are checked at every step, whatever the test is about: deciding changes nothing that it
 * looked at, and every record survives being written down as JSON.
 */
import assert from "node:assert/strict"
import type { Decision, HoldOutcome } from "../../actors/sku/decision.ts"
import type { JournalRecord } from "../../actors/sku/events.ts"
import { fingerprint, linesFingerprint } from "../../actors/sku/fingerprint.ts"
import type { SkuState } from "../../actors/sku/state.ts"
import { StockBook } from "../../actors/stock/book.ts"
import { decide, decideDue, decideLines } from "../../actors/stock/decide.ts"
import type { Stock } from "../../actors/stock/stock.ts"
import { type AnyCommand, isForOneSku } from "./commands.ts"

export interface Kept {
  readonly record: JournalRecord
  readonly at: number
}

/** 2026-01-01, on a second's start. */
export const START_AT = Date.UTC(2026, 0, 1)

const DUE_MAX = 1_000
/** More than any test has actors: a sweep packs all it may. */
const SWEEP_MAX = 1_000

const outcomes: Readonly<Record<string, HoldOutcome>> = { commit: "committed", release: "released", expiry: "expired" }

export class Desk {
  book: StockBook
  at = START_AT
  readonly history: Array<Kept> = []
  private readonly closed = new Map<string, HoldOutcome>()
  /** Of the book as it is; absent after a change, until it is looked at. */
  private text: ReadonlyArray<string> | undefined

  constructor(holdsPerHolderMax?: number) {
    this.book = new StockBook(holdsPerHolderMax)
  }

  take(command: AnyCommand): Decision {
    const owner = isForOneSku(command) ? command.sku : ""
    const closed = "holdId" in command ? this.closed.get(JSON.stringify([owner, command.holdId])) : undefined
    const decision = this.looking((stock) =>
      isForOneSku(command)
        ? decide(stock, command, { at: this.at, hash: fingerprint(command), closed })
        : decideLines(stock, command, { at: this.at, hash: linesFingerprint(command), closed })
    )
    this.keep(decision.records)
    return decision
  }

  wait(ms: number): void {
    this.at += ms
  }

  /** What the host does when a timer comes: everything that is due, each in a decision of its own. */
  releaseDue(afterEach: (desk: Desk) => void = () => {}): ReadonlyArray<Decision> {
    const decisions: Array<Decision> = []
    for (const due of this.book.deadlines.dueBy(this.at, DUE_MAX)) {
      const decision = this.looking((stock) => decideDue(stock, due, this.at))
      if (decision === undefined) continue
      decisions.push(decision)
      this.keep(decision.records)
      afterEach(this)
    }
    return decisions
  }

  /** Two sweeps: whoever was not asked for in between sleeps. */
  sweep(): void {
    this.book.sweep(SWEEP_MAX, true)
    this.book.sweep(SWEEP_MAX, true)
    this.text = undefined
  }

  /** Goes on with a book made from a snapshot of this one. */
  restart(): void {
    this.book = restored(this.book)
    this.text = undefined
  }

  skus(): ReadonlyArray<string> {
    return [...this.book.skus()].toSorted()
  }

  state(sku: string): SkuState {
    const state = this.book.peek(sku)
    assert.ok(state, `${sku} is not known`)
    return state
  }

  private keep(records: ReadonlyArray<JournalRecord>): void {
    const written = JSON.parse(JSON.stringify(records)) as ReadonlyArray<JournalRecord>
    assert.deepEqual(written, plain(records), "a record is not the same after a round trip through JSON")
    for (const record of written) {
      this.text = undefined
      this.history.push({ record, at: this.at })
      this.book.apply(record, this.at)
      const closing = closingOf(record)
      if (closing !== undefined) this.closed.set(JSON.stringify([closing.owner, closing.holdId]), closing.outcome)
    }
  }

  private looking<A>(decideOn: (stock: Stock) => A): A {
    const before = (this.text ??= fullText(this.book))
    const result = decideOn(readOnly(this.book))
    assert.deepEqual(fullText(this.book), before, "deciding changed the book")
    return result
  }
}

/** The hold that a record closes; legs of a spanning hold are closed by its own record. */
export const closingOf = (record: JournalRecord) => {
  const outcome = record.type === "lines" ? outcomes[record.act] : outcomes[record.type]
  if (outcome === undefined || !("holdId" in record)) return undefined
  if (record.type !== "lines" && "scope" in record) return undefined
  return { owner: record.sku ?? "", holdId: record.holdId, outcome }
}

/** Prototypes do not count: `channels` may have none before it is written and has one after. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
}

/** All that a book knows, as text. */
export const fullText = (book: StockBook): ReadonlyArray<string> => [
  ...[...book.skus()]
    .toSorted()
    .map((sku) => `${sku} ${book.packed(sku)} bundles ${[...book.bundlesOf(sku)].toSorted().join()}`),
  ...Array.from(book.spanningRecords(), (record) => JSON.stringify(record)).toSorted(),
  `${book.lowStockCount} low, ${book.deadlines.size} deadlines`
]

export const restored = (book: StockBook): StockBook => {
  const copy = new StockBook(book.holdsPerHolderMax)
  for (const sku of book.skus()) copy.restore(sku, book.packed(sku) ?? "")
  for (const record of book.spanningRecords()) copy.apply(JSON.parse(JSON.stringify(record)) as JournalRecord, 0)
  return copy
}

/** A book whose states throw when a decider writes to them. */
const readOnly = (book: StockBook, seen = new Map<string, SkuState>()): Stock => ({
  find: (sku) => {
    const state = seen.get(sku) ?? book.peek(sku)
    if (state === undefined || seen.has(sku)) return state
    const copy = frozen(state)
    seen.set(sku, copy)
    return copy
  },
  spanning: (key) => {
    const hold = book.spanning(key)
    return hold === undefined ? undefined : deepFreeze({ ...hold })
  },
  leg: (key, sku) => {
    const leg = book.leg(key, sku)
    return leg === undefined ? undefined : deepFreeze({ ...leg })
  },
  bundleHold: (sku, holdId) => {
    const hold = book.bundleHold(sku, holdId)
    return hold === undefined ? undefined : deepFreeze({ ...hold })
  },
  openHoldsOf: (holder) => book.openHoldsOf(holder),
  bundlesOf: (sku) => book.bundlesOf(sku),
  holdsPerHolderMax: book.holdsPerHolderMax
})

const frozen = (state: SkuState): SkuState =>
  deepFreeze({ ...structuredClone({ ...state, settings: plain(state.settings) as SkuState["settings"] }) })

const deepFreeze = <A>(value: A): A => {
  if (typeof value !== "object" || value === null) return value
  if (value instanceof Map) {
    for (const part of value.values()) deepFreeze(part)
    const refused = (): never => assert.fail("a decider wrote to a map of a state")
    Object.assign(value, { set: refused, delete: refused, clear: refused })
  } else for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
