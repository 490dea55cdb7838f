/**
 * The open holds that span several SKUs, with what each holds of every one of them: its legs.
 *
 * A leg's units count on its SKU, but what they are is kept here, with the hold. Kept as holds of their SKUs, in a map of
 * each, they took most of what a cart costs in memory, and most of what the garbage collector had to copy in a rush.
 *
 * A decision's legs come as events of their SKUs and then as the record that makes them a hold. A journal of several
 * partitions has each SKU's events in their order but the record anywhere among them, so nothing here asks which comes first.
 */
import { DEFAULT_LOCATION } from "../sku/commands.ts"
import type { CloseEvent, LinesRecord, ReserveEvent } from "../sku/events.ts"
import { type HeldUnits, holdKey } from "../sku/state.ts"
import { bundleScope, type HeldLeg, LINES_SCOPE, type SpanningHold } from "./stock.ts"

/** A number: so many at the default location, on no channel. Most are, and it takes no object. */
type Units = number | HeldUnits

/** An open hold as a snapshot has it: the record that made it, and what its legs hold, in their order. */
export interface SpanningRecord extends LinesRecord {
  readonly held: ReadonlyArray<Units | null>
}

export interface Open extends SpanningHold {
  /** Of its legs, in their order. `undefined`: the leg's event is still to come. */
  readonly held: Array<Units | undefined>
  /** Legs that have ended before the hold. */
  ended: Set<string> | undefined
}

export class SpanningHolds {
  private readonly open = new Map<string, Open>()
  private readonly waiting = new WaitingLegs()

  get size(): number {
    return this.open.size
  }

  get(key: string): SpanningHold | undefined {
    return this.open.get(key)
  }

  /** The hold that the record ends, or whose place it takes. */
  before(record: LinesRecord): Open | undefined {
    return this.open.get(keyOf(record))
  }

  leg(key: string, sku: string): HeldLeg | undefined {
    const open = this.open.get(key)
    const units = this.waiting.get(key, sku) ?? unitsOf(open, sku)
    return open === undefined || units === undefined ? undefined : { ...heldUnits(units), holdId: open.holdId }
  }

  /** Answers the leg of the same hold whose place it takes. */
  openLeg(event: ReserveEvent): HeldUnits | undefined {
    const { sku } = event
    const key = holdKey(event.scope, event.holdId)
    const open = this.open.get(key)
    const replaced = this.waiting.get(key, sku) ?? unitsOf(open, sku)
    const awaited = open === undefined || replaced !== undefined ? -1 : open.legs.indexOf(sku)
    if (open === undefined || awaited === -1) this.waiting.set(key, sku, unitsIn(event))
    else {
      open.held[awaited] = unitsIn(event)
      open.ended?.delete(sku)
    }
    return replaced === undefined ? undefined : heldUnits(replaced)
  }

  closeLeg(event: CloseEvent): HeldUnits | undefined {
    const key = holdKey(event.scope, event.holdId)
    const open = this.open.get(key)
    const units = this.waiting.take(key, event.sku) ?? unitsOf(open, event.sku)
    if (open !== undefined) (open.ended ??= new Set()).add(event.sku)
    return units === undefined ? undefined : heldUnits(units)
  }

  /** As older snapshots have it, with its SKU; the hold's record comes after. */
  restoreLeg(key: string, sku: string, { quantity, locationId, split, channel }: HeldUnits): void {
    this.waiting.set(key, sku, { quantity, locationId, split, channel })
  }

  /** Answers the hold that the record opens, if any. */
  apply(record: LinesRecord | SpanningRecord, before: Open | undefined): SpanningHold | undefined {
    const key = keyOf(record)
    const after = record.act === "reserve" ? this.made(key, record, before) : undefined
    if (before !== undefined) this.keepOrphans(before, after)
    if (after !== undefined) this.open.set(key, after)
    else this.open.delete(key)
    return after
  }

  /** All that are open now, as records that make them again; each is made when it is asked for. */
  records(): Iterable<SpanningRecord> {
    const { waiting } = this
    return recordsOf(
      waiting.isEmpty
        ? [...this.open.values()]
        : Array.from(this.open.values(), (open) => ({
            ...open,
            held: open.legs.map((sku, index) => waiting.get(open.key, sku) ?? open.held[index])
          }))
    )
  }

  private made(key: string, record: LinesRecord | SpanningRecord, before: Open | undefined): Open {
    const { asked, legs } = record
    const stored = "held" in record ? record.held : undefined
    return {
      key,
      scope: scopeOf(record),
      sku: record.sku,
      holdId: record.holdId,
      legs,
      // One array for both, where they are the same.
      asked: areEqual(asked, legs) ? legs : asked,
      holder: record.holder,
      expiresAt: record.expiresAt ?? 0,
      held:
        this.waiting.takeAll(key, legs) ??
        legs.map((sku, index) => this.waiting.take(key, sku) ?? stored?.[index] ?? unitsOf(before, sku)),
      ended: undefined
    }
  }

  /** Legs that are still held although their hold has ended, or is another one now: their own ends are still to come. */
  private keepOrphans(before: Open, after: Open | undefined): void {
    for (const sku of before.legs) {
      const units = unitsOf(before, sku)
      if (units === undefined || after?.legs.includes(sku) === true) continue
      if (this.waiting.get(before.key, sku) === undefined) this.waiting.set(before.key, sku, units)
    }
  }
}

/** Legs whose hold is not open: it is still to come, or has ended before them. */
class WaitingLegs {
  /** The newest, all of one hold: it is nearly always the next record that takes them. */
  private key = ""
  private skus: Array<string> = []
  private held: Array<Units> = []
  private readonly others = new Map<string, Map<string, Units>>()

  get isEmpty(): boolean {
    return this.skus.length === 0 && this.others.size === 0
  }

  get(key: string, sku: string): Units | undefined {
    const index = key === this.key ? this.skus.indexOf(sku) : -1
    return index === -1 ? this.others.get(key)?.get(sku) : this.held[index]
  }

  set(key: string, sku: string, units: Units): void {
    this.take(key, sku)
    if (key !== this.key) {
      this.putAside()
      this.key = key
    }
    this.skus.push(sku)
    this.held.push(units)
  }

  take(key: string, sku: string): Units | undefined {
    const index = key === this.key ? this.skus.indexOf(sku) : -1
    if (index !== -1) {
      this.skus.splice(index, 1)
      return this.held.splice(index, 1)[0]
    }
    const legs = this.others.get(key)
    const units = legs?.get(sku)
    legs?.delete(sku)
    if (legs?.size === 0) this.others.delete(key)
    return units
  }

  /** Those of the hold, if they are of just these SKUs, in their order. */
  takeAll(key: string, skus: ReadonlyArray<string>): Array<Units> | undefined {
    if (key !== this.key || !areEqual(this.skus, skus)) return undefined
    const held = this.held.slice()
    this.skus.length = 0
    this.held.length = 0
    return held
  }

  private putAside(): void {
    if (this.skus.length === 0) return
    const legs = this.others.get(this.key) ?? new Map<string, Units>()
    for (const [index, sku] of this.skus.entries()) legs.set(sku, this.held[index] as Units)
    this.others.set(this.key, legs)
    this.skus.length = 0
    this.held.length = 0
  }
}

const scopeOf = (record: LinesRecord): string => (record.sku === undefined ? LINES_SCOPE : bundleScope(record.sku))

const keyOf = (record: LinesRecord): string => holdKey(scopeOf(record), record.holdId)

const unitsOf = (open: Open | undefined, sku: string): Units | undefined => {
  if (open === undefined || open.ended?.has(sku) === true) return undefined
  const index = open.legs.indexOf(sku)
  return index === -1 ? undefined : open.held[index]
}

const unitsIn = ({ quantity, locationId, split, channel }: ReserveEvent): Units =>
  locationId === undefined && split === undefined && channel === undefined
    ? quantity
    : { quantity, locationId: locationId ?? DEFAULT_LOCATION, split, channel }

const heldUnits = (units: Units): HeldUnits =>
  typeof units === "number"
    ? { quantity: units, locationId: DEFAULT_LOCATION, split: undefined, channel: undefined }
    : units

const areEqual = (one: ReadonlyArray<string>, other: ReadonlyArray<string>): boolean => {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false
  return true
}

function* recordsOf(holds: ReadonlyArray<Open>): Iterable<SpanningRecord> {
  for (const { sku, holdId, expiresAt, holder, legs, asked, held } of holds) {
    yield {
      type: "lines",
      act: "reserve",
      ...(sku === undefined ? {} : { sku }),
      holdId,
      mutationId: "",
      expiresAt,
      ...(holder === undefined ? {} : { holder }),
      legs,
      asked,
      held: held.map((units) => units ?? null)
    }
  }
}
