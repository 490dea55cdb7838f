/**
 * Customers in memory, with the real book and deciders, who leave carts, buy and opt out; a message of theirs may have an offer.
 * Each record is applied twice, as by a recovery from a snapshot.
 */
import assert from "node:assert/strict"
import { CustomerBook, settingsRecord } from "../../actors/customer/book.ts"
import type { OfCustomers } from "../../actors/customer/commands.ts"
import type { Customer, CustomerEvent, CustomerRecord } from "../../actors/customer/customer.ts"
import { type Circumstances, clearanceOf, decideCustomers, decideDueCustomer } from "../../actors/customer/decide.ts"
import type { CartOffered } from "../../actors/customer/offers.ts"
import { dayOf, leftOn } from "../../actors/recovery/budget.ts"
import { INCENTIVES_DEFAULT, type IncentivePolicy } from "../../actors/recovery/incentive-rules.ts"
import type { Order } from "../../actors/recovery/purchases.ts"
import { type RecoverySettings, settingsWith } from "../../actors/recovery/settings.ts"
import { DAY } from "./recovery.ts"

export const NOON = Date.parse("2026-07-01T11:00:00Z")

export const policy: IncentivePolicy = {
  ...INCENTIVES_DEFAULT,
  currency: "GBP",
  zone: "Europe/London",
  shippingCostMinor: 0,
  dailyBudgetMinor: 2_500
}

export const worth: CartOffered = {
  currency: "GBP",
  goodsMinor: 10_000,
  shippingMinor: 500,
  taxMinor: 0,
  lines: [{ sku: "MUG", quantity: 1, unitsLeft: 50, unitPriceMinor: 10_000, unitCostMinor: 2_000 }]
}

const step = { channels: ["email", "sms"], template: "left", mayOffer: true } as const
const usual = settingsWith({ left: { text: "{offer} {link}", subject: "s", approved: "a" } })
export const settings: RecoverySettings = {
  ...usual,
  sequences: [
    {
      sequenceId: "s",
      gapMs: 0,
      expiresMs: 7 * DAY,
      fits: {},
      steps: [
        { ...step, delayMs: 0 },
        { ...step, delayMs: DAY }
      ]
    }
  ],
  // Quiet hours and caps are the deciders' own test: here it is always day.
  contact: {
    ...usual.contact,
    hours: { opensMinute: 0, closesMinute: 1_440, closedDays: [] },
    hoursByCountry: {},
    caps: [],
    holdoutShare: 0
  }
}

export class Customers {
  readonly book = new CustomerBook()
  readonly records: Array<CustomerRecord> = []
  at = NOON
  worth: CartOffered | undefined = worth
  private count = 0

  constructor(more: Partial<IncentivePolicy> = {}) {
    this.save({ ...policy, ...more })
  }

  /** By which offers are made from now on. */
  save(offers: IncentivePolicy | null): this {
    const version = this.book.settings.current.version + 1
    this.book.apply(settingsRecord({ version, at: this.at, by: "ann", settings: { ...settings, offers } }))
    return this
  }

  get events(): ReadonlyArray<CustomerEvent> {
    return this.records.flatMap(({ events }) => events)
  }

  of<Type extends CustomerEvent["type"]>(type: Type): ReadonlyArray<Extract<CustomerEvent, { readonly type: Type }>> {
    return this.events.filter((event): event is Extract<CustomerEvent, { readonly type: Type }> => event.type === type)
  }

  /** Leaves a cart, and a message is intended at once. */
  leave(customerId: string, cartId = `cart-of-${customerId}`): this {
    for (const channel of ["email", "sms"] as const) {
      const point = { channel, address: `${channel}-of-${customerId}`, countries: ["GB"] }
      this.say({ type: "point", customerId, point, hasConsented: true, sealed: "" })
    }
    const abandonmentId = `left${++this.count}`
    const abandonment = { abandonmentId, cartId, cartVersion: 1, at: this.at }
    return this.say({ type: "abandoned", customerId, abandonment })
  }

  /** What became of the message that is intended. */
  came(customerId: string, how: "sent" | "refused" | "withdrawn"): this {
    const attemptId = this.book.peek(customerId)?.recovery?.attempt?.attemptId ?? ""
    const outcome =
      how === "sent"
        ? ({ type: "sent", receipt: "SM1" } as const)
        : how === "refused"
          ? ({ type: "failed", class: "refused", code: "x", retryAt: this.at } as const)
          : ({ type: "withdrawn" } as const)
    return this.say({ type: "outcome", customerId, attemptId, outcome })
  }

  buy(customerId: string, more: Partial<Order> = {}): this {
    const cartId = `cart-of-${customerId}`
    const order = { orderId: `${cartId}:1`, cartId, currency: "GBP", paidMinor: 9_000, refundedMinor: 0 }
    return this.say({ type: "ordered", customerId, order: { ...order, isReduced: false, isCancelled: false, ...more } })
  }

  settle(customerId: string, outcome: Extract<OfCustomers, { type: "offer-settled" }>["outcome"]): this {
    const offerId = this.ending(customerId)?.offerId ?? ""
    return this.say({ type: "offer-settled", customerId, offerId, outcome })
  }

  /** The one that is settled next. */
  ending(customerId: string): Customer["offers"][number] | undefined {
    return this.offers(customerId).find(({ state }) => state === "ending")
  }

  say(command: DistributiveOmit<OfCustomers, "mutationId">): this {
    const said = { ...command, mutationId: `m${++this.count}` } as OfCustomers
    for (const { customerId, events } of decideCustomers(this.book, said, this.given())) this.keep(customerId, events)
    return this
  }

  /** Time passes from deadline to deadline. */
  wait(ms: number): this {
    this.at += ms
    for (;;) {
      const due = this.book.deadlines.dueBy(this.at, 1_000)
      if (due.length === 0) return this
      for (const key of due) {
        const events = decideDueCustomer(this.book, key, this.given())
        assert.ok(events.length > 0, "a deadline without effect would come for ever")
        this.keep(key, events)
      }
    }
  }

  mayGo(customerId: string): boolean {
    return clearanceOf(this.book, customerId, this.given()).may
  }

  offers(customerId: string): Customer["offers"] {
    return this.book.peek(customerId)?.offers ?? []
  }

  reasonOf(customerId: string): Customer["reasons"][number] | undefined {
    return this.book.peek(customerId)?.reasons.at(-1)
  }

  /** Of the first day's budget. */
  left(): number {
    const { dailyBudgetMinor = 0 } = this.book.settings.current.settings.offers ?? {}
    return leftOn(this.book.budget, { currency: policy.currency, day: dayOf(policy.zone, NOON) }, dailyBudgetMinor)
  }

  private keep(customerId: string, events: ReadonlyArray<CustomerEvent>): void {
    if (events.length === 0) return
    const version = (this.book.find(customerId)?.version ?? 0) + 1
    const record = JSON.parse(JSON.stringify({ customerId, version, mutationId: "m", events })) as CustomerRecord
    this.records.push(record)
    this.book.apply(record)
    this.book.apply(record)
  }

  private given(): Circumstances {
    return {
      at: this.at,
      cartNow: () => ({ cartVersion: 1, isEmpty: false, isBought: false, isSoldOut: false }),
      isPresent: () => false,
      offering: {
        worthOf: () => this.worth,
        chance: () => ({ offerId: `BACK-${++this.count}`, seed: this.count })
      }
    }
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** Ten percent, and none but to them who have been seen to buy without it never: what is drawn is known. */
const certain = {
  catalogue: [{ offerKey: "10-percent", terms: { kind: "percentage", basisPoints: 1_000 } }]
} as const

/** So much was learned before that the offer is drawn for certain. */
export const eager = (more: Partial<IncentivePolicy> = {}): Customers => {
  const customers = new Customers({ ...certain, dailyBudgetMinor: 1_000_000, ...more })
  for (let one = 0; one < 400; one++) {
    const learned = { at: NOON, customerId: `old${one}`, segment: "new-large" }
    customers.book.apply({
      customerId: learned.customerId,
      version: 1,
      mutationId: "m",
      events: [
        { type: "offer-learned", ...learned, attemptId: "a", arm: "10-percent", isBought: true },
        { type: "offer-learned", ...learned, attemptId: "b", arm: "none", isBought: false }
      ]
    })
  }
  return customers
}
