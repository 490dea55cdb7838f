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

/** Units of one SKU that are spoken for. */
export interface HeldUnits {
  readonly quantity: number
  /** Where they lie: all of them here, or as `split` says. */
  readonly locationId: string
  readonly split: ReadonlyArray<LocationUnits> | undefined
  readonly channel: string | undefined
}

export interface Hold extends HeldUnits {
  /** `holdId` within its scope, see `holdKey`. */
  readonly key: string
  readonly sku: string
  readonly holdId: string
  readonly scope: string | undefined
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
  /** Of the SKU alone; those of holds over several SKUs are where the fold keeps them, see `HoldKeeper`. */
  holds: Map<string, Hold> | undefined
  settings: Settings
  /** Ring-fenced units that the channel has taken already. */
  taken: Map<string, number> | undefined
  /** A low-stock alert is raised and not cleared. */
  low: boolean
}

/** Most holds lie at one location, and two arrays for each of a million holds would be 100 MB. */
export const splitOf = (hold: Pick<HeldUnits, "locationId" | "quantity" | "split">): ReadonlyArray<LocationUnits> =>
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

/** Where a fold keeps open holds. */
export interface HoldKeeper {
  /** Keeps what the event opens, and answers what was held under the same key. */
  open(state: SkuState, event: ReserveEvent): HeldUnits | undefined
  /** Answers what the event ends, and keeps it no longer. */
  close(state: SkuState, event: CloseEvent): HeldUnits | undefined
}

/**
 * `at`: the commit's time, in milliseconds since the epoch. `keeper`: of the hold that the event opens or ends; unless
 * told otherwise all are kept in the state, whoever they are of.
 */
export const evolve = (state: SkuState, event: StockEvent, at: number, keeper: HoldKeeper = inState): SkuState => {
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
      if (event.bundle !== true && !isBundle(state)) openHold(state, event, keeper)
      break
    case "commit":
    case "release":
    case "expiry":
      closeHold(state, event, keeper)
      break
    case "configure":
      state.settings = { ...state.settings, ...event.settings }
      if (event.settings.components !== undefined && !isBundle(state)) {
        state.locations = state.locations.filter(hasUnits)
      }
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

const openHold = (state: SkuState, event: ReserveEvent, keeper: HoldKeeper): void => {
  const replaced = keeper.open(state, event)
  if (replaced !== undefined) freeUnits(state, replaced)
  if (event.channel !== undefined) take(state, event.channel, event.quantity)
  allocate(state, event.locationId ?? DEFAULT_LOCATION, event.quantity, event.split, 1)
}

const closeHold = (state: SkuState, event: CloseEvent, keeper: HoldKeeper): void => {
  const held = keeper.close(state, event)
  if (held === undefined) return
  if (event.type !== "commit") return freeUnits(state, held)
  allocate(state, held.locationId, held.quantity, held.split, -1)
  for (const [locationId, units] of splitOf(held)) locationOf(state, locationId).physical -= units
}

/** Answers the hold whose place it takes. */
export const putHold = (state: SkuState, hold: Hold): Hold | undefined => {
  state.holds ??= new Map()
  const replaced = state.holds.get(hold.key)
  state.holds.set(hold.key, hold)
  return replaced
}

export const takeHold = (state: SkuState, event: CloseEvent): Hold | undefined => {
  const hold = state.holds?.get(holdKey(event.scope, event.holdId))
  if (hold !== undefined) state.holds?.delete(hold.key)
  return hold
}

const inState: HoldKeeper = { open: (state, event) => putHold(state, holdOf(state.sku, event)), close: takeHold }

export const holdOf = (sku: string, event: ReserveEvent): Hold => ({
  key: holdKey(event.scope, event.holdId),
  sku,
  holdId: event.holdId,
  scope: event.scope,
  quantity: event.quantity,
  locationId: event.locationId ?? DEFAULT_LOCATION,
  split: event.split,
  channel: event.channel,
  holder: event.holder,
  expiresAt: event.expiresAt
})

/** `sign`: 1 takes the units, -1 gives them back. */
const allocate = (
  state: SkuState,
  locationId: string,
  quantity: number,
  split: HeldUnits["split"],
  sign: 1 | -1
): void => {
  if (split === undefined) locationOf(state, locationId).allocated += sign * quantity
  else for (const [at, units] of split) locationOf(state, at).allocated += sign * units
}

const freeUnits = (state: SkuState, held: HeldUnits): void => {
  allocate(state, held.locationId, held.quantity, held.split, -1)
  if (held.channel !== undefined) take(state, held.channel, -held.quantity)
}

/** Counts against the channel's ring fence; a return gives back no more than was taken. */
const take = (state: SkuState, channel: string, units: number): void => {
  if ((state.settings.channels[channel]?.ringFenced ?? 0) === 0) return
  state.taken ??= new Map()
  state.taken.set(channel, Math.max(0, (state.taken.get(channel) ?? 0) + units))
}
