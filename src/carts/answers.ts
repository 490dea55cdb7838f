/**
 * Wire answers from what a decision left: the same record gives the same answer, now and when its mutation id comes back.
 */
import { type CartEvent, type CartRecord, isCartEvent } from "../../actors/cart/events.ts"
import { type CartState, type Checkout, shown } from "../../actors/cart/state.ts"
import type { CartAnswer, CartChanged, CartView, CheckoutView } from "./protocol.ts"

const isoTime = (ms: number): string => new Date(ms).toISOString()

const checkoutView = ({ holdId, isHeld, expiresAt }: Checkout): CheckoutView => ({
  holdId,
  isHeld,
  expiresAt: isoTime(expiresAt)
})

export const cartView = (state: CartState): CartView => {
  const { cart, version, contents, status, lines, totals } = state
  return {
    cart,
    version,
    contents,
    status,
    ...defined({
      currency: state.currency,
      customerId: state.customerId,
      segment: state.segment,
      destination: state.destination,
      shippingMethod: state.shippingMethod,
      checkout: state.checkout === undefined ? undefined : checkoutView(state.checkout),
      order: state.order,
      strays: state.strays,
      abandonedAt: state.abandoned === undefined ? undefined : isoTime(state.abandoned.at)
    }),
    lines: shown(lines),
    codes: state.codes ?? [],
    discounts: state.discounts ?? [],
    totals,
    notes: state.notes ?? [],
    changedAt: isoTime(state.changedAt)
  }
}

const defined = <A extends object>(fields: A): { readonly [K in keyof A]?: Exclude<A[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never

/** A cart that was merged is answered for by the one that it went into. */
export const recordAnswer = (record: CartRecord, records: Iterable<CartRecord>): CartAnswer =>
  isCartEvent(record) ? eventAnswer(record.elsewhere ?? mergedEvent(record, records) ?? record) : { ok: true }

const mergedEvent = (record: CartEvent, records: Iterable<CartRecord>): CartEvent | undefined => {
  const into = record.set?.mergedInto
  if (typeof into !== "string") return undefined
  for (const other of records) {
    if (isCartEvent(other) && other.cart === into && other.mutationId === record.mutationId) return other
  }
  return undefined
}

/** With several partitions the two events may stand in two commits: the one that is asked for takes along the other. */
export const standAlone = (record: CartRecord, records: ReadonlyArray<CartRecord>): CartRecord => {
  if (!isCartEvent(record) || record.hash === undefined) return record
  const elsewhere = mergedEvent(record, records)
  return elsewhere === undefined ? record : { ...record, elsewhere }
}

const eventAnswer = ({ cart, version, contents, status, totals, lines, gone, set }: CartEvent): CartChanged => ({
  ok: true,
  cart,
  version,
  contents,
  status,
  totals,
  ...defined({
    lines: lines === undefined ? undefined : shown(lines),
    gone,
    discounts: set?.discounts === null ? [] : set?.discounts,
    notes: set?.notes === null ? [] : set?.notes,
    checkout: set?.checkout === null || set?.checkout === undefined ? undefined : checkoutView(set.checkout)
  })
})
