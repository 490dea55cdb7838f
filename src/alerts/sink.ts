/**
 * The port of everything that alerts are delivered to, and one HTTP call for those that take them by POST.
 */
import type { Alert, Delivery } from "../../actors/alert/alert.ts"

/** `isFinal`: sending it again would be refused again. The message holds no secret and no address. */
export type Delivered =
  | { readonly ok: true }
  | { readonly ok: false; readonly isFinal: boolean; readonly message: string; readonly retryAfterMs?: number }

export interface Sink {
  readonly name: "webhook" | "slack" | "pagerduty" | "email"
  deliver(delivery: Delivery, signal: AbortSignal): Promise<Delivered>
  close?(): void
}

export const alertsOf = (delivery: Delivery): ReadonlyArray<Alert> =>
  delivery.type === "one" ? [delivery.alert] : delivery.alerts

/** A digest names so many; of the others it says how many there are. */
const NAMED_MAX = 20

export const titleOf = (delivery: Delivery): string => {
  if (delivery.type === "one") return delivery.alert.summary
  const raised = delivery.alerts.filter(({ state }) => state === "raised").length
  return `${raised} alerts raised, ${delivery.alerts.length - raised} cleared.`
}

export const linesOf = (delivery: Delivery): ReadonlyArray<string> => {
  const alerts = alertsOf(delivery)
  const lines = alerts.slice(0, NAMED_MAX).map(({ state, summary, at }) => `${at} ${state}: ${summary}`)
  return alerts.length > NAMED_MAX ? [...lines, `and ${alerts.length - NAMED_MAX} more`] : lines
}

const RETRY_AFTER_MS_MAX = 60_000

export const post = async (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal
): Promise<Delivered> => {
  try {
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal })
    await response.body?.cancel()
    if (response.ok) return { ok: true }
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN)
    const isFinal =
      response.status >= 300 && response.status < 500 && response.status !== 408 && response.status !== 429
    return {
      ok: false,
      isFinal,
      message: `It answered ${response.status}.`,
      ...(Number.isNaN(seconds) ? {} : { retryAfterMs: Math.min(RETRY_AFTER_MS_MAX, seconds * 1_000) })
    }
  } catch (cause) {
    return { ok: false, isFinal: false, message: signal.aborted ? "It did not answer in time." : reasonOf(cause) }
  }
}

const reasonOf = (cause: unknown): string => {
  const inner = cause instanceof Error ? cause.cause : undefined
  const code = inner instanceof Error ? (inner as NodeJS.ErrnoException).code : undefined
  return `It cannot be reached (${code ?? "no connection"}).`
}
