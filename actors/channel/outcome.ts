/**
 * What of a change to a listing is written down: what was acknowledged, accepted, refused or given up. What it ought to
 * show is not, because that follows from the stock; nor what an operator decides, which has records of its own.
 */
import type { Listing } from "./listing.ts"
import type { ChannelRecord } from "./records.ts"

/** `undefined`: nothing to write down. */
export const outcomeOf = (before: Listing, after: Listing): ChannelRecord | undefined => {
  const { listingId, written, ticket, dead, attempts, retryAt } = after
  if (dead !== undefined && dead !== before.dead && dead.discarded === undefined) {
    return { type: "dead", listingId, ...dead }
  }
  if (ticket !== undefined && ticket !== before.ticket && written !== undefined) {
    return { type: "accepted", listingId, ...written, ticket: ticket.id }
  }
  if (written !== undefined && (written !== before.written || (before.ticket !== undefined && ticket === undefined))) {
    return { type: "written", listingId, ...written }
  }
  if (attempts !== before.attempts) return { type: "failed", listingId, attempts, retryAt }
  return undefined
}
