/**
 * A shop whose customers leave carts, with the real deciders on both sides: carts at a desk, customers in a book, what the
 * carts say carried over as the hub does it, and a carrier that answers as it is told.
 *
 * It keeps both journals as they would be written, with the moment of each record.
 */
import { CustomerBook, settingsRecord } from "../../actors/customer/book.ts"
import type { AttemptOutcome, OfCustomers } from "../../actors/customer/commands.ts"
import type { CustomerRecord } from "../../actors/customer/customer.ts"
import { type Circumstances, decideCustomers, decideDueCustomer, type Happened } from "../../actors/customer/decide.ts"
import { POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import { settingsWith } from "../../actors/recovery/settings.ts"
import { CartWatch } from "../../src/recovery/watch.ts"
import type { StoredCommit } from "../../streams/codec.ts"
import { add, CartDesk } from "./cart-desk.ts"

/** `silent`: nobody knows yet what became of it. */
export type CarrierSays = "sent" | "lost" | "refused" | "permanent" | "temporary" | "silent"

const MINUTE_MS = 60_000

/** Hours and caps are the deciders' own test: here it is always day. */
export const WORLD_POLICY = {
  ...POLICY_DEFAULT,
  hours: { opensMinute: 0, closesMinute: 24 * 60, closedDays: [] },
  hoursByCountry: {},
  caps: [],
  holdoutShare: 0.4
}

export class RecoveryWorld {
  readonly desk = new CartDesk()
  readonly told: Array<{ readonly at: number; readonly record: CustomerRecord }> = []
  readonly book = new CustomerBook()
  private readonly watch: CartWatch
  private readonly carts = new Map<string, number>()
  private readonly met = new Set<string>()
  private watched = 0
  private count = 0
  says: CarrierSays = "sent"

  constructor() {
    const settings = { ...settingsWith({}), contact: WORLD_POLICY }
    const record = settingsRecord({ version: 1, at: this.at, by: "test", settings })
    this.told.push({ at: this.at, record })
    this.book.apply(record)
    this.watch = new CartWatch({
      carts: this.desk.book,
      isWriting: true,
      customers: {
        book: this.book,
        submit: (mail) => {
          if (mail.kind === "command" && mail.command.type !== "recovery-settings") this.take(mail.command)
        }
      }
    })
  }

  get at(): number {
    return this.desk.at
  }

  /** Something more goes into the cart, and then nothing happens to it any more. */
  leaves(customerId: string, priceMinor = 1_000): void {
    this.meets(customerId)
    const cart = this.cartOf(customerId)
    const currency = (this.carts.get(customerId) ?? 0) % 2 === 0 ? "GBP" : "EUR"
    this.desk.ok(cart, add("mug", 1, priceMinor, currency))
    this.desk.ok(cart, { type: "sign-in", customerId })
    this.passes(20 * MINUTE_MS)
  }

  buys(customerId: string): void {
    const cart = this.cartOf(customerId)
    const state = this.desk.book.find(cart)
    if (state === undefined || state.lines.length === 0) return
    this.desk.pay(cart, state.status === "open" ? this.desk.checkOut(cart) : state, `pay-${cart}`)
    this.answerSteps(cart)
    this.carts.set(customerId, (this.carts.get(customerId) ?? 0) + 1)
    this.carry()
  }

  /** Of what was bought last. */
  refunds(customerId: string, refundedMinor: number): void {
    const cart = this.lastBought(customerId)
    if (cart === undefined) return
    const paidMinor = this.desk.cart(cart).order?.paidMinor ?? 0
    this.desk.say(cart, {
      type: "refunded",
      paymentId: `pay-${cart}`,
      refundedMinor: Math.min(paidMinor, refundedMinor)
    })
    this.carry()
  }

  cancels(customerId: string): void {
    const cart = this.lastBought(customerId)
    if (cart === undefined) return
    this.desk.say(cart, { type: "cancelled" })
    this.answerSteps(cart)
    this.carry()
  }

  writes(customerId: string, text: string): void {
    this.take({ type: "wrote", mutationId: this.newId(), channel: "email", address: addressOf(customerId), text })
  }

  passes(ms: number): void {
    const until = this.desk.at + ms
    while (this.desk.at < until) {
      this.desk.wait(Math.min(10 * MINUTE_MS, until - this.desk.at))
      this.carry()
    }
  }

  /** Both journals, a commit for each record. */
  get cartCommits() {
    return this.desk.records.map((record, index) => commitOf(record, this.desk.times[index] ?? 0, index))
  }

  get customerCommits() {
    return this.told.map(({ at, record }, index) => commitOf(record, at, index))
  }

  private meets(customerId: string): void {
    if (this.met.has(customerId)) return
    this.met.add(customerId)
    this.take({
      type: "point",
      customerId,
      mutationId: this.newId(),
      point: { channel: "email", address: addressOf(customerId), countries: [] },
      hasConsented: true,
      sealed: `plain:${customerId}`
    })
  }

  private cartOf(customerId: string): string {
    return `${customerId}-${this.carts.get(customerId) ?? 0}`
  }

  private lastBought(customerId: string): string | undefined {
    const bought = this.carts.get(customerId) ?? 0
    return bought === 0 ? undefined : `${customerId}-${bought - 1}`
  }

  private answerSteps(cart: string): void {
    while ((this.desk.cart(cart).steps?.length ?? 0) > 0) this.desk.answer(cart)
  }

  /** What carts have said reaches their customers; what is due is decided; carriers answer. */
  private carry(): void {
    const news = this.desk.records.slice(this.watched)
    this.watched = this.desk.records.length
    this.watch.onCommits(news.map((record, index) => commitOf(record, this.at, index)))
    for (const key of this.book.deadlines.dueBy(this.at, 1_000)) {
      this.keep([{ customerId: key, events: decideDueCustomer(this.book, key, this.given()) }])
    }
    if (this.says === "silent") return
    for (const customerId of this.book.open) {
      const attempt = this.book.peek(customerId)?.recovery?.attempt
      if (attempt === undefined || attempt.retryAt !== undefined) continue
      const { attemptId } = attempt
      this.take({ type: "outcome", customerId, mutationId: this.newId(), attemptId, outcome: this.outcome(this.says) })
    }
  }

  private outcome(says: Exclude<CarrierSays, "silent">): AttemptOutcome {
    if (says === "sent") {
      return { type: "sent", receipt: "SM1", segments: 2, cost: { microMinor: 830_000, currency: "USD" } }
    }
    if (says === "lost") return { type: "lost", code: "fate-unknown" }
    return { type: "failed", class: says, code: says, retryAt: this.at + 30 * MINUTE_MS }
  }

  private take(command: OfCustomers): void {
    this.keep(decideCustomers(this.book, command, this.given()))
  }

  private given(): Circumstances {
    const cartNow = (cartId: string) => {
      const state = this.desk.book.peek(cartId)
      if (state === undefined) return undefined
      const { contents, lines, status } = state
      const isEmpty = lines.length === 0
      return { cartVersion: contents, isEmpty, isBought: status === "ordered", isSoldOut: false }
    }
    return { at: this.at, cartNow, isPresent: () => false, offering: undefined }
  }

  private keep(happened: Happened): void {
    for (const { customerId, events, sealed } of happened) {
      if (events.length === 0) continue
      const version = (this.book.find(customerId)?.version ?? 0) + 1
      const record = JSON.parse(
        JSON.stringify({ customerId, version, mutationId: this.newId(), events, ...(sealed && { sealed }) })
      ) as CustomerRecord
      this.told.push({ at: this.at, record })
      this.book.apply(record)
    }
  }

  private newId(): string {
    return `w${++this.count}`
  }
}

export const addressOf = (customerId: string): string => `blind-${customerId}`

const commitOf = <R>(record: R, at: number, index: number): StoredCommit<R> => ({
  id: `c-${index}`,
  at,
  facts: 0,
  records: [record],
  partition: 0,
  sequence: index + 1,
  sizeBytes: 1
})
