/**
 * Goal: a channel is called as often as it allows, left alone while it fails, and never silent for long.
 * Method: the pure rules, with times and randomness given.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import * as Pace from "../../../actors/channel/pace.ts"
import { runs } from "../../support/runs.ts"

describe("waits between attempts", () => {
  it("are 1, 2, 4, 8, 16 seconds at most and half of that at least, and never over 30 s", () => {
    for (const [attempts, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
      assert.equal(Pace.backoffMs(Pace.BACKOFF_DEFAULT, attempts + 1, 0), seconds * 500)
      assert.ok(Pace.backoffMs(Pace.BACKOFF_DEFAULT, attempts + 1, 0.999_999) <= seconds * 1_000)
    }
  })
})

describe("a token bucket", () => {
  it("lets through the burst and the rate, never more, whenever it is asked", () => {
    const rate = { perSecond: 5, burst: 10 }
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }), (steps) => {
        let bucket = Pace.fullBucket(rate, 0)
        let now = 0
        let calls = 0
        for (const step of steps) {
          now += step
          if (Pace.untilToken(bucket, rate, now) > 0) continue
          bucket = Pace.taken(bucket, rate, now)
          calls++
        }
        assert.ok(calls <= rate.burst + (now / 1_000) * rate.perSecond + 1e-6)
      }),
      runs()
    )
  })

  it("says how long to wait, and then there is a token", () => {
    const rate = { perSecond: 0.0083, burst: 1 }
    const empty = Pace.taken(Pace.fullBucket(rate, 0), rate, 0)
    const waitMs = Pace.untilToken(empty, rate, 0)
    assert.ok(Pace.untilToken(empty, rate, waitMs - 10) > 0)
    assert.equal(Pace.untilToken(empty, rate, waitMs), 0)
  })
})

describe("a circuit breaker", () => {
  it("opens after failures in a row, lets one call ask, and rests longer each time that fails", () => {
    const policy = Pace.BREAKER_DEFAULT
    let breaker: Pace.Breaker = Pace.closedBreaker
    for (let failure = 0; failure < 5; failure++) {
      assert.equal(Pace.untilCall(breaker, 0), 0)
      breaker = Pace.returned(breaker, false, policy, 0)
    }
    const rests: Array<number> = []
    for (let probe = 0, now = 0; probe < 7; probe++) {
      const restMs = Pace.untilCall(breaker, now) ?? Number.NaN
      rests.push(restMs)
      now += restMs
      breaker = Pace.calling(breaker)
      assert.equal(Pace.untilCall(breaker, now), undefined, "one asks, the others wait for its answer")
      breaker = Pace.returned(breaker, false, policy, now)
    }
    assert.deepEqual(rests, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    assert.deepEqual(Pace.returned(Pace.calling(breaker), true, policy, 0), Pace.closedBreaker)
  })
})

describe("signs of life", () => {
  it("keep a channel that answers above the freshness at which agents skip it, whenever it answered last", () => {
    const heartbeatMs = 5_000
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 1, maxLength: 30 }), (gaps) => {
        // Answers that others get, at any times, and beats in between, as the round asks for them.
        const others = gaps.reduce<ReadonlyArray<number>>((all, gap) => [...all, (all.at(-1) ?? 0) + gap], [])
        let [aliveAt, askedAt, now, next] = [0, 0, 0, 0]
        while (now < (others.at(-1) ?? 0)) {
          const wakes = now + Pace.untilBeatMs({ aliveAt, askedAt, heartbeatMs }, now)
          while (next < others.length && (others[next] ?? 0) <= wakes) aliveAt = Math.max(aliveAt, others[next++] ?? 0)
          now = wakes
          assert.ok(Pace.freshness(now - aliveAt) >= 0.8, `${now - aliveAt} ms without a sign`)
          if (Pace.untilBeatMs({ aliveAt, askedAt, heartbeatMs }, now) <= Pace.BEAT_MS_MIN) aliveAt = askedAt = now
        }
      }),
      runs()
    )
  })

  it("are not asked for in a hot loop of a channel that does not answer", () => {
    assert.equal(Pace.untilBeatMs({ aliveAt: 0, askedAt: 60_000, heartbeatMs: 5_000 }, 60_000), 5_000)
  })
})
