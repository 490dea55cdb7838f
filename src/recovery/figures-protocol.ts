/**
 * The shapes in which the hub tells of recovery; pages and programs read them. Moments are ISO 8601.
 */
import type { Grouping } from "../../actors/recovery/attribution.ts"
import type { Interval } from "../../actors/recovery/interval.ts"
import type { Verdict } from "../../actors/recovery/lift.ts"

export interface GroupFigures {
  readonly customers: number
  readonly bought: number
  readonly revenueMinor: number
}

/** Those who were written to beside those who were not. */
export interface Compared {
  readonly treated: GroupFigures
  readonly holdout: GroupFigures
  readonly verdict: Verdict
  /** What was found, or what is missing. */
  readonly saying: string
  /** What those who were written to would have bought anyway; absent while there is not enough. */
  readonly baseline?: { readonly bought: number; readonly revenueMinor: number }
  readonly lift?: {
    /** Of the share of customers who bought, with its 95 % interval. */
    readonly conversion: Interval
    /** In minor units, over all who were written to. */
    readonly revenueMinor?: Interval
  }
}

export interface GroupRow {
  readonly group: string
  readonly messages: number
  /** Orders put down to them, and what they came to, refunds taken off. */
  readonly conversions: number
  readonly revenueMinor: Readonly<Record<string, number>>
  readonly segments: number
  /** Millionths of a minor unit. */
  readonly costMicroMinor: Readonly<Record<string, number>>
  /** Absent where no lot was drawn by it. */
  readonly compared?: Compared
}

export interface Funnel {
  /** Carts left by customers who are known. */
  readonly left: number
  readonly heldOut: number
  readonly begun: number
  /** Of those begun: with a message that went; whose customer bought. */
  readonly written: number
  readonly bought: number
  readonly replied: number
  /** Why nothing was begun for the others. */
  readonly withheld: Readonly<Record<string, number>>
  /** How those that were begun ended; `running` have not. */
  readonly endings: Readonly<Record<string, number>>
}

/** Cumulated over the days of the period, by the day on which the cart was left. */
export interface DayFigures {
  readonly day: string
  readonly treated: GroupFigures
  readonly holdout: GroupFigures
  readonly baselineMinor?: number
  readonly liftMinor?: Interval
}

export interface Figures {
  readonly ok: true
  readonly from: string
  readonly to: string
  readonly windowDays: number
  readonly by: Grouping
  /** Of all revenue that is compared; absent when nothing was bought. */
  readonly currency?: string
  readonly currencies: ReadonlyArray<string>
  readonly total: Compared
  /** Customers whose window is not over: they are counted when it is. */
  readonly waiting: number
  readonly groups: ReadonlyArray<GroupRow>
  /** Why the rows have no lift of their own. */
  readonly saying?: string
  readonly days: ReadonlyArray<DayFigures>
  readonly funnel: Funnel
}

export interface QueuedRecovery {
  readonly recoveryId: string
  readonly customerId: string
  readonly cart: string
  readonly sequence: string
  /** From 0. */
  readonly step: number
  readonly phase: "waiting" | "planned" | "sending" | "retrying"
  readonly channel: string | null
  readonly dueAt: string
  readonly leftAt: string
  readonly messages: number
}

export interface RecoveryQueue {
  readonly ok: true
  readonly at: string
  readonly running: number
  readonly underWay: number
  readonly withinAnHour: number
  readonly items: ReadonlyArray<QueuedRecovery>
  readonly next?: string
}

export interface SuppressedList {
  readonly ok: true
  readonly count: number
  readonly items: ReadonlyArray<{
    /** Masked; dots alone when nobody's key opens it any more. */
    readonly address: string
    readonly channel: string
    readonly reason: string
    readonly at: string
  }>
  readonly next?: string
}

/** All amounts are in the budget's currency. */
export interface BudgetDay {
  readonly day: string
  /** Absent: no offers were made on it, or nobody knows its limit any more. */
  readonly limitMinor?: number
  readonly spentMinor: number
  /** What offers that are not settled yet may still cost. */
  readonly reservedMinor: number
}

/** `GET /v1/recovery/budget`. */
export interface BudgetView {
  readonly ok: true
  /** Whether the settings have rules of offers now. */
  readonly isOffering: boolean
  /** Of the rules of now, or of those that there were last; absent: there never were any. */
  readonly currency?: string
  readonly zone?: string
  /** What is left of today's; absent: no offers are made. */
  readonly leftMinor?: number
  /** Today first. */
  readonly days: ReadonlyArray<BudgetDay>
}

export interface TimelineItem {
  readonly at: string
  readonly type: string
  readonly [field: string]: unknown
}

export interface Timeline {
  readonly ok: true
  readonly items: ReadonlyArray<TimelineItem>
  readonly next?: string
}
