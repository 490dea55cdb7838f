/**
 * Orders and refunds as the shop has them, in the words of its webhooks and of its GraphQL.
 */
import type { Order } from "../marketplace.ts"

export const LOCATION_ID = "905684977"

export interface KnownOrder extends Order {
  readonly createdAt: string
  updatedAt: string
  cancelledAt: string | null
  readonly refunds: Array<Refund>
}

export interface Refund {
  readonly id: number
  readonly createdAt: string
  readonly lines: ReadonlyArray<{
    readonly id: number
    readonly lineId: string
    readonly listingId: string
    readonly quantity: number
  }>
}

const PRICE = "19.99"
const CURRENCY = "USD"

export const orderBody = (order: KnownOrder) => ({
  id: Number(order.id),
  name: `#${order.id}`,
  created_at: order.createdAt,
  updated_at: order.updatedAt,
  cancelled_at: order.cancelledAt,
  currency: CURRENCY,
  line_items: order.lines.map(({ lineId, listingId, quantity }) => ({
    id: Number(lineId),
    variant_id: Number(listingId),
    quantity,
    price: PRICE
  })),
  refunds: order.refunds.map((refund) => refundBody(order, refund))
})

export const refundBody = (order: KnownOrder, refund: Refund) => ({
  id: refund.id,
  order_id: Number(order.id),
  created_at: refund.createdAt,
  refund_line_items: refund.lines.map(({ id, lineId, listingId, quantity }) => ({
    id,
    line_item_id: Number(lineId),
    quantity,
    restock_type: order.cancelledAt === null ? "return" : "cancel",
    location_id: Number(LOCATION_ID),
    line_item: { id: Number(lineId), variant_id: Number(listingId) }
  }))
})

export const orderNode = (order: KnownOrder) => ({
  legacyResourceId: order.id,
  name: `#${order.id}`,
  createdAt: order.createdAt,
  currencyCode: CURRENCY,
  lineItems: {
    nodes: order.lines.map(({ lineId, listingId, quantity }) => ({
      id: `gid://shopify/LineItem/${lineId}`,
      quantity,
      variant: { legacyResourceId: listingId },
      originalUnitPriceSet: { shopMoney: { amount: PRICE } }
    }))
  },
  refunds: order.refunds.map((refund) => ({
    legacyResourceId: String(refund.id),
    createdAt: refund.createdAt,
    refundLineItems: {
      nodes: refund.lines.map(({ id, listingId, quantity }) => ({
        id: `gid://shopify/RefundLineItem/${id}`,
        quantity,
        restockType: order.cancelledAt === null ? "RETURN" : "CANCEL",
        lineItem: { variant: { legacyResourceId: listingId } }
      }))
    }
  }))
})
