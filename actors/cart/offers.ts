/**
 * Offers of the recovery among the promotions: made once, looked at before they are used, and ended once nobody can use them
 * any more.
 *
 * F1 Asked again, either changes nothing more. F2 An offer has ended only when no checkout under way has it: until then it may
 * still be paid. What it came to is told with its end, and it comes to no more after that.
 */
import type { EndOffer, MakeOffer } from "./commands.ts"
import { basketOf, change, isFinal } from "./change.ts"
import { type CartDecision, type Carts, type Circumstances, type OfferUse, refuse } from "./decision.ts"
import { CART_CODES_MAX, PROMOTIONS_MAX } from "./limits.ts"
import { whyNot } from "./promotions.ts"
import { type CartState, evolve } from "./state.ts"

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

/** `holds`: its code takes something off. `idle`: it might, but not off this cart. `over`: nobody can use it any more. */
export type OfferStanding = "holds" | "idle" | "over"

/** The cart as it would be with the offer's code, and how the offer stands; nothing changes by that. */
export const withOffer = (
  carts: Carts,
  state: CartState,
  code: string,
  given: Pick<Circumstances, "at" | "availableOf">
): { readonly cart: CartState; readonly standing: OfferStanding } => {
  const codes = state.codes ?? []
  const next = codes.includes(code) || codes.length >= CART_CODES_MAX ? state : { ...state, codes: [...codes, code] }
  const event = change(
    carts,
    state,
    { type: "apply-code", mutationId: "", isPriced: true, next },
    { ...given, hash: "" }
  )
  const cart = evolve(state, event, given.at)
  if (cart.discounts?.some((discount) => discount.code === code) === true) return { cart, standing: "holds" }
  const promotion = carts.promotion(code)
  const isOver = promotion === undefined || isFinal(whyNot(promotion, basketOf(carts, state, given)))
  return { cart, standing: isOver ? "over" : "idle" }
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
