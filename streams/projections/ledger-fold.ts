/**
 * What a batch of changes makes of the read models: pure.
 *
 * Totals stand in the events. Units by location do not (the commit of a hold says nothing of where its units lay), so
 * locations and open holds are read from the database, taken on by the actor's own fold, and written back.
 */
import { DEFAULT_LOCATION } from "../../actors/sku/commands.ts"
import type { LocationUnits, ReserveEvent } from "../../actors/sku/events.ts"
import {
  defaultSettings,
  evolve,
  type Hold,
  holdKey,
  initialState,
  isBundle,
  type SkuState,
  splitOf
} from "../../actors/sku/state.ts"
import type { LedgerEntry } from "./ledger-rows.ts"

type Split = ReadonlyArray<LocationUnits>

export interface LocationRow {
  readonly sku: string
  readonly location_id: string
  readonly physical: number
  readonly allocated: number
}

/** What a fold has to know of a SKU's rows. */
export interface StockRows {
  readonly version: number
  readonly bundle: boolean
  readonly locations: ReadonlyArray<LocationRow>
}

/** Rows that stand in the database, of the SKUs and holds that a batch touches. */
export interface Known {
  readonly stock: ReadonlyMap<string, StockRows>
  readonly holds: ReadonlyArray<readonly [sku: string, scope: string, holdId: string, split: Split]>
}

export interface HoldName {
  readonly sku: string
  readonly scope: string
  readonly hold_id: string
}

export interface Touched {
  readonly skus: ReadonlyArray<string>
  /** To be read before the batch can be folded. */
  readonly holds: ReadonlyArray<HoldName>
  /** Nothing but reserved by it, once: taken for new. Where one replaces a hold that is open, its row is there already. */
  readonly takenForNew: ReadonlyArray<HoldName>
}

export interface Folded {
  /** The touched SKUs' rows afterwards. */
  readonly stock: ReadonlyMap<string, StockRows>
  readonly levels: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly locations: ReadonlyArray<LocationRow>
  /** Locations that a SKU no longer has. */
  readonly goneLocations: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly opened: ReadonlyArray<HoldRow>
  /** Open before and after, and another. */
  readonly replaced: ReadonlyArray<HoldRow>
  /** Touched holds that are not open afterwards. */
  readonly closed: ReadonlyArray<HoldName>
}

interface HoldRow {
  readonly sku: string
  readonly scope: string
  readonly hold_id: string
  readonly quantity: number
  readonly channel: string | undefined
  readonly holder: string | undefined
  /** Milliseconds since the epoch. */
  readonly expires: number
  readonly split: Split
}

interface Actor {
  readonly state: SkuState
  thresholdAfter: number
  /** Locations that have a row. */
  readonly stored: ReadonlyArray<LocationRow>
}

/** As the expiry of a hold whose row stays as it is. */
const UNTOUCHED = Number.NEGATIVE_INFINITY
const A_COMPONENT = [{ sku: "", quantity: 1 }]
const holdOf = (event: LedgerEntry["event"]) =>
  "holdId" in event ? { sku: event.sku, scope: event.scope ?? "", hold_id: event.holdId } : undefined
const nameOf = (hold: HoldName): string =>
  `${hold.sku.length}:${hold.scope.length}:${hold.sku}${hold.scope}${hold.hold_id}`

/** `trusting`: holds may be taken for new. */
export const touchedBy = (entries: ReadonlyArray<LedgerEntry>, trusting: boolean): Touched => {
  const skus = new Set<string>()
  const holds = new Map<string, HoldName>()
  const takenForNew = new Map<string, HoldName>()
  for (const { event } of entries) {
    skus.add(event.sku)
    const hold = holdOf(event)
    if (hold === undefined) continue
    const name = nameOf(hold)
    if (trusting && event.type === "reserve" && !takenForNew.has(name) && !holds.has(name)) takenForNew.set(name, hold)
    else {
      takenForNew.delete(name)
      holds.set(name, hold)
    }
  }
  return { skus: [...skus], holds: [...holds.values()], takenForNew: [...takenForNew.values()] }
}

export const foldStock = (entries: ReadonlyArray<LedgerEntry>, touched: Touched, known: Known): Folded => {
  const actors = awaken(touched, known)
  for (const { event, at } of entries) {
    const actor = actors.get(event.sku)
    if (actor === undefined || event.version <= actor.state.version) continue
    evolve(actor.state, event, at)
    if (event.type === "reserve" && isBundle(actor.state)) openBundleHold(actor.state, event)
    actor.thresholdAfter = event.safetyThreshold ?? 0
  }
  return { ...stockRows(actors), ...holdRows(actors, touched, known) }
}

const awaken = (touched: Touched, known: Known): Map<string, Actor> => {
  const actors = new Map<string, Actor>()
  for (const sku of touched.skus) {
    const state = initialState(sku)
    const stock = known.stock.get(sku)
    actors.set(sku, { state, thresholdAfter: 0, stored: stock?.locations ?? [] })
    if (stock === undefined) continue
    state.version = stock.version
    if (stock.bundle) state.settings = { ...defaultSettings, components: A_COMPONENT }
    for (const { location_id: locationId, physical, allocated } of stock.locations) {
      state.locations.push({ locationId, physical, allocated })
    }
  }
  for (const [sku, scope, holdId, split] of known.holds) {
    const state = actors.get(sku)?.state
    if (state !== undefined) restoreHold(state, scope, holdId, split)
  }
  return actors
}

const setHold = (state: SkuState, hold: Omit<Hold, "key" | "sku">): void => {
  const key = holdKey(hold.scope, hold.holdId)
  state.holds ??= new Map()
  state.holds.set(key, { ...hold, key, sku: state.sku })
}

/** Only what the fold asks of a hold: where its units lie. */
const restoreHold = (state: SkuState, scope: string, holdId: string, split: Split): void =>
  setHold(state, {
    holdId,
    scope: scope === "" ? undefined : scope,
    quantity: 0,
    locationId: DEFAULT_LOCATION,
    split,
    channel: undefined,
    holder: undefined,
    expiresAt: UNTOUCHED
  })

/** A bundle's hold is listed like any other, but its units lie with its components. */
const openBundleHold = (state: SkuState, event: ReserveEvent): void =>
  setHold(state, {
    holdId: event.holdId,
    scope: event.scope,
    quantity: event.quantity,
    locationId: DEFAULT_LOCATION,
    split: [],
    channel: event.channel,
    holder: event.holder,
    expiresAt: event.expiresAt
  })

const stockRows = (actors: ReadonlyMap<string, Actor>) => {
  const stock = new Map<string, StockRows>()
  const levels: Array<Readonly<Record<string, unknown>>> = []
  const locations: Array<LocationRow> = []
  const goneLocations: Array<Readonly<Record<string, unknown>>> = []
  for (const [sku, { state, thresholdAfter, stored }] of actors) {
    const { version, physical, allocated, changedAt } = state
    const bundle = isBundle(state)
    // Where a bundle had stock before it was one, it has none: nothing of it is sold out there.
    const rows = bundle ? [] : state.locations.map((location) => locationRow(sku, location))
    stock.set(sku, { version, bundle, locations: rows })
    levels.push({ sku, version, physical, allocated, threshold: thresholdAfter, bundle, changedAt })
    locations.push(...rows)
    const left = new Set(rows.map(({ location_id }) => location_id))
    for (const { location_id } of stored) if (!left.has(location_id)) goneLocations.push({ sku, location_id })
  }
  return { stock, levels, locations, goneLocations }
}

const locationRow = (sku: string, { locationId, physical, allocated }: SkuState["locations"][number]): LocationRow => ({
  sku,
  location_id: locationId,
  physical,
  allocated
})

const holdRows = (actors: ReadonlyMap<string, Actor>, touched: Touched, known: Known) => {
  const opened: Array<HoldRow> = []
  const replaced: Array<HoldRow> = []
  const closed: Array<HoldName> = []
  const stored = new Set(known.holds.map(([sku, scope, hold_id]) => nameOf({ sku, scope, hold_id })))
  for (const name of touched.holds) {
    const hold = heldAs(name, actors)
    if (hold === undefined) closed.push(name)
    else if (hold.expiresAt !== UNTOUCHED) (stored.has(nameOf(name)) ? replaced : opened).push(rowOf(name, hold))
  }
  for (const name of touched.takenForNew) {
    const hold = heldAs(name, actors)
    if (hold !== undefined) opened.push(rowOf(name, hold))
  }
  return { opened, replaced, closed }
}

const heldAs = ({ sku, scope, hold_id }: HoldName, actors: ReadonlyMap<string, Actor>): Hold | undefined =>
  actors.get(sku)?.state.holds?.get(holdKey(scope === "" ? undefined : scope, hold_id))

/** Field by field: there are as many of them as changes, and a spread took a fifth of what the ledger takes here. */
const rowOf = ({ sku, scope, hold_id }: HoldName, hold: Hold): HoldRow => {
  const { quantity, channel, holder, expiresAt: expires } = hold
  return { sku, scope, hold_id, quantity, channel, holder, expires, split: splitOf(hold) }
}
