/**
 * The ALERTS stream: what was raised and cleared, for whoever delivers it. Publishing an alert again is once.
 */
import { Effect } from "effect"
import type { Alert } from "../actors/alert/alert.ts"
import { type NatsShape, publishAcked, type PublishFailed } from "./nats/connection.ts"
import { alertSubject } from "./subjects.ts"

const PUBLISH_MS_MAX = 2_000

export const publishAlert = (nats: NatsShape, alert: Alert): Effect.Effect<void, PublishFailed> =>
  publishAcked(
    nats.publisher,
    alertSubject(alert.kind, alert.subject),
    new TextEncoder().encode(JSON.stringify(alert)),
    {
      headers: { "Nats-Msg-Id": encodeURIComponent(alert.id) },
      timeoutMs: PUBLISH_MS_MAX
    }
  ).pipe(Effect.retry({ times: 2 }), Effect.asVoid)
