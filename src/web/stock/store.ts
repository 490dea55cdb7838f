/**
 * Every SKU's numbers as the page has them, kept outside React.
 *
 * Messages are applied the moment they arrive; listeners are called once per animation frame with all that changed
 * meanwhile, so thousands of changes a second cost one paint a frame, and a hidden page paints nothing.
 *
 * V1. A version that is not newer is ignored, so frames may arrive twice or be repeated by a resume.
 *     But a SKU that a list told of first has no time: the socket's message of the same version brings it.
 * V2. `reset` (the hub lost what the page has) replaces numbers and history whatever the version.
 * V3. A row is a new object when anything of it changed and the same object otherwise: React compares by identity.
 */
import type { StockMessage, StockNumbers, StockView } from "../../gateway/protocol.ts"
import { History } from "./history.ts"
import { isLow, isOversold } from "./levels.ts"

export interface StockRow extends StockNumbers {
  readonly safetyThreshold: number
  /** When the newest version was made, in milliseconds since the epoch; 0 until the socket has told. */
  readonly atMs: number
  /** When the page saw it change, on the page's clock; 0 for what was already so when it connected. */
  readonly changedAtMs: number
  /** What that change did to `available`. */
  readonly delta: number
  readonly history: History
}

export interface StockTotals {
  readonly skus: number
  readonly low: number
  readonly oversold: number
  /** There were more SKUs than the page keeps. */
  readonly truncated: boolean
}

/** At 2 KB a busy SKU this is 200 MB, what a browser tab can be asked for; a larger range needs a narrower topic. */
export const SKUS_MAX = 100_000

/** When a version was made is not known: a list says no times. */
const NO_TIME = 0

/** Below every version, so that whatever comes next is newer. */
const NO_VERSION = -1

export class StockStore {
  readonly #rows = new Map<string, StockRow>()
  readonly #unconfirmed = new Set<string>()
  readonly #rowListeners = new Map<string, Set<() => void>>()
  readonly #listeners = new Set<() => void>()
  readonly #changed = new Set<string>()
  readonly #schedule: (flush: () => void) => void
  readonly #skusMax: number
  #totals: StockTotals = { skus: 0, low: 0, oversold: 0, truncated: false }
  #scheduled = false

  /** `schedule` runs its argument once, soon: the browser's `requestAnimationFrame`. */
  constructor(schedule: (flush: () => void) => void, skusMax = SKUS_MAX) {
    this.#schedule = schedule
    this.#skusMax = skusMax
  }

  readonly row = (sku: string): StockRow | undefined => this.#rows.get(sku)
  readonly rows = (): IterableIterator<StockRow> => this.#rows.values()
  readonly totals = (): StockTotals => this.#totals

  /** The hub was not told which version of these the page has: the next message decides, even if it is lower. */
  unconfirm(skus: Iterable<string>): void {
    for (const sku of skus) this.#unconfirmed.add(sku)
  }

  /** For `have`. SKUs whose version is no longer trusted are not named, nor those that only a page of a list has told of. */
  *versions(): Iterable<readonly [string, number]> {
    for (const row of this.#rows.values()) {
      if (row.atMs !== NO_TIME && !this.#unconfirmed.has(row.sku)) yield [row.sku, row.version]
    }
  }

  /** True when it was newer. `seenAtMs` is when the change arrived; 0 for state that was waiting. */
  apply(message: StockMessage, seenAtMs: number): boolean {
    const before = this.#rows.get(message.sku)
    const unconfirmed = this.#unconfirmed.size > 0 && this.#unconfirmed.delete(message.sku)
    const known = before === undefined || message.reset === true ? NO_VERSION : before.version
    const isTimed = before?.atMs === NO_TIME && message.version === known
    if (message.version <= known && !isTimed && !(unconfirmed && message.version !== known)) return false
    if (before === undefined && !this.#admit()) return false
    const history = before?.history ?? new History()
    if (message.version <= (before?.version ?? NO_VERSION)) history.clear()
    const atMs = Date.parse(message.at)
    const row: StockRow = {
      sku: message.sku,
      version: message.version,
      available: message.available,
      physical: message.physical,
      allocated: message.allocated,
      safetyThreshold: before?.safetyThreshold ?? 0,
      atMs: Number.isNaN(atMs) ? message.t / 1000 : atMs,
      changedAtMs: seenAtMs,
      delta: message.available - (before?.available ?? message.available),
      history
    }
    history.push(row)
    this.#put(before, row)
    return true
  }

  /** A page of `GET /v1/stock`: thresholds of all, numbers only of SKUs the socket has not told of. */
  applyView(view: StockView): void {
    const before = this.#rows.get(view.sku)
    if (before !== undefined) {
      if (before.safetyThreshold !== view.safetyThreshold) {
        this.#put(before, { ...before, safetyThreshold: view.safetyThreshold })
      }
      return
    }
    if (!this.#admit()) return
    const { sku, version, available, physical, allocated, safetyThreshold } = view
    const numbers = { sku, version, available, physical, allocated, safetyThreshold }
    this.#put(undefined, { ...numbers, atMs: NO_TIME, changedAtMs: 0, delta: 0, history: new History() })
  }

  /** Called once a frame when anything at all changed. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Called once a frame when this SKU changed. */
  subscribeRow(sku: string, listener: () => void): () => void {
    const listeners = this.#rowListeners.get(sku) ?? new Set()
    listeners.add(listener)
    this.#rowListeners.set(sku, listeners)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#rowListeners.get(sku) === listeners) this.#rowListeners.delete(sku)
    }
  }

  #admit(): boolean {
    if (this.#rows.size < this.#skusMax) return true
    if (!this.#totals.truncated) this.#totals = { ...this.#totals, truncated: true }
    return false
  }

  #put(before: StockRow | undefined, row: StockRow): void {
    this.#rows.set(row.sku, row)
    const low = Number(isLow(row)) - Number(before !== undefined && isLow(before))
    const oversold = Number(isOversold(row)) - Number(before !== undefined && isOversold(before))
    if (before === undefined || low !== 0 || oversold !== 0) {
      const totals = this.#totals
      this.#totals = {
        ...totals,
        skus: this.#rows.size,
        low: totals.low + low,
        oversold: totals.oversold + oversold
      }
    }
    this.#changed.add(row.sku)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#schedule(() => this.#flush())
  }

  #flush(): void {
    this.#scheduled = false
    const changed = [...this.#changed]
    this.#changed.clear()
    for (const sku of changed) {
      const listeners = this.#rowListeners.get(sku)
      if (listeners !== undefined) for (const listener of listeners) listener()
    }
    for (const listener of this.#listeners) listener()
  }
}
