/**
 * From a cart to an order: stock is held, a payment is told, the stock is taken.
 *
 * The stock lives with other actors. What it is asked stands in the cart's `steps` until it has answered, so whoever runs
 * the carts can go on from any crash by asking again with the same mutation id.
 *
 *   open --checkout--> checkout (reserve asked) --held--> checkout (held) --paid--> ordered (commit asked) --> placed
 *     ^                     |                                 |                          |
 *     '---- not held -------'--- changed, cancelled, expired -'       gone meanwhile: reserve, commit --> placed or short
 *
 * K1 A payment buys exactly the contents that it was made for: one for an older version, or for another amount, buys
 * nothing and is noted as stray, to be paid back. K2 One order a cart, whatever is paid twice. K3 A promotion with a limit
 * is used up when a checkout starts and given back when it ends without an order, or the order is cancelled.
 */
import type {
  CancelCheckout,
  CartFact,
  Paid,
  PaymentEnded,
  Refunded,
  RefundSeen,
  StartCheckout,
  StepOutcome
} from "./commands.ts"
import { basketOf, change, changed, endCheckout, noted, stepPrefix, type Wanted } from "./change.ts"
import { type CartDecision, type Carts, type Circumstances, refuse } from "./decision.ts"
import { CART_STRAYS_MAX } from "./limits.ts"
import { isOfferCode, whyNot } from "./promotions.ts"
import type { CartState, Draft, Line, Order, Step, Stray } from "./state.ts"

const none: CartDecision = { records: [] }

const wanted = ({ sku, quantity, locationId }: Line) => ({
  sku,
  quantity,
  ...(locationId === undefined ? {} : { locationId })
})

export const decideCheckout = (
  carts: Carts,
  state: CartState,
  command: StartCheckout,
  given: Circumstances
): CartDecision => {
  const { cart, mutationId } = command
  if (state.lines.length === 0) {
    return refuse({ code: "empty_cart", message: "There is nothing in this cart to buy; add something first.", cart })
  }
  const how = { mutationId, byShopper: true, isPriced: true } as const
  const looked = change(carts, state, { ...how, type: "refresh", next: state }, given)
  const isAsSeen = looked.contents === state.contents && (command.contents ?? state.contents) === state.contents
  if (!isAsSeen) {
    const known = looked.contents === state.contents ? state : looked
    const refusal = {
      code: "cart_changed",
      message: "The cart is not what was seen (a price, a code or the shipping has moved); show it again and ask anew.",
      cart,
      version: known.version,
      contents: known.contents
    } as const
    return { records: known === looked ? [looked] : [], refusal: { ok: false, ...refusal } }
  }
  const holdId = `cart:${cart}:${state.contents}`
  const attempt = state.version + 1
  const ttlMs = command.ttlMs ?? carts.policy.checkoutHoldMs
  const lines = state.lines.map(wanted)
  const reserve: Step = { id: `${stepPrefix(cart, attempt)}reserve`, act: "reserve", holdId, ttlMs, lines }
  const claims = state.discounts?.map(({ code }) => code)
  const next: CartState = {
    ...state,
    status: "checkout",
    checkout: { holdId, attempt, isHeld: state.checkout?.isHeld === true, expiresAt: given.at + ttlMs },
    claims,
    steps: [...(state.steps ?? []), reserve]
  }
  return changed(carts, state, { ...how, isPriced: false, type: "checkout", hash: given.hash, next }, given)
}

export const decideCancel = (
  carts: Carts,
  state: CartState,
  command: CancelCheckout,
  given: Circumstances
): CartDecision => {
  const { cart, mutationId } = command
  if (state.status !== "checkout") return { records: [], unchanged: cart }
  const next: Draft = { ...state }
  endCheckout(next, state.version + 1)
  const how = { type: "cancel-checkout", mutationId, hash: given.hash, byShopper: true, next } as const
  return changed(carts, state, how, given)
}

/** A fact is never refused: what it cannot change any more is noted. */
export const decideCartFact = (
  carts: Carts,
  state: CartState,
  command: CartFact,
  given: Circumstances
): CartDecision => {
  const note = (next: CartState): CartDecision =>
    changed(carts, state, { type: command.type, mutationId: command.mutationId, hash: given.hash, next }, given)
  switch (command.type) {
    case "paid":
      return note(paid(carts, state, command, given))
    case "payment-expired":
      return note(paymentExpired(state, command))
    case "payment-failed":
    case "left":
      return note(state)
    case "contacted":
      return note({ ...state, contactedAt: given.at })
    case "refunded":
      return note(refunded(state, command))
    case "refund-pending":
    case "refund-failed":
      return note(refundSeen(state, command))
    case "cancelled": {
      const { order } = state
      if (order === undefined || order.state === "cancelled") return note(state)
      return note({ ...state, order: { ...order, state: "cancelled" }, claims: undefined })
    }
  }
}

const paid = (carts: Carts, state: CartState, command: Paid, given: Circumstances): CartState => {
  const { paymentId, contents, amountMinor, currency, cart } = command
  const { order, totals } = state
  if (order?.paymentId === paymentId || state.strays?.some((stray) => stray.paymentId === paymentId)) return state
  const strayed = (reason: Stray["reason"]): CartState => {
    const strays = [...(state.strays ?? []), { paymentId, amountMinor, reason }]
    return { ...state, strays: strays.slice(-CART_STRAYS_MAX) }
  }
  if (state.status === "ordered") return strayed("already_ordered")
  if (state.status === "merged" || state.lines.length === 0) return strayed("cart_closed")
  if (contents !== state.contents) return strayed("older_version")
  if (amountMinor !== totals.totalMinor || currency !== state.currency) return strayed("other_amount")
  const claims = state.claims ?? state.discounts?.map(({ code }) => code)
  if (state.claims === undefined && isUsedUp(carts, state, claims ?? [], given)) return strayed("code_used_up")
  const version = state.version + 1
  const holdId = state.checkout?.holdId ?? `cart:${cart}:${contents}`
  const commit: Step = { id: `${stepPrefix(cart, version)}commit`, act: "commit", holdId }
  return {
    ...state,
    status: "ordered",
    checkout: undefined,
    order: {
      orderId: `${cart}:${contents}`,
      paymentId,
      contents,
      holdId,
      paidMinor: amountMinor,
      refundedMinor: 0,
      state: "committing"
    },
    claims,
    steps: [...(state.steps ?? []), commit]
  }
}

/** Paid after its checkout had ended: what it gave back then, others may have used since, or it was an offer that has ended. */
const isUsedUp = (carts: Carts, state: CartState, codes: ReadonlyArray<string>, given: Circumstances): boolean => {
  const basket = basketOf(carts, state, given)
  return codes.some((code) => {
    const promotion = carts.promotion(code)
    if (promotion === undefined) return true
    const reason = whyNot(promotion, basket)
    return reason === "used_up" || reason === "used_by_customer" || (reason !== undefined && isOfferCode(code))
  })
}

const paymentExpired = (state: CartState, { contents }: PaymentEnded): CartState => {
  if (state.status !== "checkout" || contents !== state.contents) return state
  const next: Draft = { ...state }
  endCheckout(next, state.version + 1)
  return next
}

const refunded = (state: CartState, { paymentId, refundedMinor }: Refunded): CartState => {
  const { order } = state
  if (order?.paymentId === paymentId) {
    const { refund: _refund, ...rest } = order
    const isOver = order.state === "short" && refundedMinor >= order.paidMinor
    if (isOver) return { ...state, order: { ...rest, refundedMinor, state: "cancelled" }, claims: undefined }
    return { ...state, order: { ...rest, refundedMinor } }
  }
  const strays = state.strays?.filter((stray) => stray.paymentId !== paymentId || stray.amountMinor > refundedMinor)
  return { ...state, strays: strays === undefined || strays.length === 0 ? undefined : strays }
}

const refundSeen = (state: CartState, { type, paymentId }: RefundSeen): CartState => {
  const refund = type === "refund-pending" ? "pending" : "failed"
  const { order, strays } = state
  if (order?.paymentId === paymentId) {
    return order.refundedMinor >= order.paidMinor ? state : { ...state, order: { ...order, refund } }
  }
  if (strays?.some((stray) => stray.paymentId === paymentId) !== true) return state
  return { ...state, strays: strays.map((stray) => (stray.paymentId === paymentId ? { ...stray, refund } : stray)) }
}

/** What the stock said to the first of the cart's steps; an answer to a step that is done already changes nothing. */
export const decideOutcome = (
  carts: Carts,
  state: CartState,
  command: StepOutcome,
  given: Circumstances
): CartDecision => {
  const [step, ...rest] = state.steps ?? []
  if (step === undefined || step.id !== command.stepId) return none
  const left: CartState = { ...state, steps: rest.length === 0 ? undefined : rest }
  const say = (type: Wanted["type"], next: CartState): CartDecision =>
    changed(carts, state, { type, mutationId: command.mutationId, next }, given)
  if (step.act === "release") return say("released", left)
  if (step.act === "commit") return committed(state, step, command, left, say)
  // A hold that was being renewed when the payment came is followed by its commit already.
  const isLate = state.order?.holdId === step.holdId && !rest.some(({ act }) => act === "commit")
  if (state.order !== undefined && isLate) return reservedLate(state.order, command, left, say)
  return reserved(state, step, command, left, say)
}

type Say = (type: Wanted["type"], next: CartState) => CartDecision

const reserved = (state: CartState, step: Step, { outcome }: StepOutcome, left: CartState, say: Say): CartDecision => {
  const { checkout } = state
  const isCurrent = checkout !== undefined && step.id === `${stepPrefix(state.cart, checkout.attempt)}reserve`
  if (outcome.ok) {
    if (!isCurrent) return say("held", left)
    return say("held", {
      ...left,
      checkout: { ...checkout, isHeld: true, expiresAt: outcome.expiresAt ?? checkout.expiresAt }
    })
  }
  if (!isCurrent) return say("not-held", left)
  let { notes } = state
  for (const { sku, available } of outcome.faults) {
    const asked = state.lines.find((line) => line.sku === sku)?.quantity ?? 0
    notes = noted(
      notes,
      available <= 0 ? { type: "sold-out", sku, available: 0 } : { type: "short", sku, wanted: asked, available }
    )
  }
  const next: Draft = { ...left, notes }
  if (checkout.isHeld) endCheckout(next, state.version + 1)
  else Object.assign(next, { status: "open", checkout: undefined, claims: undefined })
  return say("not-held", next)
}

/** The hold was gone when the payment came: whether the stock is gone as well, the stock knows. */
const committed = (state: CartState, step: Step, { outcome }: StepOutcome, left: CartState, say: Say): CartDecision => {
  const { order, cart, lines } = state
  if (order === undefined || order.holdId !== step.holdId) return say("released", left)
  if (outcome.ok) return say("placed", { ...left, order: { ...order, state: "placed" } })
  const isGone = outcome.code === "hold_expired" || outcome.code === "unknown_hold" || outcome.code === "hold_closed"
  if (!isGone || step.id.endsWith(":late-commit")) return say("short", { ...left, order: { ...order, state: "short" } })
  const version = state.version + 1
  const holdId = `cart:${cart}:${order.contents}:late`
  const again: Step = {
    id: `${stepPrefix(cart, version)}reserve`,
    act: "reserve",
    holdId,
    ttlMs: LATE_HOLD_MS,
    lines: lines.map(wanted)
  }
  return say("hold-expired", { ...left, order: { ...order, holdId }, steps: [...(left.steps ?? []), again] })
}

/** Until the commit right behind it; a crash in between is over sooner than this. */
const LATE_HOLD_MS = 15 * 60_000

const reservedLate = (
  order: Order,
  { outcome, cart, stepId }: StepOutcome,
  left: CartState,
  say: Say
): CartDecision => {
  if (!outcome.ok) return say("short", { ...left, order: { ...order, state: "short" } })
  const prefix = stepId.slice(0, stepId.lastIndexOf(":") + 1)
  const commit: Step = { id: `${prefix}late-commit`, act: "commit", holdId: order.holdId }
  return say("held", { ...left, cart, steps: [...(left.steps ?? []), commit] })
}
