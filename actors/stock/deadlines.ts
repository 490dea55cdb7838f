/**
 * When things end (holds, carts' and customers' deadlines), in buckets of a quarter of a second: what a timer of the broker
 * names is a bucket, not a thing, so a thousand that end together cost one timer.
 *
 * A thing is taken out when it ends or moves, so the size is bounded by what is open.
 */

/** With the broker's own quarter of a second, a hold is released at most half a second after it ended. */
export const BUCKET_MS = 250

/** The bucket whose end is the first at or after `expiresAt`. */
export const bucketOf = (expiresAt: number): number => Math.ceil(expiresAt / BUCKET_MS)

/** Milliseconds since the epoch at which everything in the bucket is due. */
export const bucketEnd = (bucket: number): number => bucket * BUCKET_MS

/** A hold. */
export interface Due {
  readonly key: string
  /** The SKU that the hold was made on; absent for one made by the several-lines endpoint. */
  readonly sku: string | undefined
  readonly expiresAt: number
}

/** `T`: what is due, the same object or text when it is added and when it is removed. */
export class Deadlines<T = Due> {
  private readonly buckets = new Map<number, Set<T>>()
  /** Buckets that got their first thing since they were last asked for: they need a timer. */
  private fresh: Array<number> = []
  size = 0

  add(one: T, expiresAt: number): void {
    const bucket = bucketOf(expiresAt)
    let held = this.buckets.get(bucket)
    if (held === undefined) {
      this.buckets.set(bucket, (held = new Set()))
      this.fresh.push(bucket)
    }
    held.add(one)
    this.size++
  }

  remove(one: T, expiresAt: number): void {
    const bucket = bucketOf(expiresAt)
    const held = this.buckets.get(bucket)
    if (held === undefined || !held.delete(one)) return
    this.size--
    if (held.size === 0) this.buckets.delete(bucket)
  }

  /** `undefined`: not due at all. What moves within its quarter second needs no other timer. */
  move(one: T, from: number | undefined, to: number | undefined): void {
    if (from !== undefined && to !== undefined && bucketOf(from) === bucketOf(to)) return
    if (from !== undefined) this.remove(one, from)
    if (to !== undefined) this.add(one, to)
  }

  /** Everything due at `at` or before, soonest bucket first, at most `max`. Nothing is taken out. */
  dueBy(at: number, max: number): ReadonlyArray<T> {
    const last = Math.floor(at / BUCKET_MS)
    const due: Array<T> = []
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
