/**
 * What offers are decided by beside their rules: the cart as it is worth something to the shop, the stock's figures, and chance.
 */
import { randomInt } from "node:crypto"
import { OFFER_PREFIX } from "../../actors/cart/promotions.ts"
import type { CartState } from "../../actors/cart/state.ts"
import type { CartOffered, Offering } from "../../actors/customer/offers.ts"
import type { AvailableOf } from "../carts/turn.ts"

export interface OfferingServices {
  readonly cartOf: (cartId: string) => CartState | undefined
  readonly available: AvailableOf
}

/** Nothing that is taken for something else when it is read out. */
const LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
/** 30 letters to the tenth are 49 bits, and a code is one customer's only. */
const CODE_LETTERS = 10

const newCode = (): string =>
  OFFER_PREFIX + Array.from({ length: CODE_LETTERS }, () => LETTERS[randomInt(LETTERS.length)]).join("")

export const offeringOf = ({ available, cartOf }: OfferingServices): Offering => ({
  worthOf: (cartId) => {
    const state = cartOf(cartId)
    return state === undefined ? undefined : worthOf(state, available)
  },
  chance: () => ({ offerId: newCode(), seed: randomInt(2 ** 32) })
})

/** What the cart holds itself can still be sold to it; what the stock does not know is taken to be nearly gone. */
const worthOf = ({ checkout, currency = "", lines, totals }: CartState, available: AvailableOf): CartOffered => ({
  currency,
  goodsMinor: totals.goodsMinor - totals.discountMinor,
  shippingMinor: totals.shippingMinor,
  taxMinor: totals.isTaxIncluded === true ? totals.taxMinor : 0,
  lines: lines.map((line) => {
    const { quantity, sku, unitCostMinor, unitPriceMinor } = line
    return {
      sku,
      quantity,
      unitPriceMinor,
      ...(unitCostMinor === undefined ? {} : { unitCostMinor }),
      unitsLeft: (available(line) ?? 0) + (checkout?.isHeld === true ? quantity : 0)
    }
  })
})
