/**
 * The one door to a decision on carts: any command becomes records and an answer.
 */
import { change, changed, endCheckout } from "./change.ts"
import { decideCancel, decideCartFact, decideCheckout, decideOutcome } from "./checkout.ts"
import {
  type CartCommand,
  type Forget,
  isCartFact,
  type LookAgain,
  type OnOneCart,
  type SetPromotion
} from "./commands.ts"
import { type CartDecision, type Carts, type Circumstances, refuse } from "./decision.ts"
import { AUTOMATIC_PROMOTIONS_MAX, PROMOTIONS_MAX } from "./limits.ts"
import { decideSignIn } from "./merge.ts"
import { endOffer, makeOffer } from "./offers.ts"
import { tagOf } from "./pack.ts"
import { decideRequest } from "./requests.ts"
import { mayForget } from "./rest.ts"
import { type CartState, type Draft, dueAt, initialCart } from "./state.ts"

const nothing: CartDecision = { records: [] }

export const decideCarts = (carts: Carts, command: CartCommand, given: Circumstances): CartDecision => {
  if (command.type === "promotion") return decidePromotion(carts, command, given)
  if (command.type === "make-offer") return makeOffer(carts, command)
  if (command.type === "end-offer") return endOffer(carts, command)
  if (command.type === "policy") {
    const { mutationId, policy } = command
    return { records: [{ type: "policy", mutationId, hash: given.hash, policy }] }
  }
  return decideOnCart(carts, command, given)
}

const decideOnCart = (carts: Carts, command: OnOneCart, given: Circumstances): CartDecision => {
  const { cart } = command
  const state = carts.find(cart)
  if (command.type === "outcome") return state === undefined ? nothing : decideOutcome(carts, state, command, given)
  if (command.type === "idle-found") return decideDueCart(carts, cart, given) ?? nothing
  if (command.type === "forget") return state === undefined ? nothing : forget(carts, state, command, given)
  if (command.type === "look-again") return state === undefined ? nothing : lookAgain(carts, state, command, given)
  if (isCartFact(command)) {
    return state === undefined ? unknown(cart) : decideCartFact(carts, state, command, given)
  }
  // A cart begins with what is put into it, or with somebody who signs in.
  if (state === undefined && command.type !== "add" && command.type !== "sign-in") return unknown(cart)
  const present = state ?? initialCart(cart, carts.versionsForgotten)
  if (command.type === "sign-in") return decideSignIn(carts, present, command, given)
  if (present.status === "merged" || present.status === "ordered") return closed(present)
  if (command.type === "checkout") return decideCheckout(carts, present, command, given)
  if (command.type === "cancel-checkout") return decideCancel(carts, present, command, given)
  return decideRequest(carts, present, command, given)
}

const forget = (carts: Carts, state: CartState, { keep, mutationId }: Forget, given: Circumstances): CartDecision => {
  if (!mayForget(tagOf(state), keep, given.at)) return nothing
  return changed(carts, state, { type: "forgotten", mutationId, next: { ...state, forgottenAt: given.at } }, given)
}

/** What is being bought is left as it was shown. */
const lookAgain = (carts: Carts, state: CartState, { mutationId }: LookAgain, given: Circumstances): CartDecision => {
  if (state.status !== "open") return nothing
  const event = change(carts, state, { type: "refresh", mutationId, isPriced: true, next: state }, given)
  return event.set === undefined && event.contents === state.contents ? nothing : { records: [event] }
}

const unknown = (cart: string): CartDecision =>
  refuse({
    code: "unknown_cart",
    message: `No cart ${cart} is known; adding something to it makes it known.`,
    cart
  })

/** Says nothing of where its lines went: the next account on the same browser may be asking. */
const closed = ({ cart, status }: CartState): CartDecision =>
  refuse({
    code: "cart_closed",
    message:
      status === "ordered"
        ? "This cart has been bought and does not change any more; begin a new one (a new id)."
        : "This cart has gone into its customer's cart; sign in to use that, or begin a new one (a new id).",
    cart
  })

const decidePromotion = (carts: Carts, command: SetPromotion, given: Circumstances): CartDecision => {
  const { promotion, mutationId } = command
  const known = carts.promotion(promotion.code)
  if (known?.offer !== undefined) {
    return refuse({
      code: "offer_code",
      message: `The code ${promotion.code} is an offer to one customer; take another code.`
    })
  }
  const automaticCount = carts.automatic().filter(({ code }) => code !== promotion.code).length
  if (promotion.automatic && promotion.isActive && automaticCount >= AUTOMATIC_PROMOTIONS_MAX) {
    return refuse({
      code: "too_many_promotions",
      message: `At most ${AUTOMATIC_PROMOTIONS_MAX} promotions may hold without a code; switch one off first.`
    })
  }
  if (known === undefined && carts.promotionCount >= PROMOTIONS_MAX) {
    return refuse({ code: "too_many_promotions", message: `At most ${PROMOTIONS_MAX} promotions may be known.` })
  }
  return { records: [{ type: "promotion", mutationId, hash: given.hash, promotion }] }
}

/** A cart whose deadline was noted; `undefined` when it is not due, or not any more. */
export const decideDueCart = (carts: Carts, cart: string, given: Circumstances): CartDecision | undefined => {
  const state = carts.find(cart)
  const due = state === undefined ? undefined : dueAt(state)
  if (state === undefined || due === undefined || due > given.at) return undefined
  const { checkout, idleAt, status } = state
  const mutationId = `due:${cart}:${state.version}`
  if (idleAt !== undefined && idleAt <= given.at) {
    const reason = status === "checkout" ? "left-checkout" : "idle-cart"
    const next = { ...state, idleAt: undefined, abandoned: { at: given.at, reason } } as const
    return changed(carts, state, { type: "abandoned", mutationId, next }, given)
  }
  if (checkout === undefined) return undefined
  const next: Draft = { ...state }
  endCheckout(next, state.version + 1)
  return changed(carts, state, { type: "hold-expired", mutationId, next }, given)
}
