/**
 * One listing of one channel: what it ought to show, what it shows as far as anybody knows, and what is on its way.
 *
 * Only the newest quantity travels. A listing is compared, not queued: as long as what the channel is believed to show
 * is not what it ought to show, a write is due, and it carries whatever is newest when it leaves. So nothing can be
 * lost by a restart, and a quantity that went down and up again is sent when, and only when, the channel may have seen
 * the one in between (openlinker#2285).
 *
 * L1 A version told that is not newer than the one known changes nothing. L2 While a write is under way no other one of
 * this listing leaves, so two cannot overtake each other (openlinker#2617). L3 What a failed write left on the channel
 * is not known, and is not assumed.
 */

export interface Wanted {
  /** Units, never below 0. */
  readonly quantity: number
  /** The SKU's version that it was decided from. */
  readonly version: number
  /** When it became different from the one before, in milliseconds since the epoch. */
  readonly since: number
}

/** One write: every attempt of it carries the same three numbers, and so the same key. */
export interface Write {
  readonly quantity: number
  readonly version: number
  /** What the channel was believed to show when it was decided. */
  readonly from: number | undefined
}

export interface Flight extends Write {
  /** The channel moved its own quantity meanwhile: before or after the write, nobody knows. */
  readonly disturbed: boolean
  /** An attempt of the same write before this one left its fate open. */
  readonly isRepeat: boolean
  /** Says what the channel shows already, as confirmed then: a sign of life. */
  readonly refreshes?: number
}

export interface Dead {
  readonly version: number
  readonly quantity: number
  readonly attempts: number
  readonly code: string
  readonly message: string
  readonly at: number
  /** Why an operator has decided to let it be. */
  readonly discarded?: string
}

export interface Written {
  readonly version: number
  readonly quantity: number
  readonly at: number
  /** What was written before, where this hub knows it. */
  readonly previous?: number
}

export interface Listing {
  readonly listingId: string
  readonly sku: string
  /** `undefined` until the SKU is known to the hub. */
  readonly wanted: Wanted | undefined
  /** What the channel shows; `undefined` when that is not known. */
  readonly believed: number | undefined
  /** The write acknowledged last. */
  readonly written: Written | undefined
  readonly flight: Flight | undefined
  /** A write whose fate is not known: the next attempt repeats it as it was, unless something newer is wanted. */
  readonly unsure: Write | undefined
  /** Accepted, and not yet known to be applied. */
  readonly ticket: { readonly id: string; readonly version: number; readonly since: number } | undefined
  /** The last one that was accepted was not carried out. */
  readonly wasStuck: boolean
  /** Attempts that failed since the last one that did not. */
  readonly attempts: number
  /** Not before; 0 when nothing is waited for. */
  readonly retryAt: number
  /** Given up at this version; a newer one is tried once more. */
  readonly dead: Dead | undefined
  /** When the channel was last known to show what it ought to; 0: never. */
  readonly confirmedAt: number
}

export const newListing = (listingId: string, sku: string): Listing => ({
  listingId,
  sku,
  wanted: undefined,
  believed: undefined,
  written: undefined,
  flight: undefined,
  unsure: undefined,
  ticket: undefined,
  wasStuck: false,
  attempts: 0,
  retryAt: 0,
  dead: undefined,
  confirmedAt: 0
})

/** A listing stands for another SKU from now on; what is on its way for the one before may arrive there yet. */
export const remapped = (before: Listing | undefined, now: Listing): Listing =>
  before?.flight === undefined ? now : { ...now, flight: { ...before.flight, disturbed: true } }

export interface News {
  readonly quantity: number
  readonly version: number
  readonly at: number
  /** By so much the channel has moved what it shows itself; `undefined` when it moved by nobody knows how much. */
  readonly shownBy: number | undefined
  /** When it did, by the channel's clock; `undefined` when it does not say. */
  readonly movedAt: number | undefined
}

/** Clocks of the hub and of a channel differ by less than this. */
export const CLOCK_SKEW_MS = 2_000

/** The hub's stock changed. */
export const told = (listing: Listing, news: News): Listing => {
  if (listing.wanted !== undefined && news.version <= listing.wanted.version) return listing
  const isSame = listing.wanted?.quantity === news.quantity
  const since = isSame ? (listing.wanted?.since ?? news.at) : news.at
  const wanted = { quantity: news.quantity, version: news.version, since }
  if (news.shownBy === 0) return { ...listing, wanted }
  const moved = movedBy(listing, news)
  const flight = listing.flight === undefined ? undefined : { ...listing.flight, disturbed: true }
  // The channel moved: also a listing that was in step became different now.
  return { ...listing, wanted: { ...wanted, since: news.at }, believed: moved, flight }
}

/**
 * The channel took its sale off what it shows: then it need not be told of it. But a write that arrived there after the
 * sale has put the units back, so unless the sale is surely the later of the two, nobody knows what it shows.
 */
const movedBy = ({ believed, written }: Listing, { shownBy, movedAt }: News): number | undefined => {
  if (believed === undefined || shownBy === undefined) return undefined
  const isLater = written === undefined || (movedAt !== undefined && movedAt > written.at + CLOCK_SKEW_MS)
  return isLater ? Math.max(0, believed + shownBy) : undefined
}

/** The channel is believed to show what it ought to, also while just that is written to it once more. */
export const isInStep = ({ wanted, flight, believed }: Listing): boolean => {
  if (wanted === undefined) return false
  if (flight === undefined) return believed === wanted.quantity
  return flight.refreshes !== undefined && !flight.disturbed && flight.quantity === wanted.quantity
}

/** Since when a listing that is not in step shows something else; where it was confirmed after the change, since then. */
export const staleSince = ({ wanted, confirmedAt }: Listing): number => Math.max(wanted?.since ?? 0, confirmedAt)

/** It was given up, and an operator has let it be. */
export const isLetBe = (listing: Listing): boolean => listing.dead?.discarded !== undefined && !isDue(listing)

/** A write is due as soon as it may be sent; given-up listings wait for a newer version or for an operator. */
export const isDue = (listing: Listing): boolean =>
  listing.wanted !== undefined &&
  listing.flight === undefined &&
  listing.ticket === undefined &&
  listing.believed !== listing.wanted.quantity &&
  (listing.dead === undefined || listing.wanted.version > listing.dead.version)

export type Leaving = Listing & { readonly flight: Flight }

/** The newest quantity leaves. Only for a listing that is due. */
export const sent = (listing: Listing): Leaving => {
  const { unsure } = listing
  const { quantity, version } = wantedOf(listing)
  const isRepeat = unsure !== undefined && unsure.version === version && unsure.quantity === quantity
  const from = isRepeat ? unsure.from : listing.believed
  return {
    ...listing,
    believed: undefined,
    unsure: undefined,
    retryAt: 0,
    flight: { quantity, version, from, disturbed: false, isRepeat }
  }
}

/** What the channel shows is written once more. Only for a listing that is in step. */
export const refreshing = (listing: Listing): Leaving => {
  const { quantity, version } = wantedOf(listing)
  const flight = { quantity, version, from: listing.believed, disturbed: false, isRepeat: false }
  return { ...listing, believed: undefined, unsure: undefined, flight: { ...flight, refreshes: listing.confirmedAt } }
}

const wantedOf = ({ wanted, listingId }: Listing): Wanted => {
  if (wanted === undefined) throw new Error(`Nothing is known that the listing ${listingId} ought to show.`)
  return wanted
}

/** Names a write for the channel: every attempt of it has the same name, and no other write has. */
export const writeKey = (channel: string, listing: Listing): string => {
  const { flight } = listing
  const name = [channel, listing.listingId, flight?.version, flight?.quantity, flight?.from ?? "unknown"]
  return [...name, ...(flight?.refreshes === undefined ? [] : [`as of ${flight.refreshes}`])].join("|")
}

/** The channel has applied the write that was under way. */
export const applied = (listing: Listing, at: number): Listing => {
  const { flight } = listing
  if (flight === undefined) return listing
  const believed = flight.disturbed ? undefined : flight.quantity
  return {
    ...listing,
    flight: undefined,
    ticket: undefined,
    wasStuck: false,
    believed,
    written: writtenBy(listing, flight, at),
    attempts: 0,
    retryAt: 0,
    dead: undefined,
    confirmedAt: believed === undefined ? listing.confirmedAt : at
  }
}

const writtenBy = ({ written }: Listing, { version, quantity }: Flight, at: number): Written => ({
  version,
  quantity,
  at,
  ...(written === undefined ? {} : { previous: written.quantity })
})

/** The channel will apply it later; until then, or until it says no, nothing else of this listing is sent. */
export const accepted = (listing: Listing, ticket: string, at: number): Listing => {
  const { flight } = listing
  if (flight === undefined) return listing
  return {
    ...listing,
    flight: undefined,
    ticket: { id: ticket, version: flight.version, since: at },
    believed: flight.disturbed ? undefined : flight.quantity,
    written: writtenBy(listing, flight, at)
  }
}

/** What was accepted is applied now. */
export const ticketDone = (listing: Listing, at: number): Listing => ({
  ...listing,
  ticket: undefined,
  wasStuck: false,
  attempts: 0,
  retryAt: 0,
  dead: undefined,
  confirmedAt: at
})

/** What was accepted will not be applied, or nobody will ever know: it is sent again, by another way if there is one. */
export const ticketLost = (listing: Listing): Listing => ({
  ...listing,
  ticket: undefined,
  wasStuck: true,
  believed: undefined
})

/** The hub holds back more or less of the same version: what it ought to show is restated. */
export const restated = (listing: Listing, quantity: number, at: number): Listing => {
  const { wanted } = listing
  if (wanted === undefined || wanted.quantity === quantity) return listing
  return { ...listing, wanted: { ...wanted, quantity, since: at } }
}

export interface RetryPolicy {
  readonly retriesMax: number
  /** The wait before attempt `attempts + 1`, in milliseconds. */
  readonly waitMs: (attempts: number) => number
}

export interface Refusal {
  readonly code: string
  readonly message: string
  /** Sending it again would be refused again. */
  readonly isFinal: boolean
}

/** The write failed: it is tried again after a wait, or given up. */
export const refused = (listing: Listing, refusal: Refusal, policy: RetryPolicy, at: number): Listing => {
  const { flight } = listing
  const write = flight ?? listing.wanted
  if (write === undefined) return listing
  const attempts = listing.attempts + 1
  const isGivenUp = refusal.isFinal || attempts > policy.retriesMax
  const { quantity, version } = write
  return {
    ...listing,
    flight: undefined,
    ticket: undefined,
    believed: undefined,
    unsure: flight === undefined || flight.disturbed || isGivenUp ? undefined : writeOf(flight),
    attempts,
    retryAt: isGivenUp ? 0 : at + policy.waitMs(attempts),
    dead: isGivenUp ? { version, quantity, attempts, code: refusal.code, message: refusal.message, at } : listing.dead
  }
}

const writeOf = ({ quantity, version, from }: Flight): Write => ({ quantity, version, from })

/**
 * The channel showed something else than was believed, and was left alone. Decided again at once from what it shows;
 * each time counts as an attempt, so that two writers cannot keep each other busy for ever.
 */
export const compared = (listing: Listing, actual: number | undefined, policy: RetryPolicy, at: number): Listing => {
  const refusal = {
    code: "stale",
    message: "The channel's own quantity kept changing under the write.",
    isFinal: false
  }
  const counted = refused(listing, refusal, policy, at)
  return counted.dead === undefined ? { ...counted, unsure: undefined, believed: actual, retryAt: 0 } : counted
}

/** The call never reached the channel, or was one too many: nothing happened and no attempt is counted. */
export const notSent = (listing: Listing): Listing => {
  const { flight } = listing
  if (flight === undefined) return listing
  if (flight.isRepeat) return { ...listing, flight: undefined, unsure: writeOf(flight) }
  return { ...listing, flight: undefined, believed: flight.disturbed ? undefined : flight.from }
}

/** An operator wants it tried again. */
export const redriven = (listing: Listing): Listing => ({ ...listing, dead: undefined, attempts: 0, retryAt: 0 })

/** An operator lets it be: as it stands until a newer version comes. */
export const discarded = (listing: Listing, reason: string): Listing =>
  listing.dead === undefined ? listing : { ...listing, dead: { ...listing.dead, discarded: reason } }

/** Whether `shown` was looked up while nothing of this listing was under way, so that it may be compared at all. */
export const isComparable = (before: Listing, now: Listing): boolean =>
  before.flight === undefined &&
  now.flight === undefined &&
  now.ticket === undefined &&
  before.wanted?.version === now.wanted?.version &&
  before.written?.at === now.written?.at

/** The channel was looked at: it shows `shown`. What it shows already need not be given up any more. Only where `isComparable`. */
export const seen = (listing: Listing, shown: number, at: number): Listing =>
  shown === listing.wanted?.quantity
    ? { ...listing, believed: shown, confirmedAt: at, attempts: 0, retryAt: 0, dead: undefined }
    : { ...listing, believed: shown }
