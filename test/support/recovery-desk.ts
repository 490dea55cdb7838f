/**
 * Customers in memory, with the real book and the real deciders: they leave carts, what is decided is "in the journal" at
 * once, and a reactor carries it. The reactor can be killed at any moment; then the book is made anew, in turn from its
 * snapshot and from its records.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { CustomerBook, settingsRecord } from "../../actors/customer/book.ts"
import type { AttemptOutcome, OfCustomers } from "../../actors/customer/commands.ts"
import type { CustomerEvent, CustomerRecord } from "../../actors/customer/customer.ts"
import {
  type Circumstances,
  clearanceOf,
  decideCustomers,
  decideDueCustomer,
  type Happened
} from "../../actors/customer/decide.ts"
import { FATE_POLICY_DEFAULT, type FatePolicy } from "../../actors/recovery/attempt-fate.ts"
import type { ContactPoint } from "../../actors/recovery/contact.ts"
import type { CartNow } from "../../actors/recovery/may-reach.ts"
import { POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import type { Recovery } from "../../actors/recovery/recovery.ts"
import type { Sequence } from "../../actors/recovery/sequence.ts"
import { settingsWith } from "../../actors/recovery/settings.ts"
import type { OutboundMessage, Outreach } from "../../src/outreach/outreach.ts"
import type { OpenAttempt } from "../../src/recovery/carried.ts"
import { follow, openOf } from "../../src/recovery/desk.ts"
import { Reactor, type RecoveryDesk } from "../../src/recovery/reactor.ts"

export const oneStep = (channels: Sequence["steps"][number]["channels"]): Sequence => ({
  sequenceId: "one",
  version: 1,
  steps: [{ delayMs: 0, channels, template: "left", mayOffer: false }],
  gapMs: 0,
  expiresMs: 86_400_000
})

export interface BookOptions {
  readonly outreach: Outreach
  readonly sequence: Sequence
  readonly fate?: Partial<FatePolicy>
}

const LIVELY: FatePolicy = { ...FATE_POLICY_DEFAULT, graceMs: 1_000, lookUpEveryMs: 20 }
/** Quiet hours and caps are the deciders' own test: here it is always day. */
const ALWAYS = {
  ...POLICY_DEFAULT,
  hours: { opensMinute: 0, closesMinute: 24 * 60, closedDays: [] },
  hoursByCountry: {},
  holdoutShare: 0,
  caps: []
}

type Place = Pick<ContactPoint, "channel" | "address">

export class PretendBook implements RecoveryDesk {
  readonly events: Array<CustomerEvent> = []
  /** Told outcomes are refused while this says so, as by a journal that does not answer. */
  isStalled = false
  /** Called in the moment before a message is composed. */
  onCompose: (open: OpenAttempt) => void = () => undefined
  private book = new CustomerBook()
  private readonly records: Array<CustomerRecord> = []
  private readonly carts = new Map<string, CartNow>()
  private readonly options: BookOptions
  private reactor: Reactor | undefined
  private fibers = new Set<Fiber.Fiber<void>>()
  private starts = 0
  private count = 0

  constructor(options: BookOptions) {
    this.options = options
    const { version, ...sequence } = options.sequence
    const settings = { ...settingsWith({}), sequences: [{ ...sequence, fits: {} }], contact: ALWAYS }
    this.records.push(settingsRecord({ version, at: 0, by: "test", settings }))
    this.startReactor()
  }

  /** What is open is taken up, as after a start. */
  startReactor(): void {
    this.book = this.starts++ % 2 === 0 ? this.folded() : this.restored()
    const { outreach, fate } = this.options
    const fibers = new Set<Fiber.Fiber<void>>()
    this.fibers = fibers
    const reactor = new Reactor({
      desk: this,
      outreach,
      policy: { ...LIVELY, ...fate },
      nowMs: Date.now,
      run: (effect) => {
        // A process that was killed runs nothing any more.
        if (this.fibers !== fibers) return
        const fiber = Effect.runFork(effect)
        fibers.add(fiber)
        fiber.addObserver(() => fibers.delete(fiber))
      }
    })
    this.reactor = reactor
    for (const customerId of this.book.open) {
      const open = openOf(this.book, customerId)
      if (open !== undefined) reactor.resume(open)
    }
  }

  /** Nothing is finished, nothing is told. */
  async kill(): Promise<void> {
    const { fibers } = this
    this.fibers = new Set()
    this.reactor = undefined
    for (const fiber of fibers) await Effect.runPromise(Fiber.interrupt(fiber))
  }

  get carried(): number {
    return this.reactor?.depth ?? 0
  }

  heard(attemptId: string, messageId: string): void {
    this.reactor?.heard(attemptId, messageId)
  }

  recovery(customerId: string): Recovery | undefined {
    return this.book.peek(customerId)?.recovery
  }

  suppression(address: string): string | undefined {
    return this.book.suppressions.get(address)?.reason
  }

  ofType<Type extends CustomerEvent["type"]>(
    type: Type
  ): ReadonlyArray<Extract<CustomerEvent, { readonly type: Type }>> {
    return this.events.filter((event): event is Extract<CustomerEvent, { readonly type: Type }> => event.type === type)
  }

  take(command: OfCustomers): boolean {
    return this.keep(decideCustomers(this.book, command, this.given()))
  }

  /** A customer who may be reached at these places leaves a cart. */
  leave(customerId: string, places: ReadonlyArray<Place>): void {
    this.carts.set(customerId, { cartVersion: 1, isEmpty: false, isBought: false, isSoldOut: false })
    for (const place of places) {
      const point = { ...place, countries: ["GB"] }
      this.take({ type: "point", ...this.on(customerId), point, hasConsented: true, sealed: place.address })
    }
    const abandonment = { abandonmentId: `${customerId}-left`, cartId: customerId, cartVersion: 1, at: Date.now() }
    this.take({ type: "abandoned", ...this.on(customerId), abandonment })
  }

  buy(customerId: string): void {
    this.carts.set(customerId, { ...(this.carts.get(customerId) as CartNow), isBought: true })
  }

  stop(customerId: string, { address, channel }: Place): void {
    this.take({ type: "opt-out", ...this.on(customerId), channel, address })
  }

  /** Deadlines that have come. */
  tick(): void {
    for (const key of this.book.deadlines.dueBy(Date.now(), 10_000)) {
      this.keep([{ customerId: key, events: decideDueCustomer(this.book, key, this.given()) }])
    }
  }

  mayGo({ customerId }: OpenAttempt): boolean {
    return clearanceOf(this.book, customerId, this.given()).may
  }

  compose(open: OpenAttempt): Effect.Effect<OutboundMessage> {
    return Effect.sync(() => {
      this.onCompose(open)
      const { attempt, customerId } = open
      const link = `https://shop.example/c/${attempt.attemptId}`
      return {
        attemptId: attempt.attemptId,
        customerId,
        channel: attempt.channel,
        to: this.book.peek(customerId)?.sealed[attempt.address] ?? "",
        text: `You left something: ${link}`,
        link,
        subject: "Your cart",
        intendedAtMs: attempt.intendedAt
      }
    })
  }

  tell({ attempt: { attemptId }, customerId }: OpenAttempt, outcome: AttemptOutcome): Effect.Effect<boolean, string> {
    return Effect.suspend(() => {
      if (this.isStalled) return Effect.fail("the journal does not answer")
      return Effect.succeed(this.take({ type: "outcome", ...this.on(customerId), attemptId, outcome }))
    })
  }

  private on(customerId: string) {
    return { customerId, mutationId: `m${++this.count}` }
  }

  private given(): Circumstances {
    const cartNow = (cart: string) => this.carts.get(cart)
    return { at: Date.now(), cartNow, isPresent: () => true, offering: undefined }
  }

  private keep(happened: Happened): boolean {
    let changed = false
    for (const { customerId, events, sealed } of happened) {
      if (events.length === 0) continue
      changed = true
      const version = (this.book.find(customerId)?.version ?? 0) + 1
      const made = { customerId, version, mutationId: "m", events, ...(sealed === undefined ? {} : { sealed }) }
      const record = JSON.parse(JSON.stringify(made)) as CustomerRecord
      this.records.push(record)
      this.events.push(...record.events)
      this.book.apply(record)
      // Said again, as by a recovery from a snapshot, it changes nothing.
      this.book.apply(record)
      const commit = { id: "c", at: 0, facts: 0, records: [record], partition: 0, sequence: 0, sizeBytes: 0 }
      if (this.reactor !== undefined) follow(this.reactor, this.book, [commit])
    }
    return changed
  }

  private folded(): CustomerBook {
    const book = new CustomerBook()
    for (const record of this.records) book.apply(record)
    return book
  }

  private restored(): CustomerBook {
    const book = new CustomerBook()
    for (const name of this.book.names()) book.restore(name, this.book.packed(name) ?? "")
    for (const record of this.book.spanningRecords()) book.apply(record)
    const folded = this.folded()
    assert.deepEqual([...book.open].toSorted(), [...folded.open].toSorted())
    assert.deepEqual([...book.running].toSorted(), [...folded.running].toSorted())
    assert.equal(book.deadlines.size, folded.deadlines.size)
    for (const name of folded.names()) assert.equal(book.packed(name), folded.packed(name), name)
    return book
  }
}
