/**
 * Twilio's words for what became of a message, and its prices, as the port has them.
 */
import type { DeliveryState } from "../../../../actors/outreach/delivery.ts"
import type { MessageCost } from "../../../../actors/recovery/events.ts"
import { digitsOf } from "../../../channels/money.ts"

const states: Readonly<Record<string, DeliveryState>> = {
  accepted: "accepted",
  scheduled: "accepted",
  queued: "accepted",
  sending: "accepted",
  sent: "sent",
  delivered: "delivered",
  partially_delivered: "delivered",
  read: "read",
  undelivered: "failed",
  failed: "failed",
  canceled: "failed"
}

/** `undefined` for what is no outbound message's status. */
export const stateOf = (status: string | undefined): DeliveryState | undefined =>
  status !== undefined && Object.hasOwn(states, status) ? states[status] : undefined

/** Twilio's price is negative and in the currency's unit: "-0.00750" of a dollar is 0.75 cents. */
export const costOf = (price: unknown, unit: unknown): MessageCost | undefined => {
  if ((typeof price !== "string" && typeof price !== "number") || typeof unit !== "string") return undefined
  const amount = price === "" ? Number.NaN : Number(price)
  const currency = unit.toUpperCase()
  const digits = digitsOf(currency)
  if (!Number.isFinite(amount) || digits === undefined) return undefined
  return { microMinor: Math.round(Math.abs(amount) * 10 ** (digits + 6)), currency }
}
