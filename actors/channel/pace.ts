/**
 * How fast a channel is called: the wait between attempts, the calls it allows, and when it is left alone.
 *
 * Pure: times and randomness are handed in. The token bucket is the usual one (a burst, refilled evenly); the circuit
 * breaker is Nygard's ("Release It!"): after failures in a row nothing is sent for a while, then one call probes.
 */

export interface BackoffPolicy {
  readonly baseMs: number
  readonly factor: number
  readonly maxMs: number
  readonly retriesMax: number
}

export const BACKOFF_DEFAULT: BackoffPolicy = { baseMs: 1_000, factor: 2, maxMs: 30_000, retriesMax: 5 }

/**
 * The wait after `attempts` failures, from half of the exponential step to all of it: `random` is from 0 to below 1.
 * Half is kept because a wait near nothing is no wait.
 */
export const backoffMs = (policy: BackoffPolicy, attempts: number, random: number): number => {
  const step = Math.min(policy.maxMs, policy.baseMs * policy.factor ** Math.max(0, attempts - 1))
  return Math.round(step / 2 + (step / 2) * random)
}

export interface Bucket {
  readonly tokens: number
  /** When `tokens` was true, in milliseconds. */
  readonly at: number
}

export interface BucketRate {
  readonly perSecond: number
  readonly burst: number
}

export const fullBucket = (rate: BucketRate, at: number): Bucket => ({ tokens: rate.burst, at })

/** The tokens of this moment. */
export const refilled = (bucket: Bucket, rate: BucketRate, at: number): Bucket => {
  const passedMs = Math.max(0, at - bucket.at)
  const gained = rate.perSecond === Infinity ? Infinity : (passedMs * rate.perSecond) / 1_000
  return { tokens: Math.min(rate.burst, bucket.tokens + gained), at: Math.max(at, bucket.at) }
}

/** Milliseconds until a call may be made; 0 now. */
export const untilToken = (bucket: Bucket, rate: BucketRate, at: number): number => {
  const { tokens } = refilled(bucket, rate, at)
  return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1_000) / rate.perSecond)
}

export const taken = (bucket: Bucket, rate: BucketRate, at: number): Bucket => {
  const now = refilled(bucket, rate, at)
  return { ...now, tokens: now.tokens - 1 }
}

export type Breaker =
  | { readonly state: "closed"; readonly failures: number }
  /** Nothing is sent before `until`; then one call. */
  | { readonly state: "open"; readonly until: number; readonly opened: number; readonly since: number }
  | { readonly state: "probing"; readonly opened: number; readonly since: number }

export interface BreakerPolicy {
  /** Calls that fail one after the other until it opens. */
  readonly failuresMax: number
  /** The first rest; it doubles each time the probe fails. */
  readonly restMs: number
  readonly restMsMax: number
}

export const BREAKER_DEFAULT: BreakerPolicy = { failuresMax: 5, restMs: 1_000, restMsMax: 30_000 }

export const closedBreaker: Breaker = { state: "closed", failures: 0 }

/** Milliseconds until a call may be made; `undefined` while the probe is under way. */
export const untilCall = (breaker: Breaker, at: number): number | undefined => {
  if (breaker.state === "closed") return 0
  return breaker.state === "open" ? Math.max(0, breaker.until - at) : undefined
}

/** A call leaves: after the rest it is the probe. */
export const calling = (breaker: Breaker): Breaker =>
  breaker.state === "open" ? { state: "probing", opened: breaker.opened, since: breaker.since } : breaker

/** A call came back. Only calls that say something about the channel's health count. */
export const returned = (breaker: Breaker, isHealthy: boolean, policy: BreakerPolicy, at: number): Breaker => {
  if (isHealthy) return closedBreaker
  if (breaker.state === "closed") {
    const failures = breaker.failures + 1
    return failures < policy.failuresMax
      ? { state: "closed", failures }
      : { state: "open", until: at + policy.restMs, opened: 1, since: at }
  }
  // Calls that left before it opened come back late; only the probe makes the rest longer.
  if (breaker.state === "open") return breaker
  const restMs = Math.min(policy.restMsMax, policy.restMs * 2 ** breaker.opened)
  return { state: "open", until: at + restMs, opened: breaker.opened + 1, since: breaker.since }
}

/** Staleness at which a listing counts as nothing worth: an AI buying agent skips it. */
export const FRESHNESS_WINDOW_MS = 30_000

/** `max(0, 1 - staleness / 30 s)`. */
export const freshness = (stalenessMs: number): number =>
  Math.max(0, 1 - Math.max(0, stalenessMs) / FRESHNESS_WINDOW_MS)

/** The soonest that a channel is looked after again. */
export const BEAT_MS_MIN = 100

/**
 * Milliseconds until a channel is asked for a sign of life: `heartbeatMs` after the last one, whoever got it, and after
 * it was asked last. At even intervals one that answered just after a beat would be passed over by the next, and be
 * stale before the one after that.
 */
export const untilBeatMs = (
  times: { readonly aliveAt: number; readonly askedAt: number; readonly heartbeatMs: number },
  at: number
): number => Math.max(BEAT_MS_MIN, Math.max(times.aliveAt, times.askedAt) + times.heartbeatMs - at)
