/**
 * The shapes of what waits for somebody: low stock, and what could not be applied; pages and programs read them.
 */
import type { Proposal } from "../../actors/reorder/propose.ts"

export interface Stand {
  readonly state: "open" | "acknowledged" | "snoozed"
  readonly by?: string
  /** ISO 8601, here and below. */
  readonly at?: string
  readonly note?: string
  readonly until?: string
}

/** An item of `GET /v1/alerts/open`. */
export interface LowStockItem {
  readonly sku: string
  /** The version whose change raised it; to be named when something is done about it. */
  readonly version: number
  readonly raisedAt: string
  readonly availableThen: number
  readonly available: number
  readonly safetyThreshold: number
  readonly stand: Stand
  readonly soldByDay: ReadonlyArray<number>
  readonly proposal: Proposal
}

export interface LowStockPage {
  readonly items: ReadonlyArray<LowStockItem>
  readonly next?: string
}

/** An item of `GET /v1/dead-letters`. */
export interface LetterItem {
  readonly id: number
  readonly at: string
  /** `fact`, or what else it is a letter of. */
  readonly source?: string
  readonly code: string
  readonly message: string
  readonly path?: string
  readonly subject: string
  readonly body: string
  /** What somebody has done about it; absent: nothing yet. */
  readonly settled?: LetterSettled
}

export interface LetterSettled {
  readonly act: "redriven" | "discarded"
  readonly by: string
  readonly at: string
  readonly reason?: string
  readonly mutationId?: string
}

export interface LetterPage {
  readonly items: ReadonlyArray<LetterItem>
  readonly next?: string
}

/** An item of `GET /v1/incidents`. */
export interface IncidentItem {
  readonly id: string
  readonly kind: "oversell" | "shortfall" | "paid_but_short"
  readonly sku: string
  readonly version: number
  readonly locationId: string
  readonly units: number
  readonly mutationId: string
  readonly channel: string | null
  readonly reference: string | null
  readonly holdId: string | null
  readonly at: string
  readonly status: "open" | "resolved"
  readonly outcome: string | null
  readonly note: string | null
  readonly resolvedAt: string | null
}

export interface IncidentPage {
  readonly items: ReadonlyArray<IncidentItem>
  readonly next?: string
}
