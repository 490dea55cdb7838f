/**
 * When things end (holds, carts' and customers' deadlines), to the millisecond, in buckets of a quarter of a second: what a timer
 * of the broker names is a bucket, not a thing, so a thousand that end together cost one timer.
 *
 * A thing is taken out when it ends or moves, so the size is bounded by what is open. A look costs what is due, and what ends in
 * the same quarter of a second, however many are open.
 */

/** Of the broker's timers, which are no finer themselves. */
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
  /** What ends in each, and by how many milliseconds before the bucket's end: a small number takes no memory of its own. */
  private readonly buckets = new Map<number, Map<T, number>>()
  /** Buckets that got their first thing since they were last asked for: they need a timer. */
  private fresh: Array<number> = []
  /** Of the buckets up to `reached`, the latest that was asked for, those that may still hold something, soonest first. */
  private begun: Array<number> = []
  private reached = Number.NEGATIVE_INFINITY
  size = 0

  add(one: T, expiresAt: number): void {
    const bucket = bucketOf(expiresAt)
    let held = this.buckets.get(bucket)
    if (held === undefined) {
      this.buckets.set(bucket, (held = new Map()))
      this.fresh.push(bucket)
      if (bucket <= this.reached && !this.begun.includes(bucket)) this.begin([bucket])
    }
    held.set(one, bucketEnd(bucket) - expiresAt)
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
    if (from === to) return
    if (from !== undefined && to !== undefined && bucketOf(from) === bucketOf(to)) {
      this.buckets.get(bucketOf(to))?.set(one, bucketEnd(bucketOf(to)) - to)
      return
    }
    if (from !== undefined) this.remove(one, from)
    if (to !== undefined) this.add(one, to)
  }

  /** Everything due at `at` or before, soonest bucket first, at most `max`. Nothing is taken out. */
  dueBy(at: number, max: number): ReadonlyArray<T> {
    const due: Array<T> = []
    this.reach(bucketOf(at))
    for (const bucket of this.begun) {
      const leftMs = bucketEnd(bucket) - at
      for (const [one, beforeEndMs] of this.buckets.get(bucket) ?? []) {
        if (beforeEndMs < leftMs) continue
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

  /** Each bucket is come upon once: by counting on, or, where that is a long way, by looking through them all. */
  private reach(bucket: number): void {
    this.begun = this.begun.filter((one) => this.buckets.has(one))
    if (bucket <= this.reached) return
    const isFar = bucket - this.reached > this.buckets.size
    const between: Array<number> = []
    if (isFar) for (const one of this.buckets.keys()) if (one > this.reached && one <= bucket) between.push(one)
    if (!isFar) for (let one = this.reached + 1; one <= bucket; one++) if (this.buckets.has(one)) between.push(one)
    this.reached = bucket
    this.begin(between)
  }

  private begin(buckets: ReadonlyArray<number>): void {
    if (buckets.length > 0) this.begun = [...this.begun, ...buckets].toSorted((a, b) => a - b)
  }
}
