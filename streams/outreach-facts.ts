/**
 * The OUTREACH stream: what carriers told, kept before they are answered. Publishing a fact again is once.
 */
import type { Effect } from "effect"
import { type NatsShape, publishAcked, type PublishAck, type PublishFailed } from "./nats/connection.ts"
import { outreachFactSubject } from "./subjects.ts"

/** Carriers wait 10 seconds and more. */
const PUBLISH_MS_MAX = 5_000

/** As much of a fact as is looked at here. */
export interface CarrierFact {
  /** The same each time it is told. */
  readonly id: string
  readonly carrier: string
}

export const publishOutreachFact = (nats: NatsShape, fact: CarrierFact): Effect.Effect<PublishAck, PublishFailed> =>
  publishAcked(nats.publisher, outreachFactSubject(fact.carrier), new TextEncoder().encode(JSON.stringify(fact)), {
    headers: { "Nats-Msg-Id": encodeURIComponent(fact.id) },
    timeoutMs: PUBLISH_MS_MAX
  })
