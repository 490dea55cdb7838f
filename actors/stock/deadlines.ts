/**
 * When open holds end, in buckets of a quarter of a second: what a timer of the broker names is a bucket, not a hold,
 * so a thousand holds that end together cost one timer.
 *
 * A hold is taken out when it closes, so the size is bounded by the open holds.
 */

/** With the broker's own quarter of a second, a hold is released at most half a second after it ended. */
export const BUCKET_MS = 250

/** The bucket whose end is the first at or after `expiresAt`. */
export const bucketOf = (expiresAt: number): number => Math.ceil(expiresAt / BUCKET_MS)

/** Milliseconds since the epoch at which everything in the bucket is due. */
export const bucketEnd = (bucket: number): number => bucket * BUCKET_MS

export interface Due {
  readonly key: string
  /** The SKU that the hold was made on; absent for one made by the several-lines endpoint. */
  readonly sku: string | undefined
  readonly expiresAt: number
}

export class Deadlines {
  private readonly buckets = new Map<number, Set<Due>>()
  /** Buckets that got their first hold since they were last asked for: they need a timer. */
  private fresh: Array<number> = []
  size = 0

  add(due: Due): void {
    const bucket = bucketOf(due.expiresAt)
    let held = this.buckets.get(bucket)
    if (held === undefined) {
      this.buckets.set(bucket, (held = new Set()))
      this.fresh.push(bucket)
    }
    held.add(due)
    this.size++
  }

  remove(due: Due): void {
    const bucket = bucketOf(due.expiresAt)
    const held = this.buckets.get(bucket)
    if (held === undefined || !held.delete(due)) return
    this.size--
    if (held.size === 0) this.buckets.delete(bucket)
  }

  /** Everything due at `at` or before, soonest bucket first, at most `max`. Nothing is taken out. */
  dueBy(at: number, max: number): ReadonlyArray<Due> {
    const last = Math.floor(at / BUCKET_MS)
    const due: Array<Due> = []
    const buckets = [...this.buckets.keys()].filter((bucket) => bucket <= last).toSorted((a, b) => a - b)
    for (const bucket of buckets) {
      for (const one of this.buckets.get(bucket) ?? []) {
        if (due.length === max) return due
        due.push(one)
      }
    }
    return due
  }

  /** Buckets that need a timer and were not named before. */
  takeFresh(): ReadonlyArray<number> {
    if (this.fresh.length === 0) return this.fresh
    const fresh = this.fresh
    this.fresh = []
    return fresh
  }
}
