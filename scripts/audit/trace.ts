/**
 * One SKU's history, step by step: the command that was decided, the event that it made, the state after it.
 *
 * The state is the hub's own fold, because this is for seeing what the hub saw; the audit proper has its own arithmetic.
 */
import { isStockEvent, type JournalRecord, type StockEvent } from "../../actors/sku/events.ts"
import { StockBook } from "../../actors/stock/book.ts"
import type { StoredCommit } from "../../streams/codec.ts"

export interface Step {
  readonly sequence: number
  readonly at: string
  /** As it was asked; what the hub itself set off (an expiry, a bundle that follows) says so by its id. */
  readonly command: Readonly<Record<string, unknown>>
  /** What it came to: the new version and its numbers, and what else was written down with it. */
  readonly event: Readonly<Record<string, unknown>>
  readonly state: Readonly<Record<string, unknown>>
}

/** Up to a version (a number) or a moment (milliseconds since the epoch), both included. */
export interface Until {
  readonly version?: number
  readonly atMs?: number
}

/** A number is a version, anything else a time in ISO 8601; `undefined` when it is neither. */
export const untilOf = (at: string | undefined): Until | undefined => {
  if (at === undefined) return {}
  if (/^\d+$/.test(at)) return { version: Number(at) }
  const atMs = Date.parse(at)
  return Number.isNaN(atMs) ? undefined : { atMs }
}

/** Of a hot SKU's open holds so many are named; the rest is counted. */
const HOLDS_NAMED = 10

export class Trace {
  private readonly book = new StockBook()
  private readonly sku: string
  private readonly until: Until
  private readonly onStep: (step: Step) => void

  constructor(sku: string, until: Until, onStep: (step: Step) => void) {
    this.sku = sku
    this.until = until
    this.onStep = onStep
  }

  /** False when there is nothing more to see. */
  visit(commit: StoredCommit): boolean {
    if (this.until.atMs !== undefined && commit.at > this.until.atMs) return false
    for (const record of commit.records) {
      if (!isStockEvent(record) || record.sku !== this.sku) continue
      if (this.until.version !== undefined && record.version > this.until.version) return false
      this.book.apply(record, commit.at)
      this.onStep({
        sequence: commit.sequence,
        at: new Date(commit.at).toISOString(),
        command: commandOf(record),
        event: eventOf(record, commit.records),
        state: this.state()
      })
      if (record.version === this.until.version) return false
    }
    return true
  }

  private state(): Step["state"] {
    const state = this.book.peek(this.sku)
    if (state === undefined) return {}
    const holds = [...(state.holds?.values() ?? [])]
    const { version, physical, allocated, locations } = state
    return {
      version,
      physical,
      allocated,
      available: physical - allocated,
      locations: locations.map((place) => ({ ...place })),
      openHolds: holds.length,
      ...(holds.length === 0
        ? {}
        : { holds: holds.slice(0, HOLDS_NAMED).map(({ holdId, quantity }) => ({ holdId, quantity })) })
    }
  }
}

const RESULTS = new Set(["sku", "version", "physical", "allocated", "hash", "safetyThreshold"])

const commandOf = (record: StockEvent): Step["command"] =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !RESULTS.has(name)))

const eventOf = (record: StockEvent, records: ReadonlyArray<JournalRecord>): Step["event"] => {
  const { type, version, physical, allocated } = record
  const signals = records.filter(
    (other) =>
      (other.type === "incident" || other.type === "alert") && other.sku === record.sku && other.version === version
  )
  return {
    type,
    version,
    physical,
    allocated,
    available: physical - allocated,
    ...(signals.length === 0 ? {} : { signals: signals.map(({ type: kind, ...signal }) => ({ kind, ...signal })) })
  }
}

export const stepText = (step: Step): string =>
  [
    `${step.at}  commit ${step.sequence}`,
    `  command  ${JSON.stringify(step.command)}`,
    `  event    ${JSON.stringify(step.event)}`,
    `  state    ${JSON.stringify(step.state)}`
  ].join("\n")
