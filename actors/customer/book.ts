/**
 * All customers of a hub in memory, folded from journal records, with what is decided across them: which addresses
 * nothing is sent to, whose an address is, and the settings by which carts are won back.
 *
 * A customer whom nobody asked for in a while sleeps as a packed string. Records may be applied again: one whose version
 * the customer already has is skipped.
 */
import { deadlineOf, isRunning } from "../recovery/recovery.ts"
import type { SettingsVersion } from "../recovery/settings.ts"
import { SettingsHistory } from "../recovery/settings-history.ts"
import { evolveSuppressions, type Suppression, type SuppressionEvent } from "../recovery/suppression.ts"
import { bucketOf, Deadlines, type Due } from "../stock/deadlines.ts"
import { type Customer, type CustomerRecord, evolveCustomer, newCustomer } from "./customer.ts"

type CustomerDue = Due & { expiresAt: number }

const CUSTOMER = "customer:"
const SUPPRESSED = "suppressed:"

export class CustomerBook {
  readonly deadlines = new Deadlines()
  /** Customers with attempts that have no outcome yet. */
  readonly open = new Set<string>()
  /** Customers who have a recovery that has not ended. */
  readonly running = new Set<string>()
  readonly suppressions = new Map<string, Suppression>()
  readonly settings = new SettingsHistory()
  private young = new Map<string, Customer>()
  private old = new Map<string, Customer>()
  private readonly asleep = new Map<string, string>()
  private readonly due = new Map<string, CustomerDue>()
  private readonly byAddress = new Map<string, Set<string>>()
  /** Who each message that is remembered went to. */
  private readonly byAttempt = new Map<string, string>()

  find(customerId: string): Customer | undefined {
    const young = this.young.get(customerId)
    if (young !== undefined) return young
    const customer = this.peek(customerId)
    if (customer === undefined) return undefined
    this.old.delete(customerId)
    this.asleep.delete(customerId)
    this.young.set(customerId, customer)
    return customer
  }

  /** Without waking them: for whoever passes over many. */
  peek(customerId: string): Customer | undefined {
    const awake = this.young.get(customerId) ?? this.old.get(customerId)
    if (awake !== undefined) return awake
    const packed = this.asleep.get(customerId)
    return packed === undefined ? undefined : (JSON.parse(packed) as Customer)
  }

  /** A family's number is several customers'. */
  whose(address: string): ReadonlyArray<string> {
    return [...(this.byAddress.get(address) ?? [])]
  }

  whoWasSent(attemptId: string): string | undefined {
    return this.byAttempt.get(attemptId)
  }

  get size(): number {
    return this.young.size + this.old.size + this.asleep.size
  }

  get awakeCount(): number {
    return this.young.size + this.old.size
  }

  *names(): IterableIterator<string> {
    for (const address of this.suppressions.keys()) yield `${SUPPRESSED}${address}`
    for (const customers of [this.young, this.old, this.asleep]) {
      for (const customerId of customers.keys()) yield `${CUSTOMER}${customerId}`
    }
  }

  packed(name: string): string | undefined {
    if (name.startsWith(SUPPRESSED)) {
      const suppression = this.suppressions.get(name.slice(SUPPRESSED.length))
      return suppression === undefined ? undefined : JSON.stringify(suppression)
    }
    const customerId = name.slice(CUSTOMER.length)
    const awake = this.young.get(customerId) ?? this.old.get(customerId)
    return awake === undefined ? this.asleep.get(customerId) : JSON.stringify(awake)
  }

  restore(name: string, packed: string): void {
    if (name.startsWith(SUPPRESSED)) {
      this.suppressions.set(name.slice(SUPPRESSED.length), JSON.parse(packed) as Suppression)
      return
    }
    const customerId = name.slice(CUSTOMER.length)
    this.asleep.set(customerId, packed)
    this.note(undefined, JSON.parse(packed) as Customer)
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
    this.young.set(customerId, after)
    for (const event of events) if (isOfAddress(event)) evolveSuppressions(this.suppressions, event)
    this.note(before, after)
  }

  sweep(max: number, mayTurn: boolean): void {
    let packed = 0
    for (const [customerId, customer] of this.old) {
      if (packed++ === max) return
      this.old.delete(customerId)
      this.asleep.set(customerId, JSON.stringify(customer))
    }
    if (!mayTurn) return
    this.old = this.young
    this.young = new Map()
  }

  /** Keeps what is known across customers in step with one of them. */
  private note(before: Customer | undefined, after: Customer): void {
    const { contact, customerId, recovery } = after
    this.noteDeadline(after)
    if (recovery?.attempt === undefined) this.open.delete(customerId)
    else this.open.add(customerId)
    if (isRunning(recovery)) this.running.add(customerId)
    else this.running.delete(customerId)
    if (before?.contact.sent !== contact.sent) {
      for (const { attemptId } of before?.contact.sent ?? []) this.byAttempt.delete(attemptId)
      for (const { attemptId } of contact.sent) this.byAttempt.set(attemptId, customerId)
    }
    if (before?.contact.points === contact.points) return
    for (const { address } of before?.contact.points ?? []) this.byAddress.get(address)?.delete(customerId)
    for (const { address } of contact.points) {
      let whose = this.byAddress.get(address)
      if (whose === undefined) this.byAddress.set(address, (whose = new Set()))
      whose.add(customerId)
    }
  }

  /** A deadline that moves within its quarter second needs no other timer. */
  private noteDeadline({ customerId, recovery }: Customer): void {
    const at = recovery === undefined ? undefined : deadlineOf(recovery)
    const known = this.due.get(customerId)
    if (known !== undefined && at !== undefined && bucketOf(known.expiresAt) === bucketOf(at)) {
      known.expiresAt = at
      return
    }
    if (known !== undefined) this.deadlines.remove(known)
    if (at === undefined) {
      this.due.delete(customerId)
      return
    }
    const due = { key: customerId, sku: undefined, expiresAt: at }
    this.due.set(customerId, due)
    this.deadlines.add(due)
  }
}

export const settingsRecord = (settings: SettingsVersion, mutationId = ""): CustomerRecord => ({
  customerId: "",
  version: 0,
  mutationId,
  events: [],
  settings
})

const isOfAddress = (event: { readonly type: string }): event is SuppressionEvent =>
  event.type === "address-suppressed" || event.type === "address-reopened"
