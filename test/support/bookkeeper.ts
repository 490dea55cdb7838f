/**
 * Reads what was decided as an auditor would, with arithmetic of its own, and holds it against the book.
 *
 * Nothing here folds by `evolve`: units are added up from quantities, holds from reserves less closes, bundles from
 * their components, alerts from the numbers of events. Checked after every decision, on its records as written.
 */
import assert from "node:assert/strict"
import type { AlertRecord, IncidentRecord, JournalRecord, LinesRecord, StockEvent } from "../../actors/sku/events.ts"
import { isStockEvent } from "../../actors/sku/events.ts"
import type { Settings } from "../../actors/sku/commands.ts"
import { findLocation, isBundle } from "../../actors/sku/state.ts"
import type { Desk } from "./desk.ts"

type Units = Map<string, number>

interface OpenHold {
  readonly units: ReadonlyArray<readonly [locationId: string, units: number]>
  readonly scope: string | undefined
}

interface Account {
  version: number
  physical: Units
  readonly holds: Map<string, OpenHold>
  settings: Partial<Settings>
  low: boolean
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0)
const at = (units: Units, locationId: string): number => units.get(locationId) ?? 0
const nameOf = (scope: string | undefined, holdId: string): string => JSON.stringify([scope ?? null, holdId])
const scopeOf = (record: LinesRecord): string => (record.sku === undefined ? "lines" : `bundle ${record.sku}`)

export class Bookkeeper {
  private readonly accounts = new Map<string, Account>()
  /** Open holds over several SKUs, by their legs. */
  private readonly spanning = new Map<string, ReadonlyArray<string>>()
  /** Mutation ids seen, each with its SKU and scope. */
  private readonly mutations = new Set<string>()
  private read = 0

  /** Reads what the desk wrote since the last call: the records of one decision. */
  check(desk: Desk): void {
    const records = desk.history.slice(this.read).map((kept) => kept.record)
    this.read = desk.history.length
    const seen = new Set<string>()
    for (const record of records) {
      if (isStockEvent(record)) {
        assert.ok(!seen.has(record.sku), `two events of ${record.sku} in one decision`)
        seen.add(record.sku)
        this.checkEvent(record, records)
      } else if (record.type === "lines") {
        const name = nameOf(scopeOf(record), record.holdId)
        if (record.act === "reserve") this.spanning.set(name, record.legs)
        else this.spanning.delete(name)
      }
    }
    for (const [sku, account] of this.accounts) this.checkBook(desk, sku, account)
    this.checkWhole()
    const plainHolds = [...this.accounts.values()].flatMap((account) => [...account.holds.values()])
    const ownHolds = plainHolds.filter((hold) => hold.scope === undefined).length
    assert.equal(desk.book.deadlines.size, ownHolds + this.spanning.size, "deadlines")
    assert.equal(desk.book.lowStockCount, [...this.accounts.values()].filter((account) => account.low).length)
  }

  private account(sku: string): Account {
    const known = this.accounts.get(sku)
    if (known !== undefined) return known
    const fresh = { version: 0, physical: new Map(), holds: new Map(), settings: {}, low: false }
    this.accounts.set(sku, fresh)
    return fresh
  }

  private checkEvent(event: StockEvent, records: ReadonlyArray<JournalRecord>): void {
    const account = this.account(event.sku)
    assert.equal(event.version, account.version + 1, `version of ${event.sku}`)
    account.version = event.version
    const mutation = JSON.stringify([event.sku, event.scope ?? null, event.mutationId])
    assert.ok(!this.mutations.has(mutation), `two events of the mutation ${mutation}`)
    this.mutations.add(mutation)
    if (event.type === "configure") account.settings = { ...account.settings, ...event.settings }
    assert.equal(event.safetyThreshold ?? 0, account.settings.safetyThreshold ?? 0, `threshold of ${event.sku}`)
    if ((account.settings.components?.length ?? 0) === 0) {
      const before = this.freeByLocation(account)
      this.book(account, event)
      assert.equal(event.physical, sum(account.physical.values()), `physical of ${event.sku} after ${event.type}`)
      assert.equal(event.allocated, sum(this.held(account, undefined)), `allocated of ${event.sku} after ${event.type}`)
      if (event.type === "reserve") this.checkNotOversold(account, event, before)
      this.checkIncidents(account, event, before, records)
    }
    this.checkAlert(account, event, records)
  }

  private book(account: Account, event: StockEvent): void {
    const { physical } = account
    const add = (locationId: string, units: number) => physical.set(locationId, at(physical, locationId) + units)
    const place = "locationId" in event && event.locationId !== undefined ? event.locationId : "default"
    switch (event.type) {
      case "sale":
        return void add(place, -event.quantity)
      case "receipt":
      case "return":
      case "adjustment":
        return void add(place, event.quantity)
      case "count":
        return void physical.set(place, event.quantity)
      case "transfer":
        add(place, -event.quantity)
        return void add(event.toLocationId ?? "default", event.quantity)
      case "reserve":
        account.holds.set(nameOf(event.scope, event.holdId), {
          units: event.split ?? [[place, event.quantity]],
          scope: event.scope
        })
        return
      case "commit":
      case "release":
      case "expiry": {
        const hold = account.holds.get(nameOf(event.scope, event.holdId))
        account.holds.delete(nameOf(event.scope, event.holdId))
        if (event.type === "commit") for (const [locationId, units] of hold?.units ?? []) add(locationId, -units)
      }
    }
  }

  private *held(account: Account, locationId: string | undefined): Iterable<number> {
    for (const hold of account.holds.values()) {
      for (const [place, units] of hold.units) if (locationId === undefined || place === locationId) yield units
    }
  }

  private freeByLocation(account: Account): Units {
    const places = [
      ...account.physical.keys(),
      ...[...account.holds.values()].flatMap((hold) => hold.units.map(([id]) => id))
    ]
    return new Map(places.map((place) => [place, at(account.physical, place) - sum(this.held(account, place))]))
  }

  /** A reserve leaves nothing owed at the places it takes from, beyond what back-orders allow. */
  private checkNotOversold(account: Account, event: StockEvent & { readonly type: "reserve" }, before: Units): void {
    const after = this.freeByLocation(account)
    const limit = account.settings.backorderLimit ?? 0
    for (const [place] of event.split ?? [[event.locationId ?? "default", event.quantity]]) {
      assert.ok(
        at(after, place) >= -limit,
        `${event.sku} at ${place} is oversold: ${at(before, place)} -> ${at(after, place)}`
      )
    }
  }

  /** Units short that were not short before, each once; nothing that adds stock or only holds makes an incident. */
  private checkIncidents(
    account: Account,
    event: StockEvent,
    before: Units,
    records: ReadonlyArray<JournalRecord>
  ): void {
    const incidents = records.filter(
      (record): record is IncidentRecord => record.type === "incident" && record.sku === event.sku
    )
    for (const incident of incidents) assert.ok(incident.units > 0 && incident.version === event.version)
    if (!["sale", "count", "adjustment", "transfer"].includes(event.type)) {
      const isPaid = event.type === "commit" && incidents.every((incident) => incident.kind === "paid_but_short")
      assert.ok(incidents.length === 0 || isPaid, `${event.type} made an incident`)
      return
    }
    const limit = account.settings.backorderLimit ?? 0
    const short = (units: Units) => sum([...units.values()].map((free) => Math.max(0, -free - limit)))
    const place = "locationId" in event && event.locationId !== undefined ? event.locationId : "default"
    const at1 = (units: Units) => new Map([[place, at(units, place)]])
    const added = Math.max(0, short(at1(this.freeByLocation(account))) - short(at1(before)))
    assert.equal(sum(incidents.map((incident) => incident.units)), added, `units short of ${event.sku}`)
    for (const incident of incidents) assert.equal(incident.kind, event.type === "sale" ? "oversell" : "shortfall")
  }

  /** One alert per crossing: raised at or below the threshold, cleared above it and a margin. */
  private checkAlert(account: Account, event: StockEvent, records: ReadonlyArray<JournalRecord>): void {
    const alerts = records.filter(
      (record): record is AlertRecord => record.type === "alert" && record.sku === event.sku
    )
    const threshold = account.settings.safetyThreshold ?? 0
    const free = event.physical - event.allocated
    const mustBeLow = threshold > 0 && free <= threshold
    const mustBeFine = threshold === 0 || free > threshold + Math.max(1, Math.ceil(threshold / 10))
    const isLow = mustBeLow || (account.low && !mustBeFine)
    const expected = isLow === account.low ? [] : [isLow ? "raised" : "cleared"]
    assert.deepEqual(
      alerts.map((alert) => alert.state),
      expected,
      `alerts of ${event.sku} at ${free}`
    )
    account.low = isLow
  }

  private checkBook(desk: Desk, sku: string, account: Account): void {
    const state = desk.state(sku)
    assert.equal(state.version, account.version)
    assert.equal(state.low, account.low)
    if (isBundle(state)) {
      const parts = state.settings.components.map((part) => ({
        ...part,
        ...desk.state(part.sku),
        times: part.quantity
      }))
      const wholes = Math.min(...parts.map((part) => Math.floor(part.physical / part.times)))
      const free = Math.min(...parts.map((part) => Math.floor((part.physical - part.allocated) / part.times)))
      assert.deepEqual([state.physical, state.allocated], [wholes, wholes - free], `bundle ${sku}`)
      assert.equal(account.holds.size, 0)
      account.physical = new Map()
      return
    }
    assert.deepEqual(
      [state.physical, state.allocated],
      [sum(account.physical.values()), sum(this.held(account, undefined))]
    )
    for (const place of new Set([
      ...account.physical.keys(),
      ...state.locations.map((location) => location.locationId)
    ])) {
      const found = findLocation(state, place)
      const expected = [at(account.physical, place), sum(this.held(account, place))]
      assert.deepEqual([found?.physical ?? 0, found?.allocated ?? 0], expected, `${sku} at ${place}`)
    }
  }

  /** A hold over several SKUs is on every one of its legs, and no leg is left of one that is over. */
  private checkWhole(): void {
    for (const [name, legs] of this.spanning) {
      for (const sku of legs) assert.ok(this.account(sku).holds.has(name), `${name} is not held on ${sku}`)
    }
    for (const [sku, account] of this.accounts) {
      for (const [name, hold] of account.holds) {
        if (hold.scope === undefined) continue
        assert.ok(this.spanning.get(name)?.includes(sku), `${sku} is left of ${name}`)
      }
    }
  }
}
