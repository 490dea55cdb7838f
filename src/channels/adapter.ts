/**
 * The adapter port: everything the hub asks of a sales channel, and everything a channel tells the hub.
 *
 * An adapter is a translator without a memory of its own: a quantity becomes an API call, a webhook becomes events in
 * the hub's words, a page of the channel's listings becomes items to compare. What to send, when, how often and in
 * which order is the dispatcher's; what a sale does to the stock is the SKU actor's. It is written in plain promises and
 * plain data, so that a third party's module needs nothing of the hub but these types.
 *
 * Rules, each checked by `holdfast adapter-check`:
 * A1 Nothing throws for what a channel can do: failures are values. A throw is a defect, counted as `unavailable`.
 * A2 The same delivery gives the same events with the same ids, whatever the order and however often it comes.
 * A3 A delivery whose signature is wrong gives no event.
 * A4 `push` answers one outcome per write, in the order of the writes, and sends the key of a write with each attempt
 *    where the channel takes one.
 * A5 Every call ends when its signal says so.
 */

/** One listing is to show `quantity`. */
export interface QuantityWrite {
  readonly listingId: string
  readonly sku: string
  /** Units, an integer from 0. */
  readonly quantity: number
  /** The SKU's version that the quantity was decided from. */
  readonly version: number
  /** The same for every attempt of this write, another for any other: 1-64 of `[A-Za-z0-9-]`. */
  readonly key: string
  /** What the channel shows now as far as the hub knows; absent when it does not. */
  readonly believed?: number
  /** Few units are left, or none: by the quickest way there is. */
  readonly isLast?: boolean
  /** It was accepted before and not carried out: not by that way again where there is another. */
  readonly wasStuck?: boolean
}

export type WriteOutcome =
  /** The channel shows the quantity. */
  | { readonly type: "applied" }
  /** The channel will see to it; `results` tells what became of the ticket. */
  | { readonly type: "accepted"; readonly ticket: string }
  /** The channel showed something else than `believed`, and was left as it is. */
  | { readonly type: "stale"; readonly actual?: number }
  /** Sending it again would be refused again. */
  | { readonly type: "rejected"; readonly code: string; readonly message: string }
  /** It was not attempted, for a limit of the channel's: it comes again soon, and burns no attempt. */
  | { readonly type: "unsent" }
  /** This one write failed; the others of the call are not concerned. */
  | { readonly type: "failed"; readonly message: string }

/**
 * Why a whole call came to nothing. Messages are for the operator: what to do, and never a secret. `isElsewhere`: it was
 * not the API that quantities are written to (a queue), which therefore goes on being called.
 */
export type CallFailure = { readonly isElsewhere?: boolean } &
  /** Too many calls; the channel says, or does not say, how long to wait. Burns no attempt. */
  (
    | { readonly kind: "throttled"; readonly message: string; readonly retryAfterMs?: number }
    /** Credentials or scopes do not do; nothing is sent until an operator has looked. */
    | { readonly kind: "unauthorized"; readonly message: string }
    /** No answer, or none that can be used. What was asked may have been done all the same. */
    | { readonly kind: "unavailable"; readonly message: string; readonly retryAfterMs?: number }
  )

export type Result<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: CallFailure }

/** Integer minor units of an ISO 4217 currency. */
export interface Money {
  readonly amountMinor: number
  readonly currency: string
}

/** Something that happened on the channel to units of a listing: becomes a fact of the SKU behind it. */
export interface UnitsEvent {
  readonly type: "sale" | "return" | "receipt" | "count" | "adjustment"
  /** The same for every telling of this happening, unique within the channel; at most 512 characters. */
  readonly id: string
  readonly listingId: string
  /** As in the contract's facts: positive; an adjustment's may be negative, a count's is the total. */
  readonly quantity: number
  /** By so much the channel has already changed the quantity it shows: -2 for a sale of 2 that it took off itself. */
  readonly shownBy: number
  /** ISO 8601. */
  readonly occurredAt?: string
  /** The channel's order or document. */
  readonly reference?: string
  readonly locationId?: string
  /** What was paid for one unit. */
  readonly unitPrice?: Money
}

/** What the channel shows, told by itself: no fact, but a drift when it is not what the hub set. */
export interface ObservedEvent {
  readonly type: "observed"
  readonly id: string
  readonly listingId: string
  readonly quantity: number
  readonly occurredAt?: string
}

/** A part of a delivery that cannot become a fact: kept whole as a dead letter, for a person. */
export interface UnfitEvent {
  readonly type: "unfit"
  readonly id: string
  readonly reason: string
  readonly payload: unknown
}

export type ChannelEvent = UnitsEvent | ObservedEvent | UnfitEvent

export interface Webhook {
  /** What follows `/v1/channels/<channel>/webhooks/` in the address; may be empty. */
  readonly topic: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Exactly as received: signatures are over these bytes. */
  readonly body: Uint8Array
  readonly receivedAtMs: number
}

export type Received =
  | { readonly type: "events"; readonly events: ReadonlyArray<ChannelEvent> }
  /** Understood and of no concern for the stock. */
  | { readonly type: "ignored"; readonly why: string }
  /** 401: the signature is wrong or too old. 400: it is signed, and cannot be read. */
  | { readonly type: "refused"; readonly status: 400 | 401 | 413; readonly message: string }
  /** The channel had to be asked for more and did not answer: the sender is told to come again. */
  | { readonly type: "later"; readonly failure: CallFailure }

export interface ListedItem {
  readonly listingId: string
  /** Units that the channel shows. */
  readonly quantity: number
  /** The merchant's SKU as the channel has it, for mapping. */
  readonly sku?: string
}

export interface ListedPage {
  readonly items: ReadonlyArray<ListedItem>
  /** Absent on the last page. */
  readonly next?: string
}

export interface TicketResult {
  readonly ticket: string
  readonly state: "pending" | "done" | "failed"
  /** Why it failed. */
  readonly message?: string
  /** Writes of a ticket that is done which the channel refused nevertheless. */
  readonly rejected?: ReadonlyArray<{ readonly listingId: string; readonly code: string; readonly message: string }>
}

export interface Polled {
  readonly events: ReadonlyArray<ChannelEvent>
  /** Where the next poll goes on; kept durably once the events are. */
  readonly cursor: string
  /** There is more now: the next poll comes at once. */
  readonly hasMore?: boolean
  /** The next poll is wanted after so long, where that is sooner than the channel's interval: a queue is listened to. */
  readonly againMs?: number
  /** A queue answered, not the API that quantities are written to: no sign of that one's life. */
  readonly isElsewhere?: boolean
}

/** Units of an order that have left, in one package. */
export interface Shipment {
  /** The channel's order. */
  readonly orderId: string
  /** The same for every telling of this package, a whole number above 0. */
  readonly packageId: number
  /** The carrier's code or name as the channel knows it. */
  readonly carrier: string
  readonly method?: string
  readonly tracking: string
  /** ISO 8601. */
  readonly shippedAt: string
  /** The channel's order lines, and units of each. */
  readonly lines: ReadonlyArray<{ readonly lineId: string; readonly quantity: number }>
}

export type ShipmentOutcome =
  | { readonly type: "confirmed" }
  /** Telling it again would be refused again. */
  | { readonly type: "rejected"; readonly code: string; readonly message: string }

/** What the channel allows; an operator may set each lower. */
export interface AdapterLimits {
  /** Writes in one call. */
  readonly batchMax: number
  /** Calls a second over time; `Infinity` where the channel sets none. */
  readonly callsPerSecond: number
  /** Calls at once after a rest. */
  readonly burst: number
  /** Calls under way at the same time. */
  readonly concurrencyMax: number
  /** Changes may gather for so long, so that fewer calls carry them; the last units never wait. */
  readonly windowMs: number
}

export interface Adapter {
  readonly limits: AdapterLimits
  push(writes: ReadonlyArray<QuantityWrite>, signal: AbortSignal): Promise<Result<ReadonlyArray<WriteOutcome>>>
  /** Verifies, then normalises. Absent: the channel sends none. */
  receive?(webhook: Webhook, signal: AbortSignal): Promise<Received>
  /** A page of everything the channel lists, for reconciliation and mapping. */
  list?(cursor: string | undefined, signal: AbortSignal): Promise<Result<ListedPage>>
  /** What became of `accepted` writes. */
  results?(tickets: ReadonlyArray<string>, signal: AbortSignal): Promise<Result<ReadonlyArray<TicketResult>>>
  /** What happened since `cursor` (absent: lately): finds what webhooks did not tell. */
  poll?(cursor: string | undefined, signal: AbortSignal): Promise<Result<Polled>>
  /** Puts right what the channel may have switched off (webhook subscriptions); says what it did. */
  upkeep?(signal: AbortSignal): Promise<Result<{ readonly restored: ReadonlyArray<string> }>>
  /** Tells the channel that units are on their way; the same package again is once. */
  confirmShipment?(shipment: Shipment, signal: AbortSignal): Promise<Result<ShipmentOutcome>>
  /** Called once, when the hub stops. */
  close?(): Promise<void>
}

/** What an adapter is made from. Clock, ids and network come from here and nowhere else. */
export interface AdapterContext {
  readonly channel: string
  /** The channel's `settings` as configured, secrets filled in. */
  readonly settings: unknown
  readonly fetch: typeof fetch
  readonly nowMs: () => number
  readonly newId: () => string
}

/** What an adapter's module exports by default. */
export interface AdapterModule {
  readonly kind: string
  /** Throws an `Error` with one sentence for the operator when the settings do not do. */
  make(context: AdapterContext): Adapter
}

export const succeeded = <Value>(value: Value): Result<Value> => ({ ok: true, value })
export const failed = (failure: CallFailure): { readonly ok: false; readonly failure: CallFailure } => ({
  ok: false,
  failure
})
