/**
 * PagerDuty's Events API v2: an episode is one incident there, triggered and resolved by the same `dedup_key`. Each event
 * is sent for itself, also of a digest, because a resolve must find its trigger.
 */
import { createHash } from "node:crypto"
import type { Alert } from "../../../actors/alert/alert.ts"
import type { AlertSinks } from "../../../config/alerts.ts"
import { alertsOf, type Delivered, post, type Sink } from "../sink.ts"

/** What PagerDuty takes. */
const SUMMARY_LENGTH_MAX = 1_024
const DEDUP_LENGTH_MAX = 255

const dedupKey = (episode: string): string =>
  episode.length <= DEDUP_LENGTH_MAX ? episode : createHash("sha256").update(episode).digest("hex")

const eventOf = (key: string, alert: Alert) => ({
  routing_key: key,
  event_action: alert.state === "raised" ? "trigger" : "resolve",
  dedup_key: dedupKey(alert.episode),
  payload: {
    summary: alert.summary.slice(0, SUMMARY_LENGTH_MAX),
    source: "holdfast",
    severity: alert.severity,
    timestamp: alert.at,
    component: alert.subject,
    class: alert.kind,
    custom_details: alert.details
  }
})

export const pagerdutySink = ({ key, url }: NonNullable<AlertSinks["pagerduty"]>): Sink => ({
  name: "pagerduty",
  deliver: async (delivery, signal) => {
    for (const alert of alertsOf(delivery)) {
      const body = JSON.stringify(eventOf(key, alert))
      const delivered: Delivered = await post(url, { "content-type": "application/json" }, body, signal)
      if (!delivered.ok) return delivered
    }
    return { ok: true }
  }
})
