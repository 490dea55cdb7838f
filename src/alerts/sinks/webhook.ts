/**
 * A webhook of the merchant's own, signed by Standard Webhooks: `{"type": "alert", "alerts": [...]}`, each as `Alert` in
 * `actors/alert/alert.ts`. The `webhook-id` is the alert's, so a delivery that comes twice can be told.
 */
import { createHash } from "node:crypto"
import type { AlertSinks } from "../../../config/alerts.ts"
import { secretKey, signedHeaders } from "../../channels/standard-webhooks.ts"
import { alertsOf, post, type Sink } from "../sink.ts"

export const webhookSink = ({ url, secret }: NonNullable<AlertSinks["webhook"]>): Sink => {
  const key = secretKey(secret, "ALERT_WEBHOOK_SECRET")
  return {
    name: "webhook",
    deliver: (delivery, signal) => {
      const alerts = alertsOf(delivery)
      const body = JSON.stringify({ type: "alert", alerts })
      const id = createHash("sha256")
        .update(alerts.map((alert) => alert.id).join("|"))
        .digest("hex")
        .slice(0, 32)
      return post(url, signedHeaders(key, `alert_${id}`, Date.now(), body), body, signal)
    }
  }
}
