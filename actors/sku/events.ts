/**
 * What the journal keeps of a decision. One commit holds the records of many actors.
 *
 * A `StockEvent` is a change of one SKU: its version is the SKU's, one higher than the one before, and it carries the
 * numbers after it, so that projections and auditors need no fold. An event's type is the type of the mutation it
 * records. The other records change no version: a hold that spans several SKUs, an answer that must be given again
 * when its mutation id comes back, an incident, an alert. Fields that have their default are left out, because a
 * record costs its bytes in an fsynced write.
 */
import type { SettingsChange } from "./commands.ts"

interface EventBase {
  readonly sku: string
  /** The SKU's version after this event. */
  readonly version: number
  /** Unique per SKU and scope for as long as ids are remembered. */
  readonly mutationId: string
  /**
   * Who made the mutation when it was not a command on this SKU: `lines` for the several-lines endpoint,
   * `bundle <sku>` for a bundle that moved its components. Absent: the SKU itself.
   */
  readonly scope?: string
  /** Fingerprint of the command's content; present where the mutation id is to be remembered with this event. */
  readonly hash?: string
  /** Totals over locations after this event, in units. */
  readonly physical: number
  readonly allocated: number
  /** The SKU's safety threshold when it is not 0: part of the answer that a repeat gets. */
  readonly safetyThreshold?: number
}

export interface FactEvent extends EventBase {
  readonly type: "sale" | "receipt" | "return" | "count" | "adjustment" | "transfer"
  readonly quantity: number
  readonly locationId?: string
  readonly toLocationId?: string
  readonly channel?: string
  readonly occurredAt?: string
  readonly reference?: string
  readonly reason?: string
}

/** Units per location, for a hold that takes a SKU from more than one. */
export type LocationUnits = readonly [locationId: string, units: number]

export interface ReserveEvent extends EventBase {
  readonly type: "reserve"
  readonly holdId: string
  readonly quantity: number
  readonly locationId?: string
  readonly split?: ReadonlyArray<LocationUnits>
  readonly channel?: string
  readonly holder?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** The SKU is a bundle: its components hold the units. */
  readonly bundle?: true
}

export interface CloseEvent extends EventBase {
  readonly type: "commit" | "release" | "expiry"
  readonly holdId: string
  readonly quantity: number
  readonly channel?: string
}

export interface ConfigureEvent extends EventBase {
  readonly type: "configure"
  readonly settings: SettingsChange
}

/** A bundle's numbers follow its components'. */
export interface BundleEvent extends EventBase {
  readonly type: "bundle"
}

export type StockEvent = FactEvent | ReserveEvent | CloseEvent | ConfigureEvent | BundleEvent

/** A hold over several SKUs: the several-lines endpoint's, or a bundle's over its components. */
export interface LinesRecord {
  readonly type: "lines"
  readonly act: "reserve" | "commit" | "release" | "expiry"
  /** The bundle that made the hold; absent for the several-lines endpoint. */
  readonly sku?: string
  readonly holdId: string
  readonly mutationId: string
  readonly hash?: string
  readonly expiresAt?: number
  readonly holder?: string
  /** Every SKU that holds units for it. */
  readonly legs: ReadonlyArray<string>
  /** The SKUs that were asked for, in order: what the answer's lines name. */
  readonly asked: ReadonlyArray<string>
  /** Numbers of asked SKUs whose events stand in another partition's commit, so that this one can answer alone. */
  readonly elsewhere?: ReadonlyArray<{
    readonly sku: string
    readonly version: number
    readonly physical: number
    readonly allocated: number
  }>
}

/** An answer that made no event (a refusal, or a repeat under a new id) and must stay the answer to that id. */
export interface AnsweredRecord {
  readonly type: "answered"
  /** Absent for the several-lines endpoint. */
  readonly sku?: string
  readonly mutationId: string
  readonly hash: string
  readonly answer: RecordedAnswer
}

/** A wire answer as plain data. */
export type RecordedAnswer = Readonly<Record<string, unknown>> & { readonly ok: boolean }

export type IncidentKind = "oversell" | "shortfall" | "paid_but_short"

export interface IncidentRecord {
  readonly type: "incident"
  readonly kind: IncidentKind
  readonly sku: string
  /** The version whose event made it; with the SKU and the location this names the incident. */
  readonly version: number
  readonly locationId: string
  /** Units that were not there. */
  readonly units: number
  readonly mutationId: string
  readonly channel?: string
  readonly reference?: string
  readonly holdId?: string
}

/** Somebody, or a policy, has dealt with an incident. */
export interface ResolutionRecord {
  readonly type: "resolution"
  readonly incidentId: string
  readonly outcome: "refunded" | "backordered" | "restocked" | "dismissed"
  readonly note?: string
}

export interface AlertRecord {
  readonly type: "alert"
  readonly sku: string
  readonly version: number
  readonly state: "raised" | "cleared"
  readonly available: number
  readonly safetyThreshold: number
}

export type JournalRecord = StockEvent | LinesRecord | AnsweredRecord | IncidentRecord | ResolutionRecord | AlertRecord

export const isStockEvent = (record: JournalRecord): record is StockEvent =>
  (record as { readonly version?: number }).version !== undefined &&
  record.type !== "incident" &&
  record.type !== "alert"

/** An incident's name: stable, and short enough to type. */
export const incidentId = (incident: Pick<IncidentRecord, "sku" | "version" | "locationId">): string =>
  `${incident.version}:${encodeURIComponent(incident.sku)}:${encodeURIComponent(incident.locationId)}`
