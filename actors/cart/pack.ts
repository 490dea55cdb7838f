/**
 * A cart's state as one short string, and back: what an idle cart sleeps as, and what a snapshot holds.
 *
 * A million sleeping carts pay for every byte, so what every cart has stands by position; of the other fields only those
 * that are there are written.
 */
import type { CartState, CartStatus, Fields, Line } from "./state.ts"

type PackedLine = readonly [
  sku: string,
  quantity: number,
  unitPriceMinor: number,
  name?: string | null,
  locationId?: string
]

const STATUSES: ReadonlyArray<CartStatus> = ["open", "checkout", "ordered", "merged"]

type Packed = readonly [
  version: number,
  contents: number,
  status: number,
  changedAt: number,
  lines: ReadonlyArray<PackedLine>,
  /** Goods, discount, shipping, tax, total, and 1 where the prices contain the tax. */
  totals: ReadonlyArray<number>,
  fields: Fields
]

export const packCart = (state: CartState): string => {
  const { cart: _cart, version, contents, status, changedAt, lines, totals, ...fields } = state
  const { goodsMinor, discountMinor, shippingMinor, taxMinor, totalMinor, isTaxIncluded } = totals
  const packed: Packed = [
    version,
    contents,
    STATUSES.indexOf(status),
    changedAt,
    lines.map(packLine),
    [goodsMinor, discountMinor, shippingMinor, taxMinor, totalMinor, isTaxIncluded === true ? 1 : 0],
    fields
  ]
  return JSON.stringify(packed)
}

export const unpackCart = (cart: string, text: string): CartState => {
  const [version, contents, status, changedAt, lines, totals, fields] = JSON.parse(text) as Packed
  const [goodsMinor = 0, discountMinor = 0, shippingMinor = 0, taxMinor = 0, totalMinor = 0, included] = totals
  return {
    cart,
    version,
    contents,
    status: STATUSES[status] ?? "open",
    changedAt,
    lines: lines.map(unpackLine),
    totals: {
      goodsMinor,
      discountMinor,
      shippingMinor,
      taxMinor,
      totalMinor,
      ...(included === 1 ? { isTaxIncluded: true } : {})
    },
    ...fields
  }
}

const packLine = ({ sku, quantity, unitPriceMinor, name, locationId }: Line): PackedLine => {
  if (locationId !== undefined) return [sku, quantity, unitPriceMinor, name ?? null, locationId]
  return name === undefined ? [sku, quantity, unitPriceMinor] : [sku, quantity, unitPriceMinor, name]
}

const unpackLine = ([sku, quantity, unitPriceMinor, name, locationId]: PackedLine): Line => ({
  sku,
  quantity,
  unitPriceMinor,
  ...(name === undefined || name === null ? {} : { name }),
  ...(locationId === undefined ? {} : { locationId })
})
