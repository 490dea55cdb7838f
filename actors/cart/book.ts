/**
 * All carts of a hub in memory, folded from journal records, with what decides about several of them: whose cart is
 * whose, how often a promotion is spoken for, the policy.
 *
 * A cart that nobody asked for in a while sleeps as a packed text, and one that has rested for long is forgotten. Records may
 * be applied again: one whose version the cart already has is skipped. How often a promotion is used follows from the carts themselves and is written nowhere
 * else, so it cannot come apart from them.
 */
import { Sleepers } from "../sleepers.ts"
import { Deadlines } from "../stock/deadlines.ts"
import { isParked } from "./debts.ts"
import { type Carts, customerKey } from "./decision.ts"
import { type CartEvent, type CartRecord, isCartEvent } from "./events.ts"
import { packCart, packedTag, tagOf, unpackCart } from "./pack.ts"
import { defaultPolicy, type Policy } from "./policy.ts"
import { isOfferCode, type Promotion, type Uses } from "./promotions.ts"
import { type CartKeep, mayForget } from "./rest.ts"
import { type CartState, claimsOf, dueAt, evolve, initialCart } from "./state.ts"

interface Spoken {
  total: number
  readonly byCustomer: Map<string, number>
}

const CART = "cart:"
const PROMOTION = "promotion:"
const POLICY = "policy"
const FORGOTTEN = "forgotten"

export class CartBook implements Carts {
  readonly deadlines = new Deadlines<string>()
  policy: Policy = defaultPolicy
  versionsForgotten = 0
  /** Carts whose steps the stock has not answered. */
  readonly waiting = new Set<string>()
  /** Carts with money that bought nothing, or an order whose stock was gone. */
  readonly parked = new Set<string>()
  private readonly sleepers = new Sleepers<CartState>(packCart, unpackCart)
  private readonly byCustomer = new Map<string, string>()
  private readonly promotions = new Map<string, Promotion>()
  private automaticOnes: ReadonlyArray<Promotion> = []
  private readonly spoken = new Map<string, Spoken>()
  /** Of the look for carts that may be forgotten: where it goes on. */
  private resting: IterableIterator<readonly [cart: string, packed: string]> | undefined
  /** Codes of offers, which are used once. */
  private readonly claimed = new Map<string, string>()

  find(cart: string): CartState | undefined {
    return this.sleepers.find(cart)
  }

  /** The state without waking the cart: for whoever passes over many. */
  peek(cart: string): CartState | undefined {
    return this.sleepers.peek(cart)
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

  claimedBy(code: string): string | undefined {
    return this.claimed.get(code)
  }

  get size(): number {
    return this.sleepers.size
  }

  get awakeCount(): number {
    return this.sleepers.awakeCount
  }

  carts(): IterableIterator<string> {
    return this.sleepers.names()
  }

  *names(): IterableIterator<string> {
    yield POLICY
    yield FORGOTTEN
    for (const code of this.promotions.keys()) yield `${PROMOTION}${code}`
    for (const cart of this.carts()) yield `${CART}${cart}`
  }

  packed(name: string): string | undefined {
    if (name === POLICY) return JSON.stringify(this.policy)
    if (name === FORGOTTEN) return String(this.versionsForgotten)
    if (name.startsWith(PROMOTION)) {
      const promotion = this.promotions.get(name.slice(PROMOTION.length))
      return promotion === undefined ? undefined : JSON.stringify(promotion)
    }
    return this.sleepers.packed(name.slice(CART.length))
  }

  /** Most carts are nobody else's business: what stands in front of them is all that is read. */
  restore(name: string, packed: string): void {
    if (name === POLICY) this.policy = JSON.parse(packed) as Policy
    else if (name === FORGOTTEN) this.versionsForgotten = Number(packed)
    else if (name.startsWith(PROMOTION)) this.notePromotion(JSON.parse(packed) as Promotion)
    else {
      const cart = name.slice(CART.length)
      const tag = packedTag(packed)
      if (tag === undefined || tag.isShared) {
        const state = unpackCart(cart, packed)
        this.sleepers.lay(cart, tag === undefined ? packCart(state) : packed)
        this.note(cart, undefined, state)
      } else {
        this.sleepers.lay(cart, packed)
        this.deadlines.move(cart, undefined, tag.dueAt)
      }
    }
  }

  /** Looks at so many carts that sleep, from where it stopped, for those that may be forgotten. */
  forgettable(keep: CartKeep, at: number, lookAt: number): ReadonlyArray<string> {
    const found: Array<string> = []
    this.resting ??= this.sleepers.packedOnes()
    for (let looked = 0; looked < lookAt; looked++) {
      const next = this.resting.next()
      if (next.done === true) {
        this.resting = undefined
        break
      }
      const [cart, packed] = next.value
      if (mayForget(packedTag(packed) ?? tagOf(unpackCart(cart, packed)), keep, at)) found.push(cart)
    }
    return found
  }

  /** Everything belongs to a cart, a promotion or the policy. */
  spanningRecords(): ReadonlyArray<CartRecord> {
    return []
  }

  apply(record: CartRecord, at: number): void {
    if (isCartEvent(record)) this.applyEvent(record, at)
    else if (record.type === "promotion") this.notePromotion(record.promotion)
    else if (record.type === "policy") this.policy = record.policy
    else if (record.type === "offer-ended") this.promotions.delete(record.code)
  }

  sweep(max: number, mayTurn: boolean): boolean {
    return this.sleepers.sweep(max, mayTurn)
  }

  private applyEvent(event: CartEvent, at: number): void {
    const { cart } = event
    const before = this.find(cart)
    if (before !== undefined && event.version <= before.version) {
      // A snapshot may hold another cart of this customer as it was before: the later event of the two settles it.
      this.noteCustomer(before)
      return
    }
    if (event.type === "forgotten") {
      this.versionsForgotten = Math.max(this.versionsForgotten, event.version)
      this.sleepers.drop(cart)
      return this.note(cart, before, undefined)
    }
    const after = evolve(before ?? initialCart(cart), event, at)
    this.sleepers.put(cart, after)
    this.note(cart, before, after)
  }

  /** Keeps what is known across carts in step with one of them. */
  private note(cart: string, before: CartState | undefined, after: CartState | undefined): void {
    this.deadlines.move(cart, before && dueAt(before), after && dueAt(after))
    this.noteClaims(before, -1)
    this.noteClaims(after, 1)
    if ((after?.steps?.length ?? 0) > 0) this.waiting.add(cart)
    else this.waiting.delete(cart)
    if (after !== undefined && isParked(after)) this.parked.add(cart)
    else this.parked.delete(cart)
    if (after !== undefined) this.noteCustomer(after)
    else if (before?.customerId !== undefined && this.cartOf(before.customerId) === cart) {
      this.byCustomer.delete(before.customerId)
    }
  }

  private noteCustomer({ cart, customerId, status }: CartState): void {
    if (customerId === undefined) return
    if (status === "open" || status === "checkout") this.byCustomer.set(customerId, cart)
    else if (this.byCustomer.get(customerId) === cart) this.byCustomer.delete(customerId)
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
      if (!isOfferCode(code)) continue
      if (sign === 1) this.claimed.set(code, state.cart)
      else this.claimed.delete(code)
    }
  }

  private notePromotion(promotion: Promotion): void {
    const before = this.promotions.get(promotion.code)
    this.promotions.set(promotion.code, promotion)
    if (!promotion.automatic && before?.automatic !== true) return
    this.automaticOnes = [...this.promotions.values()].filter(({ automatic, isActive }) => automatic && isActive)
  }
}
