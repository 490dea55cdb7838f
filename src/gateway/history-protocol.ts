/**
 * The shapes in which the hub tells what a SKU was and how it came to be so; pages and programs read them.
 */
import type { Step } from "../../actors/stock/trace.ts"

/** A SKU's numbers at one version. */
export interface Moment {
  readonly version: number
  /** ISO 8601. */
  readonly at: string
  readonly physical: number
  readonly allocated: number
}

/** Before the first change there is no time. */
export interface MomentOrNone extends Omit<Moment, "at"> {
  readonly at: string | null
}

/** `GET /v1/stock/<sku>/at?moment=`: the newest step up to the moment, which is a version or a time. */
export interface StockThen extends Step {
  readonly sku: string
  readonly newest: Moment
}

/** `GET /v1/stock/<sku>/levels?from=&to=&points=`: of each stretch of time its last version and its lowest. */
export interface StockLevels {
  readonly items: ReadonlyArray<Moment>
  readonly first: Moment
  readonly newest: Moment
}

/** Changes of one type by one channel, together. */
export interface Cause {
  readonly type: string
  readonly channel: string | null
  readonly changes: number
  /** What they did to the totals. */
  readonly physical: number
  readonly allocated: number
}

/** `GET /v1/stock/<sku>/difference?from=&to=`: two moments, and what made the one of the other. */
export interface StockDifference {
  readonly from: MomentOrNone
  readonly to: MomentOrNone
  readonly causes: ReadonlyArray<Cause>
}

/** A line of `GET /v1/stock/<sku>/ledger`. */
export interface LedgerLine extends Moment {
  readonly type: string
  readonly mutationId: string
  readonly scope: string
  readonly quantity: number | null
  readonly locationId: string | null
  readonly channel: string | null
  readonly holdId: string | null
  readonly reference: string | null
  readonly reason: string | null
  /** What this change did to the totals. */
  readonly physicalBy: number
  readonly allocatedBy: number
  readonly journalSequence: number
}

export interface LedgerPage {
  readonly items: ReadonlyArray<LedgerLine>
  readonly next?: string
}

/** `GET /v1/stock/<sku>/listings`: what each channel is to show of it, and shows. */
export interface ListedItem {
  readonly channel: string
  readonly listingId: string
  readonly wanted: number | null
  readonly version: number | null
  readonly shown: number | null
  readonly inStep: boolean
  readonly freshness: number
  readonly confirmedAt: string | null
  readonly retryAt: string | null
  readonly givenUp: { readonly message: string; readonly at: string | null } | null
}
