/**
 * What arrives on the socket, measured once a second for the tiles: changes a second and latency, with a minute of
 * each behind them.
 *
 * Measured at arrival and read by a timer, so the figures cost the same whether ten changes come in or ten thousand.
 */
import { LatencyWindow, RateMeter } from "../stock/latency.ts"
import type { LatencySample } from "../stock/latency.ts"

export const PULSE_EVERY_MS = 1_000

/** A minute, which is what fits a tile. */
const HISTORY_POINTS = 60

export interface Pulse {
  readonly changesPerSecond: number
  readonly latency: LatencySample | undefined
  readonly changesHistory: ReadonlyArray<number>
  readonly p99History: ReadonlyArray<number>
}

const NOTHING_YET: Pulse = { changesPerSecond: 0, latency: undefined, changesHistory: [], p99History: [] }

export class PulseMeter {
  readonly #now: () => number
  readonly #latency = new LatencyWindow()
  readonly #rate = new RateMeter()
  readonly #listeners = new Set<() => void>()
  #pulse = NOTHING_YET
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  readonly pulse = (): Pulse => this.#pulse

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#read(), PULSE_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** One change that happened while the page was connected; `acknowledgedAtMs` is on the hub's clock. */
  record(arrivedAtMs: number, acknowledgedAtMs: number): void {
    this.#rate.record(arrivedAtMs, 1)
    this.#latency.record(arrivedAtMs, arrivedAtMs - acknowledgedAtMs)
  }

  #read(): void {
    const now = this.#now()
    const changesPerSecond = this.#rate.perSecond(now)
    const sample = this.#latency.sample(now)
    // Below zero the two clocks differ by more than the latency itself, and no figure can be had from them.
    const latency = sample !== undefined && sample.p50Ms >= 0 ? sample : undefined
    this.#pulse = {
      changesPerSecond,
      latency,
      changesHistory: [...this.#pulse.changesHistory, changesPerSecond].slice(-HISTORY_POINTS),
      p99History: [...this.#pulse.p99History, latency?.p99Ms ?? 0].slice(-HISTORY_POINTS)
    }
    for (const listener of this.#listeners) listener()
  }
}
