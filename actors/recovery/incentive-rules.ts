/**
 * Which offers a customer may be made for a cart, and why each may or may not: rules first, learning only among what they
 * allow.
 *
 * Every rule that was looked at stands in the judgement with what it saw and where its limit is, so that a year later
 * somebody can say why this customer got that offer. What is not known speaks against an offer.
 */
import { type CostBasis, marginOf } from "../cart/margin.ts"
import { type OfferTerms, takenOff, type Worth } from "./offer.ts"

export interface CatalogueOffer {
  /** The offer's name in the panel and in what is learned. */
  readonly offerKey: string
  readonly terms: OfferTerms
  /** What a message says of it, with `{code}` and `{until}`; absent: the usual words. */
  readonly says?: string
}

export interface CustomerHistory {
  readonly orders: number
  readonly ordersWithDiscount: number
  readonly ordersReturned: number
  /** What was paid and not paid back, in the policy's currency. */
  readonly revenueMinor: number
  /** Offers made within the policy's window. */
  readonly offersMade: number
  readonly offersRevoked: number
}

export interface CartLine {
  readonly sku: string
  readonly quantity: number
  /** Units that can still be sold, those of this cart among them. */
  readonly unitsLeft: number
}

export interface CartWorth extends Worth {
  readonly currency: string
  /** Tax that the prices contain: it is not the shop's. */
  readonly taxMinor: number
  /** What the goods and sending them cost the shop; `undefined` when nobody knows. */
  readonly costMinor: number | undefined
  readonly lines: ReadonlyArray<CartLine>
}

export interface IncentivePolicy extends CostBasis {
  readonly catalogue: ReadonlyArray<CatalogueOffer>
  readonly currency: string
  /** What must remain of the price after an offer, in hundredths of a percent. */
  readonly marginFloorBasisPoints: number
  readonly dailyBudgetMinor: number
  /** The shop's: a budget's day ends at its midnight. */
  readonly zone: string
  readonly goodsMinimumMinor: number
  /** A line with no more units left than these, beside its own, sells without help. */
  readonly scarceUnits: number
  /** Customers with so many orders, few of them with a discount, come back anyway. */
  readonly loyalOrders: number
  readonly loyalDiscountShare: number
  /** Nor do those need one who have bought for so much, few of their orders with a discount. */
  readonly loyalRevenueMinor: number
  /** Above it a customer has learned to wait for discounts. */
  readonly discountShareMax: number
  readonly returnShareMax: number
  readonly offersPerCustomerMax: number
  readonly offersWindowMs: number
  readonly offerTtlMs: number
}

export const INCENTIVES_DEFAULT: Omit<IncentivePolicy, "currency" | "zone" | "shippingCostMinor"> = {
  catalogue: [
    { offerKey: "free-shipping", terms: { kind: "free-shipping" } },
    { offerKey: "5-percent", terms: { kind: "percentage", basisPoints: 500 } },
    { offerKey: "10-percent", terms: { kind: "percentage", basisPoints: 1_000 } }
  ],
  marginFloorBasisPoints: 2_000,
  dailyBudgetMinor: 20_000,
  goodsMinimumMinor: 2_000,
  scarceUnits: 5,
  loyalOrders: 3,
  loyalDiscountShare: 0.2,
  loyalRevenueMinor: 100_000,
  discountShareMax: 0.6,
  returnShareMax: 0.4,
  offersPerCustomerMax: 2,
  offersWindowMs: 30 * 24 * 60 * 60_000,
  offerTtlMs: 48 * 60 * 60_000
}

/** Offers in a catalogue; each is judged and drawn for on every decision. */
export const CATALOGUE_MAX = 16

export interface Finding {
  readonly rule: string
  readonly isAgainst: boolean
  readonly observed: number | string
  readonly limit: number | string
}

export interface Judgement {
  readonly offerKey: string
  readonly terms: OfferTerms
  readonly costMinor: number
  readonly isAllowed: boolean
  readonly findings: ReadonlyArray<Finding>
}

export interface Case {
  readonly history: CustomerHistory
  readonly cart: CartWorth
  readonly policy: IncentivePolicy
  readonly budgetLeftMinor: number
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

/** What holds for every offer to this customer. */
const aboutCustomer = ({ history, cart, policy }: Case): ReadonlyArray<Finding> => {
  const { orders, ordersWithDiscount, ordersReturned, revenueMinor, offersMade, offersRevoked } = history
  const discountShare = share(ordersWithDiscount, orders)
  const returnShare = share(ordersReturned, orders)
  const paysInFull = discountShare <= policy.loyalDiscountShare
  const scarce = cart.lines.find((line) => line.unitsLeft - line.quantity <= policy.scarceUnits)
  const isKnown = orders > 1
  return [
    finding("other-currency", cart.currency !== policy.currency, cart.currency, policy.currency),
    finding("misused-before", offersRevoked > 0, offersRevoked, 0),
    finding("offered-enough", offersMade >= policy.offersPerCustomerMax, offersMade, policy.offersPerCustomerMax),
    finding("buys-anyway", paysInFull && orders >= policy.loyalOrders, orders, policy.loyalOrders),
    finding(
      "buys-for-much",
      paysInFull && revenueMinor >= policy.loyalRevenueMinor,
      revenueMinor,
      policy.loyalRevenueMinor
    ),
    finding(
      "waits-for-discounts",
      isKnown && discountShare > policy.discountShareMax,
      discountShare,
      policy.discountShareMax
    ),
    finding("sends-back", isKnown && returnShare > policy.returnShareMax, returnShare, policy.returnShareMax),
    finding("cart-too-small", cart.goodsMinor < policy.goodsMinimumMinor, cart.goodsMinor, policy.goodsMinimumMinor),
    finding("sells-out", scarce !== undefined, scarce?.sku ?? "", policy.scarceUnits)
  ]
}

const finding = (
  rule: string,
  isAgainst: boolean,
  ...[observed, limit]: [number | string, number | string]
): Finding => ({
  rule,
  isAgainst,
  observed,
  limit
})

/** What the shop is paid, without the tax in it. */
const paid = ({ goodsMinor, shippingMinor, taxMinor }: CartWorth, costMinor: number): number =>
  goodsMinor + shippingMinor - taxMinor - costMinor

/** What the shop keeps of the price after `costMinor` is taken off; `undefined` when the goods' cost is not known. */
export const contribution = (cart: CartWorth, costMinor: number): number | undefined =>
  cart.costMinor === undefined ? undefined : paid(cart, costMinor) - cart.costMinor

export interface Judged {
  /** What holds for every offer to this customer for this cart. */
  readonly findings: ReadonlyArray<Finding>
  /** Every offer of the catalogue, with what else speaks for and against it. */
  readonly judgements: ReadonlyArray<Judgement>
}

export const judge = (one: Case): Judged => {
  const common = aboutCustomer(one)
  const isForNobody = common.some(({ isAgainst }) => isAgainst)
  const { cart, policy, budgetLeftMinor } = one
  const judgements = policy.catalogue.slice(0, CATALOGUE_MAX).map(({ offerKey, terms }) => {
    const costMinor = takenOff(terms, cart)
    const margin = cart.costMinor === undefined ? undefined : marginOf(paid(cart, costMinor), cart.costMinor)
    const floor = policy.marginFloorBasisPoints
    const findings = [
      finding("takes-nothing-off", costMinor <= 0, costMinor, 0),
      finding("below-margin", margin === undefined || margin < floor, margin ?? "unknown", floor),
      finding("budget-spent", costMinor > budgetLeftMinor, costMinor, budgetLeftMinor)
    ]
    const isAllowed = !isForNobody && !findings.some(({ isAgainst }) => isAgainst)
    return { offerKey, terms, costMinor, isAllowed, findings }
  })
  return { findings: common, judgements }
}
