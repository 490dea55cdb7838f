/**
 * What a shopper asks of a cart: lines, codes, where it goes, that they are still there.
 */
import type { Add, ApplyCode, CartRequest, Reprice, SetQuantity, ShipTo } from "./commands.ts"
import { basketOf, changed, noted } from "./change.ts"
import { type CartDecision, type Carts, type Circumstances, refuse } from "./decision.ts"
import type { CartRecord } from "./events.ts"
import { CART_CODES_MAX, CART_LINES_MAX, CART_TOTAL_MINOR_MAX } from "./limits.ts"
import { goodsMinor, isOfferCode, type Promotion, type WhyNot, whyNot } from "./promotions.ts"
import type { CartState, Line } from "./state.ts"

type Request = Exclude<CartRequest, { readonly type: "sign-in" | "checkout" | "cancel-checkout" }>

export const decideRequest = (carts: Carts, state: CartState, command: Request, given: Circumstances): CartDecision => {
  switch (command.type) {
    case "add":
      return add(carts, state, command, given)
    case "set":
      return setQuantity(carts, state, command, given)
    case "remove":
      return setQuantity(carts, state, { ...command, quantity: 0 }, given)
    case "reprice":
      return reprice(carts, state, command, given)
    case "apply-code":
      return applyCode(carts, state, command, given)
    case "remove-code":
      return removeCode(carts, state, command, given)
    case "ship-to":
      return shipTo(carts, state, command, given)
    case "touch":
      return done(carts, state, command, given, state)
    case "dismiss-notes":
      return done(carts, state, command, given, { ...state, notes: undefined })
  }
}

const done = (
  carts: Carts,
  state: CartState,
  command: Request,
  given: Circumstances,
  next: CartState
): CartDecision => {
  const { type, mutationId } = command
  // What only shows that somebody is there leaves prices as they were shown.
  const isPriced = type !== "touch" && type !== "dismiss-notes"
  return changed(carts, state, { type, mutationId, hash: given.hash, byShopper: true, isPriced, next }, given)
}

const tooLarge = (cart: string): CartDecision =>
  refuse({
    code: "cart_too_large",
    message: `A cart may come to ${CART_TOTAL_MINOR_MAX} minor units; take fewer, or split the order.`,
    cart
  })

const isTooLarge = (lines: ReadonlyArray<Line>): boolean =>
  lines.some((line) => line.quantity * line.unitPriceMinor > CART_TOTAL_MINOR_MAX) ||
  goodsMinor(lines) > CART_TOTAL_MINOR_MAX

/** More of a line that is there; its price is the one told last, and the shopper is told when it has moved. */
const add = (carts: Carts, state: CartState, command: Add, given: Circumstances): CartDecision => {
  const { cart, sku, quantity, unitPriceMinor, currency } = command
  if (state.currency !== undefined && state.lines.length > 0 && state.currency !== currency) {
    return refuse({
      code: "currency_mismatch",
      message: `This cart is in ${state.currency} and has one currency; send the price in ${state.currency}, or begin another cart.`,
      cart
    })
  }
  const known = state.lines.find((line) => line.sku === sku)
  const line: Line = {
    sku,
    quantity: (known?.quantity ?? 0) + quantity,
    unitPriceMinor,
    ...present("name", command.name ?? known?.name),
    ...present("locationId", command.locationId ?? known?.locationId),
    ...present("unitCostMinor", command.unitCostMinor ?? known?.unitCostMinor)
  }
  if (known === undefined && state.lines.length >= CART_LINES_MAX) {
    return refuse({
      code: "cart_full",
      message: `A cart has at most ${CART_LINES_MAX} lines; take one out first.`,
      cart
    })
  }
  const lines = putLine(state.lines, line)
  if (isTooLarge(lines)) return tooLarge(cart)
  return done(carts, state, command, given, { ...moved(state, known, line), currency, lines })
}

const present = <N extends string, V>(name: N, value: V | undefined): { readonly [K in N]?: V } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [K in N]: V })

/** With a note when the line's price is not what it was. */
const moved = (state: CartState, known: Line | undefined, line: Line): CartState =>
  known === undefined || known.unitPriceMinor === line.unitPriceMinor
    ? state
    : {
        ...state,
        notes: noted(state.notes, {
          type: "price-moved",
          sku: line.sku,
          fromMinor: known.unitPriceMinor,
          toMinor: line.unitPriceMinor
        })
      }

const putLine = (lines: ReadonlyArray<Line>, line: Line): ReadonlyArray<Line> =>
  lines.some(({ sku }) => sku === line.sku) ? lines.map((one) => (one.sku === line.sku ? line : one)) : [...lines, line]

const setQuantity = (
  carts: Carts,
  state: CartState,
  command: Pick<SetQuantity, "cart" | "mutationId" | "sku" | "quantity"> & { readonly type: "set" | "remove" },
  given: Circumstances
): CartDecision => {
  const { cart, sku, quantity } = command
  const known = state.lines.find((line) => line.sku === sku)
  if (known === undefined) {
    return refuse({ code: "unknown_line", message: `The cart has no line of ${sku}; add it with its price.`, cart })
  }
  const lines =
    quantity === 0 ? state.lines.filter((line) => line !== known) : putLine(state.lines, { ...known, quantity })
  if (isTooLarge(lines)) return tooLarge(cart)
  const notes = state.notes?.filter((note) => !(note.type === "reduced" && note.sku === sku))
  return done(carts, state, command as Request, given, { ...state, lines, notes })
}

const reprice = (carts: Carts, state: CartState, command: Reprice, given: Circumstances): CartDecision => {
  let next: CartState = state
  for (const { sku, unitPriceMinor } of command.prices) {
    const known = next.lines.find((line) => line.sku === sku)
    if (known === undefined || known.unitPriceMinor === unitPriceMinor) continue
    const line = { ...known, unitPriceMinor }
    next = { ...moved(next, known, line), lines: putLine(next.lines, line) }
  }
  if (isTooLarge(next.lines)) return tooLarge(command.cart)
  // Nobody did anything to the cart: prices have moved.
  const { type, mutationId } = command
  return changed(carts, state, { type, mutationId, hash: given.hash, isPriced: true, next }, given)
}

const WHY: Readonly<Record<WhyNot, string>> = {
  inactive: "is switched off",
  not_started: "does not hold yet",
  ended: "has ended",
  used_up: "has been used as often as it may be",
  used_by_customer: "was used by this customer as often as it may be",
  below_minimum: "needs goods for more; add something",
  other_currency: "holds in another currency",
  other_customer: "belongs to another customer; sign in as the one it was given to",
  no_such_goods: "holds for other goods"
}

const applyCode = (carts: Carts, state: CartState, command: ApplyCode, given: Circumstances): CartDecision => {
  const { cart, code } = command
  const promotion = carts.promotion(code)
  if (promotion === undefined || promotion.automatic) {
    // An offer is forgotten when it has ended.
    const message = isOfferCode(code)
      ? `The offer ${code} has ended, or there was none; check its spelling.`
      : `No code ${code} is known; check its spelling.`
    return refuse({ code: "unknown_code", message, cart })
  }
  const codes = state.codes ?? []
  if (codes.includes(code)) return { records: [], unchanged: cart }
  if (codes.length >= CART_CODES_MAX) {
    return refuse({
      code: "code_not_applicable",
      message: `A cart takes at most ${CART_CODES_MAX} codes; take one out first.`,
      cart
    })
  }
  const reason = whyNot(promotion, basketOf(carts, state, given))
  if (reason !== undefined) {
    return {
      ...refuse({ code: "code_not_applicable", message: `The code ${code} ${WHY[reason]}.`, cart, reason }),
      records: reason === "other_customer" ? passedOn(promotion, state, command, given) : []
    }
  }
  return done(carts, state, command, given, { ...state, codes: [...codes, code] })
}

/** An offer is its customer's: tried by another, it ends. Who has not signed in yet may be the one it was made for. */
const passedOn = (
  promotion: Promotion,
  { customerId }: CartState,
  { mutationId }: ApplyCode,
  { at }: Circumstances
): ReadonlyArray<CartRecord> => {
  const { offer } = promotion
  if (offer === undefined || customerId === undefined) return []
  return [
    { type: "promotion", mutationId, promotion: { ...promotion, isActive: false, offer: { ...offer, misusedAt: at } } }
  ]
}

const removeCode = (carts: Carts, state: CartState, command: ApplyCode, given: Circumstances): CartDecision => {
  const codes = state.codes ?? []
  if (!codes.includes(command.code)) return { records: [], unchanged: command.cart }
  const left = codes.filter((code) => code !== command.code)
  return done(carts, state, command, given, { ...state, codes: left.length === 0 ? undefined : left })
}

const shipTo = (carts: Carts, state: CartState, command: ShipTo, given: Circumstances): CartDecision =>
  done(carts, state, command, given, { ...state, destination: command.destination, method: command.method })
