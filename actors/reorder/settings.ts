/**
 * How long a delivery takes and how long it is to last: for all SKUs, and for one where it differs. Pure.
 *
 * R1 Each change is a version, one more than the last; whoever changes names the version that they had seen.
 * R2 What a SKU leaves open is as for all SKUs, also when that changes later.
 */

/** Days; `null`: as for all SKUs. */
export interface ReorderSettings {
  readonly leadDays: number | null
  readonly coverDays: number | null
}

export type WholeReorderSettings = { readonly [Name in keyof ReorderSettings]: number }

/** Stored as it is, a JSON text. */
export interface ReorderVersion extends ReorderSettings {
  /** 1: the first that somebody has set. */
  readonly version: number
  readonly by: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

export interface ReorderChange extends ReorderSettings {
  /** The newest that whoever changes has seen; 0: none. */
  readonly expectedVersion: number
  readonly by: string
  readonly at: number
}

/** A year: beyond it no sales of four weeks say anything. */
export const REORDER_DAYS_MAX = 365

/** Until somebody says otherwise: a week to arrive, two to last. */
export const USUAL_REORDER: WholeReorderSettings = { leadDays: 7, coverDays: 14 }

export const reorderOf = (
  forAll: ReorderSettings | undefined,
  own: ReorderSettings | undefined
): WholeReorderSettings => ({
  leadDays: own?.leadDays ?? forAll?.leadDays ?? USUAL_REORDER.leadDays,
  coverDays: own?.coverDays ?? forAll?.coverDays ?? USUAL_REORDER.coverDays
})

export type ReorderOutcome =
  | { readonly ok: true; readonly event: ReorderVersion | undefined }
  | { readonly ok: false; readonly code: "version_conflict"; readonly message: string }

/** The same asked again is once. */
export const decideReorder = (newest: ReorderVersion | undefined, change: ReorderChange): ReorderOutcome => {
  const { at, by, coverDays, expectedVersion, leadDays } = change
  const version = newest?.version ?? 0
  const isSo = newest !== undefined && newest.leadDays === leadDays && newest.coverDays === coverDays
  if (isSo && (expectedVersion === version || (expectedVersion === version - 1 && newest.by === by))) {
    return { ok: true, event: undefined }
  }
  if (expectedVersion !== version) {
    const who = newest === undefined ? "nobody has set them yet" : `${newest.by} has saved version ${version}`
    return { ok: false, code: "version_conflict", message: `The settings are others now: ${who}. Look again.` }
  }
  return { ok: true, event: { version: version + 1, leadDays, coverDays, by, at } }
}
