/**
 * What the log of a channel keeps: which SKU a listing stands for, what was sent and what became of it, what the channel
 * told that could not be applied yet. One log a channel, written by one hub at a time.
 *
 * What a listing ought to show is not here: that follows from the stock, and a hub that starts compares anew. So an
 * outcome that was not written down before a crash costs one write that was not needed, and never a lost one.
 */

/** A happening on the channel, as the adapter gave it: see `UnitsEvent` and `UnfitEvent` of the adapter port. */
export interface HeldEvent {
  readonly type: "sale" | "return" | "receipt" | "count" | "adjustment" | "unfit"
  readonly id: string
  readonly [field: string]: unknown
}

export type HeldWhy = "unmapped" | "unfit" | "refused"

export type ChannelRecord =
  | { readonly type: "mapped"; readonly listingId: string; readonly sku: string }
  | { readonly type: "unmapped"; readonly listingId: string }
  | {
      readonly type: "written"
      readonly listingId: string
      readonly version: number
      readonly quantity: number
      /** Milliseconds since the epoch, here and below. */
      readonly at: number
    }
  | {
      readonly type: "accepted"
      readonly listingId: string
      readonly version: number
      readonly quantity: number
      readonly ticket: string
      readonly at: number
    }
  | { readonly type: "failed"; readonly listingId: string; readonly attempts: number; readonly retryAt: number }
  | {
      readonly type: "dead"
      readonly listingId: string
      readonly version: number
      readonly quantity: number
      readonly attempts: number
      readonly code: string
      readonly message: string
      readonly at: number
    }
  | { readonly type: "redriven"; readonly listingId: string; readonly at: number }
  | { readonly type: "discarded"; readonly listingId: string; readonly reason: string; readonly at: number }
  /** Came in and cannot become a fact yet. */
  | {
      readonly type: "held"
      readonly event: HeldEvent
      readonly why: HeldWhy
      readonly detail: string
      readonly at: number
    }
  /** Became a fact after all, or was given up by an operator. */
  | { readonly type: "settled"; readonly id: string; readonly as: "applied" | "discarded"; readonly reason?: string }
  | { readonly type: "cursor"; readonly cursor: string }
  /** Everything up to `base-end` says all that came before it once more; readers begin at the last one that is whole. */
  | { readonly type: "base-begin" }
  | { readonly type: "base-end" }
