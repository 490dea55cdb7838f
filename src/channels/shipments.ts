/**
 * A package as somebody tells it over HTTP: read, told to the channel, and answered with what the channel said. Safe to
 * repeat: the package's number is the channel's to know it by.
 */
import { Effect } from "effect"
import { decodeBySchema } from "../gateway/decode-by-schema.ts"
import { Shipment } from "../gateway/openapi/channel-bodies.ts"
import type { Channel } from "./channel.ts"
import type { Reply } from "./messages.ts"
import { refused } from "./reply.ts"

export const onShipment = (channel: Channel, body: unknown): Effect.Effect<Reply> => {
  const decoded = decodeBySchema(Shipment, body)
  if (!decoded.ok) return Effect.succeed({ status: 400, body: decoded.refusal })
  const shipment = { ...decoded.value, shippedAt: new Date(decoded.value.shippedAt).toISOString() }
  return Effect.map(channel.rounds.confirmShipment(shipment), (result) => {
    if (result === undefined) return refused(400, "invalid_request", "This channel is told of no shipments.")
    if (!result.ok) return refused(503, "unavailable", result.failure.message)
    const { value } = result
    return value.type === "confirmed"
      ? { status: 200, body: { ok: true, orderId: shipment.orderId, packageId: shipment.packageId } }
      : refused(409, "shipment_refused", value.message, { reason: value.code })
  })
}
