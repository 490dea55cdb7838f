/**
 * What a cart costs: goods, less discounts, plus shipping, plus tax where prices do not contain it. Integers throughout.
 */
import { keepsMargin } from "./margin.ts"
import { estimateShipping, type Policy, type Shipping, taxRowFor } from "./policy.ts"
import {
  type Basket,
  chooseDiscounts,
  type Discount,
  goodsMinor,
  type Promotion,
  savedShipping,
  shareOf
} from "./promotions.ts"
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

type Parcel = Pick<CartState, "lines" | "destination" | "method">

interface Rules {
  readonly policy: Policy
  readonly promotions: ReadonlyArray<Promotion>
  readonly basket: Basket
}

/** An offer holds only while the shop keeps its margin: with other goods in the cart it may not. */
export const price = (cart: Parcel, rules: Rules): Priced => {
  const priced = priceWith(cart, rules)
  const { promotions } = rules
  const isBroken = promotions.some(
    ({ code, offer }) =>
      offer !== undefined &&
      priced.discounts.some((discount) => discount.code === code) &&
      !keepsMargin(offer, cart.lines, priced.totals)
  )
  if (!isBroken) return priced
  return priceWith(cart, { ...rules, promotions: promotions.filter(({ offer }) => offer === undefined) })
}

const priceWith = (cart: Parcel, rules: Rules): Priced => {
  const { policy, promotions, basket } = rules
  if (cart.lines.length === 0) return { totals: nothing, discounts: [], shipping: undefined }
  const goods = goodsMinor(cart.lines)
  let itemCount = 0
  for (const line of cart.lines) itemCount += line.quantity
  const { destination, method } = cart
  const parcel = { currency: basket.currency, destination, method, itemCount }
  const unreduced = estimateShipping(policy, { ...parcel, goodsMinor: goods })
  const chosen = chooseDiscounts(promotions, basket, unreduced?.costMinor ?? 0)
  let discount = 0
  for (const { amountMinor } of chosen) discount += amountMinor
  const estimated = estimateShipping(policy, { ...parcel, goodsMinor: goods - discount })
  const saved = savedShipping(chosen, estimated?.costMinor ?? 0)
  const shipping = estimated === undefined ? undefined : { ...estimated, costMinor: estimated.costMinor - saved }
  const discounts = chosen.map((one) =>
    one.shippingMinor === undefined ? one : { ...one, shippingMinor: Math.min(one.shippingMinor, saved) }
  )
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
