/**
 * One customer, one cart and a clock: what the deciders of recovery say is folded at once, and time passes from deadline
 * to deadline. Messages are taken by a provider that says yes, unless a test has it say something else.
 */
import assert from "node:assert/strict"
import { FATE_POLICY_DEFAULT, type Fate, fateOf } from "../../actors/recovery/attempt-fate.ts"
import { evolveContact, type Contact, type ContactPoint, unknownContact } from "../../actors/recovery/contact.ts"
import { type Ask, end, look, start } from "../../actors/recovery/decide.ts"
import type { FailureClass, RecoveryEvent, RecoveryWithheld } from "../../actors/recovery/events.ts"
import type { Abandonment, CartNow } from "../../actors/recovery/may-reach.ts"
import { hear } from "../../actors/recovery/hear.ts"
import { clearance, failed, lost, retry, sent, withdraw } from "../../actors/recovery/outcome.ts"
import { type ContactPolicy, POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import { deadlineOf, evolve, isSettled, type Recovery, startedBy } from "../../actors/recovery/recovery.ts"
import { type Sequence, SEQUENCE_DEFAULT } from "../../actors/recovery/sequence.ts"
import { evolveSuppressions, type Suppression, type SuppressionEvent } from "../../actors/recovery/suppression.ts"
import type { Channel } from "../../actors/recovery/channel.ts"
import { wordOf } from "../../actors/recovery/words.ts"
import { countriesOfPhone } from "../../actors/recovery/zone.ts"

type ContactEvent = Parameters<typeof evolveContact>[1]
export type AnyEvent = RecoveryEvent | RecoveryWithheld | ContactEvent | SuppressionEvent

/** `unknown`: no answer came back, and the message arrived or did not. `lost`: nobody will ever know. */
export type Answer =
  | "sent"
  | "lost"
  | { readonly class: Exclude<FailureClass, "unknown">; readonly retryMs?: number }
  | { readonly class: "unknown"; readonly hasArrived: boolean }

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export const US_PHONE = "+12125550123"
export const UK_PHONE = "+447911123456"

export const phone = (
  address: string,
  channel: Channel = "sms",
  consentedAt: number | undefined = 0
): ContactPoint => ({
  channel,
  address,
  consentedAt,
  countries: countriesOfPhone(address)
})

export const mail = (address = "ann@example.com", consentedAt: number | undefined = 0): ContactPoint => ({
  channel: "email",
  address,
  consentedAt,
  countries: []
})

export interface ShopOptions {
  readonly points?: ReadonlyArray<ContactPoint>
  readonly zone?: string
  readonly preferred?: ReadonlyArray<Channel>
  readonly policy?: Partial<ContactPolicy>
  readonly sequence?: Sequence
  readonly customerId?: string
  readonly answer?: (channel: Channel, nth: number) => Answer
}

export class Shopper {
  at: number
  contact: Contact
  recovery: Recovery | undefined
  /** Over, but a message of theirs may have left. */
  unsettled: ReadonlyArray<Recovery> = []
  cart: CartNow = { cartVersion: 1, isEmpty: false, isBought: false, isSoldOut: false }
  abandonment: Abandonment | undefined
  readonly suppressions = new Map<string, Suppression>()
  readonly events: Array<AnyEvent> = []
  readonly policy: ContactPolicy
  readonly customerId: string
  private readonly sequence: Sequence
  private readonly answer: (channel: Channel, nth: number) => Answer
  /** Attempts that the provider has in its list, as often as they arrived. */
  readonly arrived: Array<string> = []
  private readonly looks = new Map<string, number>()
  private looksMade = 0
  /** Intended, and not called yet. */
  private toCall: string | undefined
  private calls = 0
  private left = 0

  constructor(at: string, options: ShopOptions = {}) {
    this.at = Date.parse(at)
    const { points = [phone(US_PHONE)], zone, preferred = [], policy = {}, sequence = SEQUENCE_DEFAULT } = options
    this.contact = { ...unknownContact, points, zone, preferred }
    this.policy = { ...POLICY_DEFAULT, holdoutShare: 0, ...policy }
    this.sequence = sequence
    this.customerId = options.customerId ?? "ann"
    this.answer = options.answer ?? (() => "sent")
  }

  ask(): Ask {
    const { at, cart, contact, suppressions, policy } = this
    return { at, cart, contact, suppressions, policy, isPresent: false }
  }

  /** Checkout is left; the idle timer comes five minutes later. */
  leaves(isAgain = false): this {
    if (!isAgain)
      this.abandonment = {
        abandonmentId: `a${++this.left}`,
        cartId: "c",
        cartVersion: this.cart.cartVersion,
        at: this.at
      }
    this.at += isAgain ? 0 : 5 * MINUTE
    const { customerId, recovery: previous, sequence, abandonment } = this
    assert.ok(abandonment, "no cart was left")
    this.take(start({ recoveryId: `r${this.left}`, customerId, previous, sequence, abandonment, ask: this.ask() }))
    return this.call()
  }

  /** Time passes up to that moment; everything that falls due on the way happens at its time. */
  until(moment: string | number): this {
    const last = typeof moment === "string" ? Date.parse(moment) : moment
    for (;;) {
      const due = Math.min(...this.deadlines())
      if (due > last) break
      this.at = Math.max(this.at, due)
      const before = this.events.length + this.looksMade
      const { recovery } = this
      if (recovery !== undefined) {
        this.take(look(recovery, this.sequence, this.ask()))
        this.take(retry(this.recovery ?? recovery, this.sequence, this.ask()))
        this.call()
      }
      for (const one of this.uncertain()) this.findOut(one)
      assert.notEqual(this.events.length + this.looksMade, before, "a deadline without effect would come for ever")
    }
    this.at = Math.max(this.at, last)
    return this
  }

  buys(): this {
    this.cart = { ...this.cart, isBought: true }
    return this.ends("bought")
  }

  /** Bought by a way that the recovery has not heard of yet. */
  buysUnheard(): this {
    this.cart = { ...this.cart, isBought: true }
    return this
  }

  changes(): this {
    this.cart = { ...this.cart, cartVersion: this.cart.cartVersion + 1, isBought: false }
    return this.ends("cart-changed")
  }

  empties(): this {
    this.cart = { ...this.cart, isEmpty: true }
    return this
  }

  sellsOut(): this {
    this.cart = { ...this.cart, isSoldOut: true }
    return this
  }

  /** Writes a message, as the hub hears it. */
  says(text: string, address = US_PHONE, channel: Channel = "sms"): this {
    const { at, contact } = this
    return this.take(hear(this, { at, channel, address, word: wordOf(text, contact.optedOutAt !== undefined) }))
  }

  replies(): this {
    return this.says("do you have it in blue?")
  }

  saysStop(address = US_PHONE, channel: Channel = "sms"): this {
    return this.says("STOP", address, channel)
  }

  saysStart(address = US_PHONE, channel: Channel = "sms"): this {
    return this.says("START", address, channel)
  }

  take(events: ReadonlyArray<AnyEvent>): this {
    for (const event of events) {
      this.events.push(event)
      this.fold(event)
    }
    return this
  }

  /** The messages that the provider took, as `sms 2026-07-02T12:00:00.000Z`. */
  get sent(): ReadonlyArray<string> {
    return this.all("message-sent").map(({ attemptId, at }) => {
      const intended = this.all("message-intended").find((one) => one.attemptId === attemptId)
      return `${intended?.channel} ${new Date(at).toISOString()}`
    })
  }

  all<Type extends AnyEvent["type"]>(type: Type): ReadonlyArray<Extract<AnyEvent, { readonly type: Type }>> {
    return this.events.filter((event): event is Extract<AnyEvent, { readonly type: Type }> => event.type === type)
  }

  private ends(reason: Parameters<typeof end>[1]): this {
    return this.recovery === undefined ? this : this.take(end(this.recovery, reason, this.at))
  }

  private fold(event: AnyEvent): void {
    switch (event.type) {
      case "recovery-started":
        if (this.recovery !== undefined && !isSettled(this.recovery))
          this.unsettled = [...this.unsettled, this.recovery]
        this.recovery = startedBy(event)
        return
      case "recovery-withheld":
        return
      case "address-suppressed":
      case "address-reopened":
        return evolveSuppressions(this.suppressions, event)
      case "contact-point-set":
      case "contact-point-removed":
      case "contact-settings-set":
      case "contact-joined":
      case "name-set":
      case "customer-wrote":
      case "link-followed":
      case "opted-out":
      case "opted-in":
        this.contact = evolveContact(this.contact, event)
        return
      case "message-intended":
      case "message-retried":
      case "message-sent":
      case "message-failed":
      case "message-skipped":
        this.contact = evolveContact(this.contact, event)
    }
    const { recoveryId } = event
    if (event.type === "message-intended" || event.type === "message-retried") this.toCall = event.attemptId
    if (this.recovery?.recoveryId === recoveryId) this.recovery = evolve(this.recovery, event)
    this.unsettled = this.unsettled
      .map((one) => (one.recoveryId === recoveryId ? evolve(one, event) : one))
      .filter((one) => !isSettled(one))
  }

  /** Recoveries with a message of which nobody knows whether it left. */
  private uncertain(): ReadonlyArray<Recovery> {
    const all = this.recovery === undefined ? this.unsettled : [...this.unsettled, this.recovery]
    return all.filter(({ attempt }) => attempt !== undefined && attempt.retryAt === undefined)
  }

  private deadlines(): ReadonlyArray<number> {
    const due = this.recovery === undefined ? undefined : deadlineOf(this.recovery)
    return [
      due ?? Infinity,
      ...this.uncertain()
        .map((one) => this.fate(one))
        .map((fate) => (fate.do === "wait" ? fate.until : this.at))
    ]
  }

  private fate({ attempt }: Recovery): Fate {
    assert.ok(attempt)
    const key = `${attempt.attemptId} ${attempt.calls}`
    const lookedAt = this.looks.get(key)
    const receipt = this.arrived.includes(attempt.attemptId) ? attempt.attemptId : undefined
    return fateOf({
      at: this.at,
      attempt,
      call: "nobody-knows",
      heardOf: undefined,
      looked: lookedAt === undefined ? undefined : { at: lookedAt, receipt },
      lookFailedAt: undefined,
      canLookUp: true,
      policy: FATE_POLICY_DEFAULT
    })
  }

  private findOut(recovery: Recovery): void {
    const { attempt } = recovery
    assert.ok(attempt)
    const { at, sequence } = this
    const fate = this.fate(recovery)
    if (fate.do === "look-up") {
      this.looks.set(`${attempt.attemptId} ${attempt.calls}`, at)
      this.looksMade++
    }
    if (fate.do === "record-sent") {
      this.take(sent(recovery, sequence, { at, attemptId: attempt.attemptId, receipt: fate.receipt }))
    }
    if (fate.do === "call-again") {
      const ask = { ...this.ask(), isKnownUnsent: true }
      this.take(retry(recovery, sequence, ask)).call()
    }
  }

  /** The provider is called for an attempt that waits for nothing. */
  private call(): this {
    const { recovery, sequence, at } = this
    const attempt = recovery?.attempt
    if (recovery === undefined || attempt === undefined || this.toCall !== attempt.attemptId) return this
    this.toCall = undefined
    if (!clearance(recovery, sequence, this.ask()).may) return this.take(withdraw(recovery, sequence, this.ask()))
    const { attemptId, channel } = attempt
    const answer = this.answer(channel, ++this.calls)
    if (answer === "sent") {
      this.arrived.push(attemptId)
      return this.take(sent(recovery, sequence, { at, attemptId, receipt: `SM${this.calls}` }))
    }
    if (answer === "lost") return this.take(lost(recovery, sequence, { at, attemptId, code: "fate-unknown" }))
    if (answer.class === "unknown") {
      if (answer.hasArrived) this.arrived.push(attemptId)
      return this
    }
    const { class: failure, retryMs = MINUTE } = answer
    return this.take(failed(recovery, { at, attemptId, class: failure, code: "x", retryAt: at + retryMs }))
  }
}
