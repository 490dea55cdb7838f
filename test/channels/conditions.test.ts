/**
 * Goal: whatever about a channel needs somebody is said, in a sentence that says what, and nothing of one that is well.
 * Method: the figures of a channel as they may be, one trouble at a time.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { conditionsOf } from "../../src/channels/conditions.ts"
import type { ChannelHealth } from "../../src/channels/protocol.ts"

const WELL: ChannelHealth = {
  name: "web",
  adapter: "shopify",
  state: "ok",
  aliveAt: "2026-05-01T12:00:00.000Z",
  listings: 10,
  unmapped: 3,
  behind: 0,
  waiting: 0,
  freshness: { least: 0.95, mean: 0.99 },
  startedMs: { p50: 1, p95: 2, p99: 3 },
  syncedMs: { p50: 20, p95: 40, p99: 90 },
  syncedCounts: [],
  callsPerSecond: 1,
  writesPerSecond: 1,
  writes: 10,
  calls: { ok: 10 },
  events: {},
  held: 0,
  deadLetters: 0,
  stuck: 0,
  refusedDeliveries: 0,
  driftCorrected: 0
}

const polls = (kind: string, count: number) => ({ pollFailure: { kind, message: "Try later.", count } })

const TROUBLES: ReadonlyArray<readonly [Partial<ChannelHealth>, key: string, severity: string, summary: RegExp]> = [
  [{ state: "suspended", message: "Renew the token." }, "suspended", "critical", /waits for you: Renew the token/],
  [
    { state: "down", lastFailure: { message: "It answered 503.", at: "" } },
    "down",
    "critical",
    /not answer: It answered/
  ],
  [polls("unavailable", 3), "orders", "critical", /cannot be asked for its orders: Try later/],
  [polls("unauthorized", 1), "orders", "critical", /cannot be asked/],
  [{ syncedMs: { p50: 20, p95: 2_001, p99: 3_000 } }, "latency", "warning", /2001 ms at p95/],
  [{ syncedMs: { p50: 20, p95: 2_001, p99: 5_001 } }, "p99", "critical", /5001 ms at p99/],
  [{ freshness: { least: 0.79, mean: 0.9 } }, "stale", "warning", /freshness 0.79/],
  [{ deadLetters: 2 }, "dead-letters", "warning", /not taken 2 listings/],
  [{ stuck: 4 }, "stuck", "critical", /accepted 4 quantities/],
  [{ held: 1 }, "held", "warning", /told 1 happenings/]
]

describe("what somebody should know of a channel", () => {
  it("is nothing while it is well, or one poll fails, or a shadow is stale", () => {
    const stale = { least: 0, mean: 0 }
    for (const change of [{}, polls("unavailable", 2), { state: "shadow" as const, freshness: stale }]) {
      assert.deepEqual(conditionsOf({ ...WELL, ...change }), [])
    }
  })

  it("is each trouble, once, under a key of its own", () => {
    for (const [change, kind, severity, summary] of TROUBLES) {
      const [found, more] = conditionsOf({ ...WELL, ...change })
      assert.deepEqual([found?.key, found?.severity, more], [`channel:web:${kind}`, severity, undefined])
      assert.match(found?.summary ?? "", summary)
    }
  })
})
