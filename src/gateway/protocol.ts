/**
 * The public contract's messages, version 1, as types: what goes over HTTP, the socket and NATS.
 *
 * Types only, and no import: the pages and the client library share this file with the hub. Reading and checking
 * what arrives is `decode.ts`'s work; these are the shapes that it lets through and the shapes the hub sends.
 */

/** A SKU's numbers at one version. `available = physical - allocated` always, so it may be negative. */
export interface StockNumbers {
  readonly sku: string
  readonly version: number
  readonly available: number
  readonly physical: number
  readonly allocated: number
}

export interface LocationStock {
  readonly locationId: string
  readonly physical: number
  readonly allocated: number
}

/** `GET /v1/stock/<sku>` and the answer to `read`. */
export interface StockView extends StockNumbers {
  readonly safetyThreshold: number
  readonly locations?: ReadonlyArray<LocationStock>
}

/** One page of `GET /v1/stock?after=&limit=`; `next` is the `after` of the page that follows, absent on the last. */
export interface StockPage {
  readonly items: ReadonlyArray<StockView>
  readonly next?: string
}

/** A page of `GET /v1/locations`. */
export interface LocationPage {
  readonly items: ReadonlyArray<LocationStock & { readonly skus: number; readonly soldOut: number }>
  readonly next?: string
}

/** A page of `GET /v1/locations/<location>/stock`. */
export interface StockAtPage {
  readonly items: ReadonlyArray<Omit<StockNumbers, "version">>
  readonly next?: string
}

export type FactType = "sale" | "receipt" | "return" | "count" | "adjustment" | "transfer"

export interface FactBody {
  readonly type: FactType
  readonly mutationId: string
  readonly quantity: number
  readonly locationId?: string
  readonly toLocationId?: string
  readonly channel?: string
  /** ISO 8601; when it happened at its source. */
  readonly occurredAt?: string
  readonly reference?: string
  readonly reason?: string
}

export interface ReserveLine {
  readonly sku: string
  readonly quantity: number
  readonly locationId?: string
}

export type RequestBody =
  | {
      readonly type: "reserve"
      readonly mutationId: string
      readonly holdId: string
      readonly quantity: number
      readonly ttlMs?: number
      readonly locationId?: string
      readonly channel?: string
      readonly holder?: string
    }
  | { readonly type: "commit" | "release"; readonly mutationId: string; readonly holdId: string }
  | ({ readonly type: "configure"; readonly mutationId: string } & SkuSettings)
  | { readonly type: "read"; readonly locations?: boolean }

/** Several lines at once, all or nothing: `stock.request`, `POST /v1/stock/requests`, a socket request without `sku`. */
export type LinesRequestBody =
  | {
      readonly type: "reserve"
      readonly mutationId: string
      readonly holdId: string
      readonly ttlMs?: number
      readonly channel?: string
      readonly holder?: string
      readonly lines: ReadonlyArray<ReserveLine>
    }
  | { readonly type: "commit" | "release"; readonly mutationId: string; readonly holdId: string }

/** What one channel may see and sell of a SKU. A bare number in `buffers` means `{ "buffer": n }`. */
export interface ChannelRule {
  /** Units held back from this channel; default 0. */
  readonly buffer?: number
  /** The most units this channel is shown at any moment; default no cap. */
  readonly cap?: number
  /** Units that only this channel may take, until it has taken them; default 0. */
  readonly ringFenced?: number
}

export interface SkuSettings {
  /** Units; `available` at or below it raises one low-stock alert. Default 0, which raises none. */
  readonly safetyThreshold?: number
  /** Units that may be promised beyond what is there; `true` means without limit, default `false`. */
  readonly backorder?: boolean | { readonly limit: number; readonly kind?: "backorder" | "preorder" }
  readonly buffers?: Readonly<Record<string, number | ChannelRule>>
  /** Makes the SKU a bundle that sells these; `[]` makes it a plain SKU again. */
  readonly components?: ReadonlyArray<{ readonly sku: string; readonly quantity: number }>
}

export type RefusalCode =
  | "insufficient_stock"
  | "unknown_sku"
  | "unknown_hold"
  | "hold_expired"
  | "hold_closed"
  | "hold_limit"
  | "mutation_conflict"
  | "version_conflict"
  | "invalid_request"
  | "unauthorized"
  | "overloaded"
  | "unavailable"

export type HoldState = "committed" | "released" | "expired"

export interface Refusal {
  readonly ok: false
  readonly code: RefusalCode
  readonly message: string
  readonly sku?: string
  readonly holdId?: string
  /** With `insufficient_stock`: what could have been had, at that location and on that channel. */
  readonly available?: number
  /** With `hold_closed`. */
  readonly state?: HoldState
  /** With `invalid_request`: where in the message, as `lines[2].quantity`. */
  readonly path?: string
  /** With `invalid_request` about settings: everything that is wrong, each with its place. */
  readonly faults?: ReadonlyArray<{ readonly path: string; readonly message: string }>
  /** With `version_conflict`: the version there is. */
  readonly version?: number
  /** With `overloaded`. */
  readonly retryAfterMs?: number
  readonly lines?: ReadonlyArray<{ readonly sku: string; readonly requested: number; readonly available: number }>
  readonly replayed?: true
}

export interface SkuAnswer extends StockView {
  readonly ok: true
  readonly holdId?: string
  readonly expiresAt?: string
  readonly replayed?: true
}

export interface LinesAnswer {
  readonly ok: true
  readonly holdId: string
  readonly expiresAt?: string
  readonly lines: ReadonlyArray<StockNumbers>
  readonly replayed?: true
}

export type Answer = SkuAnswer | LinesAnswer | Refusal

/** Over the socket, from the client. A frame holds one message or an array of them. */
export type ClientMessage =
  | {
      readonly op: "subscribe"
      readonly topics: ReadonlyArray<string>
      readonly have?: Readonly<Record<string, number>>
    }
  | { readonly op: "unsubscribe"; readonly topics: ReadonlyArray<string> }
  | {
      readonly op: "request"
      readonly id: string
      readonly sku?: string
      readonly body: RequestBody | LinesRequestBody
    }
  | { readonly op: "ping" }

/** One change of one SKU. `t` is microseconds since the epoch, when the journal had acknowledged it. */
export interface StockMessage extends StockNumbers {
  readonly op: "stock"
  readonly at: string
  readonly t: number
  /** The hub's version is below the one the client said it has: forget that one. */
  readonly reset?: true
}

export type ServerMessage =
  | StockMessage
  | { readonly op: "answer"; readonly id: string; readonly body: Answer }
  | { readonly op: "pong" }
  | { readonly op: "error"; readonly code: RefusalCode; readonly message: string; readonly id?: string }

/** A message on `stock.event.<sku>`. */
export interface StockEventMessage extends StockNumbers {
  readonly type: string
  readonly at: string
  readonly mutationId: string
  readonly channel?: string
  readonly locationId?: string
}

/** `GET /v1/status`: the hub's figures at this moment, for pages and `holdfast status`. Latencies in milliseconds. */
export interface HubStatus {
  readonly startedAt: string
  /** `open`: everybody on this machine may do everything, since no access control is configured. */
  readonly access: "open" | "required"
  readonly skus: number
  readonly sockets: number
  readonly openHolds: number
  readonly commandsPerSecond: number
  readonly changesPerSecond: number
  readonly answerMs: LatencySummary
  readonly appendMs: LatencySummary
  readonly lowStock: number
  /** Of all kinds, since the start of the process. */
  readonly oversellIncidents: number
  readonly conflatedSockets: number
  /** Last sequence of the FACTS stream that was decided on. */
  readonly factsSequence: number
  readonly projections: ReadonlyArray<{
    readonly name: string
    readonly lagEvents: number
    readonly lagSeconds: number
  }>
}

export interface LatencySummary {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}
