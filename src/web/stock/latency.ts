/**
 * How long changes take from the journal's acknowledgement to this page, and how many arrive, over the last seconds.
 *
 * Percentiles are exact over the samples kept (nearest rank), not estimated. A page on another machine sees the
 * difference of the two clocks as well; when that makes the middle negative, the figure is withheld, not shown wrong.
 */

/** 5 s of 3,200 changes a second; beyond that the newest are kept. 2 x 128 KiB. */
const SAMPLES_MAX = 16_384
const WINDOW_MS = 5_000

const RATE_SLOTS = 10
const RATE_SLOT_MS = 200

export interface LatencySample {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Nearest rank on ascending values: the smallest value with at least `share` of all at or below it. */
export const percentile = (ascending: ArrayLike<number>, share: number): number => {
  const rank = Math.max(1, Math.ceil(share * ascending.length))
  return ascending[rank - 1] ?? Number.NaN
}

export class LatencyWindow {
  readonly #arrivalsMs = new Float64Array(SAMPLES_MAX)
  readonly #latenciesMs = new Float64Array(SAMPLES_MAX)
  #count = 0

  record(arrivedAtMs: number, latencyMs: number): void {
    const index = this.#count % SAMPLES_MAX
    this.#arrivalsMs[index] = arrivedAtMs
    this.#latenciesMs[index] = latencyMs
    this.#count += 1
  }

  /** Absent when nothing arrived in the last seconds. */
  sample(nowMs: number): LatencySample | undefined {
    const kept = Math.min(this.#count, SAMPLES_MAX)
    let recent = 0
    while (recent < kept && (this.#arrivalsMs[(this.#count - 1 - recent) % SAMPLES_MAX] ?? 0) > nowMs - WINDOW_MS) {
      recent += 1
    }
    if (recent === 0) return undefined
    const latencies = new Float64Array(recent)
    for (let index = 0; index < recent; index += 1) {
      latencies[index] = this.#latenciesMs[(this.#count - 1 - index) % SAMPLES_MAX] ?? 0
    }
    latencies.sort()
    return { count: recent, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) }
  }
}

/** Changes a second over the last two seconds, in slots, so that counting costs one addition a change. */
export class RateMeter {
  readonly #counts = new Uint32Array(RATE_SLOTS + 1)
  readonly #slots = new Float64Array(RATE_SLOTS + 1)

  record(atMs: number, changes: number): void {
    const slot = Math.floor(atMs / RATE_SLOT_MS)
    const index = slot % this.#counts.length
    if (this.#slots[index] !== slot) {
      this.#slots[index] = slot
      this.#counts[index] = 0
    }
    this.#counts[index] = (this.#counts[index] ?? 0) + changes
  }

  /** The slot that is still filling is left out. */
  perSecond(nowMs: number): number {
    const current = Math.floor(nowMs / RATE_SLOT_MS)
    let changes = 0
    for (const [index, slot] of this.#slots.entries()) {
      if (slot < current && slot >= current - RATE_SLOTS) changes += this.#counts[index] ?? 0
    }
    return (changes * 1_000) / (RATE_SLOTS * RATE_SLOT_MS)
  }
}
