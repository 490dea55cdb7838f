/**
 * The order in which SKUs changed, as a ring: from an offset on, which SKUs have changed since.
 *
 * A socket that could not keep up remembers one number, the offset up to which it has everything, instead of a queue of
 * its own. Where the idea is from: Centrifuge's stream positions and its recovery of the latest state only.
 */

/** 262,144 changes: four seconds at 65,000 a second. Whoever is further behind gets every SKU compared instead. */
const RING_CHANGES = 2 ** 18

export class ChangeLog {
  private readonly ring: Array<string> = []
  /** Number of changes so far; the next one's offset. */
  offset = 0

  push(sku: string): void {
    this.ring[this.offset % RING_CHANGES] = sku
    this.offset++
  }

  /** Distinct SKUs changed at `from` or later; `undefined` when the ring does not reach back that far. */
  since(from: number): Set<string> | undefined {
    if (this.offset - from > RING_CHANGES) return undefined
    const changed = new Set<string>()
    for (let offset = from; offset < this.offset; offset++) changed.add(this.ring[offset % RING_CHANGES] as string)
    return changed
  }
}
