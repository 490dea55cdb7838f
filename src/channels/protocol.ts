/**
 * The shapes in which the hub tells of its channels; pages and programs read them.
 */

export interface Quantiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

export interface ChannelHealth {
  readonly name: string
  readonly adapter: string
  /** `down`: it fails, and is asked now and then whether it is back. `suspended`: it waits for an operator. */
  readonly state: "ok" | "throttled" | "down" | "suspended" | "shadow"
  /** What the operator is to do, when it is suspended. */
  readonly message?: string
  readonly lastFailure?: { readonly message: string; readonly at: string }
  /** Why it cannot be asked for its orders, and how often in a row. */
  readonly pollFailure?: { readonly kind: string; readonly message: string; readonly count: number }
  /** When the channel last answered; `null`: never since the hub started. */
  readonly aliveAt: string | null
  readonly listings: number
  /** Listings seen on the channel that no SKU stands behind. */
  readonly unmapped: number
  /** Listings that do not show what they ought to yet. */
  readonly behind: number
  readonly waiting: number
  /** 1 fresh, 0 stale for 30 seconds. */
  readonly freshness: { readonly least: number; readonly mean: number }
  /** From a change to the start of the call that carries it, and to the channel's answer; milliseconds. */
  readonly startedMs: Quantiles
  readonly syncedMs: Quantiles
  /** Writes that the channel took since the hub started, by how long that took; the last is longer than all others. */
  readonly syncedCounts: ReadonlyArray<{ readonly untilMs: number | null; readonly count: number }>
  readonly callsPerSecond: number
  readonly writesPerSecond: number
  readonly writes: number
  /** By how they ended. */
  readonly calls: Readonly<Record<string, number>>
  /** Happenings told by the channel, by type. */
  readonly events: Readonly<Record<string, number>>
  readonly held: number
  readonly deadLetters: number
  readonly stuck: number
  readonly refusedDeliveries: number
  readonly driftCorrected: number
}

export interface ChannelList {
  readonly channels: ReadonlyArray<ChannelHealth>
}

/** A listing that was given up. */
export interface DeadListing {
  readonly listingId: string
  readonly sku: string
  readonly quantity: number
  readonly version: number
  readonly attempts: number
  readonly code: string
  readonly message: string
  readonly at: string | null
  /** What would be sent now. */
  readonly wanted: number | null
}

/** The channel lists it, and no SKU stands behind it. */
export interface UnmappedItem {
  readonly listingId: string
  /** The merchant's SKU as the channel has it. */
  readonly sku: string | null
  readonly quantity: number
  readonly seenAt: string | null
}

/** A happening that cannot become a fact yet. */
export interface HeldItem {
  readonly id: string
  readonly type: string
  readonly listingId?: string
  readonly quantity?: number
  readonly why: string
  readonly detail: string
  readonly at: string | null
}

/** A record of a channel's log. */
export interface LogItem {
  readonly id: string
  /** ISO 8601. */
  readonly at: string
  readonly type: string
  readonly listingId?: string
  readonly quantity?: number
  readonly version?: number
  /** In words; may be empty. */
  readonly detail: string
}

/** `GET /v1/channels/<name>/log`: the newest first. */
export interface LogList {
  readonly items: ReadonlyArray<LogItem>
  /** The `before` of the page that follows. */
  readonly next?: string
}
