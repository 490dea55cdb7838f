/**
 * What must be true of two journals when everything has come to rest: what carts hold and have bought is what the stock
 * has given.
 */
import { CartBook } from "../../actors/cart/book.ts"
import { type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import type { CartState } from "../../actors/cart/state.ts"
import { StockBook } from "../../actors/stock/book.ts"
import type { StoredCommit } from "../../streams/codec.ts"

export const SKUS: ReadonlyArray<string> = ["mug", "lamp", "rug"]
export const OPENING_UNITS = 6

export const cartViolations = (
  stockCommits: ReadonlyArray<StoredCommit>,
  cartCommits: ReadonlyArray<StoredCommit<CartRecord>>
): { readonly violations: ReadonlyArray<string>; readonly orders: number; readonly merged: number } => {
  const stock = new StockBook()
  for (const { records, at } of stockCommits) for (const record of records) stock.apply(record, at)
  const carts = new CartBook()
  const placed: Array<string> = []
  for (const { records, at } of cartCommits) {
    for (const record of records) {
      carts.apply(record, at)
      if (isCartEvent(record) && record.type === "placed") placed.push(record.cart)
    }
  }
  const states = [...carts.carts()].flatMap((cart) => carts.peek(cart) ?? [])
  const wrong = [...wrongUnits(stock, states, placed), ...states.flatMap(wrongCart)]
  const owners = states.flatMap(({ customerId, status }) => {
    const isOpen = status === "open" || status === "checkout"
    return customerId !== undefined && isOpen ? [customerId] : []
  })
  if (new Set(owners).size !== owners.length) wrong.push(`a customer has two open carts: ${owners.join(", ")}`)
  if (new Set(placed).size !== placed.length) wrong.push(`carts were bought twice: ${placed.join(", ")}`)
  const merged = states.filter(({ status }) => status === "merged").length
  return { violations: wrong, orders: placed.length, merged }
}

const unitsIn = (carts: ReadonlyArray<CartState>, sku: string): number =>
  carts.flatMap(({ lines }) => lines).reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0)

const wrongUnits = (
  stock: StockBook,
  carts: ReadonlyArray<CartState>,
  placed: ReadonlyArray<string>
): ReadonlyArray<string> =>
  SKUS.flatMap((sku) => {
    const { physical = 0, allocated = 0 } = stock.peek(sku) ?? {}
    const wrong: Array<string> = []
    const bought = unitsIn(
      carts.filter(({ cart }) => placed.includes(cart)),
      sku
    )
    const held = unitsIn(
      carts.filter(({ status }) => status === "checkout"),
      sku
    )
    if (physical < 0 || physical !== OPENING_UNITS - bought)
      wrong.push(`${sku}: ${physical} left, and ${bought} bought`)
    if (allocated !== held) wrong.push(`${sku}: the stock holds ${allocated}, and carts think ${held}`)
    return wrong
  })

const wrongCart = ({ cart, steps, status, checkout, order, strays = [] }: CartState): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  if (steps !== undefined) wrong.push(`${cart} still waits for the stock: ${JSON.stringify(steps)}`)
  if (status === "checkout" && checkout?.isHeld !== true) wrong.push(`${cart} is in a checkout that holds nothing`)
  if (order?.state === "committing") wrong.push(`${cart} is paid and its stock was never taken`)
  const payments = [...strays.map(({ paymentId }) => paymentId), ...(order === undefined ? [] : [order.paymentId])]
  if (new Set(payments).size !== payments.length) wrong.push(`${cart} counts a payment twice: ${payments.join(", ")}`)
  return wrong
}
