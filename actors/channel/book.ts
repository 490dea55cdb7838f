/**
 * All that is known of one channel, folded from its log: listings with what was last written to them, SKUs and the
 * listings that stand for them, what is held back, how far was polled.
 */
import * as Listing from "./listing.ts"
import type { ChannelRecord, HeldEvent, HeldWhy } from "./records.ts"

export interface Held {
  readonly event: HeldEvent
  readonly why: HeldWhy
  readonly detail: string
  readonly at: number
}

/** What listings were before they changed, since the watch began. */
export interface Watch {
  /** The listing as it was then. */
  readonly before: (listingId: string) => Listing.Listing | undefined
  readonly end: () => void
}

/** Held events of one channel; more are refused, so that the sender keeps them and comes again. */
export const HELD_MAX = 100_000
/** Listings of one channel. At some 400 bytes each this is 400 MB. */
export const LISTINGS_MAX = 1_000_000

export class ChannelBook {
  readonly listings = new Map<string, Listing.Listing>()
  /** Listings of a SKU on this channel; most have one. */
  private readonly bySku = new Map<string, ReadonlyArray<string>>()
  readonly held = new Map<string, Held>()
  cursor: string | undefined
  private readonly watches = new Set<Map<string, Listing.Listing | undefined>>()

  listingsOf(sku: string): ReadonlyArray<string> {
    return this.bySku.get(sku) ?? []
  }

  find(listingId: string): Listing.Listing | undefined {
    return this.listings.get(listingId)
  }

  put(listing: Listing.Listing): void {
    this.note(listing.listingId)
    this.listings.set(listing.listingId, listing)
  }

  /** Costs what changes meanwhile, not what there is; until it is ended. */
  watch(): Watch {
    const changed = new Map<string, Listing.Listing | undefined>()
    this.watches.add(changed)
    return {
      before: (listingId) => (changed.has(listingId) ? changed.get(listingId) : this.find(listingId)),
      end: () => void this.watches.delete(changed)
    }
  }

  private note(listingId: string): void {
    for (const changed of this.watches) {
      if (!changed.has(listingId)) changed.set(listingId, this.listings.get(listingId))
    }
  }

  fold(record: ChannelRecord): void {
    switch (record.type) {
      case "mapped":
        return this.map(record.listingId, record.sku)
      case "unmapped":
        return this.unmap(record.listingId)
      case "held":
        return void this.held.set(record.event.id, record)
      case "settled":
        return void this.held.delete(record.id)
      case "cursor":
        this.cursor = record.cursor
        return
      case "base-begin":
      case "base-end":
        return
      default:
        return this.foldListing(record)
    }
  }

  private foldListing(record: Extract<ChannelRecord, { readonly listingId: string }>): void {
    const listing = this.listings.get(record.listingId)
    if (listing === undefined) return
    if (record.type === "written") {
      const { version, quantity, at } = record
      this.put({ ...Listing.ticketDone(listing, at), written: { version, quantity, at }, believed: quantity })
    } else if (record.type === "accepted") {
      const { version, quantity, ticket, at } = record
      const written = { version, quantity, at }
      this.put({ ...listing, written, believed: quantity, ticket: { id: ticket, version, since: at } })
    } else if (record.type === "failed") {
      const { attempts, retryAt } = record
      this.put({ ...listing, attempts, retryAt, believed: undefined, ticket: undefined })
    } else if (record.type === "dead") {
      const { version, quantity, attempts, code, message, at } = record
      const dead = { version, quantity, attempts, code, message, at }
      this.put({ ...listing, dead, attempts, retryAt: 0, believed: undefined, ticket: undefined })
    } else if (record.type === "redriven") this.put(Listing.redriven(listing))
    else if (record.type === "discarded") this.put(Listing.discarded(listing, record.reason))
  }

  private map(listingId: string, sku: string): void {
    const known = this.listings.get(listingId)
    if (known?.sku === sku) return
    if (known !== undefined) this.unmap(listingId)
    this.put(Listing.remapped(known, Listing.newListing(listingId, sku)))
    this.bySku.set(sku, [...this.listingsOf(sku), listingId])
  }

  private unmap(listingId: string): void {
    const known = this.listings.get(listingId)
    if (known === undefined) return
    this.note(listingId)
    this.listings.delete(listingId)
    const others = this.listingsOf(known.sku).filter((other) => other !== listingId)
    if (others.length === 0) this.bySku.delete(known.sku)
    else this.bySku.set(known.sku, others)
  }

  /** Listings that were given up and not let be, in the order in which they were mapped. */
  *given(): IterableIterator<Listing.Listing & { readonly dead: Listing.Dead }> {
    for (const listing of this.listings.values()) {
      const { dead } = listing
      if (dead !== undefined && dead.discarded === undefined) yield { ...listing, dead }
    }
  }

  /** Everything that the log must say for a reader that begins here. */
  *base(): IterableIterator<ChannelRecord> {
    yield { type: "base-begin" }
    for (const listing of this.listings.values()) yield* baseOf(listing)
    for (const { event, why, detail, at } of this.held.values()) yield { type: "held", event, why, detail, at }
    if (this.cursor !== undefined) yield { type: "cursor", cursor: this.cursor }
    yield { type: "base-end" }
  }
}

function* baseOf(listing: Listing.Listing): IterableIterator<ChannelRecord> {
  const { listingId, sku, written, ticket, dead, attempts, retryAt, believed } = listing
  yield { type: "mapped", listingId, sku }
  if (ticket !== undefined && written !== undefined) {
    yield { type: "accepted", listingId, ...written, ticket: ticket.id, at: ticket.since }
  } else if (written !== undefined && believed === written.quantity) yield { type: "written", listingId, ...written }
  if (dead !== undefined) {
    const { discarded, ...letter } = dead
    yield { type: "dead", listingId, ...letter }
    if (discarded !== undefined) yield { type: "discarded", listingId, reason: discarded, at: dead.at }
  } else if (attempts > 0) yield { type: "failed", listingId, attempts, retryAt }
}
