/**
 * What somebody does about a low-stock alert: takes note of it, or wants to hear of it later. Pure.
 *
 * D1 A decision is about one alert: when the stock recovers and falls again, that is another one, and open.
 * D2 A snooze ends at its time, and before that when the SKU sells out after all.
 */

export interface LowStock {
  readonly sku: string
  /** The version whose change raised it; with the SKU this names the alert. */
  readonly version: number
  readonly available: number
}

export interface AlertDecision {
  readonly act: "acknowledge" | "snooze" | "reopen"
  /** The alert's. */
  readonly version: number
  readonly by: string
  /** Milliseconds since the epoch, here and below. */
  readonly at: number
  readonly note?: string
  /** Of a snooze. */
  readonly until?: number
  /** When it was decided. */
  readonly available: number
}

export type AlertStand =
  | { readonly state: "open" }
  | { readonly state: "acknowledged" | "snoozed"; readonly by: AlertDecision }

export const standOf = (alert: LowStock, newest: AlertDecision | undefined, nowMs: number): AlertStand => {
  if (newest === undefined || newest.version !== alert.version || newest.act === "reopen") return { state: "open" }
  if (newest.act === "acknowledge") return { state: "acknowledged", by: newest }
  const isOver = nowMs >= (newest.until ?? 0) || (alert.available <= 0 && newest.available > 0)
  return isOver ? { state: "open" } : { state: "snoozed", by: newest }
}

export const SNOOZE_MS_MAX = 30 * 24 * 3_600_000

export type AlertAct = Omit<AlertDecision, "available">

export type AlertOutcome =
  | { readonly ok: true; readonly event: AlertDecision | undefined }
  | { readonly ok: false; readonly code: "invalid_request" | "version_conflict"; readonly message: string }

/** `alert`: the one that is raised now, if any. The same asked again is once. */
export const decideAlert = (
  alert: LowStock | undefined,
  newest: AlertDecision | undefined,
  act: AlertAct
): AlertOutcome => {
  if (alert === undefined || alert.version !== act.version) {
    return {
      ok: false,
      code: "version_conflict",
      message: "That alert is over: the stock has changed since. Look again."
    }
  }
  if (act.act === "snooze") {
    const lastsMs = (act.until ?? 0) - act.at
    if (lastsMs <= 0 || lastsMs > SNOOZE_MS_MAX) {
      return { ok: false, code: "invalid_request", message: "Snooze until a time within the next 30 days." }
    }
  }
  const stand = standOf(alert, newest, act.at)
  const isSo =
    (act.act === "acknowledge" && stand.state === "acknowledged" && stand.by.note === act.note) ||
    (act.act === "snooze" && stand.state === "snoozed" && stand.by.until === act.until) ||
    (act.act === "reopen" && stand.state === "open")
  return { ok: true, event: isSo ? undefined : { ...act, available: alert.available } }
}
