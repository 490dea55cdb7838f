/**
 * Latencies and rates over the last seconds, for `/metrics` and `/v1/status`.
 *
 * Node's own HDR histograms, one filling and one full: a figure covers between one and two windows, so it neither
 * jumps to nothing nor remembers yesterday.
 */
import { type IncidentRecord, isStockEvent, type JournalRecord } from "../../actors/sku/events.ts"
import { createHistogram, performance as perf, type RecordableHistogram } from "node:perf_hooks"

const WINDOW_MS = 10_000
const MICROS_MAX = 60_000_000
/** Latencies recorded between two looks at the clock. */
const TURN_CHECK_EVERY = 64

const fresh = (): RecordableHistogram => createHistogram({ lowest: 1, highest: MICROS_MAX, figures: 3 })

export interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

export class RecentLatency {
  private filling = fresh()
  private full = fresh()
  private turnedAtMs = performance.now()
  private readonly checkEvery: number
  totalCount = 0
  totalMs = 0

  /** What is recorded seldom looks at the clock each time: else its figures would be too old by the next look. */
  constructor(checkEvery = TURN_CHECK_EVERY) {
    this.checkEvery = checkEvery
  }

  record(latencyMs: number): void {
    // Also when nobody looks: else the first look would find the whole past, and throw it away as too old.
    if (this.totalCount % this.checkEvery === 0) this.turn()
    this.filling.record(Math.min(MICROS_MAX, Math.max(1, Math.round(latencyMs * 1_000))))
    this.totalCount++
    this.totalMs += latencyMs
  }

  /** Milliseconds; zeros when nothing was recorded lately. */
  percentiles(): Percentiles {
    this.turn()
    const both = fresh()
    both.add(this.full)
    both.add(this.filling)
    if (both.count === 0) return { p50: 0, p95: 0, p99: 0 }
    const at = (percentile: number) => both.percentile(percentile) / 1_000
    return { p50: at(50), p95: at(95), p99: at(99) }
  }

  private turn(): void {
    const passedMs = performance.now() - this.turnedAtMs
    if (passedMs < WINDOW_MS) return
    this.full = passedMs < 2 * WINDOW_MS ? this.filling : fresh()
    this.filling = fresh()
    this.turnedAtMs = performance.now()
  }
}

/** How often something happened a second, over about the last second. */
export class RecentRate {
  total = 0
  private sinceMs = performance.now()
  private before = 0
  private rate = 0

  add(count: number): void {
    this.total += count
  }

  perSecond(): number {
    const now = performance.now()
    if (now - this.sinceMs >= 1_000) {
      this.rate = ((this.total - this.before) * 1_000) / (now - this.sinceMs)
      this.before = this.total
      this.sinceMs = now
    }
    return this.rate
  }
}

/** A fact may name any channel: so many are told apart. */
const CHANNELS_COUNTED_MAX = 256

export class HostStats {
  /** From a command's arrival to its answer. */
  readonly answers = new RecentLatency()
  readonly appends = new RecentLatency()
  readonly commands = new RecentRate()
  readonly changes = new RecentRate()
  /** Answers by result: `ok`, `replayed`, or the refusal's code. */
  readonly results = new Map<string, number>()
  readonly incidents = new Map<string, number>()
  /** Incidents by the channel that sold what was not there. */
  readonly oversellsByChannel = new Map<string, number>()
  turns = 0
  turnCommandsMax = 0
  turnRecords = 0
  replayed = 0

  countRecords(records: ReadonlyArray<JournalRecord>): void {
    let changes = 0
    for (const record of records) {
      if (isStockEvent(record)) changes++
      else if (record.type === "incident") this.countIncident(record)
    }
    this.changes.add(changes)
  }

  private countIncident({ kind, channel }: IncidentRecord): void {
    this.incidents.set(kind, (this.incidents.get(kind) ?? 0) + 1)
    if (channel === undefined) return
    if (!this.oversellsByChannel.has(channel) && this.oversellsByChannel.size >= CHANNELS_COUNTED_MAX) return
    this.oversellsByChannel.set(channel, (this.oversellsByChannel.get(channel) ?? 0) + 1)
  }

  countResult(result: string): void {
    this.results.set(result, (this.results.get(result) ?? 0) + 1)
  }
}

const LOAD_WINDOW_MS = 100
/** At 1,000 commands a second, one by one, turns take about half of the time, nearly all of it waiting for the disk. */
const BUSY_TURNS_SHARE = 0.6
/**
 * On a machine that has more to do than it can, turns wait for the processor in between and take less of the time than they
 * would; what the event loop works at them does not shrink. At 3,000 commands a second on two cores it is a quarter.
 */
const BUSY_LOOP_SHARE = 0.45

/**
 * Whether the hub has its hands full: of the last tenth of a second, how much was spent in turns, waiting for the journal
 * included, and how much the event loop was at work.
 */
export class HubLoad {
  private sinceMs = performance.now()
  /** Of the module's own object: whoever sets the clock by hand puts another in the global one's place. */
  private loop = perf.eventLoopUtilization()
  private spentMs = 0
  private busy = false

  add(turnMs: number): void {
    this.roll()
    this.spentMs += turnMs
  }

  isBusy(): boolean {
    this.roll()
    return this.busy
  }

  private roll(): void {
    const passedMs = performance.now() - this.sinceMs
    if (passedMs < LOAD_WINDOW_MS) return
    const loop = perf.eventLoopUtilization()
    const { utilization } = perf.eventLoopUtilization(loop, this.loop)
    this.busy = this.spentMs > passedMs * BUSY_TURNS_SHARE || utilization > BUSY_LOOP_SHARE
    this.spentMs = 0
    this.loop = loop
    this.sinceMs = performance.now()
  }
}
