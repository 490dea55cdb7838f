/**
 * A package as somebody tells it over HTTP: read, told to the channel, and answered with what the channel said. Safe to
 * repeat: the package's number is the channel's to know it by.
 */
import { Effect } from "effect"
import { ID_LENGTH_MAX, LINES_MAX, QUANTITY_MAX } from "../../config/limits.ts"
import type { Shipment } from "./adapter.ts"
import type { Channel } from "./channel.ts"
import { isObject, timeOf } from "./json-body.ts"
import type { Reply } from "./messages.ts"

class Wrong extends Error {
  readonly path: string
  constructor(message: string, path: string) {
    super(message)
    this.path = path
  }
}

const text = (value: unknown, path: string): string => {
  if (typeof value === "string" && value !== "" && value.length <= ID_LENGTH_MAX && value.isWellFormed()) return value
  throw new Wrong(`Send ${path} as 1 to ${ID_LENGTH_MAX} characters.`, path)
}

const count = (value: unknown, path: string): number => {
  if (typeof value === "number" && Number.isInteger(value) && value > 0 && value <= QUANTITY_MAX) return value
  throw new Wrong(`Send ${path} as a whole number above 0.`, path)
}

/** Throws `Wrong`. */
const shipmentIn = (body: unknown): Shipment => {
  const fields = isObject(body) ? body : {}
  const { lines, method } = fields
  const shippedAt = timeOf(fields["shippedAt"])
  if (shippedAt === undefined) throw new Wrong("Send shippedAt as an ISO 8601 time.", "shippedAt")
  if (!Array.isArray(lines) || lines.length === 0 || lines.length > LINES_MAX) {
    throw new Wrong(`Send lines as 1 to ${LINES_MAX} of {"lineId", "quantity"}.`, "lines")
  }
  return {
    orderId: text(fields["orderId"], "orderId"),
    packageId: count(fields["packageId"], "packageId"),
    carrier: text(fields["carrier"], "carrier"),
    ...(method === undefined ? {} : { method: text(method, "method") }),
    tracking: text(fields["tracking"], "tracking"),
    shippedAt,
    lines: lines.map((line: unknown, index) => {
      const { lineId, quantity } = isObject(line) ? line : {}
      return { lineId: text(lineId, `lines.${index}.lineId`), quantity: count(quantity, `lines.${index}.quantity`) }
    })
  }
}

const refused = (status: number, code: string, message: string, more: object = {}): Reply => ({
  status,
  body: { ok: false, code, message, ...more }
})

export const onShipment = (channel: Channel, body: unknown): Effect.Effect<Reply> => {
  let shipment: Shipment
  try {
    shipment = shipmentIn(body)
  } catch (wrong) {
    if (!(wrong instanceof Wrong)) throw wrong
    return Effect.succeed(refused(400, "invalid_request", wrong.message, { path: wrong.path }))
  }
  return Effect.map(channel.rounds.confirmShipment(shipment), (result) => {
    if (result === undefined) return refused(400, "invalid_request", "This channel is told of no shipments.")
    if (!result.ok) return refused(503, "unavailable", result.failure.message)
    const { value } = result
    return value.type === "confirmed"
      ? { status: 200, body: { ok: true, orderId: shipment.orderId, packageId: shipment.packageId } }
      : refused(409, "shipment_refused", value.message, { reason: value.code })
  })
}
