/**
 * All SKUs of a hub in memory, folded from journal records.
 *
 * An actor that was not asked for in a while sleeps as a packed string (a few dozen bytes) and is unpacked when
 * somebody asks; nothing has to be read for it. The book is the only place that folds records, so the host, the audit
 * and the tests cannot disagree about what a record means. Records may be applied again: one whose version the SKU
 * already has is skipped, which is what lets a snapshot be taken while the hub works.
 */
import { type AlertRecord, isStockEvent, type JournalRecord, type LinesRecord, type StockEvent } from "../sku/events.ts"
import {
  evolve,
  type Hold,
  holdKey,
  type HoldKeeper,
  holdOf,
  initialState,
  isBundle,
  putHold,
  type SkuState,
  takeHold
} from "../sku/state.ts"
import { isLarge, pack, packInPieces, unpack } from "../sku/pack.ts"
import { Deadlines } from "./deadlines.ts"
import { SpanningHolds, type SpanningRecord } from "./spanning-holds.ts"
import { bundleScope, type HeldLeg, type SpanningHold, type Stock } from "./stock.ts"

export class StockBook implements Stock {
  readonly deadlines = new Deadlines()
  readonly holdsPerHolderMax: number
  /** Asked for since the last sweep, asked for before it, and asleep. */
  private young = new Map<string, SkuState>()
  private old = new Map<string, SkuState>()
  private readonly asleep = new Map<string, string>()
  private readonly spanningHolds = new SpanningHolds()
  /** Open holds made on a SKU as a bundle: most SKUs never have one, and then no key need be made to look for it. */
  private readonly bundleHolds = new Map<string, number>()
  private readonly byHolder = new Map<string, number>()
  private readonly byComponent = new Map<string, ReadonlyArray<string>>()
  private lowCount = 0
  private readonly ownHolds: HoldKeeper = {
    open: (state, event) => {
      const hold = holdOf(state.sku, event)
      const replaced = putHold(state, hold)
      if (replaced !== undefined) this.noteEnded(replaced)
      this.noteOpened(hold)
      return replaced
    },
    close: (state, event) => {
      const ended = takeHold(state, event)
      if (ended !== undefined) this.noteEnded(ended)
      return ended
    }
  }
  private readonly legs: HoldKeeper = {
    open: (_state, event) => this.spanningHolds.openLeg(event),
    close: (_state, event) => this.spanningHolds.closeLeg(event)
  }

  constructor(holdsPerHolderMax = Number.MAX_SAFE_INTEGER) {
    this.holdsPerHolderMax = holdsPerHolderMax
  }

  find(sku: string): SkuState | undefined {
    const young = this.young.get(sku)
    if (young !== undefined) return young
    const old = this.old.get(sku)
    if (old !== undefined) {
      this.old.delete(sku)
      this.young.set(sku, old)
      return old
    }
    const packed = this.asleep.get(sku)
    if (packed === undefined) return undefined
    const state = unpack(sku, packed)
    this.asleep.delete(sku)
    this.young.set(sku, state)
    return state
  }

  /** The state without waking the actor: for reports that pass over all of them. */
  peek(sku: string): SkuState | undefined {
    const awake = this.young.get(sku) ?? this.old.get(sku)
    if (awake !== undefined) return awake
    const packed = this.asleep.get(sku)
    return packed === undefined ? undefined : unpack(sku, packed)
  }

  spanning(key: string): SpanningHold | undefined {
    return this.spanningHolds.get(key)
  }

  leg(key: string, sku: string): HeldLeg | undefined {
    return this.spanningHolds.leg(key, sku)
  }

  bundleHold(sku: string, holdId: string): SpanningHold | undefined {
    return this.bundleHolds.has(sku) ? this.spanning(holdKey(bundleScope(sku), holdId)) : undefined
  }

  openHoldsOf(holder: string): number {
    return this.byHolder.get(holder) ?? 0
  }

  bundlesOf(sku: string): ReadonlyArray<string> {
    return this.byComponent.get(sku) ?? none
  }

  get size(): number {
    return this.young.size + this.old.size + this.asleep.size
  }

  get awakeCount(): number {
    return this.young.size + this.old.size
  }

  get lowStockCount(): number {
    return this.lowCount
  }

  *skus(): IterableIterator<string> {
    yield* this.young.keys()
    yield* this.old.keys()
    yield* this.asleep.keys()
  }

  /** As every book names its actors. */
  names(): IterableIterator<string> {
    return this.skus()
  }

  /** The SKU's state as stored in a snapshot. */
  packed(sku: string): string | undefined {
    const asleep = this.asleep.get(sku)
    if (asleep !== undefined) return asleep
    const state = this.young.get(sku) ?? this.old.get(sku)
    return state === undefined ? undefined : pack(state)
  }

  /** As `packed`, of a SKU with many holds: in pieces, each made when it is asked for. */
  packedInPieces(sku: string): Iterable<string> | undefined {
    const state = this.young.get(sku) ?? this.old.get(sku)
    return state !== undefined && isLarge(state) ? packInPieces(state) : undefined
  }

  get spanningCount(): number {
    return this.spanningHolds.size
  }

  /** All that are open now; each is made when it is asked for. */
  spanningRecords(): Iterable<SpanningRecord> {
    return this.spanningHolds.records()
  }

  /** Takes a SKU in from a snapshot. It sleeps, unless it came with open holds. */
  restore(sku: string, packed: string): void {
    const state = unpack(sku, packed)
    for (const hold of state.holds?.values() ?? []) this.restoreHold(state, hold)
    if (state.low) this.lowCount++
    if (isBundle(state)) this.noteComponents(state)
    if (state.holds === undefined) this.asleep.set(sku, packed)
    else this.young.set(sku, state)
  }

  /** `at`: the commit's time, in milliseconds since the epoch. */
  apply(record: JournalRecord, at: number): void {
    if (isStockEvent(record)) this.applyEvent(record, at)
    else if (record.type === "lines") this.applyLines(record)
    else if (record.type === "alert") this.applyAlert(record)
  }

  /**
   * Puts actors to sleep that nobody asked for since the generation before last began; at most `max`, so that a sweep
   * never holds up a turn. `mayTurn`: the young generation becomes the old one, once the old one is empty.
   */
  sweep(max: number, mayTurn: boolean): boolean {
    let packed = 0
    for (const [sku, state] of this.old) {
      if (packed++ === max) return true
      this.old.delete(sku)
      // Its open holds stand in `deadlines` as the very objects of its state: it stays awake until they are closed.
      if ((state.holds?.size ?? 0) > 0) this.young.set(sku, state)
      else this.asleep.set(sku, pack(state))
    }
    if (!mayTurn) return false
    this.old = this.young
    this.young = new Map()
    return this.old.size > 0
  }

  private applyEvent(event: StockEvent, at: number): void {
    let state = this.find(event.sku)
    if (state === undefined) this.young.set(event.sku, (state = initialState(event.sku)))
    if (event.version <= state.version) return this.catchUp(state, event)
    evolve(state, event, at, event.scope === undefined ? this.ownHolds : this.legs)
    if (event.type === "configure" && event.settings.components !== undefined) this.noteComponents(state)
  }

  /** A snapshot's legs may be older than its states. */
  private catchUp(state: SkuState, event: StockEvent): void {
    if (event.scope === undefined) return
    if (event.type === "reserve") {
      if (event.bundle !== true && !isBundle(state)) this.spanningHolds.openLeg(event)
    } else if (event.type === "commit" || event.type === "release" || event.type === "expiry") {
      this.spanningHolds.closeLeg(event)
    }
  }

  /** Older snapshots have legs among the holds of their SKUs. */
  private restoreHold(state: SkuState, hold: Hold): void {
    if (hold.scope === undefined) return this.noteOpened(hold)
    state.holds?.delete(hold.key)
    this.spanningHolds.restoreLeg(hold.key, state.sku, hold)
  }

  private noteOpened(hold: Hold): void {
    this.deadlines.add(hold, hold.expiresAt)
    if (hold.holder !== undefined) this.byHolder.set(hold.holder, this.openHoldsOf(hold.holder) + 1)
  }

  private noteEnded(hold: Hold): void {
    this.deadlines.remove(hold, hold.expiresAt)
    if (hold.holder !== undefined) this.forget(hold.holder)
  }

  private forget(holder: string): void {
    const left = this.openHoldsOf(holder) - 1
    if (left > 0) this.byHolder.set(holder, left)
    else this.byHolder.delete(holder)
  }

  private applyLines(record: LinesRecord): void {
    const before = this.spanningHolds.before(record)
    if (before !== undefined) {
      this.deadlines.remove(before, before.expiresAt)
      this.countBundleHold(before.sku, -1)
      if (before.holder !== undefined) this.forget(before.holder)
    }
    const hold = this.spanningHolds.apply(record, before)
    if (hold === undefined) return
    this.deadlines.add(hold, hold.expiresAt)
    this.countBundleHold(hold.sku, 1)
    if (hold.holder !== undefined) this.byHolder.set(hold.holder, this.openHoldsOf(hold.holder) + 1)
  }

  private countBundleHold(sku: string | undefined, change: 1 | -1): void {
    if (sku === undefined) return
    const left = (this.bundleHolds.get(sku) ?? 0) + change
    if (left > 0) this.bundleHolds.set(sku, left)
    else this.bundleHolds.delete(sku)
  }

  private applyAlert(record: AlertRecord): void {
    const state = this.find(record.sku)
    const low = record.state === "raised"
    if (state === undefined || state.low === low || record.version < state.version) return
    state.low = low
    this.lowCount += low ? 1 : -1
  }

  private noteComponents(bundle: SkuState): void {
    for (const [component, bundles] of this.byComponent) {
      if (bundles.includes(bundle.sku)) {
        this.byComponent.set(
          component,
          bundles.filter((sku) => sku !== bundle.sku)
        )
      }
    }
    for (const { sku } of bundle.settings.components) {
      this.byComponent.set(sku, [...this.bundlesOf(sku), bundle.sku])
    }
  }
}

const none: ReadonlyArray<string> = []
