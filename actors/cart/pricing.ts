/**
 * What a cart costs: goods, less discounts, plus shipping, plus tax where prices do not contain it. Integers throughout.
 */
import { estimateShipping, type Policy, type Shipping, taxRowFor } from "./policy.ts"
import { type Basket, chooseDiscounts, type Discount, goodsMinor, type Promotion, shareOf } from "./promotions.ts"
import type { CartState } from "./state.ts"

/** All in the cart's currency. `totalMinor` = goods − discount + shipping (+ tax, unless the prices contain it). */
export interface Totals {
  readonly goodsMinor: number
  readonly discountMinor: number
  readonly shippingMinor: number
  readonly taxMinor: number
  readonly totalMinor: number
  readonly isTaxIncluded?: true
}

export const nothing: Totals = { goodsMinor: 0, discountMinor: 0, shippingMinor: 0, taxMinor: 0, totalMinor: 0 }

export interface Priced {
  readonly totals: Totals
  readonly discounts: ReadonlyArray<Discount>
  /** Absent: nothing can be said yet. */
  readonly shipping: Shipping | undefined
}

/** The part of an amount that is tax already. */
const taxWithin = (amountMinor: number, basisPoints: number): number =>
  amountMinor - Math.floor((amountMinor * 10_000 + Math.floor((10_000 + basisPoints) / 2)) / (10_000 + basisPoints))

export const price = (
  cart: Pick<CartState, "lines" | "destination" | "method">,
  rules: { readonly policy: Policy; readonly promotions: ReadonlyArray<Promotion>; readonly basket: Basket }
): Priced => {
  const { policy, promotions, basket } = rules
  if (cart.lines.length === 0) return { totals: nothing, discounts: [], shipping: undefined }
  const goods = goodsMinor(cart.lines)
  let itemCount = 0
  for (const line of cart.lines) itemCount += line.quantity
  const { destination, method } = cart
  const parcel = { currency: basket.currency, destination, method, itemCount }
  const unreduced = estimateShipping(policy, { ...parcel, goodsMinor: goods })
  const discounts = chooseDiscounts(promotions, basket, unreduced?.costMinor ?? 0)
  let discount = 0
  for (const { amountMinor } of discounts) discount += amountMinor
  const estimated = estimateShipping(policy, { ...parcel, goodsMinor: goods - discount })
  const isFree = discounts.some(({ freeShipping }) => freeShipping)
  const shipping = estimated === undefined || !isFree ? estimated : { ...estimated, costMinor: 0 }
  const shippingMinor = shipping?.costMinor ?? 0
  const row = taxRowFor(policy, destination)
  const taxed = goods - discount + (row?.onShipping === true ? shippingMinor : 0)
  const isIncluded = row?.isIncluded === true
  const taxMinor =
    row === undefined ? 0 : isIncluded ? taxWithin(taxed, row.basisPoints) : shareOf(taxed, row.basisPoints)
  return {
    totals: {
      goodsMinor: goods,
      discountMinor: discount,
      shippingMinor,
      taxMinor,
      totalMinor: goods - discount + shippingMinor + (isIncluded ? 0 : taxMinor),
      ...(isIncluded ? { isTaxIncluded: true } : {})
    },
    discounts,
    shipping
  }
}
