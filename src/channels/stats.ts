/**
 * What is measured of a channel. Latencies are from the journal's acknowledgement of a change: to the start of the call
 * that carries it, and to the channel's answer.
 */
import { RecentLatency, RecentRate } from "../host/stats.ts"

/** From what nobody notices to what somebody is called for. */
export const SYNCED_UNTIL_MS = [20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000] as const

export class ChannelStats {
  readonly started = new RecentLatency(1)
  readonly synced = new RecentLatency(1)
  /** Of `SYNCED_UNTIL_MS`, and one more for what took longer. */
  readonly syncedCounts = new Uint32Array(SYNCED_UNTIL_MS.length + 1)
  readonly calls = new RecentRate()
  readonly writes = new RecentRate()
  /** Calls by how they ended: `ok`, `throttled`, `unauthorized`, `unavailable`. */
  readonly results = new Map<string, number>()
  /** Events taken in, by type. */
  readonly events = new Map<string, number>()
  refusedDeliveries = 0
  driftCorrected = 0

  recordSynced(latencyMs: number): void {
    this.synced.record(latencyMs)
    const found = SYNCED_UNTIL_MS.findIndex((untilMs) => latencyMs <= untilMs)
    const place = found === -1 ? SYNCED_UNTIL_MS.length : found
    this.syncedCounts[place] = (this.syncedCounts[place] ?? 0) + 1
  }

  countResult(result: string): void {
    this.results.set(result, (this.results.get(result) ?? 0) + 1)
  }

  countEvent(type: string): void {
    this.events.set(type, (this.events.get(type) ?? 0) + 1)
  }
}
