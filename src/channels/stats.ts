/**
 * What is measured of a channel. Latencies are from the journal's acknowledgement of a change: to the start of the call
 * that carries it, and to the channel's answer.
 */
import { RecentLatency, RecentRate } from "../host/stats.ts"

export class ChannelStats {
  readonly started = new RecentLatency(1)
  readonly synced = new RecentLatency(1)
  readonly calls = new RecentRate()
  readonly writes = new RecentRate()
  /** Calls by how they ended: `ok`, `throttled`, `unauthorized`, `unavailable`. */
  readonly results = new Map<string, number>()
  /** Events taken in, by type. */
  readonly events = new Map<string, number>()
  refusedDeliveries = 0
  driftCorrected = 0

  countResult(result: string): void {
    this.results.set(result, (this.results.get(result) ?? 0) + 1)
  }

  countEvent(type: string): void {
    this.events.set(type, (this.events.get(type) ?? 0) + 1)
  }
}
