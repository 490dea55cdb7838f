/**
 * Which message an order is put down to.
 *
 * An order is put down to the last message that its customer got before it, within the window. That says which message
 * came before a purchase, not that it caused it: what would have been bought anyway is in here too, and `lift.ts` says how
 * much more it was.
 *
 * A1 An order is put down to one message at most, so the rows of a table add up to its total. A2 What was refunded was not
 * earned, and an order that was cancelled is none. A3 Currencies are not added up.
 */
import type { Groups } from "./lift.ts"

export const ATTRIBUTION_WINDOW_DAYS_DEFAULT = 7
export const ATTRIBUTION_WINDOW_MS_DEFAULT = ATTRIBUTION_WINDOW_DAYS_DEFAULT * 86_400_000
export const ATTRIBUTION_WINDOW_DAYS_MAX = 90

export const GROUPINGS = ["sequence", "step", "channel", "offer"] as const
export type Grouping = (typeof GROUPINGS)[number]

/**
 * Only what was known before the lot was drawn can be compared with the holdout. Who got a second message, or which offer,
 * was decided by what had happened since: those who had bought already did not get it.
 */
export const IS_DRAWN: Readonly<Record<Grouping, boolean>> = {
  sequence: true,
  channel: true,
  step: false,
  offer: false
}

/** What was sent under one name, and what is put down to it. */
export interface Earned {
  readonly group: string
  /** Messages that went, or may have. */
  readonly messages: number
  readonly conversions: number
  /** By currency, refunds taken off. */
  readonly revenueMinor: Readonly<Record<string, number>>
  /** Texts that were billed, as far as carriers have said so, and what they cost: millionths of a minor unit. */
  readonly segments: number
  readonly costMicroMinor: Readonly<Record<string, number>>
}

/** Everything counted, before anything is concluded. */
export interface Counted {
  /** A row for each name that has messages. */
  readonly earned: ReadonlyArray<Earned>
  /** Customers whose window is over, by the day they left (UTC, `YYYY-MM-DD`), oldest first. */
  readonly days: ReadonlyArray<Groups & { readonly day: string }>
  /** The same customers by name; nothing for a grouping that was not drawn. */
  readonly groups: ReadonlyArray<Groups & { readonly group: string }>
  /** Customers whose window is not over. */
  readonly waiting: number
}
