/**
 * The shapes of what waits for somebody: low stock, and what could not be applied; pages and programs read them.
 */
import type { Proposal } from "../../actors/reorder/propose.ts"
import type { ReorderSettings, WholeReorderSettings } from "../../actors/reorder/settings.ts"

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
  /** By which it is proposed; `version`: of the SKU's own settings, 0 where it has none. */
  readonly reorder: { readonly version: number; readonly own: ReorderSettings } & WholeReorderSettings
  readonly proposal: Proposal
}

export interface LowStockPage {
  readonly items: ReadonlyArray<LowStockItem>
  /** Of those for all SKUs. */
  readonly reorder: { readonly version: number } & WholeReorderSettings
  readonly next?: string
}

/** `GET /v1/reorder-settings`, and of one SKU `GET /v1/stock/<sku>/reorder-settings`. */
export interface ReorderSettingsView extends ReorderSettings {
  readonly ok: true
  readonly sku?: string
  /** 0: nobody has set any. */
  readonly version: number
  readonly by?: string
  readonly at?: string
  /** What proposals are made by. */
  readonly used: WholeReorderSettings
}

export interface ReorderVersionsView {
  readonly ok: true
  /** The newest first. */
  readonly items: ReadonlyArray<
    ReorderSettings & { readonly version: number; readonly by: string; readonly at: string }
  >
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

export const LETTER_KINDS = ["fact", "cart-fact", "payment-fact", "channel", "alert"] as const
export type LetterKind = (typeof LETTER_KINDS)[number]

/** What its source says of it: a channel's and an alert's have a name behind it. */
export const kindOfLetter = (source = "fact"): LetterKind =>
  LETTER_KINDS.find((kind) => source === kind || source.startsWith(`${kind}-`)) ?? "fact"

/** `POST /v1/dead-letters/redrive`: each by itself, whatever comes of the others. */
export interface LettersRedriven {
  readonly ok: true
  readonly redriven: ReadonlyArray<number>
  readonly refused: ReadonlyArray<{ readonly id: number; readonly code: string; readonly message: string }>
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
