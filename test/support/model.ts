/**
 * The contract told once more, as simply as can be: maps, sums over all holds, no records and no care for speed.
 *
 * Written from the contract's sentences and not from `actors/`, so that the two can be held against one another. It
 * says of each command how it ends (`ok`, `unchanged` or a refusal's code) and what every SKU's numbers are then.
 */
import assert from "node:assert/strict"
import type { Fact, Line, LinesCommand, ReserveLines, Settings, SkuCommand } from "../../actors/sku/commands.ts"
import { type AnyCommand, isForOneSku } from "./commands.ts"

interface ModelHold {
  readonly owner: string
  readonly holdId: string
  readonly units: ReadonlyArray<Line>
  /** Bundles that were asked for: they get an event of their own. */
  readonly bundles: ReadonlyArray<string>
  readonly channel: string | undefined
  readonly holder: string | undefined
  readonly expiresAt: number
}

interface ModelSku {
  version: number
  readonly physical: Map<string, number>
  settings: Settings
  readonly taken: Map<string, number>
}

const plainSettings: Settings = {
  safetyThreshold: 0,
  backorderLimit: 0,
  backorderKind: "backorder",
  channels: {},
  components: []
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0)
/** The several-lines endpoint is an owner of holds like any SKU. */
const LINES = ""

export class Model {
  at: number
  readonly skus = new Map<string, ModelSku>()
  readonly holds = new Map<string, ModelHold>()
  private readonly closed = new Map<string, string>()
  private readonly holdsPerHolderMax: number

  constructor(at: number, holdsPerHolderMax: number) {
    this.at = at
    this.holdsPerHolderMax = holdsPerHolderMax
  }

  take(command: AnyCommand): string {
    const before = this.bundleTexts()
    const touched = new Set<string>()
    const outcome = isForOneSku(command) ? this.one(command, touched) : this.several(command, touched)
    this.raiseVersions(touched, before)
    return outcome
  }

  /** The timer of one hold; which of two that end together comes first is nobody's promise. */
  expire(owner: string, holdId: string): void {
    const key = JSON.stringify([owner, holdId])
    assert.ok((this.holds.get(key)?.expiresAt ?? Infinity) <= this.at, `${key} is not due`)
    const before = this.bundleTexts()
    const touched = new Set<string>()
    this.end(key, "expired", touched)
    this.raiseVersions(touched, before)
  }

  dueCount(): number {
    return [...this.holds.values()].filter((hold) => hold.expiresAt <= this.at).length
  }

  /** `[physical, allocated]`, of one location or of all. */
  numbers(sku: string, locationId?: string): readonly [physical: number, allocated: number] {
    const known = this.sku(sku)
    if (known.settings.components.length > 0) return this.bundleNumbers(known.settings)
    const physical = locationId === undefined ? sum(known.physical.values()) : (known.physical.get(locationId) ?? 0)
    return [physical, sum(this.heldUnits(sku, locationId))]
  }

  private *heldUnits(sku: string, locationId: string | undefined, except?: string): Iterable<number> {
    for (const [key, hold] of this.holds) {
      if (key === except) continue
      for (const line of hold.units) {
        if (line.sku === sku && (locationId === undefined || line.locationId === locationId)) yield line.quantity
      }
    }
  }

  private bundleNumbers({ components }: Settings): readonly [number, number] {
    const wholes = components.map(({ sku, quantity }) => {
      const [physical, allocated] = this.numbers(sku)
      return [Math.floor(physical / quantity), Math.floor((physical - allocated) / quantity)] as const
    })
    const physical = Math.min(...wholes.map(([all]) => all))
    return [physical, physical - Math.min(...wholes.map(([, free]) => free))]
  }

  private sku(name: string): ModelSku {
    const found = this.skus.get(name)
    if (found !== undefined) return found
    const fresh = { version: 0, physical: new Map(), settings: plainSettings, taken: new Map() }
    this.skus.set(name, fresh)
    return fresh
  }

  private isBundle(name: string): boolean {
    return (this.skus.get(name)?.settings.components.length ?? 0) > 0
  }

  private bundleTexts(): ReadonlyMap<string, string> {
    return new Map(
      [...this.skus.keys()].filter((sku) => this.isBundle(sku)).map((sku) => [sku, `${this.numbers(sku)}`])
    )
  }

  /** One for each SKU that the mutation concerned, and for each bundle whose numbers came out different. */
  private raiseVersions(touched: Set<string>, before: ReadonlyMap<string, string>): void {
    if (touched.size === 0) return
    for (const [sku, text] of before) if (this.isBundle(sku) && `${this.numbers(sku)}` !== text) touched.add(sku)
    for (const sku of touched) this.sku(sku).version++
  }

  private one(command: SkuCommand, touched: Set<string>): string {
    switch (command.type) {
      case "configure":
        return this.configure(command.sku, command.settings, touched)
      case "reserve":
        if (!this.skus.has(command.sku)) return "unknown_sku"
        return this.reserve(command.sku, { ...command, lines: [command] }, touched)
      case "commit":
      case "release":
        if (!this.skus.has(command.sku)) return "unknown_sku"
        return this.close(command.sku, command, touched)
      default:
        return this.fact(command, touched)
    }
  }

  private several(command: LinesCommand, touched: Set<string>): string {
    return command.type === "reserve" ? this.reserve(LINES, command, touched) : this.close(LINES, command, touched)
  }

  private fact(fact: Fact, touched: Set<string>): string {
    const { components } = this.sku(fact.sku).settings
    if (components.length > 0 && fact.type === "count") return "invalid_request"
    touched.add(fact.sku)
    const parts = components.length > 0 ? components : [{ sku: fact.sku, quantity: 1 }]
    for (const part of parts) {
      touched.add(part.sku)
      this.move(part.sku, fact, fact.quantity * part.quantity)
    }
    return "ok"
  }

  private move(sku: string, fact: Fact, units: number): void {
    const { physical } = this.sku(sku)
    const add = (locationId: string, change: number) =>
      physical.set(locationId, (physical.get(locationId) ?? 0) + change)
    if (fact.type === "count") physical.set(fact.locationId, units)
    else add(fact.locationId, fact.type === "sale" || fact.type === "transfer" ? -units : units)
    if (fact.type === "transfer") add(fact.toLocationId ?? "default", units)
    if (fact.type === "sale") this.countTaken(sku, fact.channel, units)
    if (fact.type === "return") this.countTaken(sku, fact.channel, -units)
  }

  private countTaken(sku: string, channel: string | undefined, units: number): void {
    const { settings, taken } = this.sku(sku)
    if (channel === undefined || (settings.channels[channel]?.ringFenced ?? 0) === 0) return
    taken.set(channel, Math.max(0, (taken.get(channel) ?? 0) + units))
  }

  private configure(name: string, change: Partial<Settings>, touched: Set<string>): string {
    if (change.components !== undefined && change.components.length > 0) {
      const parts = change.components.map((part) => part.sku)
      const known = this.skus.get(name)
      const places = [
        ...(known?.physical.keys() ?? []),
        ...[...this.holds.values()].flatMap((hold) => hold.units.map((line) => line.locationId))
      ]
      const own =
        known !== undefined && !this.isBundle(name) && places.some((place) => `${this.numbers(name, place)}` !== "0,0")
      const isPart = [...this.skus.values()].some((sku) => sku.settings.components.some((part) => part.sku === name))
      if (own || isPart || parts.some((part) => part === name || !this.skus.has(part) || this.isBundle(part))) {
        return "invalid_request"
      }
    }
    const known = this.sku(name)
    known.settings = { ...known.settings, ...change }
    touched.add(name)
    return "ok"
  }

  private reserve(owner: string, asked: Omit<ReserveLines, "type">, touched: Set<string>): string {
    const key = JSON.stringify([owner, asked.holdId])
    const old = this.holds.get(key)
    const { holder, channel } = asked
    const open = [...this.holds.values()].filter((hold) => hold.holder === holder).length
    if (holder !== undefined && old?.holder !== holder && open >= this.holdsPerHolderMax) return "hold_limit"
    const units = asked.lines.flatMap((line) => this.partsOf(line))
    const faults = new Set<string>()
    if (asked.lines.some((line) => !this.skus.has(line.sku))) faults.add("unknown_sku")
    for (const sku of new Set(units.map((line) => line.sku))) {
      const ofSku = units.filter((line) => line.sku === sku)
      if (this.skus.has(sku) && !this.hasEnough(sku, ofSku, channel, key)) faults.add("insufficient_stock")
    }
    if (faults.size > 0) return [...faults].join(" or ")
    if (old !== undefined) this.giveBack(key, old, touched)
    for (const sku of old?.bundles ?? []) touched.add(sku)
    for (const line of units) {
      touched.add(line.sku)
      this.countTaken(line.sku, channel, line.quantity)
    }
    const bundles = asked.lines.map((line) => line.sku).filter((sku) => this.isBundle(sku))
    for (const sku of bundles) touched.add(sku)
    const expiresAt = this.at + asked.ttlMs
    this.holds.set(key, { owner, holdId: asked.holdId, units, bundles, channel, holder, expiresAt })
    return "ok"
  }

  private partsOf(line: Line): ReadonlyArray<Line> {
    if (!this.isBundle(line.sku)) return [{ sku: line.sku, quantity: line.quantity, locationId: line.locationId }]
    return this.sku(line.sku).settings.components.map((part) => ({
      sku: part.sku,
      quantity: line.quantity * part.quantity,
      locationId: line.locationId
    }))
  }

  /** Could all of this be had of the SKU, were the hold under `key` not there? */
  private hasEnough(sku: string, units: ReadonlyArray<Line>, channel: string | undefined, key: string): boolean {
    const { settings, physical } = this.sku(sku)
    const places = [...new Set(units.map((line) => line.locationId))].map((place) => ({
      asked: sum(units.filter((line) => line.locationId === place).map((line) => line.quantity)),
      free: (physical.get(place) ?? 0) - sum(this.heldUnits(sku, place, key))
    }))
    const free = sum(physical.values()) - sum(this.heldUnits(sku, undefined, key))
    const hasRules = Object.keys(settings.channels).length > 0
    // What lies at the place can be had; beyond it, and under rules for channels, all locations count together.
    if (!hasRules && places.every((place) => place.asked <= place.free)) return true
    const share = hasRules ? this.share(sku, free, channel, this.holds.get(key)) : free
    const most = (here: number) =>
      Math.max(hasRules ? -Infinity : here, Math.min(here, share) + settings.backorderLimit)
    return (
      places.every((place) => place.asked <= most(place.free)) &&
      sum(places.map((place) => place.asked)) <= share + settings.backorderLimit
    )
  }

  /** What the channel may sell of `free` units: others' fences stay, its buffer stays, its cap is the most. */
  private share(sku: string, free: number, channel: string | undefined, old: ModelHold | undefined): number {
    const { settings, taken } = this.sku(sku)
    let fenced = 0
    for (const [name, rule] of Object.entries(settings.channels)) {
      if (name === channel) continue
      const givenBack = old?.channel === name ? sum(this.unitsOf(old, sku)) : 0
      fenced += Math.max(0, rule.ringFenced - Math.max(0, (taken.get(name) ?? 0) - givenBack))
    }
    const rule = channel === undefined ? undefined : settings.channels[channel]
    return Math.min(free - fenced - (rule?.buffer ?? 0), rule?.cap ?? Infinity)
  }

  private *unitsOf(hold: ModelHold, sku: string): Iterable<number> {
    for (const line of hold.units) if (line.sku === sku) yield line.quantity
  }

  private close(
    owner: string,
    command: { readonly type: "commit" | "release"; readonly holdId: string },
    touched: Set<string>
  ): string {
    const key = JSON.stringify([owner, command.holdId])
    const outcome = command.type === "commit" ? "committed" : "released"
    const hold = this.holds.get(key)
    if (hold === undefined) {
      const known = this.closed.get(key)
      if (known === undefined) return "unknown_hold"
      if (known === "expired") return "hold_expired"
      return known === outcome ? "unchanged" : "hold_closed"
    }
    const isOver = this.at >= hold.expiresAt
    this.end(key, isOver ? "expired" : outcome, touched)
    return isOver ? "hold_expired" : "ok"
  }

  private end(key: string, outcome: string, touched: Set<string>): void {
    const hold = this.holds.get(key)
    if (hold === undefined) return
    this.closed.set(key, outcome)
    if (outcome === "committed") {
      this.holds.delete(key)
      for (const { sku, quantity, locationId } of hold.units) {
        const { physical } = this.sku(sku)
        physical.set(locationId, (physical.get(locationId) ?? 0) - quantity)
        touched.add(sku)
      }
    } else this.giveBack(key, hold, touched)
    for (const sku of hold.bundles) touched.add(sku)
  }

  private giveBack(key: string, hold: ModelHold, touched: Set<string>): void {
    this.holds.delete(key)
    for (const { sku, quantity } of hold.units) {
      touched.add(sku)
      this.countTaken(sku, hold.channel, -quantity)
    }
  }
}
