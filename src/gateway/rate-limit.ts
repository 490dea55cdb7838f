/**
 * Token buckets: so many requests a second, with a burst of two seconds' worth.
 */
export interface RateLimit {
  /** 0: no limit. It may change at any time. */
  readonly requestsPerSecond: number
}

const BURST_SECONDS = 2

export class TokenBucket {
  private readonly limit: RateLimit
  private tokens = 0
  private filledAtMs: number | undefined

  constructor(limit: RateLimit) {
    this.limit = limit
  }

  /** `nowMs` from a clock that never goes back. False: too fast. */
  take(nowMs: number): boolean {
    const { requestsPerSecond } = this.limit
    if (requestsPerSecond === 0) return true
    const passedMs = nowMs - (this.filledAtMs ?? -Infinity)
    this.filledAtMs = nowMs
    this.tokens = Math.min(requestsPerSecond * BURST_SECONDS, this.tokens + (passedMs * requestsPerSecond) / 1_000)
    if (this.tokens < 1) return false
    this.tokens--
    return true
  }
}

/** Callers kept apart at once; past that the one seen longest ago starts afresh. */
const CALLERS_MAX = 10_000

/** One bucket for each caller: an address, a key, a user. */
export class RateLimiter {
  private readonly limit: RateLimit
  private readonly buckets = new Map<string, TokenBucket>()

  constructor(limit: RateLimit) {
    this.limit = limit
  }

  get isOn(): boolean {
    return this.limit.requestsPerSecond > 0
  }

  take(caller: string, nowMs: number): boolean {
    const bucket = this.buckets.get(caller) ?? new TokenBucket(this.limit)
    this.buckets.delete(caller)
    this.buckets.set(caller, bucket)
    if (this.buckets.size > CALLERS_MAX) {
      for (const oldest of this.buckets.keys()) {
        this.buckets.delete(oldest)
        break
      }
    }
    return bucket.take(nowMs)
  }
}
