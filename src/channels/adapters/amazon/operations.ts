/**
 * Calls of the Selling Partner API: each operation has a leaky bucket of its own, filled as Amazon documents it or as its
 * answers say; a call that finds its bucket empty is not made.
 */
import * as Pace from "../../../../actors/channel/pace.ts"
import { type AdapterContext, failed, type Result, succeeded } from "../../adapter.ts"
import { type Call, callChannel } from "../../http-call.ts"
import { isObject } from "../../json-body.ts"
import type { AmazonSettings } from "./settings.ts"
import { AccessToken } from "./token.ts"

/** Usage plans of the operations used here, from their documentation. */
const RATES = {
  patchListingsItem: { perSecond: 5, burst: 5 },
  searchListingsItems: { perSecond: 5, burst: 5 },
  searchOrders: { perSecond: 0.0167, burst: 20 },
  getOrder: { perSecond: 0.5, burst: 30 },
  createFeedDocument: { perSecond: 0.5, burst: 15 },
  createFeed: { perSecond: 0.0083, burst: 15 },
  getFeed: { perSecond: 2, burst: 15 },
  getFeedDocument: { perSecond: 0.0222, burst: 10 },
  confirmShipment: { perSecond: 2, burst: 10 }
} as const satisfies Record<string, Pace.BucketRate>

export type Operation = keyof typeof RATES

export interface OperationCall extends Pick<Call, "method" | "body" | "signal"> {
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
}

export interface OperationAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export class Operations {
  private readonly settings: AmazonSettings
  private readonly context: AdapterContext
  private readonly token: AccessToken
  private readonly rates = new Map<Operation, Pace.BucketRate>()
  private readonly buckets = new Map<Operation, Pace.Bucket>()

  constructor(settings: AmazonSettings, context: AdapterContext) {
    this.settings = settings
    this.context = context
    this.token = new AccessToken(settings, context)
  }

  /** Answers 2xx and 400, 404, 409, 413, 415, 422 as they are. An expired token is renewed once. */
  async call(operation: Operation, call: OperationCall, isRepeat = false): Promise<Result<OperationAnswer>> {
    const token = await this.token.get()
    if (!token.ok) return token
    const waitMs = this.take(operation)
    if (waitMs > 0) {
      const message = `Amazon's limit of ${operation} is used up.`
      return failed({ kind: "throttled", message, retryAfterMs: waitMs })
    }
    const query = call.query === undefined ? "" : `?${new URLSearchParams(call.query).toString()}`
    const result = await callChannel(this.context.fetch, {
      method: call.method,
      url: `${this.settings.endpoint}${call.path}${query}`,
      headers: { "x-amz-access-token": token.value },
      body: call.body,
      signal: call.signal
    })
    if (result.ok) {
      this.learn(operation, result.value.headers.get("x-amzn-ratelimit-limit"))
      const { status, body } = result.value
      return succeeded({ status, body: isObject(body) ? body : {} })
    }
    if (result.failure.kind === "unauthorized") {
      this.token.forget(token.value)
      if (!isRepeat) return this.call(operation, call, true)
      const message = `Amazon does not allow ${operation}: the application lacks a role, or its authorization was revoked.`
      return failed({ kind: "unauthorized", message })
    }
    if (result.failure.kind === "throttled") this.empty(operation)
    return result
  }

  /** Milliseconds until the operation may be called. */
  untilMs(operation: Operation): number {
    const { rate, bucket } = this.limitOf(operation)
    return Pace.untilToken(bucket, rate, this.context.nowMs())
  }

  /** Milliseconds to wait; 0 when a token was taken. */
  private take(operation: Operation): number {
    const waitMs = this.untilMs(operation)
    const { rate, bucket } = this.limitOf(operation)
    if (waitMs === 0) this.buckets.set(operation, Pace.taken(bucket, rate, this.context.nowMs()))
    return waitMs
  }

  private limitOf(operation: Operation) {
    const rate = this.rates.get(operation) ?? RATES[operation]
    return { rate, bucket: this.buckets.get(operation) ?? Pace.fullBucket(rate, this.context.nowMs()) }
  }

  private empty(operation: Operation): void {
    this.buckets.set(operation, { tokens: 0, at: this.context.nowMs() })
  }

  /** Accounts have rates of their own; the burst stays as documented. */
  private learn(operation: Operation, header: string | null): void {
    const perSecond = header === null ? Number.NaN : Number(header)
    if (perSecond > 0) this.rates.set(operation, { perSecond, burst: RATES[operation].burst })
  }
}
