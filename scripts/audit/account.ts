/**
 * One SKU's books, added up from the journal's records by arithmetic that shares nothing with the hub's own fold.
 *
 * The public contract is what it is written from: what each kind of event does to `physical` and `allocated`, by
 * location; that a hold is closed once, in time; that no request was promised units that were not there.
 */
import { emptySum, placeNameOf, type RawRecord, type RowSum, textOf } from "./records.ts"

export interface OpenHold {
  /** As in the event that opened it. */
  readonly scope: string
  readonly holdId: string
  readonly quantity: number
  readonly channel: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Units by location; none for a bundle, whose units lie with its components. */
  readonly split: ReadonlyArray<readonly [location: string, units: number]>
}

interface Place {
  physical: number
  allocated: number
}

/** What has moved the stock, by reason: together they must make what is there. */
export interface Terms {
  received: number
  returned: number
  sold: number
  bought: number
  adjusted: number
  counted: number
}

/** Tells what is wrong with this SKU. */
export type Find = (text: string) => void

/** Units that an event left short at a location: each must have its incident. */
export type OnShort = (location: string, units: number, kind: string) => void

export class Account {
  version = 0
  physical = 0
  allocated = 0
  safetyThreshold = 0
  backorder = 0
  hasChannelRules = false
  components: ReadonlyArray<{ readonly sku: string; readonly quantity: number }> = []
  oversoldByRequest = 0
  /** How the retailer's file has moved it. */
  fileUnits = 0
  readonly terms: Terms = { received: 0, returned: 0, sold: 0, bought: 0, adjusted: 0, counted: 0 }
  readonly places = new Map<string, Place>()
  /** By scope and hold id. */
  readonly holds = new Map<string, OpenHold>()
  readonly ledger: RowSum = emptySum()
  readonly incidents: RowSum = emptySum()
  readonly alerts: RowSum = emptySum()
  readonly sku: string

  constructor(sku: string) {
    this.sku = sku
  }

  get isBundle(): boolean {
    return this.components.length > 0
  }

  get available(): number {
    return this.physical - this.allocated
  }

  /** `at` is the commit's time. */
  apply(record: RawRecord, at: number, find: Find, onShort: OnShort): void {
    const version = Number(record["version"])
    if (version !== this.version + 1) find(`version ${version} follows version ${this.version}`)
    this.version = version
    const before = { physical: this.physical, allocated: this.allocated }
    this.move(record, at, find, onShort)
    this.checkNumbers(record, before, find)
    if (Number(record["safetyThreshold"] ?? 0) !== this.safetyThreshold) {
      find(
        `version ${version} has the safety threshold ${textOf(record["safetyThreshold"])}, not ${this.safetyThreshold}`
      )
    }
  }

  /** What the terms say is there; for a bundle nothing, because it has no stock of its own. */
  get balance(): number {
    const { received, returned, sold, bought, adjusted, counted } = this.terms
    return received + returned - sold - bought + adjusted + counted
  }

  /** The event's own numbers are what everybody else is told: they must be what the changes add up to. */
  private checkNumbers(record: RawRecord, before: Readonly<Place>, find: Find): void {
    const physical = Number(record["physical"])
    const allocated = Number(record["allocated"])
    // A bundle's follow from its components, and are checked when the turn is over.
    if (!this.isBundle) {
      const was = `version ${this.version} (${record.type})`
      if (this.physical !== physical) {
        find(`${was} says physical ${physical}; from ${before.physical} it comes to ${this.physical}`)
      }
      if (this.allocated !== allocated) {
        find(`${was} says allocated ${allocated}; from ${before.allocated} it comes to ${this.allocated}`)
      }
    }
    // One wrong event is one finding, not one for each event behind it.
    this.physical = physical
    this.allocated = allocated
  }

  private move(record: RawRecord, at: number, find: Find, onShort: OnShort): void {
    switch (record.type) {
      case "configure":
        return this.configure(record)
      case "bundle":
        return this.isBundle ? undefined : find(`version ${this.version} follows components, and it has none`)
      case "reserve":
        return this.reserve(record, find)
      case "commit":
      case "release":
      case "expiry":
        return this.close(record, at, find, onShort)
      default:
        return this.isBundle ? undefined : this.fact(record, onShort)
    }
  }

  private fact(record: RawRecord, onShort: OnShort): void {
    const quantity = Number(record["quantity"])
    const name = placeNameOf(record)
    const place = this.place(name)
    const freeBefore = place.physical - place.allocated
    const target = textOf(record["toLocationId"])
    if (record.type === "transfer") {
      place.physical -= quantity
      this.place(target).physical += quantity
    } else {
      const change = record.type === "count" ? quantity - place.physical : record.type === "sale" ? -quantity : quantity
      place.physical += change
      this.physical += change
      this.note(record.type, change)
    }
    const short = this.newlyShort(freeBefore, place.physical - place.allocated)
    if (short > 0) onShort(name, short, record.type === "sale" ? "oversell" : "shortfall")
  }

  private note(type: string, change: number): void {
    if (type === "sale") this.terms.sold -= change
    else if (type === "receipt") this.terms.received += change
    else if (type === "return") this.terms.returned += change
    else if (type === "count") this.terms.counted += change
    else this.terms.adjusted += change
  }

  private newlyShort(before: number, after: number): number {
    return Math.max(0, -after - this.backorder) - Math.max(0, -before - this.backorder)
  }

  private reserve(record: RawRecord, find: Find): void {
    const key = this.holdKey(record)
    const quantity = Number(record["quantity"])
    const split = this.isBundle ? [] : ((record["split"] ?? [[placeNameOf(record), quantity]]) as OpenHold["split"])
    // Reserving again replaces: what the old hold had goes back in the same step.
    this.free(this.holds.get(key))
    for (const [name, units] of split) {
      this.place(name).allocated += units
      this.allocated += units
    }
    this.holds.set(key, {
      scope: textOf(record["scope"]),
      holdId: textOf(record["holdId"]),
      quantity,
      channel: textOf(record["channel"]),
      expiresAt: Number(record["expiresAt"]),
      split
    })
    for (const [name, units] of split) {
      if (!this.wasPromised(name)) continue
      this.oversoldByRequest += units
      find(`version ${this.version} promises ${units} units at ${name} that are not there`)
    }
    const sum = split.reduce((total, [, units]) => total + units, 0)
    if (!this.isBundle && sum !== quantity) find(`version ${this.version} holds ${quantity} units, by location ${sum}`)
  }

  /** The location, or all of them together, owe more than may be back-ordered. */
  private wasPromised(name: string): boolean {
    const { physical, allocated } = this.place(name)
    const here = physical - allocated
    if (here >= 0 && !this.hasChannelRules) return false
    return here < -this.backorder || this.available < -this.backorder
  }

  private close(record: RawRecord, at: number, find: Find, onShort: OnShort): void {
    const key = this.holdKey(record)
    const hold = this.holds.get(key)
    const what = `version ${this.version} (${record.type})`
    if (hold === undefined) return find(`${what} closes the hold ${textOf(record["holdId"])}, which is not open`)
    this.holds.delete(key)
    if (record.type === "commit" && at >= hold.expiresAt)
      find(`${what} pays for the hold ${hold.holdId} after its time`)
    if (record.type === "expiry" && at < hold.expiresAt) find(`${what} ends the hold ${hold.holdId} before its time`)
    if (hold.split.length > 0 && Number(record["quantity"]) !== hold.quantity) {
      find(`${what} closes ${textOf(record["quantity"])} units of the hold ${hold.holdId}, which has ${hold.quantity}`)
    }
    this.free(hold)
    if (record.type !== "commit") return
    for (const [name, units] of hold.split) {
      const place = this.place(name)
      const short = this.newlyShort(place.physical, place.physical - units)
      place.physical -= units
      this.physical -= units
      this.terms.bought += units
      if (short > 0) onShort(name, short, "paid_but_short")
    }
  }

  private free(hold: OpenHold | undefined): void {
    for (const [name, units] of hold?.split ?? []) {
      this.place(name).allocated -= units
      this.allocated -= units
    }
  }

  /** A bundle's own hold goes by its plain id, also where its closing names the bundle as its scope. */
  private holdKey(record: RawRecord): string {
    const scope = textOf(record["scope"])
    return keyOf(scope === `bundle ${this.sku}` ? "" : scope, textOf(record["holdId"]))
  }

  private configure(record: RawRecord): void {
    const settings = record["settings"] as Readonly<Record<string, unknown>>
    this.safetyThreshold = Number(settings["safetyThreshold"] ?? this.safetyThreshold)
    this.backorder = Number(settings["backorderLimit"] ?? this.backorder)
    if (settings["channels"] !== undefined)
      this.hasChannelRules = Object.keys(settings["channels"] as object).length > 0
    if (settings["components"] === undefined) return
    const wasBundle = this.isBundle
    this.components = settings["components"] as Account["components"]
    // What was a bundle starts with nothing of its own.
    if (!wasBundle || this.isBundle) return
    this.physical = 0
    this.allocated = 0
    this.places.clear()
  }

  private place(name: string): Place {
    let place = this.places.get(name)
    if (place === undefined) this.places.set(name, (place = { physical: 0, allocated: 0 }))
    return place
  }
}

export const keyOf = (scope: string, holdId: string): string => JSON.stringify([scope, holdId])
