/**
 * A cart's state as one short text, and back: what an idle cart sleeps as, and what a snapshot holds.
 *
 * A million sleeping carts pay for every byte, so what every cart has stands by position; of the other fields only those
 * that are there are written. In front stands what the book wants to know of a cart that sleeps, so that a start need not
 * read the rest: when it is due, since when it has rested for good, and how it matters to others.
 */
import { isParked } from "./debts.ts"
import { restsSince } from "./rest.ts"
import { type CartState, type CartStatus, claimsOf, dueAt, type Fields, type Line } from "./state.ts"

type PackedLine = readonly [
  sku: string,
  quantity: number,
  unitPriceMinor: number,
  name?: string | null,
  locationId?: string | null,
  unitCostMinor?: number
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

/** What stands in front. */
export interface Tag {
  readonly dueAt: number | undefined
  readonly restsSince: number | undefined
  readonly isOrdered: boolean
  /** It has a customer, uses up promotions, waits for the stock or owes money: the book knows of it beside its state. */
  readonly isShared: boolean
}

const SHARED = 1
const ORDERED = 2

export const tagOf = (state: CartState): Tag => ({
  dueAt: dueAt(state),
  restsSince: restsSince(state),
  isOrdered: state.status === "ordered",
  isShared:
    state.customerId !== undefined || claimsOf(state).length > 0 || (state.steps?.length ?? 0) > 0 || isParked(state)
})

/** `undefined`: a text of a hub that wrote none. */
export const packedTag = (text: string): Tag | undefined => {
  const end = text.indexOf("[")
  if (end === 0) return undefined
  const [due, rests, flags] = text.slice(0, end).split(" ")
  const bits = Number(flags)
  return {
    dueAt: due === "" ? undefined : Number(due),
    restsSince: rests === "" ? undefined : Number(rests),
    isOrdered: (bits & ORDERED) !== 0,
    isShared: (bits & SHARED) !== 0
  }
}

/** Of a state's fields, those that stand by position. */
const POSITIONED = new Set(["cart", "version", "contents", "status", "changedAt", "lines", "totals"])

export const packCart = (state: CartState): string => {
  const { version, contents, status, changedAt, lines, totals } = state
  const { goodsMinor, discountMinor, shippingMinor, taxMinor, totalMinor, isTaxIncluded } = totals
  // Taking seven fields out of a copy costs more than all the rest.
  const fields: Record<string, unknown> = {}
  for (const name in state) if (!POSITIONED.has(name)) fields[name] = state[name as keyof CartState]
  const packed: Packed = [
    version,
    contents,
    STATUSES.indexOf(status),
    changedAt,
    lines.map(packLine),
    [goodsMinor, discountMinor, shippingMinor, taxMinor, totalMinor, isTaxIncluded === true ? 1 : 0],
    fields
  ]
  const { dueAt: due, restsSince: rests, isOrdered, isShared } = tagOf(state)
  const flags = (isShared ? SHARED : 0) | (isOrdered ? ORDERED : 0)
  return `${due ?? ""} ${rests ?? ""} ${flags}${JSON.stringify(packed)}`
}

export const unpackCart = (cart: string, text: string): CartState => {
  const [version, contents, status, changedAt, lines, totals, fields] = JSON.parse(
    text.slice(text.indexOf("["))
  ) as Packed
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

const packLine = ({ sku, quantity, unitPriceMinor, name, locationId, unitCostMinor }: Line): PackedLine => {
  if (unitCostMinor !== undefined) {
    return [sku, quantity, unitPriceMinor, name ?? null, locationId ?? null, unitCostMinor]
  }
  if (locationId !== undefined) return [sku, quantity, unitPriceMinor, name ?? null, locationId]
  return name === undefined ? [sku, quantity, unitPriceMinor] : [sku, quantity, unitPriceMinor, name]
}

const unpackLine = ([sku, quantity, unitPriceMinor, name, locationId, unitCostMinor]: PackedLine): Line => ({
  sku,
  quantity,
  unitPriceMinor,
  ...(name === undefined || name === null ? {} : { name }),
  ...(locationId === undefined || locationId === null ? {} : { locationId }),
  ...(unitCostMinor === undefined ? {} : { unitCostMinor })
})
