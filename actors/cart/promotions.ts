/**
 * Promotions: what one takes off, when it applies, and which of several count together.
 *
 * A promotion that cannot be used (too early, too late, used up, below its minimum, for somebody else) says why. All
 * that allow company count together; one that does not counts alone. Of these choices the one that takes off most is
 * taken, so that a code never makes a cart dearer.
 */
import type { MarginBounds } from "./margin.ts"
import type { Line } from "./state.ts"

export interface Promotion {
  readonly code: string
  readonly kind: "percentage" | "amount" | "free-shipping"
  /** Of a percentage, in hundredths of a percent. */
  readonly basisPoints?: number
  /** Of an amount; in `currency`. */
  readonly amountMinor?: number
  /** Needed for an amount and for a minimum; a percentage without a minimum holds in every currency. */
  readonly currency?: string
  /** Goods in the cart before discounts. */
  readonly minimumMinor?: number
  /** Milliseconds since the epoch; the end is the first moment at which it does not hold any more. */
  readonly startsAt?: number
  readonly endsAt?: number
  readonly usesMax?: number
  readonly usesPerCustomerMax?: number
  /** Only for this customer. */
  readonly customerId?: string
  /** Only these SKUs' lines; absent: all. */
  readonly skus?: ReadonlyArray<string>
  readonly stackable: boolean
  /** Holds without a code. */
  readonly automatic: boolean
  /** Switched off: nobody can use it any more, whoever has used it keeps it. */
  readonly isActive: boolean
  /** The recovery made it for one customer, and ends it. */
  readonly offer?: OfferBounds
}

/** What holds of an offer at the moment of its use, whatever was put into the cart since it was made. */
export interface OfferBounds extends MarginBounds {
  /** It never takes off more, be it of the goods or of the shipping. */
  readonly amountMinorMax: number
  /** A cart of somebody else has tried it. */
  readonly misusedAt?: number
}

/** What the codes of offers begin with. */
export const OFFER_PREFIX = "BACK-"

export const isOfferCode = (code: string): boolean => code.startsWith(OFFER_PREFIX)

/** How often a promotion is spoken for: by checkouts under way and by orders. */
export interface Uses {
  readonly total: number
  readonly byCustomer: number
}

export interface Basket {
  readonly lines: ReadonlyArray<Line>
  readonly currency: string
  readonly customerId: string | undefined
  readonly at: number
  /** Uses by others; what this cart has claimed itself does not count against it. */
  readonly usesOf: (code: string) => Uses
}

export type WhyNot =
  | "inactive"
  | "not_started"
  | "ended"
  | "used_up"
  | "used_by_customer"
  | "below_minimum"
  | "other_currency"
  | "other_customer"
  | "no_such_goods"

export const goodsMinor = (lines: ReadonlyArray<Line>): number => {
  let sum = 0
  for (const line of lines) sum += line.quantity * line.unitPriceMinor
  return sum
}

const linesFor = (promotion: Promotion, lines: ReadonlyArray<Line>): ReadonlyArray<Line> => {
  const { skus } = promotion
  return skus === undefined ? lines : lines.filter((line) => skus.includes(line.sku))
}

/** `undefined`: it holds. */
export const whyNot = (promotion: Promotion, basket: Basket): WhyNot | undefined => {
  const { at, currency, customerId, lines } = basket
  if (!promotion.isActive) return "inactive"
  if (promotion.startsAt !== undefined && at < promotion.startsAt) return "not_started"
  if (promotion.endsAt !== undefined && at >= promotion.endsAt) return "ended"
  if (promotion.customerId !== undefined && promotion.customerId !== customerId) return "other_customer"
  const uses = basket.usesOf(promotion.code)
  if (promotion.usesMax !== undefined && uses.total >= promotion.usesMax) return "used_up"
  const { usesPerCustomerMax } = promotion
  if (usesPerCustomerMax !== undefined && uses.byCustomer >= usesPerCustomerMax) return "used_by_customer"
  if (promotion.currency !== undefined && promotion.currency !== currency) return "other_currency"
  if (promotion.minimumMinor !== undefined && goodsMinor(lines) < promotion.minimumMinor) return "below_minimum"
  return linesFor(promotion, lines).length === 0 ? "no_such_goods" : undefined
}

/** Half up, exact: the product stays below 2^53 (see `config/carts.ts`). */
export const shareOf = (amountMinor: number, basisPoints: number): number =>
  Math.floor((amountMinor * basisPoints + 5_000) / 10_000)

export interface Discount {
  readonly code: string
  readonly amountMinor: number
  readonly freeShipping?: true
  /** Of the shipping, with an offer that does not take off all of it whatever it costs. */
  readonly shippingMinor?: number
}

const discountOf = (promotion: Promotion, lines: ReadonlyArray<Line>): Discount => {
  const { code, kind, offer } = promotion
  const most = offer?.amountMinorMax ?? Number.MAX_SAFE_INTEGER
  if (kind === "free-shipping") {
    return { code, amountMinor: 0, freeShipping: true, ...(offer === undefined ? {} : { shippingMinor: most }) }
  }
  const goods = goodsMinor(linesFor(promotion, lines))
  const amountMinor =
    kind === "percentage" ? shareOf(goods, promotion.basisPoints ?? 0) : Math.min(goods, promotion.amountMinor ?? 0)
  return { code, amountMinor: Math.min(amountMinor, most) }
}

/** What these take off a shipping that costs so much. */
export const savedShipping = (discounts: ReadonlyArray<Discount>, shippingMinor: number): number => {
  let saved = 0
  for (const discount of discounts) {
    if (discount.freeShipping) saved = Math.max(saved, Math.min(shippingMinor, discount.shippingMinor ?? shippingMinor))
  }
  return saved
}

/** Discounts one after the other, none beyond what the goods cost. */
const capped = (discounts: ReadonlyArray<Discount>, goods: number): ReadonlyArray<Discount> => {
  let left = goods
  return discounts.map((discount) => {
    const amountMinor = Math.min(discount.amountMinor, left)
    left -= amountMinor
    return { ...discount, amountMinor }
  })
}

/** `shippingMinor`: what free shipping would save once these discounts are off. */
const worth = (discounts: ReadonlyArray<Discount>, shippingMinor: number): number => {
  let sum = savedShipping(discounts, shippingMinor)
  for (const discount of discounts) sum += discount.amountMinor
  return sum
}

/** What is taken off, by the promotions that hold, in the order of their codes. */
export const chooseDiscounts = (
  promotions: ReadonlyArray<Promotion>,
  basket: Basket,
  shippingMinor: number
): ReadonlyArray<Discount> => {
  const holding = promotions
    .filter((promotion) => whyNot(promotion, basket) === undefined)
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
  const goods = goodsMinor(basket.lines)
  const together = holding.filter((promotion) => promotion.stackable)
  const choices = [
    together,
    ...holding.filter((promotion) => !promotion.stackable).map((promotion) => [promotion])
  ].map((choice) =>
    capped(
      choice.map((promotion) => discountOf(promotion, basket.lines)),
      goods
    )
  )
  let best: ReadonlyArray<Discount> = []
  for (const choice of choices) if (worth(choice, shippingMinor) > worth(best, shippingMinor)) best = choice
  // What takes nothing off is not used up for it; free shipping counts although its cost may not be known yet.
  if (best.length === 0) best = choices.find((choice) => choice.some((discount) => discount.freeShipping)) ?? []
  return best.filter((discount) => discount.amountMinor > 0 || discount.freeShipping)
}
