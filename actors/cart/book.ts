/**
 * All carts of a hub in memory, folded from journal records, with what decides about several of them: whose cart is
 * whose, how often a promotion is spoken for, the policy.
 *
 * A cart that nobody asked for in a while sleeps as a packed string. Records may be applied again: one whose version the
 * cart already has is skipped. How often a promotion is used follows from the carts themselves and is written nowhere
 * else, so it cannot come apart from them.
 */
import { bucketOf, Deadlines, type Due } from "../stock/deadlines.ts"
import { isParked } from "./debts.ts"
import { type Carts, customerKey } from "./decision.ts"
import { type CartEvent, type CartRecord, isCartEvent } from "./events.ts"
import { packCart, unpackCart } from "./pack.ts"
import { defaultPolicy, type Policy } from "./policy.ts"
import type { Promotion, Uses } from "./promotions.ts"
import { type CartState, claimsOf, dueAt, evolve, initialCart } from "./state.ts"

interface Spoken {
  total: number
  readonly byCustomer: Map<string, number>
}

type CartDue = Due & { expiresAt: number }

const CART = "cart:"
const PROMOTION = "promotion:"
const POLICY = "policy"

export class CartBook implements Carts {
  readonly deadlines = new Deadlines()
  policy: Policy = defaultPolicy
  /** Carts whose steps the stock has not answered. */
  readonly waiting = new Set<string>()
  /** Carts with money that bought nothing, or an order whose stock was gone. */
  readonly parked = new Set<string>()
  private young = new Map<string, CartState>()
  private old = new Map<string, CartState>()
  private readonly asleep = new Map<string, string>()
  private readonly due = new Map<string, CartDue>()
  private readonly byCustomer = new Map<string, string>()
  private readonly promotions = new Map<string, Promotion>()
  private automaticOnes: ReadonlyArray<Promotion> = []
  private readonly spoken = new Map<string, Spoken>()

  find(cart: string): CartState | undefined {
    const young = this.young.get(cart)
    if (young !== undefined) return young
    const state = this.peek(cart)
    if (state === undefined) return undefined
    this.old.delete(cart)
    this.asleep.delete(cart)
    this.young.set(cart, state)
    return state
  }

  /** The state without waking the cart: for whoever passes over many. */
  peek(cart: string): CartState | undefined {
    const awake = this.young.get(cart) ?? this.old.get(cart)
    if (awake !== undefined) return awake
    const packed = this.asleep.get(cart)
    return packed === undefined ? undefined : unpackCart(cart, packed)
  }

  cartOf(customerId: string): string | undefined {
    return this.byCustomer.get(customerId)
  }

  promotion(code: string): Promotion | undefined {
    return this.promotions.get(code)
  }

  automatic(): ReadonlyArray<Promotion> {
    return this.automaticOnes
  }

  get promotionCount(): number {
    return this.promotions.size
  }

  usesOf(code: string, customer: string): Uses {
    const spoken = this.spoken.get(code)
    return { total: spoken?.total ?? 0, byCustomer: spoken?.byCustomer.get(customer) ?? 0 }
  }

  get size(): number {
    return this.young.size + this.old.size + this.asleep.size
  }

  get awakeCount(): number {
    return this.young.size + this.old.size
  }

  *carts(): IterableIterator<string> {
    yield* this.young.keys()
    yield* this.old.keys()
    yield* this.asleep.keys()
  }

  *names(): IterableIterator<string> {
    yield POLICY
    for (const code of this.promotions.keys()) yield `${PROMOTION}${code}`
    for (const cart of this.carts()) yield `${CART}${cart}`
  }

  packed(name: string): string | undefined {
    if (name === POLICY) return JSON.stringify(this.policy)
    if (name.startsWith(PROMOTION)) {
      const promotion = this.promotions.get(name.slice(PROMOTION.length))
      return promotion === undefined ? undefined : JSON.stringify(promotion)
    }
    const cart = name.slice(CART.length)
    const state = this.young.get(cart) ?? this.old.get(cart)
    return state === undefined ? this.asleep.get(cart) : packCart(state)
  }

  restore(name: string, packed: string): void {
    if (name === POLICY) this.policy = JSON.parse(packed) as Policy
    else if (name.startsWith(PROMOTION)) this.notePromotion(JSON.parse(packed) as Promotion)
    else {
      const cart = name.slice(CART.length)
      this.asleep.set(cart, packed)
      this.note(undefined, unpackCart(cart, packed))
    }
  }

  /** Everything belongs to a cart, a promotion or the policy. */
  spanningRecords(): ReadonlyArray<CartRecord> {
    return []
  }

  apply(record: CartRecord, at: number): void {
    if (isCartEvent(record)) this.applyEvent(record, at)
    else if (record.type === "promotion") this.notePromotion(record.promotion)
    else if (record.type === "policy") this.policy = record.policy
  }

  sweep(max: number, mayTurn: boolean): void {
    let packed = 0
    for (const [cart, state] of this.old) {
      if (packed++ === max) return
      this.old.delete(cart)
      this.asleep.set(cart, packCart(state))
    }
    if (!mayTurn) return
    this.old = this.young
    this.young = new Map()
  }

  private applyEvent(event: CartEvent, at: number): void {
    const before = this.find(event.cart)
    if (before !== undefined && event.version <= before.version) return
    const after = evolve(before ?? initialCart(event.cart), event, at)
    this.young.set(event.cart, after)
    this.note(before, after)
  }

  /** Keeps what is known across carts in step with one of them. */
  private note(before: CartState | undefined, after: CartState): void {
    this.noteDeadline(after)
    this.noteClaims(before, -1)
    this.noteClaims(after, 1)
    if ((after.steps?.length ?? 0) > 0) this.waiting.add(after.cart)
    else this.waiting.delete(after.cart)
    if (isParked(after)) this.parked.add(after.cart)
    else this.parked.delete(after.cart)
    const { customerId, cart, status } = after
    if (customerId === undefined) return
    if (status === "open" || status === "checkout") this.byCustomer.set(customerId, cart)
    else if (this.byCustomer.get(customerId) === cart) this.byCustomer.delete(customerId)
  }

  /** A deadline that moves within its quarter second needs no other timer. */
  private noteDeadline(state: CartState): void {
    const at = dueAt(state)
    const known = this.due.get(state.cart)
    if (known !== undefined && at !== undefined && bucketOf(known.expiresAt) === bucketOf(at)) {
      known.expiresAt = at
      return
    }
    if (known !== undefined) this.deadlines.remove(known)
    if (at === undefined) {
      this.due.delete(state.cart)
      return
    }
    const due = { key: state.cart, sku: undefined, expiresAt: at }
    this.due.set(state.cart, due)
    this.deadlines.add(due)
  }

  private noteClaims(state: CartState | undefined, sign: 1 | -1): void {
    if (state === undefined) return
    for (const code of claimsOf(state)) {
      let spoken = this.spoken.get(code)
      if (spoken === undefined) this.spoken.set(code, (spoken = { total: 0, byCustomer: new Map() }))
      const customer = customerKey(state)
      const uses = (spoken.byCustomer.get(customer) ?? 0) + sign
      spoken.total += sign
      if (uses > 0) spoken.byCustomer.set(customer, uses)
      else spoken.byCustomer.delete(customer)
    }
  }

  private notePromotion(promotion: Promotion): void {
    const before = this.promotions.get(promotion.code)
    this.promotions.set(promotion.code, promotion)
    if (!promotion.automatic && before?.automatic !== true) return
    this.automaticOnes = [...this.promotions.values()].filter(({ automatic, isActive }) => automatic && isActive)
  }
}
