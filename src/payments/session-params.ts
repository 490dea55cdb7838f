/**
 * A cart as Stripe's Checkout Session: line items, one shipping rate, and an amount that is exactly the cart's total.
 *
 * Discounts are in the amounts of the lines, shared out in proportion, so that nothing has to be made at Stripe (a coupon
 * would be a second write to undo) and no amount is negative. A line whose amount does not divide by its quantity becomes
 * two items, a penny apart. Tax that is not in the prices is an item of its own.
 */
import type { Stripe } from "stripe"
import type { CartReference } from "../../actors/payment/observations.ts"
import { ID_LENGTH_MAX } from "../../config/limits.ts"

export interface CheckoutLine {
  readonly title: string
  readonly quantity: number
  readonly unitPriceMinor: number
  /** Off the whole line, from 0 to the line's price. */
  readonly discountMinor: number
}

/** The cart as it is to be paid, held by `holdId` until `holdExpiresAtMs`. */
export interface CheckoutCart extends CartReference {
  readonly holdExpiresAtMs: number
  /** ISO 4217 in upper case; all amounts are its minor units. */
  readonly currency: string
  readonly lines: ReadonlyArray<CheckoutLine>
  /** Off the goods as a whole, beside what is off single lines. */
  readonly discountMinor: number
  readonly shipping?: { readonly label: string; readonly amountMinor: number }
  /** On top of the prices; 0 when they include it. */
  readonly taxMinor: number
  readonly totalMinor: number
  readonly email?: string
}

export type ParamsRefusal = {
  readonly code: "invalid_cart" | "nothing_to_pay" | "amounts_differ" | "currency_unsupported"
  readonly message: string
}

export type SessionParams = Stripe.Checkout.SessionCreateParams

export type MadeParams =
  | { readonly ok: true; readonly params: SessionParams }
  | { readonly ok: false; readonly refusal: ParamsRefusal }

/** Stripe's. */
const ITEMS_MAX = 100
const AMOUNT_MINOR_MAX = 99_999_999
const NAME_LENGTH_MAX = 250
/** Stripe counts these otherwise than ISO 4217 does; an amount would be a hundredfold or a tenth of what was meant. */
const COUNTED_OTHERWISE = new Set(["ISK", "UGX", "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])

interface Item {
  readonly name: string
  readonly quantity: number
  readonly unitMinor: number
}

export const sessionParams = (
  cart: CheckoutCart,
  urls: { readonly success: string; readonly cancel: string },
  expiresAtMs: number
): MadeParams => {
  const refusal = wrongIn(cart)
  if (refusal !== undefined) return { ok: false, refusal }
  const { cartId, cartVersion, holdId, shipping } = cart
  const currency = cart.currency.toLowerCase()
  const metadata = { holdfast_cart: cartId, holdfast_cart_version: String(cartVersion), holdfast_hold: holdId }
  const items = itemsOf(cart)
  const params: SessionParams = {
    mode: "payment",
    client_reference_id: cartId,
    metadata,
    payment_intent_data: { metadata },
    line_items: items.map(({ name, quantity, unitMinor }) => ({
      quantity,
      price_data: { currency, unit_amount: unitMinor, product_data: { name } }
    })),
    expires_at: Math.floor(expiresAtMs / 1_000),
    success_url: urls.success,
    cancel_url: urls.cancel,
    ...(cart.email === undefined ? {} : { customer_email: cart.email }),
    ...(shipping === undefined
      ? {}
      : {
          shipping_options: [
            {
              shipping_rate_data: {
                type: "fixed_amount" as const,
                display_name: cut(shipping.label, 100),
                fixed_amount: { amount: shipping.amountMinor, currency }
              }
            }
          ]
        })
  }
  const sum = items.reduce((total, { quantity, unitMinor }) => total + quantity * unitMinor, shipping?.amountMinor ?? 0)
  return sum === cart.totalMinor ? { ok: true, params } : differ(cart, sum)
}

const differ = (cart: CheckoutCart, sum: number): MadeParams => ({
  ok: false,
  refusal: {
    code: "amounts_differ",
    message: `Lines, discounts, shipping and tax come to ${sum}, the cart's total is ${cart.totalMinor}: price the cart again.`
  }
})

const isAmount = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= AMOUNT_MINOR_MAX

const wrongIn = (cart: CheckoutCart): ParamsRefusal | undefined => {
  const refuse = (code: ParamsRefusal["code"], message: string): ParamsRefusal => ({ code, message })
  const { currency, lines } = cart
  if (!/^[A-Z]{3}$/.test(currency) || COUNTED_OTHERWISE.has(currency)) {
    return refuse("currency_unsupported", `Carts in ${currency} cannot be paid by a checkout link.`)
  }
  if (lines.length === 0) return refuse("invalid_cart", "The cart has no lines.")
  const amounts = [cart.discountMinor, cart.taxMinor, cart.totalMinor, cart.shipping?.amountMinor ?? 0]
  if (!amounts.every(isAmount))
    return refuse("invalid_cart", "An amount of the cart is negative, no integer, or too large.")
  const isSound = ({ quantity, unitPriceMinor, discountMinor }: CheckoutLine): boolean =>
    Number.isInteger(quantity) &&
    quantity > 0 &&
    isAmount(unitPriceMinor) &&
    isAmount(discountMinor) &&
    isAmount(unitPriceMinor * quantity) &&
    discountMinor <= unitPriceMinor * quantity
  const wrong = lines.findIndex((line) => !isSound(line))
  if (wrong !== -1) {
    return refuse("invalid_cart", `Line ${wrong + 1} has a quantity, price or discount that cannot be.`)
  }
  if (cart.discountMinor > goodsOf(lines)) return refuse("invalid_cart", "The discount is more than the goods cost.")
  if (cart.totalMinor === 0)
    return refuse("nothing_to_pay", "The total is 0: nothing is to be paid, so no link is needed.")
  const references = [cart.cartId, cart.holdId]
  if (!references.every((id) => id.length > 0 && id.length <= ID_LENGTH_MAX)) {
    return refuse("invalid_cart", "The cart's or the hold's id is empty or too long.")
  }
  return undefined
}

const goodsOf = (lines: ReadonlyArray<CheckoutLine>): number => lines.reduce((sum, line) => sum + amountOf(line), 0)

const amountOf = ({ quantity, unitPriceMinor, discountMinor }: CheckoutLine): number =>
  quantity * unitPriceMinor - discountMinor

/**
 * Shares `discountMinor` out over amounts in proportion: each gets its part rounded down, and the pennies that are left
 * go one each to the largest remainders, so the parts always come to the whole and no amount falls below 0.
 */
export const shareOut = (discountMinor: number, amounts: ReadonlyArray<number>): ReadonlyArray<number> => {
  const total = amounts.reduce((sum, amount) => sum + amount, 0)
  if (total === 0) return amounts.map(() => 0)
  // Products of two amounts are beyond what a number holds exactly.
  const exact = amounts.map((amount) => BigInt(amount) * BigInt(discountMinor))
  const shares = exact.map((part) => Number(part / BigInt(total)))
  const left = discountMinor - shares.reduce((sum, share) => sum + share, 0)
  const byRemainder = exact
    .map((part, index) => ({ index, remainder: part % BigInt(total) }))
    .toSorted((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1))
  for (const { index } of byRemainder.slice(0, left)) shares[index] = (shares[index] ?? 0) + 1
  return shares
}

const itemsOf = (cart: CheckoutCart): ReadonlyArray<Item> => {
  const amounts = cart.lines.map(amountOf)
  const shares = shareOut(cart.discountMinor, amounts)
  const lines = cart.lines.map(({ title, quantity }, index) => ({
    title: title.trim() === "" ? "Item" : title,
    quantity,
    amountMinor: (amounts[index] ?? 0) - (shares[index] ?? 0)
  }))
  const tax = cart.taxMinor === 0 ? [] : [{ name: "Tax", quantity: 1, unitMinor: cart.taxMinor }]
  const roomFor = ITEMS_MAX - tax.length
  const inPieces = lines.flatMap(piecesOf)
  if (inPieces.length <= roomFor) return [...inPieces, ...tax]
  const whole = lines.map(({ title, quantity, amountMinor }) => ({
    name: quantity === 1 ? cut(title) : `${cut(title, NAME_LENGTH_MAX - 12)} × ${quantity}`,
    quantity: 1,
    unitMinor: amountMinor
  }))
  if (whole.length <= roomFor) return [...whole, ...tax]
  const rest = whole.slice(roomFor - 1)
  const restMinor = rest.reduce((sum, { unitMinor }) => sum + unitMinor, 0)
  return [
    ...whole.slice(0, roomFor - 1),
    { name: `${rest.length} more lines`, quantity: 1, unitMinor: restMinor },
    ...tax
  ]
}

const piecesOf = (line: { readonly title: string; readonly quantity: number; readonly amountMinor: number }) => {
  const { quantity, amountMinor } = line
  const name = cut(line.title)
  const unitMinor = Math.floor(amountMinor / quantity)
  const dearer = amountMinor - unitMinor * quantity
  const pieces: Array<Item> = []
  if (quantity > dearer) pieces.push({ name, quantity: quantity - dearer, unitMinor })
  if (dearer > 0) pieces.push({ name, quantity: dearer, unitMinor: unitMinor + 1 })
  return pieces
}

const cut = (text: string, lengthMax = NAME_LENGTH_MAX): string =>
  text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text
