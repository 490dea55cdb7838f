/**
 * What a decision is made of: records to append and the answer to give once they are stored.
 *
 * The helpers build what every decision needs the same way: an event's numbers, the incident of units that were not
 * there, the alert of a threshold crossed, the recorded refusal.
 */
import { DEFAULT_LOCATION } from "./commands.ts"
import type { AlertRecord, IncidentKind, IncidentRecord, JournalRecord, StockEvent } from "./events.ts"
import { available, type SkuState } from "./state.ts"

export type RefusalCode =
  | "insufficient_stock"
  | "unknown_sku"
  | "unknown_hold"
  | "hold_expired"
  | "hold_closed"
  | "hold_limit"
  | "mutation_conflict"
  | "invalid_request"

export type HoldOutcome = "committed" | "released" | "expired"

export interface LineAtFault {
  readonly sku: string
  readonly requested: number
  readonly available: number
}

export interface Refusal {
  readonly ok: false
  readonly code: RefusalCode
  readonly message: string
  readonly sku?: string
  readonly holdId?: string
  readonly available?: number
  readonly state?: HoldOutcome
  readonly path?: string
  readonly lines?: ReadonlyArray<LineAtFault>
}

/** `undefined` answer: the event itself says it (see `answers.ts`). */
export interface Decision {
  readonly records: ReadonlyArray<JournalRecord>
  readonly refusal?: Refusal
  /** Accepted, though nothing changed: the answer shows the state as it is. */
  readonly unchanged?: true
}

export const refuse = (refusal: Omit<Refusal, "ok">): Decision => ({
  records: [],
  refusal: { ok: false, ...refusal }
})

/** The smallest integer that counts as "recovered": a tenth above the threshold, at least one unit above it. */
export const recoveredAbove = (safetyThreshold: number): number =>
  safetyThreshold + Math.max(1, Math.ceil(safetyThreshold / 10))

/** One alert per crossing: raised at or below the threshold, cleared only above it by the margin. */
export const alertFor = (
  low: boolean,
  safetyThreshold: number,
  event: Pick<StockEvent, "sku" | "version" | "physical" | "allocated">
): AlertRecord | undefined => {
  const units = available(event)
  const state =
    !low && safetyThreshold > 0 && units <= safetyThreshold
      ? "raised"
      : low && (safetyThreshold === 0 || units > recoveredAbove(safetyThreshold))
        ? "cleared"
        : undefined
  if (state === undefined) return undefined
  return { type: "alert", sku: event.sku, version: event.version, state, available: units, safetyThreshold }
}

/** Units short at a location that were not short before; what back-orders allow is not short. */
export const newlyShort = (before: number, after: number, backorderLimit: number): number =>
  Math.max(0, -after - backorderLimit) - Math.max(0, -before - backorderLimit)

export const incidentFor = (
  kind: IncidentKind,
  units: number,
  locationId: string,
  event: StockEvent
): IncidentRecord => ({
  type: "incident",
  kind,
  sku: event.sku,
  version: event.version,
  locationId,
  units,
  mutationId: event.mutationId,
  ...("channel" in event && event.channel !== undefined ? { channel: event.channel } : {}),
  ...("reference" in event && event.reference !== undefined ? { reference: event.reference } : {}),
  ...("holdId" in event ? { holdId: event.holdId } : {})
})

/** Leaves the default location out of a record. */
export const locationField = (locationId: string): { readonly locationId?: string } =>
  locationId === DEFAULT_LOCATION ? {} : { locationId }

export const thresholdField = (state: SkuState): { readonly safetyThreshold?: number } =>
  state.settings.safetyThreshold === 0 ? {} : { safetyThreshold: state.settings.safetyThreshold }
