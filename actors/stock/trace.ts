/**
 * One SKU's history, step by step: the command that was decided, the event that it made, the state after it.
 *
 * The state is the hub's own fold, because this is for seeing what the hub saw; the audit proper has its own arithmetic.
 */
import { isStockEvent, type JournalRecord, type StockEvent } from "../sku/events.ts"
import { pack, unpack } from "../sku/pack.ts"
import { evolve, initialState, type SkuState } from "../sku/state.ts"

export interface Step {
  readonly sequence: number
  readonly at: string
  /** As it was asked; what the hub itself set off (an expiry, a bundle that follows) says so by its id. */
  readonly command: Readonly<Record<string, unknown>>
  /** What it came to: the new version and its numbers, and what else was written down with it. */
  readonly event: Readonly<Record<string, unknown>>
  readonly state: TracedState
}

export interface TracedState {
  readonly version: number
  readonly physical: number
  readonly allocated: number
  readonly available: number
  readonly safetyThreshold: number
  readonly locations: ReadonlyArray<{
    readonly locationId: string
    readonly physical: number
    readonly allocated: number
  }>
  readonly openHolds: number
  /** The first of them. */
  readonly holds?: ReadonlyArray<{ readonly holdId: string; readonly quantity: number }>
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

/** As it stands in the journal. */
interface Committed {
  readonly sequence: number
  readonly at: number
  readonly records: ReadonlyArray<JournalRecord>
}

/** Of a hot SKU's open holds so many are named; the rest is counted. */
const HOLDS_NAMED = 10

/** Goes through a SKU's commits in order, from the beginning or from a state that was kept. */
export class Trace {
  private readonly sku: string
  private readonly actor: SkuState
  private last: { readonly commit: Committed; readonly record: StockEvent } | undefined

  /** `packed`: the state to go on from, as `packed` gave it. */
  constructor(sku: string, packed?: string) {
    this.sku = sku
    this.actor = packed === undefined ? initialState(sku) : unpack(sku, packed)
  }

  /** False when there is nothing more to see before the bound. */
  visit(commit: Committed, until: Until, onStep: () => void = () => undefined): boolean {
    if (until.atMs !== undefined && commit.at > until.atMs) return false
    for (const record of commit.records) {
      if (!isStockEvent(record) || record.sku !== this.sku) continue
      if (until.version !== undefined && record.version > until.version) return false
      if (record.version > this.version) evolve(this.actor, record, commit.at)
      this.last = { commit, record }
      onStep()
      if (record.version === until.version) return false
    }
    return true
  }

  get version(): number {
    return this.actor.version
  }

  packed(): string {
    return pack(this.actor)
  }

  /** The newest one that was visited. */
  step(): Step | undefined {
    if (this.last === undefined) return undefined
    const { commit, record } = this.last
    return {
      sequence: commit.sequence,
      at: new Date(commit.at).toISOString(),
      command: commandOf(record),
      event: eventOf(record, commit.records),
      state: tracedState(this.actor)
    }
  }
}

const tracedState = (state: SkuState): TracedState => {
  const { version, physical, allocated, locations, settings } = state
  const holds = [...(state.holds?.values() ?? [])]
  return {
    version,
    physical,
    allocated,
    available: physical - allocated,
    safetyThreshold: settings.safetyThreshold,
    locations: locations.map((place) => ({ ...place })),
    openHolds: holds.length,
    ...(holds.length === 0
      ? {}
      : { holds: holds.slice(0, HOLDS_NAMED).map(({ holdId, quantity }) => ({ holdId, quantity })) })
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
