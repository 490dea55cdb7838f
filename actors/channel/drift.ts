/**
 * What a reconciliation finds: where a channel shows something else than the hub wants it to, and the likeliest why.
 */
import { isDue, type Listing } from "./listing.ts"

export type DriftCause =
  /** A write of the newest quantity is due, under way, or accepted and not applied yet. */
  | "in_flight"
  /** The channel still shows what it was told before: it acknowledged a write and did not keep it. */
  | "lost_write"
  /** It shows fewer than it was told, by a hand's fill: it sold without telling. */
  | "lost_order"
  /** It shows what nobody told it. */
  | "edited_on_channel"
  /** The hub has given the listing up; see its dead letter. */
  | "given_up"
  /** The channel is watched only: nothing is told to it yet. */
  | "not_told"

export interface Drift {
  readonly listingId: string
  readonly sku: string
  /** Units on the channel. */
  readonly shown: number
  /** Units that it ought to show. */
  readonly wanted: number
  readonly version: number
  readonly cause: DriftCause
  /** When both were last known to be the same, in milliseconds since the epoch; 0: never. */
  readonly since: number
}

/** Fewer than this missing are taken for a sale that was not told, more for a person's edit. */
const LOST_ORDER_UNITS_MAX = 10

/** `undefined`: no drift. `isTold`: the channel is told what it ought to show. */
export const driftOf = (listing: Listing, shown: number, isTold = true): Drift | undefined => {
  const { wanted } = listing
  if (wanted === undefined || shown === wanted.quantity) return undefined
  return {
    listingId: listing.listingId,
    sku: listing.sku,
    shown,
    wanted: wanted.quantity,
    version: wanted.version,
    cause: isTold ? causeOf(listing, shown) : "not_told",
    since: listing.confirmedAt
  }
}

const causeOf = (listing: Listing, shown: number): DriftCause => {
  if (listing.flight !== undefined || listing.ticket !== undefined) return "in_flight"
  if (listing.dead !== undefined && !isDue(listing)) return "given_up"
  if (isDue(listing)) return "in_flight"
  if (shown === listing.written?.previous) return "lost_write"
  const missing = (listing.believed ?? shown) - shown
  return missing > 0 && missing <= LOST_ORDER_UNITS_MAX ? "lost_order" : "edited_on_channel"
}
