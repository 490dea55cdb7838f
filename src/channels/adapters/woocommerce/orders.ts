/**
 * A WooCommerce order's present state as events. The shop tells of the whole order each time it changes, so nothing is
 * read from what changed: an order that counts is a sale of its lines, one that was called off is that and their return,
 * with the same ids each time it is told.
 */
import type { ChannelEvent, UnitsEvent } from "../../adapter.ts"
import { idOf, type Json, objectsOf } from "../../json-body.ts"
import { moneyOf } from "../../money.ts"

/** The shop has taken the units off its shelf. */
const SOLD = new Set(["processing", "on-hold", "completed"])
/** It has put them back. A refund in part says nothing of its units here, and moves none. */
const CALLED_OFF = new Set(["cancelled", "refunded"])

/** A product, or a variation behind its product. */
export const listingIdOf = (productId: string, variationId: string | undefined): string =>
  variationId === undefined || variationId === "0" ? productId : `${productId}:${variationId}`

/** `undefined` when the body is no order. */
export const orderEvents = (order: Json, currency: string | undefined): ReadonlyArray<ChannelEvent> | undefined => {
  const orderId = idOf(order["id"], 20)
  const status = order["status"]
  if (orderId === undefined || typeof status !== "string" || !Array.isArray(order["line_items"])) return undefined
  const isCalledOff = CALLED_OFF.has(status)
  if (!SOLD.has(status) && !isCalledOff) return []
  const isForeign = currency !== undefined && order["currency"] !== currency
  return objectsOf(order["line_items"]).flatMap((line): ReadonlyArray<ChannelEvent> => {
    const lineId = idOf(line["id"], 20)
    if (lineId === undefined) return []
    const id = `order:${orderId}:${lineId}`
    if (isForeign) {
      return [
        {
          type: "unfit",
          id,
          reason: `The order is in ${String(order["currency"])}, which is not this shop's currency.`,
          payload: line
        }
      ]
    }
    const sale = saleOf(line, { id, orderId, order })
    if (sale === undefined)
      return [{ type: "unfit", id, reason: "The line names no product or no whole quantity.", payload: line }]
    return isCalledOff ? [sale, returnOf(sale, order)] : [sale]
  })
}

const saleOf = (
  line: Json,
  { id, orderId, order }: { readonly id: string; readonly orderId: string; readonly order: Json }
): UnitsEvent | undefined => {
  const productId = idOf(line["product_id"], 20)
  const quantity = line["quantity"]
  if (productId === undefined || productId === "0" || typeof quantity !== "number" || quantity < 1) return undefined
  const unitPrice = moneyOf(String(line["price"]), order["currency"])
  const occurredAt = utc(order["date_created_gmt"])
  return {
    type: "sale",
    id,
    listingId: listingIdOf(productId, idOf(line["variation_id"], 20)),
    quantity,
    shownBy: -quantity,
    reference: orderId,
    ...(occurredAt === undefined ? {} : { occurredAt }),
    ...(unitPrice === undefined ? {} : { unitPrice })
  }
}

const returnOf = ({ unitPrice: _unitPrice, occurredAt: _occurredAt, ...sale }: UnitsEvent, order: Json): UnitsEvent => {
  const occurredAt = utc(order["date_modified_gmt"])
  return {
    ...sale,
    type: "return",
    id: `${sale.id}:returned`,
    shownBy: sale.quantity,
    ...(occurredAt === undefined ? {} : { occurredAt })
  }
}

/** `2017-03-22T19:28:08`, without a zone because its name says it is GMT. */
const utc = (value: unknown): string | undefined => {
  const at = typeof value === "string" ? Date.parse(/[Z+]/.test(value) ? value : `${value}Z`) : Number.NaN
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
