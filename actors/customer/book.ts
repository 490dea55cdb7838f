/**
 * All customers of a hub in memory, folded from journal records, with what is decided across them: which addresses
 * nothing is sent to, whose an address is, and the settings by which carts are won back.
 *
 * A customer whom nobody asked for in a while sleeps as a packed string. Records may be applied again: one whose version
 * the customer already has is skipped.
 */
import { countLearned, type Seen } from "../recovery/bandit.ts"
import { type Budget, countOffers } from "../recovery/budget.ts"
import { deadlineOf, isRunning } from "../recovery/recovery.ts"
import type { SettingsVersion } from "../recovery/settings.ts"
import { SettingsHistory } from "../recovery/settings-history.ts"
import { Sleepers } from "../sleepers.ts"
import { evolveSuppressions, type Suppression, type SuppressionEvent } from "../recovery/suppression.ts"
import { Deadlines } from "../stock/deadlines.ts"
import { type Customer, type CustomerRecord, evolveCustomer, newCustomer, unpackCustomer } from "./customer.ts"
import { offersDueAt } from "./offers.ts"

const CUSTOMER = "customer:"
const SUPPRESSED = "suppressed:"

export class CustomerBook {
  readonly deadlines = new Deadlines<string>()
  /** Customers with attempts that have no outcome yet. */
  readonly open = new Set<string>()
  /** Customers who have a recovery that has not ended. */
  readonly running = new Set<string>()
  readonly suppressions = new Map<string, Suppression>()
  readonly settings = new SettingsHistory()
  /** Customers with an offer of which the carts have not said yet what it came to. */
  readonly holding = new Set<string>()
  /** Of all customers' offers. */
  readonly budget: Budget = new Map()
  readonly posteriors = new Map<string, Seen>()
  private readonly sleepers = new Sleepers<Customer>((customer) => JSON.stringify(customer), unpackCustomer)
  private readonly byAddress = new Map<string, Set<string>>()
  /** Who each message that is remembered went to. */
  private readonly byAttempt = new Map<string, string>()

  find(customerId: string): Customer | undefined {
    return this.sleepers.find(customerId)
  }

  /** Without waking them: for whoever passes over many. */
  peek(customerId: string): Customer | undefined {
    return this.sleepers.peek(customerId)
  }

  /** A family's number is several customers'. */
  whose(address: string): ReadonlyArray<string> {
    return [...(this.byAddress.get(address) ?? [])]
  }

  whoWasSent(attemptId: string): string | undefined {
    return this.byAttempt.get(attemptId)
  }

  get size(): number {
    return this.sleepers.size
  }

  get awakeCount(): number {
    return this.sleepers.awakeCount
  }

  *names(): IterableIterator<string> {
    for (const address of this.suppressions.keys()) yield `${SUPPRESSED}${address}`
    for (const customerId of this.sleepers.names()) yield `${CUSTOMER}${customerId}`
  }

  packed(name: string): string | undefined {
    if (name.startsWith(SUPPRESSED)) {
      const suppression = this.suppressions.get(name.slice(SUPPRESSED.length))
      return suppression === undefined ? undefined : JSON.stringify(suppression)
    }
    return this.sleepers.packed(name.slice(CUSTOMER.length))
  }

  restore(name: string, packed: string): void {
    if (name.startsWith(SUPPRESSED)) {
      this.suppressions.set(name.slice(SUPPRESSED.length), JSON.parse(packed) as Suppression)
      return
    }
    const customerId = name.slice(CUSTOMER.length)
    this.sleepers.lay(customerId, packed)
    this.note(undefined, unpackCustomer(customerId, packed))
  }

  /** The rest belongs to a customer, or to an address. */
  spanningRecords(): ReadonlyArray<CustomerRecord> {
    return this.settings.kept.map((settings) => settingsRecord(settings))
  }

  apply(record: CustomerRecord): void {
    const { customerId, events, settings, version } = record
    if (settings !== undefined) this.settings.apply(settings)
    if (version === 0) return
    const before = this.find(customerId)
    if (before !== undefined && version <= before.version) return
    const after = evolveCustomer(before ?? newCustomer(customerId), record)
    this.sleepers.put(customerId, after)
    for (const event of events) if (isOfAddress(event)) evolveSuppressions(this.suppressions, event)
    this.note(before, after)
  }

  sweep(max: number, mayTurn: boolean): boolean {
    return this.sleepers.sweep(max, mayTurn)
  }

  /** Keeps what is known across customers in step with one of them. */
  private note(before: Customer | undefined, after: Customer): void {
    const { contact, customerId, recovery } = after
    this.deadlines.move(customerId, before && dueAt(before), dueAt(after))
    if (recovery?.attempt === undefined) this.open.delete(customerId)
    else this.open.add(customerId)
    if (isRunning(recovery)) this.running.add(customerId)
    else this.running.delete(customerId)
    if (before?.contact.sent !== contact.sent) {
      for (const { attemptId } of before?.contact.sent ?? []) this.byAttempt.delete(attemptId)
      for (const { attemptId } of contact.sent) this.byAttempt.set(attemptId, customerId)
    }
    this.noteOffers(before, after)
    if (before?.contact.points === contact.points) return
    for (const { address } of before?.contact.points ?? []) this.byAddress.get(address)?.delete(customerId)
    for (const { address } of contact.points) {
      let whose = this.byAddress.get(address)
      if (whose === undefined) this.byAddress.set(address, (whose = new Set()))
      whose.add(customerId)
    }
  }

  private noteOffers(before: Customer | undefined, { customerId, learned, offers }: Customer): void {
    if (before?.learned !== learned) {
      countLearned(this.posteriors, before?.learned ?? {}, -1)
      countLearned(this.posteriors, learned, 1)
    }
    if (before?.offers === offers) return
    countOffers(this.budget, before?.offers ?? [], -1)
    countOffers(this.budget, offers, 1)
    if (offers.some(({ state }) => state === "open" || state === "ending")) this.holding.add(customerId)
    else this.holding.delete(customerId)
  }
}

export const settingsRecord = (settings: SettingsVersion, mutationId = ""): CustomerRecord => ({
  customerId: "",
  version: 0,
  mutationId,
  events: [],
  settings
})

/** Of its recovery, or of its offers. */
const dueAt = (customer: Customer): number | undefined => {
  const recovery = customer.recovery === undefined ? undefined : deadlineOf(customer.recovery)
  const offers = offersDueAt(customer)
  return recovery === undefined || offers === undefined ? (recovery ?? offers) : Math.min(recovery, offers)
}

const isOfAddress = (event: { readonly type: string }): event is SuppressionEvent =>
  event.type === "address-suppressed" || event.type === "address-reopened"
