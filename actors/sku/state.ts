/**
 * A SKU's state and its fold.
 *
 * `evolve` is total: it never refuses and never checks, because an event has happened. It folds in place: the caller
 * owns the state and nobody else may keep a reference to it across a fold. A hot SKU has tens of thousands of open
 * holds, and copying (or a persistent map) cost more than the whole rest of a turn; where the old state is wanted,
 * `unpack(pack(state))` copies it. If the append of folded events fails for good, the whole activation is dropped.
 */
import { unitAt } from "../text.ts"
import { DEFAULT_LOCATION, type Settings } from "./commands.ts"
import type { CloseEvent, FactEvent, LocationUnits, ReserveEvent, StockEvent } from "./events.ts"

export interface Location {
  readonly locationId: string
  physical: number
  allocated: number
}

export interface Hold {
  /** `holdId` within its scope, see `holdKey`. */
  readonly key: string
  readonly sku: string
  readonly holdId: string
  readonly scope: string | undefined
  readonly quantity: number
  /** Where its units lie: all of them here, or as `split` says. */
  readonly locationId: string
  readonly split: ReadonlyArray<LocationUnits> | undefined
  readonly channel: string | undefined
  readonly holder: string | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface SkuState {
  readonly sku: string
  version: number
  /** Milliseconds since the epoch: the time of the commit that made this version. */
  changedAt: number
  /** Totals over locations, in units. */
  physical: number
  allocated: number
  locations: Array<Location>
  holds: Map<string, Hold> | undefined
  settings: Settings
  /** Ring-fenced units that the channel has taken already. */
  taken: Map<string, number> | undefined
  /** A low-stock alert is raised and not cleared. */
  low: boolean
}

/** Most holds lie at one location, and two arrays for each of a million holds would be 100 MB. */
export const splitOf = (hold: Pick<Hold, "locationId" | "quantity" | "split">): ReadonlyArray<LocationUnits> =>
  hold.split ?? [[hold.locationId, hold.quantity]]

export const defaultSettings: Settings = {
  safetyThreshold: 0,
  backorderLimit: 0,
  backorderKind: "backorder",
  channels: {},
  components: []
}

export const initialState = (sku: string): SkuState => ({
  sku,
  version: 0,
  changedAt: 0,
  physical: 0,
  allocated: 0,
  locations: [],
  holds: undefined,
  settings: defaultSettings,
  taken: undefined,
  low: false
})

/**
 * The same `holdId` may be used by the SKU and by a hold that spans several: they are different holds. An id may hold
 * any character, so a scope goes in with its length, and a plain id that starts like a scoped key is marked.
 */
export const holdKey = (scope: string | undefined, holdId: string): string => {
  if (scope === undefined) return unitAt(holdId, 0) === 0 ? `\u0000-${holdId}` : holdId
  if (scope !== last.scope || holdId !== last.holdId) {
    last = { scope, holdId, key: `\u0000${scope.length}:${scope}${holdId}` }
  }
  return last.key
}

/** A cart asks for one key for each of its legs; a string joined again would be hashed again for each of them. */
let last = { scope: "", holdId: "", key: "" }

export const available = (state: Pick<SkuState, "physical" | "allocated">): number => state.physical - state.allocated

export const findLocation = (state: SkuState, locationId: string): Location | undefined => {
  for (const location of state.locations) if (location.locationId === locationId) return location
  return undefined
}

export const hasUnits = (location: Location): boolean => location.physical !== 0 || location.allocated !== 0

export const isBundle = (state: SkuState): boolean => state.settings.components.length > 0

const locationOf = (state: SkuState, locationId: string): Location => {
  const found = findLocation(state, locationId)
  if (found !== undefined) return found
  const location: Location = { locationId, physical: 0, allocated: 0 }
  state.locations.push(location)
  return location
}

/** Hears of the holds that a fold opens and ends; one that is replaced has ended. */
export interface HoldListener {
  opened(hold: Hold): void
  ended(hold: Hold): void
}

/** `at`: the commit's time, in milliseconds since the epoch. */
export const evolve = (state: SkuState, event: StockEvent, at: number, listener?: HoldListener): SkuState => {
  switch (event.type) {
    case "sale":
    case "receipt":
    case "return":
    case "count":
    case "adjustment":
    case "transfer":
      // A bundle has no locations: what its facts moved are its components.
      if (!isBundle(state)) moveStock(state, event)
      break
    case "reserve":
      if (!isBundle(state)) openHold(state, event, listener)
      break
    case "commit":
    case "release":
    case "expiry":
      closeHold(state, event, listener)
      break
    case "configure":
      state.settings = { ...state.settings, ...event.settings }
      break
    case "bundle":
      break
  }
  state.version = event.version
  state.changedAt = at
  state.physical = event.physical
  state.allocated = event.allocated
  return state
}

const moveStock = (state: SkuState, event: FactEvent): void => {
  const location = locationOf(state, event.locationId ?? DEFAULT_LOCATION)
  switch (event.type) {
    case "sale":
      location.physical -= event.quantity
      if (event.channel !== undefined) take(state, event.channel, event.quantity)
      return
    case "receipt":
    case "adjustment":
      location.physical += event.quantity
      return
    case "return":
      location.physical += event.quantity
      if (event.channel !== undefined) take(state, event.channel, -event.quantity)
      return
    case "count":
      location.physical = event.quantity
      return
    case "transfer":
      location.physical -= event.quantity
      locationOf(state, event.toLocationId ?? DEFAULT_LOCATION).physical += event.quantity
  }
}

const openHold = (state: SkuState, event: ReserveEvent, listener: HoldListener | undefined): void => {
  const key = holdKey(event.scope, event.holdId)
  state.holds ??= new Map()
  const replaced = state.holds.get(key)
  if (replaced !== undefined) {
    freeUnits(state, replaced)
    listener?.ended(replaced)
  }
  if (event.channel !== undefined) take(state, event.channel, event.quantity)
  const hold: Hold = {
    key,
    sku: state.sku,
    holdId: event.holdId,
    scope: event.scope,
    quantity: event.quantity,
    locationId: event.locationId ?? DEFAULT_LOCATION,
    split: event.split,
    channel: event.channel,
    holder: event.holder,
    expiresAt: event.expiresAt
  }
  allocate(state, hold, 1)
  state.holds.set(key, hold)
  listener?.opened(hold)
}

const closeHold = (state: SkuState, event: CloseEvent, listener: HoldListener | undefined): void => {
  const hold = state.holds?.get(holdKey(event.scope, event.holdId))
  if (hold === undefined) return
  state.holds?.delete(hold.key)
  listener?.ended(hold)
  if (event.type !== "commit") return freeUnits(state, hold)
  allocate(state, hold, -1)
  if (hold.split === undefined) locationOf(state, hold.locationId).physical -= hold.quantity
  else for (const [locationId, units] of hold.split) locationOf(state, locationId).physical -= units
}

/** `sign`: 1 takes the hold's units, -1 gives them back. */
const allocate = (state: SkuState, hold: Hold, sign: 1 | -1): void => {
  if (hold.split === undefined) locationOf(state, hold.locationId).allocated += sign * hold.quantity
  else for (const [locationId, units] of hold.split) locationOf(state, locationId).allocated += sign * units
}

const freeUnits = (state: SkuState, hold: Hold): void => {
  allocate(state, hold, -1)
  if (hold.channel !== undefined) take(state, hold.channel, -hold.quantity)
}

/** Counts against the channel's ring fence; a return gives back no more than was taken. */
const take = (state: SkuState, channel: string, units: number): void => {
  if ((state.settings.channels[channel]?.ringFenced ?? 0) === 0) return
  state.taken ??= new Map()
  state.taken.set(channel, Math.max(0, (state.taken.get(channel) ?? 0) + units))
}
