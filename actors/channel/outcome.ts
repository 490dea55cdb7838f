/**
 * What of a change to a listing is written down: what was acknowledged, accepted, refused, given up or tried again after
 * all. What it ought to show is not, because that follows from the stock; nor what an operator lets be, which has a record
 * of its own with the reason.
 */
import type { Listing } from "./listing.ts"
import type { ChannelRecord } from "./records.ts"

/** `undefined`: nothing to write down. */
export const outcomeOf = (before: Listing, after: Listing): ChannelRecord | undefined => {
  const { listingId, written, ticket, dead, attempts, retryAt, confirmedAt, believed } = after
  if (dead !== undefined && dead !== before.dead && dead.discarded === undefined) {
    return { type: "dead", listingId, ...dead }
  }
  if (ticket !== undefined && ticket !== before.ticket && written !== undefined) {
    return { type: "accepted", listingId, ...written, ticket: ticket.id }
  }
  const isTicketGone = before.ticket !== undefined && ticket === undefined
  // What was accepted and lost is known no more: a start that took it for written would never send it again.
  if (isTicketGone && believed === undefined) return { type: "failed", listingId, attempts, retryAt }
  if (written !== undefined && (written !== before.written || isTicketGone)) {
    return { type: "written", listingId, ...written }
  }
  if (dead === undefined && before.dead !== undefined) return { type: "redriven", listingId, at: confirmedAt }
  if (attempts !== before.attempts) return { type: "failed", listingId, attempts, retryAt }
  return undefined
}
