/**
 * Token buckets: so many requests a second, with a burst of two seconds' worth.
 */
export interface RateLimit {
  readonly requestsPerSecond: number
}

const BURST_SECONDS = 2

export class TokenBucket {
  private readonly limit: RateLimit
  private tokens: number
  private filledAtMs: number | undefined

  constructor(limit: RateLimit) {
    this.limit = limit
    this.tokens = limit.requestsPerSecond * BURST_SECONDS
  }

  /** `nowMs` from a clock that never goes back. False: too fast. */
  take(nowMs: number): boolean {
    const { requestsPerSecond } = this.limit
    const passedMs = nowMs - (this.filledAtMs ?? nowMs)
    this.filledAtMs = nowMs
    this.tokens = Math.min(requestsPerSecond * BURST_SECONDS, this.tokens + (passedMs * requestsPerSecond) / 1_000)
    if (this.tokens < 1) return false
    this.tokens--
    return true
  }
}

/** Addresses kept apart at once; past that the one seen longest ago starts afresh. */
const ADDRESSES_MAX = 10_000

/** One bucket for each client address. */
export class AddressLimiter {
  private readonly limit: RateLimit
  private readonly buckets = new Map<string, TokenBucket>()

  constructor(limit: RateLimit) {
    this.limit = limit
  }

  take(address: string, nowMs: number): boolean {
    const bucket = this.buckets.get(address) ?? new TokenBucket(this.limit)
    this.buckets.delete(address)
    this.buckets.set(address, bucket)
    if (this.buckets.size > ADDRESSES_MAX) {
      for (const oldest of this.buckets.keys()) {
        this.buckets.delete(oldest)
        break
      }
    }
    return bucket.take(nowMs)
  }
}
