/**
 * An Amazon order's present state as events. Notifications come twice and in any order, so nothing is read from them but
 * which order to look at; the order says how many units were ordered, and how many of them are neither shipped nor to be
 * shipped any more. Each of those is a return of its own number, so the same state gives the same events.
 *
 * What Amazon fulfils (FBA) is Amazon's stock and moves none of the merchant's.
 */
import type { ChannelEvent, UnitsEvent } from "../../adapter.ts"
import { idOf, isObject, type Json, objectsOf, timeOf } from "../../json-body.ts"
import { moneyOf } from "../../money.ts"

/** Not paid yet, or not to be counted on: Amazon holds nothing back for it. */
const NOT_YET = new Set(["PENDING_AVAILABILITY", "PENDING"])
/** Units of one item that can come back one by one; more in one item are kept for a person. */
const UNITS_MAX = 1_000

const objectIn = (value: unknown): Json => (isObject(value) ? value : {})

/** `undefined` when it is no order. */
export const orderEvents = (order: Json, currency: string | undefined): ReadonlyArray<ChannelEvent> | undefined => {
  const orderId = idOf(order["orderId"])
  if (orderId === undefined || !Array.isArray(order["orderItems"])) return undefined
  const fulfillment = objectIn(order["fulfillment"])
  if (fulfillment["fulfilledBy"] === "AMAZON") return []
  const status = String(fulfillment["fulfillmentStatus"])
  if (NOT_YET.has(status)) return []
  const about = { orderId, occurredAt: timeOf(order["createdTime"]), isCancelled: status === "CANCELLED", currency }
  return objectsOf(order["orderItems"]).flatMap((item) => itemEvents(item, about))
}

const itemEvents = (
  item: Json,
  about: {
    readonly orderId: string
    readonly occurredAt: string | undefined
    readonly isCancelled: boolean
    readonly currency: string | undefined
  }
): ReadonlyArray<ChannelEvent> => {
  const itemId = idOf(item["orderItemId"])
  const product = objectIn(item["product"])
  const sku = idOf(product["sellerSku"])
  const ordered = item["quantityOrdered"]
  const id = `${about.orderId}:${itemId ?? "?"}`
  const unfit = (reason: string): ReadonlyArray<ChannelEvent> => [{ type: "unfit", id, reason, payload: item }]
  if (itemId === undefined || sku === undefined || typeof ordered !== "number" || !Number.isInteger(ordered)) {
    return unfit("The item names no SKU or no whole quantity.")
  }
  if (ordered === 0) return []
  if (ordered > UNITS_MAX) return unfit(`The item has more than ${UNITS_MAX} units.`)
  const { unit } = objectIn(item["measurement"])
  if (unit !== undefined && unit !== "COUNT") return unfit(`The item is sold by ${String(unit)}, not by the piece.`)
  const price = objectIn(objectIn(product["price"])["unitPrice"])
  const unitPrice = moneyOf(price["amount"], price["currencyCode"])
  if (about.currency !== undefined && unitPrice !== undefined && unitPrice.currency !== about.currency) {
    return unfit(`The price is in ${unitPrice.currency}, which is not this channel's currency.`)
  }
  const base = { listingId: sku, reference: about.orderId }
  const sale: UnitsEvent = {
    ...base,
    type: "sale",
    id,
    quantity: ordered,
    shownBy: -ordered,
    ...(about.occurredAt === undefined ? {} : { occurredAt: about.occurredAt }),
    ...(unitPrice === undefined ? {} : { unitPrice })
  }
  const cancelled = about.isCancelled ? ordered : cancelledUnits(objectIn(item["fulfillment"]), ordered)
  const returns = Array.from({ length: cancelled }, (_, index): UnitsEvent => {
    // Amazon does not put cancelled units back on the shelf that it shows.
    return { ...base, type: "return", id: `${id}:cancelled:${index + 1}`, quantity: 1, shownBy: 0 }
  })
  return [sale, ...returns]
}

/** Neither shipped nor to be shipped; none when the order does not say. */
const cancelledUnits = ({ quantityFulfilled, quantityUnfulfilled }: Json, ordered: number): number => {
  if (typeof quantityFulfilled !== "number" || typeof quantityUnfulfilled !== "number") return 0
  return Math.min(ordered, Math.max(0, ordered - quantityFulfilled - quantityUnfulfilled))
}
