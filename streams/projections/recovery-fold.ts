/**
 * What a batch of the customers' journal makes of the read models of recovery: pure, rows in and rows out.
 *
 * A recovery's row is taken on by the actors' own fold, which stands in it packed for as long as something can still
 * happen; a message's row says how far it got.
 */
import type { CustomerEvent, CustomerRecord } from "../../actors/customer/customer.ts"
import { NO_OFFER } from "../../actors/recovery/bandit.ts"
import type { MessageIntended, RecoveryEvent, RecoveryStarted, RecoveryWithheld } from "../../actors/recovery/events.ts"
import { deadlineOf, evolve, isSettled, type Recovery, startedBy } from "../../actors/recovery/recovery.ts"
import type { StoredCommit } from "../codec.ts"

/** Moments are in milliseconds since the epoch; names are PostgreSQL's. */
export interface RecoveryRow {
  readonly customer: string
  readonly abandonment: string
  readonly cart: string
  readonly recovery?: string
  readonly withheld?: string
  readonly sequence?: string | undefined
  readonly version?: number | undefined
  readonly arm?: "treated" | "holdout"
  readonly channel?: string | undefined
  readonly left: number
  readonly decided: number
  readonly step?: number
  readonly phase?: Phase | undefined
  readonly due?: number | undefined
  readonly next?: string | undefined
  readonly messages: number
  readonly ended?: number | undefined
  readonly reason?: string | undefined
  readonly state?: string
}

export type Phase = "waiting" | "planned" | "sending" | "retrying"

export interface MessageRow {
  readonly attempt: string
  readonly recovery: string
  readonly customer: string
  readonly sequence: string
  readonly version: number
  readonly step: number
  readonly channel: string
  readonly template: string
  readonly form: string
  /** The catalogue's name of what it offers, or `none`. */
  readonly offer: string
  readonly state: "intended" | "postponed" | "sent" | "lost" | "failed" | "withdrawn"
  readonly reason?: string | null
  readonly calls: number
  readonly intended: number
  readonly called: number
  readonly settled?: number | null
  readonly segments?: number | null
  readonly cost?: number | null
  readonly currency?: string | null
}

export interface TimelineRow {
  readonly customer: string
  readonly version: number
  readonly ordinal: number
  readonly at: number
  readonly event: string
}

export interface SuppressedRow {
  readonly address: string
  readonly channel: string
  readonly reason: string
  readonly at: number
  readonly position: number
}

/** A recovery as its row keeps it: what the actors know, and what they need not. */
export interface Kept {
  readonly recovery: Recovery
  readonly channel: string | undefined
  readonly messages: number
}

export interface Known {
  /** By their ids. */
  readonly recoveries: ReadonlyMap<string, Kept>
  readonly messages: ReadonlyMap<string, MessageRow>
}

export interface Folded {
  readonly recoveries: ReadonlyArray<RecoveryRow>
  readonly messages: ReadonlyArray<MessageRow>
  readonly timeline: ReadonlyArray<TimelineRow>
  readonly suppressed: ReadonlyArray<SuppressedRow>
  /** Taken off the list in this batch, perhaps to come back in it. */
  readonly reopened: ReadonlyArray<string>
}

type Commits = ReadonlyArray<StoredCommit<CustomerRecord>>

/** The recoveries and messages that a batch goes on with. */
export const touchedBy = (commits: Commits) => {
  const recoveries = new Set<string>()
  const attempts = new Set<string>()
  for (const { records } of commits) {
    for (const { events } of records) {
      for (const event of events) {
        if ("recoveryId" in event) recoveries.add(event.recoveryId)
        if ("attemptId" in event) attempts.add(event.attemptId)
      }
    }
  }
  return { recoveries: [...recoveries], attempts: [...attempts] }
}

export const foldRecoveries = (commits: Commits, known: Known): Folded => {
  const fold = new Fold(known)
  for (const { records, sequence } of commits) {
    for (const [entry, record] of records.entries()) fold.take(record, sequence * ENTRIES_PER_COMMIT + entry)
  }
  return fold.folded()
}

const ENTRIES_PER_COMMIT = 65_536

class Fold {
  private readonly known: Known
  private readonly kept = new Map<string, Kept>()
  private readonly withheld = new Map<string, RecoveryRow>()
  private readonly messages = new Map<string, MessageRow>()
  private readonly timeline: Array<TimelineRow> = []
  private readonly suppressed = new Map<string, SuppressedRow>()
  private readonly reopened = new Set<string>()

  constructor(known: Known) {
    this.known = known
  }

  take({ customerId, events, version }: CustomerRecord, position: number): void {
    if (version === 0) return
    for (const [ordinal, event] of events.entries()) {
      const { customerId: _customer, ...told } = event as CustomerEvent & { readonly customerId?: string }
      this.timeline.push({ customer: customerId, version, ordinal, at: event.at, event: JSON.stringify(told) })
      this.takeEvent(event, position)
    }
  }

  folded(): Folded {
    const recoveries = new Map(this.withheld)
    for (const kept of this.kept.values()) {
      const row = rowOf(kept)
      recoveries.set(keyOf(row), row)
    }
    return {
      recoveries: [...recoveries.values()],
      messages: [...this.messages.values()],
      timeline: this.timeline,
      suppressed: [...this.suppressed.values()],
      reopened: [...this.reopened]
    }
  }

  private takeEvent(event: CustomerEvent, position: number): void {
    switch (event.type) {
      case "recovery-withheld":
        return this.takeWithheld(withheldRow(event))
      case "recovery-started":
        this.kept.set(event.recoveryId, startedKept(event))
        return
      case "offer-decided":
      case "offer-repeated":
        return this.changeMessage(event.attemptId, () => ({ offer: event.arm }))
      case "address-suppressed": {
        const { address, at, channel, reason } = event
        // An opt-out is the owner's word and is not overwritten by what a carrier found.
        if (this.suppressed.get(address)?.reason === "opted-out") return
        this.suppressed.set(address, { address, channel, reason, at, position })
        return
      }
      case "address-reopened":
        this.suppressed.delete(event.address)
        this.reopened.add(event.address)
        return
      default:
        if (isOfRecovery(event)) this.takeOfRecovery(event)
    }
  }

  /** A cart that is still left after a start is decided on again: who was held out for it stays so. */
  private takeWithheld(row: RecoveryRow): void {
    const key = keyOf(row)
    if (this.withheld.get(key)?.arm === undefined) this.withheld.set(key, row)
  }

  private takeOfRecovery(event: RecoveryEvent): void {
    const kept = this.kept.get(event.recoveryId) ?? this.known.recoveries.get(event.recoveryId)
    if (kept === undefined) return
    if ("attemptId" in event) this.takeOfMessage(event, kept.recovery)
    this.kept.set(event.recoveryId, {
      ...kept,
      recovery: evolve(kept.recovery, event),
      messages: kept.messages + (mayHaveGone(event) ? 1 : 0)
    })
  }

  private takeOfMessage(event: OfMessage, recovery: Recovery): void {
    const { attemptId } = event
    if (event.type === "message-intended") {
      this.messages.set(attemptId, intendedRow(event, recovery))
      return
    }
    this.changeMessage(attemptId, (row) => changeBy(event, row))
  }

  private changeMessage(attemptId: string, change: (row: MessageRow) => Partial<MessageRow>): void {
    const row = this.messages.get(attemptId) ?? this.known.messages.get(attemptId)
    if (row !== undefined) this.messages.set(attemptId, { ...row, ...change(row) })
  }
}

const keyOf = ({ abandonment, customer }: RecoveryRow): string => `${customer.length}:${customer}${abandonment}`

type OfMessage = Extract<RecoveryEvent, { readonly attemptId: string }>

const OF_RECOVERY: ReadonlySet<string> = new Set<RecoveryEvent["type"]>([
  "step-decided",
  "step-skipped",
  "message-intended",
  "message-sent",
  "message-retried",
  "message-postponed",
  "message-failed",
  "message-skipped",
  "customer-replied",
  "recovery-ended"
])

const isOfRecovery = (event: CustomerEvent): event is RecoveryEvent => OF_RECOVERY.has(event.type)

const mayHaveGone = (event: RecoveryEvent): boolean =>
  event.type === "message-sent" || (event.type === "message-failed" && !event.isUnsent)

const startedKept = (event: RecoveryStarted): Kept => ({
  recovery: startedBy(event),
  channel: event.channel,
  messages: 0
})

const withheldRow = (event: RecoveryWithheld): RecoveryRow => {
  const { abandonment, at, channel, customerId, reason, sequenceId, sequenceVersion } = event
  return {
    customer: customerId,
    abandonment: abandonment.abandonmentId,
    cart: abandonment.cartId,
    withheld: reason,
    sequence: sequenceId,
    version: sequenceVersion,
    ...(reason === "holdout" ? { arm: "holdout" as const } : {}),
    channel,
    left: abandonment.at,
    decided: at,
    messages: 0
  }
}

const intendedRow = (event: MessageIntended, { sequenceId, sequenceVersion }: Recovery): MessageRow => ({
  attempt: event.attemptId,
  recovery: event.recoveryId,
  customer: event.customerId,
  sequence: sequenceId,
  version: sequenceVersion,
  step: event.step,
  channel: event.channel,
  template: event.template,
  form: event.form,
  offer: NO_OFFER,
  state: "intended",
  calls: 1,
  intended: event.at,
  called: event.at
})

const changeBy = (event: Exclude<OfMessage, MessageIntended>, row: MessageRow): Partial<MessageRow> => {
  switch (event.type) {
    case "message-retried":
      return { state: "intended", reason: null, calls: row.calls + 1, called: event.at }
    case "message-postponed":
      return { state: "postponed", reason: event.code, calls: event.class === "throttled" ? row.calls - 1 : row.calls }
    case "message-sent":
      return {
        state: "sent",
        reason: null,
        settled: event.at,
        segments: event.segments ?? null,
        cost: event.cost?.microMinor ?? null,
        currency: event.cost?.currency ?? null
      }
    case "message-failed":
      return { state: event.isUnsent ? "failed" : "lost", reason: event.code, settled: event.at }
    case "message-skipped":
      return { state: "withdrawn", reason: event.reason, settled: event.at }
  }
}

const rowOf = (kept: Kept): RecoveryRow => {
  const { channel, messages, recovery } = kept
  const { abandonment, attempt, customerId, ended, planned, recoveryId, sequenceId, sequenceVersion } = recovery
  const isOver = isSettled(recovery)
  return {
    customer: customerId,
    abandonment: abandonment.abandonmentId,
    cart: abandonment.cartId,
    recovery: recoveryId,
    sequence: sequenceId,
    version: sequenceVersion,
    arm: "treated",
    channel,
    left: abandonment.at,
    decided: recovery.startedAt,
    step: recovery.step,
    phase: isOver ? undefined : phaseOf(recovery),
    due: isOver ? undefined : (deadlineOf(recovery) ?? attempt?.intendedAt),
    next: isOver ? undefined : (attempt ?? planned)?.channel,
    messages,
    ended: ended?.at,
    reason: ended?.reason,
    ...(isOver ? {} : { state: JSON.stringify(kept) })
  }
}

const phaseOf = ({ attempt, planned }: Recovery): Phase => {
  if (attempt !== undefined) return attempt.retryAt === undefined ? "sending" : "retrying"
  return planned === undefined ? "waiting" : "planned"
}
