/**
 * Listings that wait to be sent, in the order in which they became due: those with few units left before all others,
 * those that failed not before their time. A listing is in one place at most, and what is taken out is looked at again,
 * so nothing here needs to be told when a write is not needed any more.
 */

/** Retries are looked for by quarter seconds. */
const RETRY_STEP_MS = 250

export interface Taken {
  readonly listingId: string
  /** When it became due, in milliseconds since the epoch. */
  readonly dueSince: number
}

export class Waiting {
  private readonly urgent = new Map<string, number>()
  private readonly others = new Map<string, number>()
  private readonly retries = new Map<number, Map<string, number>>()
  /** Where each is: one entry a listing. */
  private readonly places = new Map<string, Map<string, number>>()

  get size(): number {
    return this.places.size
  }

  get hasUrgent(): boolean {
    return this.urgent.size > 0
  }

  /** Listings that may be sent now. */
  get readyCount(): number {
    return this.urgent.size + this.others.size
  }

  has(listingId: string): boolean {
    return this.places.has(listingId)
  }

  /** Keeps its turn when it waits already; only becoming urgent moves it. */
  add(listingId: string, dueSince: number, isUrgent: boolean): void {
    const place = this.places.get(listingId)
    if (place === this.urgent || (place === this.others && !isUrgent)) return
    const since = Math.min(dueSince, place?.get(listingId) ?? dueSince)
    this.move(listingId, since, isUrgent ? this.urgent : this.others)
  }

  addRetry(listingId: string, dueSince: number, retryAt: number): void {
    const step = Math.ceil(retryAt / RETRY_STEP_MS)
    let place = this.retries.get(step)
    if (place === undefined) this.retries.set(step, (place = new Map()))
    this.move(listingId, dueSince, place)
  }

  /** Retries whose time has come join the others. */
  wakeRetries(at: number): void {
    for (const [step, place] of this.retries) {
      if (step * RETRY_STEP_MS > at && place.size > 0) continue
      this.retries.delete(step)
      for (const [listingId, since] of place) this.move(listingId, since, this.others)
    }
  }

  /** When the next retry's time comes; `Infinity` when there is none. */
  nextRetryAt(): number {
    let next = Infinity
    for (const [step, place] of this.retries) if (place.size > 0) next = Math.min(next, step * RETRY_STEP_MS)
    return next
  }

  /** Since when the first of those that are not urgent is waiting. */
  oldestSince(): number | undefined {
    for (const since of this.others.values()) return since
    return undefined
  }

  take(countMax: number): ReadonlyArray<Taken> {
    const taken: Array<Taken> = []
    for (const place of [this.urgent, this.others]) {
      for (const [listingId, dueSince] of place) {
        if (taken.length >= countMax) return taken
        place.delete(listingId)
        this.places.delete(listingId)
        taken.push({ listingId, dueSince })
      }
    }
    return taken
  }

  private move(listingId: string, since: number, to: Map<string, number>): void {
    this.places.get(listingId)?.delete(listingId)
    to.set(listingId, since)
    this.places.set(listingId, to)
  }
}
