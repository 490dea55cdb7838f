/**
 * From the cart that a decision wants to the one event that makes it: priced, with notes, with its next deadline.
 *
 * S1 What changes what is bought, or what it costs, raises `contents` and ends a checkout: its hold is given back and a
 * payment link of before buys nothing. S2 What was shown in a checkout is not priced again behind the shopper's back:
 * only what the shopper does has it priced. S3 `evolve(before, event)` is the cart that was wanted.
 */
import type { CartDecision, Carts, Circumstances } from "./decision.ts"
import { customerKey } from "./decision.ts"
import type { CartEvent, CartEventType, SetFields } from "./events.ts"
import { idleAfterMs } from "./policy.ts"
import { price } from "./pricing.ts"
import { isOfferCode, type Promotion, type WhyNot, whyNot } from "./promotions.ts"
import { type CartState, claimsOf, type Draft, type Fields, type Line, type Note } from "./state.ts"

export interface Wanted {
  readonly type: CartEventType
  readonly mutationId: string
  /** Absent: nobody outside asked, the id need not be remembered. */
  readonly hash?: string | undefined
  readonly byShopper?: boolean
  /** Prices, codes and stock are looked at again. */
  readonly isPriced?: boolean
  readonly next: CartState
}

const FIELDS: ReadonlyArray<keyof Fields> = [
  "currency",
  "customerId",
  "segment",
  "destination",
  "method",
  "codes",
  "discounts",
  "sameSince",
  "claims",
  "shippingMethod",
  "notes",
  "checkout",
  "order",
  "steps",
  "strays",
  "mergedInto",
  "abandoned",
  "contactedAt",
  "forgottenAt",
  "idleAt"
]

export const change = (carts: Carts, before: CartState, wanted: Wanted, given: Circumstances): CartEvent => {
  const version = before.version + 1
  const next: Draft = { ...wanted.next, version }
  if (wanted.isPriced === true) reprice(carts, next, given)
  if (contentsOf(before) !== contentsOf(next)) {
    next.contents = version
    next.sameSince = isSameButForOffers(before, next, wanted) ? (before.sameSince ?? before.contents) : undefined
    if (before.status === "checkout" && next.status === "checkout") endCheckout(next, version)
  }
  if (wanted.byShopper === true) {
    next.abandoned = undefined
    next.contactedAt = undefined
  }
  if (next.lines.length === 0 || (next.status !== "open" && next.status !== "checkout")) next.idleAt = undefined
  else if (wanted.byShopper === true || (wanted.type === "left" && next.abandoned === undefined))
    next.idleAt = given.at + idleAfter(carts, next)
  return eventBetween(before, next, wanted)
}

export const changed = (carts: Carts, before: CartState, wanted: Wanted, given: Circumstances): CartDecision => ({
  records: [change(carts, before, wanted, given)]
})

const idleAfter = (carts: Carts, next: CartState): number =>
  idleAfterMs(carts.policy, {
    segment: next.segment,
    currency: next.currency,
    totalMinor: next.totals.totalMinor,
    inCheckout: next.status === "checkout"
  })

/** Gives the hold back once the stock has answered to what it was asked before. */
export const endCheckout = (next: Draft, version: number): void => {
  const { checkout } = next
  next.status = "open"
  next.checkout = undefined
  next.claims = undefined
  if (checkout === undefined) return
  const release = { id: `${stepPrefix(next.cart, version)}release`, act: "release", holdId: checkout.holdId } as const
  next.steps = [...(next.steps ?? []), release]
}

export const stepPrefix = (cart: string, version: number): string => `cart:${cart}:${version}:`

/** What a payment link is bound to. */
const contentsOf = ({ lines, discounts, totals, destination, method }: CartState): string =>
  JSON.stringify([lines, discounts?.length === 0 ? undefined : discounts, totals, destination, method])

/** Whoever enters the code of an offer may find another code counts less beside it; what ends by itself is the offer alone. */
const isSameButForOffers = (before: CartState, next: CartState, { type }: Wanted): boolean => {
  // Most carts never have one.
  if (![...(before.codes ?? []), ...(next.codes ?? [])].some(isOfferCode)) return false
  const isEntered = type === "apply-code" || type === "remove-code"
  const others = ({ codes = [], destination, discounts = [], lines, method }: CartState): string => {
    const counted = isEntered ? [] : discounts.filter(({ code }) => !isOfferCode(code))
    return JSON.stringify([lines, destination, method, codes.filter((code) => !isOfferCode(code)), counted])
  }
  return others(before) === others(next)
}

/** Every promotion that may hold for the cart: those without a code, and those whose code was entered. */
const promotionsFor = (carts: Carts, codes: ReadonlyArray<string>): ReadonlyArray<Promotion> => [
  ...carts.automatic(),
  ...codes.flatMap((code) => {
    const promotion = carts.promotion(code)
    return promotion === undefined || promotion.automatic ? [] : [promotion]
  })
]

export const basketOf = (carts: Carts, cart: CartState, given: Pick<Circumstances, "at">) => {
  const before = carts.find(cart.cart)
  const claimed = claimsOf(before)
  const customer = customerKey(cart)
  // Who has just signed in has not made the claims that the cart made before them.
  const isTheirs = before !== undefined && customerKey(before) === customer
  return {
    lines: cart.lines,
    currency: cart.currency ?? "",
    customerId: cart.customerId,
    at: given.at,
    usesOf: (code: string) => {
      const { total, byCustomer } = carts.usesOf(code, customer)
      const own = claimed.includes(code) ? 1 : 0
      return { total: total - own, byCustomer: Math.max(0, byCustomer - (isTheirs ? own : 0)) }
    }
  }
}

const reprice = (carts: Carts, next: Draft, given: Circumstances): void => {
  const { lines } = next
  const basket = basketOf(carts, next, given)
  const codes = next.codes ?? []
  const promotions = promotionsFor(carts, codes)
  const priced = price(next, { policy: carts.policy, promotions, basket })
  next.totals = priced.totals
  next.discounts = priced.discounts.length === 0 ? undefined : priced.discounts
  next.shippingMethod = priced.shipping?.method
  const notes = [
    ...keptNotes(next.notes ?? [], lines),
    ...(next.checkout?.isHeld === true ? [] : lines.flatMap((line) => stockNote(line, given.availableOf(line)))),
    ...promotions.flatMap((promotion) => codeNote(promotion, codes, whyNot(promotion, basket))),
    ...codes.flatMap((code) => (carts.promotion(code) === undefined ? [endedNote(code)] : []))
  ]
  next.notes = notes.length === 0 ? undefined : notes
}

/** Moved prices and reduced quantities are told until they are dismissed or the line is gone. */
const keptNotes = (notes: ReadonlyArray<Note>, lines: ReadonlyArray<Line>): ReadonlyArray<Note> =>
  notes.filter(
    (note) => (note.type === "price-moved" || note.type === "reduced") && lines.some((line) => line.sku === note.sku)
  )

const stockNote = (line: Line, available: number | undefined): ReadonlyArray<Note> => {
  if (available === undefined || available >= line.quantity) return []
  const { sku, quantity } = line
  return available <= 0
    ? [{ type: "sold-out", sku, available: 0 }]
    : [{ type: "short", sku, wanted: quantity, available }]
}

/** These do not come back; whoever is below a minimum may still reach it. */
const FINAL = new Set<WhyNot>(["inactive", "ended", "used_up", "used_by_customer"])

export const isFinal = (reason: WhyNot | undefined): boolean => reason !== undefined && FINAL.has(reason)

const codeNote = (
  promotion: Promotion,
  codes: ReadonlyArray<string>,
  reason: WhyNot | undefined
): ReadonlyArray<Note> => {
  const { code } = promotion
  if (reason === undefined || !isFinal(reason) || !codes.includes(code)) return []
  return [{ type: "code-ended", code, reason }]
}

/** An offer that has ended is known no more. */
const endedNote = (code: string): Note => ({ type: "code-ended", code, reason: "ended" })

/** Adds a note, in place of one of its type for the same line. */
export const noted = (notes: ReadonlyArray<Note> | undefined, note: Note): ReadonlyArray<Note> => {
  const isSame = (one: Note): boolean => "sku" in one && "sku" in note && one.type === note.type && one.sku === note.sku
  return [...(notes ?? []).filter((one) => !isSame(one)), note]
}

const eventBetween = (before: CartState, after: CartState, wanted: Wanted): CartEvent => {
  const set: Record<string, unknown> = {}
  for (const name of FIELDS) {
    const value = after[name]
    if (JSON.stringify(value) !== JSON.stringify(before[name])) set[name] = value ?? null
  }
  const known = new Map(before.lines.map((line) => [line.sku, line]))
  const lines = after.lines.filter((line) => JSON.stringify(known.get(line.sku)) !== JSON.stringify(line))
  const left = new Set(after.lines.map((line) => line.sku))
  const gone = before.lines.filter((line) => !left.has(line.sku)).map((line) => line.sku)
  return {
    type: wanted.type,
    cart: after.cart,
    version: after.version,
    mutationId: wanted.mutationId,
    ...(wanted.hash === undefined ? {} : { hash: wanted.hash }),
    ...(wanted.byShopper === true ? { byShopper: true } : {}),
    contents: after.contents,
    status: after.status,
    totals: after.totals,
    ...(lines.length === 0 ? {} : { lines }),
    ...(gone.length === 0 ? {} : { gone }),
    ...(Object.keys(set).length === 0 ? {} : { set: set as SetFields })
  }
}
