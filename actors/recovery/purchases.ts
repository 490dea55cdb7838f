/**
 * What a customer has bought from this hub's carts: the newest orders one by one, those before them as sums.
 *
 * An order is told again whenever something of it changes, and after a start; told again as it is known, it changes nothing.
 */

/** As the cart has it. Amounts in minor units of `currency`. */
export interface Order {
  readonly orderId: string
  readonly cartId: string
  readonly currency: string
  readonly paidMinor: number
  readonly refundedMinor: number
  /** A code or a promotion took something off. */
  readonly isReduced: boolean
  /** The offer that it was bought with. */
  readonly offerId?: string
  readonly isCancelled: boolean
}

export type Purchase = Order & {
  /** When it was heard of first. */
  readonly at: number
}

export interface OrderNoted {
  readonly type: "order-noted"
  readonly at: number
  readonly customerId: string
  readonly order: Order
}

interface Sums {
  readonly orders: number
  readonly reduced: number
  readonly returned: number
  /** What was paid and not paid back, by currency. */
  readonly revenueMinor: Readonly<Record<string, number>>
}

export interface Purchases {
  /** The oldest first. */
  readonly recent: ReadonlyArray<Purchase>
  readonly older: Sums
}

export const noPurchases: Purchases = {
  recent: [],
  older: { orders: 0, reduced: 0, returned: 0, revenueMinor: {} }
}

/** Orders kept one by one: one that is older is not paid back any more. */
export const PURCHASES_MAX = 64

export const purchaseOf = ({ recent }: Purchases, orderId: string): Purchase | undefined =>
  recent.find((one) => one.orderId === orderId)

/** Whether it says something that is not known. */
export const isNews = (purchases: Purchases, order: Order): boolean => {
  const known = purchaseOf(purchases, order.orderId)
  if (known === undefined) return true
  return known.refundedMinor !== order.refundedMinor || known.isCancelled !== order.isCancelled
}

export const evolvePurchases = (purchases: Purchases, { at, order }: OrderNoted): Purchases => {
  const { older, recent } = purchases
  const known = purchaseOf(purchases, order.orderId)
  if (known !== undefined) {
    const purchase = { ...order, at: known.at }
    return { older, recent: recent.map((one) => (one === known ? purchase : one)) }
  }
  const all = [...recent, { ...order, at }]
  const [oldest] = all
  if (all.length <= PURCHASES_MAX || oldest === undefined) return { older, recent: all }
  return { older: plus(older, oldest), recent: all.slice(1) }
}

/** What was sent back counts by the order, however much of it was paid back. */
const plus = (sums: Sums, { currency, isCancelled, isReduced, paidMinor, refundedMinor }: Purchase): Sums => {
  if (isCancelled) return sums
  const { orders, reduced, returned, revenueMinor } = sums
  return {
    orders: orders + 1,
    reduced: reduced + (isReduced ? 1 : 0),
    returned: returned + (refundedMinor > 0 ? 1 : 0),
    revenueMinor: {
      ...revenueMinor,
      [currency]: (revenueMinor[currency] ?? 0) + Math.max(0, paidMinor - refundedMinor)
    }
  }
}

/** Of all orders; one that was cancelled is none. */
export const sumsOf = ({ older, recent }: Purchases): Sums => recent.reduce(plus, older)
