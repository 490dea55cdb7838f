/**
 * Orders as Shopify tells of them, by webhook or by query, to events with the same ids: a sale for each line, a return
 * for each refunded line that went back to the shelf. So it does not matter by which way, how often and in which order
 * something is told: an order that comes after its refund is a sale after its return, and the sum is the same.
 */
import type { ChannelEvent, UnitsEvent } from "../../adapter.ts"
import { idOf, type Json, objectsOf, timeOf } from "../../json-body.ts"
import { moneyOf } from "../../money.ts"

const numberId = (value: unknown): string | undefined => {
  const id = idOf(value, 20)
  return id !== undefined && /^\d+$/.test(id) ? id : undefined
}

/** Restocked units are back on the shelf that Shopify shows. */
const RESTOCKED = new Set(["return", "cancel", "legacy_restock"])

/** `undefined` when the body is no order. */
export const orderEvents = (order: Json, currency: string | undefined): ReadonlyArray<ChannelEvent> | undefined => {
  const orderId = numberId(order["id"])
  if (orderId === undefined || !Array.isArray(order["line_items"])) return undefined
  const about = { orderId, occurredAt: timeOf(order["created_at"]) }
  const isForeign = currency !== undefined && order["currency"] !== currency
  const sales = objectsOf(order["line_items"]).flatMap((line) =>
    isForeign
      ? [foreign(line, orderId, order["currency"])]
      : saleOf(line, { ...about, reference: textOf(order["name"]) ?? orderId, currency: order["currency"] })
  )
  return [...sales, ...objectsOf(order["refunds"]).flatMap((refund) => refundEvents(refund) ?? [])]
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

const foreign = (line: Json, orderId: string, currency: unknown): ChannelEvent => ({
  type: "unfit",
  id: `order:${orderId}:${String(line["id"])}`,
  reason: `The order ${orderId} is in ${String(currency)}, which is not this shop's currency.`,
  payload: { orderId, lineId: line["id"], variantId: line["variant_id"], quantity: line["quantity"] }
})

interface About {
  readonly orderId: string
  readonly occurredAt: string | undefined
  readonly reference: string
  readonly currency: unknown
}

const saleOf = (line: Json, { orderId, occurredAt, reference, currency }: About): ReadonlyArray<ChannelEvent> => {
  const lineId = numberId(line["id"])
  const variantId = numberId(line["variant_id"])
  // A line without a variant was typed in by hand, or its variant is gone: there is no stock behind it.
  if (lineId === undefined || line["variant_id"] === null || line["quantity"] === 0) return []
  const id = `order:${orderId}:${lineId}`
  const quantity = line["quantity"]
  if (variantId === undefined || typeof quantity !== "number") {
    return [{ type: "unfit", id, reason: "The line names no variant or no quantity.", payload: line }]
  }
  const unitPrice = moneyOf(line["price"], currency)
  const sale: UnitsEvent = {
    type: "sale",
    id,
    listingId: variantId,
    quantity,
    shownBy: -quantity,
    reference,
    ...(occurredAt === undefined ? {} : { occurredAt }),
    ...(unitPrice === undefined ? {} : { unitPrice })
  }
  return [sale]
}

/** `undefined` when the body is no refund. */
export const refundEvents = (refund: Json): ReadonlyArray<ChannelEvent> | undefined => {
  const refundId = numberId(refund["id"])
  if (refundId === undefined || !Array.isArray(refund["refund_line_items"])) return undefined
  const occurredAt = timeOf(refund["created_at"])
  return objectsOf(refund["refund_line_items"]).flatMap((line): ReadonlyArray<ChannelEvent> => {
    const restock = line["restock_type"]
    const isRestocked = typeof restock === "string" ? RESTOCKED.has(restock) : refund["restock"] === true
    const lineId = numberId(line["id"])
    const variantId = numberId((line["line_item"] as Json | undefined)?.["variant_id"])
    const quantity = line["quantity"]
    if (!isRestocked || lineId === undefined || quantity === 0) return []
    const id = `refund:${refundId}:${lineId}`
    if (variantId === undefined || typeof quantity !== "number") {
      return [{ type: "unfit", id, reason: "The refunded line names no variant or no quantity.", payload: line }]
    }
    const orderId = numberId(refund["order_id"])
    return [
      {
        type: "return",
        id,
        listingId: variantId,
        quantity,
        shownBy: quantity,
        ...(occurredAt === undefined ? {} : { occurredAt }),
        ...(orderId === undefined ? {} : { reference: orderId })
      }
    ]
  })
}

/** `gid://shopify/LineItem/466157049` as the number that webhooks have. */
export const legacyId = (gid: unknown): string | undefined =>
  typeof gid === "string" ? numberId(gid.slice(gid.lastIndexOf("/") + 1).split("?")[0]) : undefined
