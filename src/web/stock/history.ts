/**
 * The last changes of one SKU, for its sparkline and its detail panel.
 *
 * A ring in one typed array: 32 changes of 5 numbers are 1,280 bytes, so 4,000 busy SKUs cost 5 MB and no garbage.
 * It starts at 4 changes and doubles, because most SKUs of a large range rarely change while a page is open.
 */

/** As many as a 96-pixel sparkline can tell apart. */
export const HISTORY_CHANGES_MAX = 32

const FIELDS = 5
const CHANGES_AT_FIRST = 4

export interface StockChange {
  readonly version: number
  readonly available: number
  readonly physical: number
  readonly allocated: number
  readonly atMs: number
}

export class History {
  #cells = new Float64Array(CHANGES_AT_FIRST * FIELDS)
  #length = 0
  #oldest = 0

  get length(): number {
    return this.#length
  }

  push(change: StockChange): void {
    const capacity = this.#cells.length / FIELDS
    if (this.#length === capacity && capacity < HISTORY_CHANGES_MAX) this.#grow(capacity * 2)
    const start = ((this.#oldest + this.#length) % (this.#cells.length / FIELDS)) * FIELDS
    this.#cells[start] = change.version
    this.#cells[start + 1] = change.available
    this.#cells[start + 2] = change.physical
    this.#cells[start + 3] = change.allocated
    this.#cells[start + 4] = change.atMs
    if (this.#length < HISTORY_CHANGES_MAX) this.#length += 1
    else this.#oldest = (this.#oldest + 1) % HISTORY_CHANGES_MAX
  }

  /** `index` 0 is the oldest kept. */
  available(index: number): number {
    return this.#cells[this.#start(index) + 1] ?? 0
  }

  at(index: number): StockChange {
    const start = this.#start(index)
    return {
      version: this.#cells[start] ?? 0,
      available: this.#cells[start + 1] ?? 0,
      physical: this.#cells[start + 2] ?? 0,
      allocated: this.#cells[start + 3] ?? 0,
      atMs: this.#cells[start + 4] ?? 0
    }
  }

  /** How far `available` has moved over what is kept. */
  trend(): number {
    return this.#length === 0 ? 0 : this.available(this.#length - 1) - this.available(0)
  }

  clear(): void {
    this.#length = 0
    this.#oldest = 0
  }

  #start(index: number): number {
    return ((this.#oldest + index) % (this.#cells.length / FIELDS)) * FIELDS
  }

  /** Growth happens only before the ring has turned over, so the cells are still in order. */
  #grow(capacity: number): void {
    const cells = new Float64Array(capacity * FIELDS)
    cells.set(this.#cells)
    this.#cells = cells
  }
}
