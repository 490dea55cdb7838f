/**
 * The list the grid shows, kept in step with the store at a pace people can read.
 *
 * What the user asks for (search, filter, sort) is arranged at once; what the numbers do is arranged a few times a
 * second at most, so rows do not jump under the reader and sorting never competes with painting.
 */
import type { Arrangement } from "./arrange.ts"
import { arrange, compareSkus, INITIAL_ARRANGEMENT } from "./arrange.ts"
import type { StockStore } from "./store.ts"

/** About three times a second: quick enough to look live, slow enough to follow with the eye. */
export const REARRANGE_EVERY_MS = 350

export interface ListingView {
  readonly skus: ReadonlyArray<string>
  readonly arrangement: Arrangement
  /** The order stays as it is while the numbers go on changing. */
  readonly held: boolean
}

export class Listing {
  readonly #store: StockStore
  readonly #now: () => number
  readonly #listeners = new Set<() => void>()
  #inNameOrder: ReadonlyArray<string> = []
  #view: ListingView = { skus: [], arrangement: INITIAL_ARRANGEMENT, held: false }
  #arrangedAtMs = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(store: StockStore, now: () => number) {
    this.#store = store
    this.#now = now
    store.subscribe(() => this.#storeChanged())
  }

  readonly view = (): ListingView => this.#view

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  arrange(change: (arrangement: Arrangement) => Arrangement): void {
    this.#rearrange(change(this.#view.arrangement), this.#view.held)
  }

  hold(held: boolean): void {
    this.#rearrange(this.#view.arrangement, held)
  }

  #storeChanged(): void {
    if (this.#timer !== undefined) return
    const waitMs = this.#arrangedAtMs + REARRANGE_EVERY_MS - this.#now()
    if (waitMs <= 0) this.#followNumbers()
    else this.#timer = setTimeout(() => this.#followNumbers(), waitMs)
  }

  #followNumbers(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { arrangement, held } = this.#view
    const numbersMatter = arrangement.column !== "sku" || arrangement.filter !== "all"
    const grown = this.#inNameOrder.length !== this.#store.totals().skus
    if (grown || (numbersMatter && !held)) this.#rearrange(arrangement, held)
  }

  #rearrange(arrangement: Arrangement, held: boolean): void {
    this.#arrangedAtMs = this.#now()
    // SKUs are only ever added, so the same count is the same set and the costly name order can stay.
    if (this.#inNameOrder.length !== this.#store.totals().skus) {
      this.#inNameOrder = Array.from(this.#store.rows(), (row) => row.sku).sort(compareSkus)
    }
    const skus = arrange(this.#inNameOrder, this.#store.row, arrangement)
    const same = skus.length === this.#view.skus.length && skus.every((sku, index) => sku === this.#view.skus[index])
    if (same && arrangement === this.#view.arrangement && held === this.#view.held) return
    this.#view = { skus: same ? this.#view.skus : skus, arrangement, held }
    for (const listener of this.#listeners) listener()
  }
}
