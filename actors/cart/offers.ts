/**
 * Offers of the recovery among the promotions: made once, and ended once nobody can use them any more.
 *
 * F1 Asked again, either changes nothing more. F2 An offer has ended only when no checkout under way has it: until then it may
 * still be paid. What it came to is told with its end, and it comes to no more after that.
 */
import type { EndOffer, MakeOffer } from "./commands.ts"
import { type CartDecision, type Carts, type OfferUse, refuse } from "./decision.ts"
import { PROMOTIONS_MAX } from "./limits.ts"
import type { CartState } from "./state.ts"

export const makeOffer = (carts: Carts, { promotion, mutationId }: MakeOffer): CartDecision => {
  const { code } = promotion
  const known = carts.promotion(code)
  if (known?.offer !== undefined) return { records: [] }
  if (known !== undefined) return refuse({ code: "offer_code", message: `There is a code ${code} already.` })
  if (carts.promotionCount >= PROMOTIONS_MAX) {
    return refuse({ code: "too_many_promotions", message: `At most ${PROMOTIONS_MAX} promotions may be known.` })
  }
  return { records: [{ type: "promotion", mutationId, promotion }] }
}

export const endOffer = (carts: Carts, { code, mutationId }: EndOffer): CartDecision => {
  const promotion = carts.promotion(code)
  const cart = carts.claimedBy(code)
  const offer = useOf(code, cart === undefined ? undefined : carts.find(cart))
  if (promotion === undefined) return { records: [], offer }
  if (offer.state !== "claimed") return { records: [{ type: "offer-ended", mutationId, code }], offer }
  if (!promotion.isActive) return { records: [], offer }
  return { records: [{ type: "promotion", mutationId, promotion: { ...promotion, isActive: false } }], offer }
}

const useOf = (code: string, state: CartState | undefined): OfferUse => {
  if (state === undefined) return { state: "unused" }
  const { discounts = [], order } = state
  if (order === undefined) return { state: "claimed" }
  const discount = discounts.find((one) => one.code === code)
  const spentMinor = (discount?.amountMinor ?? 0) + (discount?.shippingMinor ?? 0)
  return { state: "used", orderId: order.orderId, spentMinor }
}
