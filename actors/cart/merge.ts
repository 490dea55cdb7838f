/**
 * Signing in: the cart of somebody unknown becomes a customer's, or goes into the one that the customer has.
 *
 * M1 The lines of both are summed, at the price told last; never above what may be sold, unless the customer's own cart had
 * more: then a note says how many were wanted. M2 A cart is merged once: it is closed in the same commit, and a repeat by
 * the same customer shows the cart that it went into. M3 A cart that belongs to a customer is nobody else's: whoever
 * signs in next on the same browser gets `foreign_cart`, and none of its lines.
 */
import type { SignIn } from "./commands.ts"
import { change, noted } from "./change.ts"
import { type CartDecision, type Carts, type Circumstances, customerKey, refuse } from "./decision.ts"
import { CART_CODES_MAX, CART_LINES_MAX } from "./limits.ts"
import { type CartState, claimsOf, type Line } from "./state.ts"

export const decideSignIn = (carts: Carts, state: CartState, command: SignIn, given: Circumstances): CartDecision => {
  const { customerId } = command
  if (state.customerId !== undefined && state.customerId !== customerId) return foreign(command.cart)
  if (state.status === "merged") return { records: [], unchanged: state.mergedInto ?? state.cart }
  const own = carts.cartOf(customerId)
  const target = own === undefined || own === state.cart ? undefined : carts.find(own)
  if (target === undefined) return adopt(carts, state, command, given)
  if (state.status === "ordered") return { records: [], unchanged: target.cart }
  return mergeInto(carts, state, target, command, given)
}

const foreign = (cart: string): CartDecision =>
  refuse({
    code: "foreign_cart",
    message: "This cart belongs to another customer; begin a new cart (a new id) for this one.",
    cart
  })

const adopt = (carts: Carts, state: CartState, command: SignIn, given: Circumstances): CartDecision => {
  const { customerId, segment = state.segment } = command
  if (state.customerId === customerId && state.segment === segment) return { records: [], unchanged: state.cart }
  const isOverused = isUsedUpBy(carts, state, customerId)
  // Bought before it was known that they had used the code: it stays an order of nobody's.
  if (isOverused && state.status === "ordered") return { records: [], unchanged: state.cart }
  const wanted = {
    type: "sign-in",
    mutationId: command.mutationId,
    hash: given.hash,
    byShopper: true,
    isPriced: state.status === "open" || isOverused,
    next: { ...state, customerId, segment }
  } as const
  return { records: [change(carts, state, wanted, given)] }
}

/** One of the promotions that the cart speaks for is one that this customer has used as often as they may. */
const isUsedUpBy = (carts: Carts, state: CartState, customerId: string): boolean =>
  state.customerId !== customerId &&
  claimsOf(state).some((code) => {
    const usesMax = carts.promotion(code)?.usesPerCustomerMax
    const customer = customerKey({ cart: state.cart, customerId })
    return usesMax !== undefined && carts.usesOf(code, customer).byCustomer >= usesMax
  })

const mergeInto = (
  carts: Carts,
  from: CartState,
  target: CartState,
  command: SignIn,
  given: Circumstances
): CartDecision => {
  if (from.lines.length > 0 && target.lines.length > 0 && from.currency !== target.currency) {
    return refuse({
      code: "currency_mismatch",
      message: `The customer's cart is in ${target.currency}, this one in ${from.currency}; both stay as they are. Add the goods again in ${target.currency}.`,
      cart: from.cart
    })
  }
  const merged = mergedLines(from, target, given)
  if (merged.lines.length > CART_LINES_MAX) {
    return refuse({
      code: "cart_full",
      message: `Together the carts have more than ${CART_LINES_MAX} lines; take some out of one of them first.`,
      cart: from.cart
    })
  }
  const codes = [...new Set([...(target.codes ?? []), ...(from.codes ?? [])])].slice(0, CART_CODES_MAX)
  const { mutationId } = command
  const into = change(
    carts,
    target,
    {
      type: "merge",
      mutationId,
      byShopper: true,
      isPriced: true,
      next: {
        ...target,
        ...merged,
        currency: target.lines.length === 0 ? (from.currency ?? target.currency) : target.currency,
        segment: command.segment ?? target.segment,
        destination: target.destination ?? from.destination,
        codes: codes.length === 0 ? undefined : codes
      }
    },
    given
  )
  return { records: [into, close(carts, from, target.cart, command, given)] }
}

/** The cart that was merged gives back what it holds and takes nothing more. */
const close = (carts: Carts, from: CartState, into: string, command: SignIn, given: Circumstances) => {
  const { cart, version, contents, steps, checkout, totals } = from
  const release =
    checkout === undefined
      ? []
      : [{ id: `cart:${cart}:${version + 1}:release`, act: "release", holdId: checkout.holdId } as const]
  const left = [...(steps ?? []), ...release]
  const next = {
    cart,
    version,
    contents,
    status: "merged",
    lines: [],
    totals: { ...totals, goodsMinor: 0, discountMinor: 0, shippingMinor: 0, taxMinor: 0, totalMinor: 0 },
    changedAt: from.changedAt,
    customerId: command.customerId,
    mergedInto: into,
    steps: left.length === 0 ? undefined : left
  } as const
  const { mutationId } = command
  return change(carts, from, { type: "sign-in", mutationId, hash: given.hash, byShopper: true, next }, given)
}

const mergedLines = (from: CartState, target: CartState, given: Circumstances) => {
  let { notes } = target
  const added = new Map(from.lines.map((line) => [line.sku, line]))
  const together = (own: Line, other: Line): Line => {
    const wanted = own.quantity + other.quantity
    const available = given.availableOf(own) ?? wanted
    const quantity = Math.max(own.quantity, Math.min(wanted, available))
    if (quantity < wanted) notes = noted(notes, { type: "reduced", sku: own.sku, wanted, quantity })
    const newer = from.changedAt >= target.changedAt ? other : own
    if (newer.unitPriceMinor !== own.unitPriceMinor) {
      const [fromMinor, toMinor] = [own.unitPriceMinor, newer.unitPriceMinor]
      notes = noted(notes, { type: "price-moved", sku: own.sku, fromMinor, toMinor })
    }
    return { ...own, quantity, unitPriceMinor: newer.unitPriceMinor }
  }
  const lines = target.lines.map((line) => {
    const other = added.get(line.sku)
    added.delete(line.sku)
    return other === undefined ? line : together(line, other)
  })
  return { lines: [...lines, ...added.values()], notes }
}
