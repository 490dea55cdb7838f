/**
 * Decisions on one plain SKU. Bundles and holds over several SKUs are decided in `actors/stock/`, from these parts.
 *
 * Pure: no clock, no ids, nothing thrown; the state is only read. A closed hold is no longer in the state, so what
 * became of it comes in from outside (`closed`), remembered for as long as mutation ids are.
 */
import { type CloseHold, type Configure, DEFAULT_LOCATION, type Fact, type Reserve } from "./commands.ts"
import {
  alertFor,
  type Decision,
  type HoldOutcome,
  incidentFor,
  locationField,
  newlyShort,
  refuse,
  thresholdField
} from "./decision.ts"
import type { CloseEvent, FactEvent, IncidentKind, JournalRecord, ReserveEvent, StockEvent } from "./events.ts"
import { type Freed, hasChannelRules, nothingFreed, sellable } from "./channels.ts"
import { available, findLocation, type HeldUnits, type Hold, holdKey, type SkuState, splitOf } from "./state.ts"

/** Where and by whom a mutation was asked for, when it was not by a command on this SKU. */
export interface Origin {
  readonly scope?: string
  readonly hash?: string
}

/** Fields are added one by one where it is hot: an object spread for each costs more than the decision. */
export type Mutable<A> = { -readonly [K in keyof A]: A[K] }

const complete = (event: Mutable<ReserveEvent | CloseEvent>, state: SkuState, origin: Origin): void => {
  if (origin.scope !== undefined) event.scope = origin.scope
  if (origin.hash !== undefined) event.hash = origin.hash
  if (state.settings.safetyThreshold !== 0) event.safetyThreshold = state.settings.safetyThreshold
}

const locationAvailable = (state: SkuState, locationId: string): number => {
  const location = findLocation(state, locationId)
  return location === undefined ? 0 : available(location)
}

export const decideFact = (state: SkuState, fact: Fact, origin: Origin): Decision => {
  const physical = state.physical + physicalChange(state, fact)
  const event = factEvent(state, fact, origin, { physical, allocated: state.allocated })
  const before = locationAvailable(state, fact.locationId)
  const after = before + locationChange(state, fact)
  return withSignals(state, event, fact.type === "sale" ? "oversell" : "shortfall", fact.locationId, before, after)
}

/** The fact as it is written down, with the numbers that it leaves. */
export const factEvent = (
  state: SkuState,
  fact: Fact,
  origin: Origin,
  numbers: { readonly physical: number; readonly allocated: number }
): FactEvent => ({
  type: fact.type,
  sku: fact.sku,
  version: state.version + 1,
  mutationId: fact.mutationId,
  ...origin,
  quantity: fact.quantity,
  ...locationField(fact.locationId),
  ...(fact.toLocationId === undefined ? {} : { toLocationId: fact.toLocationId }),
  ...(fact.channel === undefined ? {} : { channel: fact.channel }),
  ...(fact.occurredAt === undefined ? {} : { occurredAt: fact.occurredAt }),
  ...(fact.reference === undefined ? {} : { reference: fact.reference }),
  ...(fact.reason === undefined ? {} : { reason: fact.reason }),
  physical: numbers.physical,
  allocated: numbers.allocated,
  ...thresholdField(state)
})

/** How a fact changes the total over locations. */
const physicalChange = (state: SkuState, fact: Fact): number => {
  switch (fact.type) {
    case "sale":
      return -fact.quantity
    case "receipt":
    case "return":
    case "adjustment":
      return fact.quantity
    case "count":
      return fact.quantity - (findLocation(state, fact.locationId)?.physical ?? 0)
    case "transfer":
      return 0
  }
}

/** How a fact changes the location that it names (a transfer: the one it leaves). */
const locationChange = (state: SkuState, fact: Fact): number => {
  if (fact.type !== "transfer") return physicalChange(state, fact)
  return fact.toLocationId === fact.locationId ? 0 : -fact.quantity
}

/** Adds what the event gives rise to: an incident for units that were not there, an alert for a threshold crossed. */
const withSignals = (
  state: SkuState,
  event: StockEvent,
  kind: IncidentKind,
  locationId: string,
  before: number,
  after: number
): Decision => {
  const records: Array<JournalRecord> = [event]
  const short = newlyShort(before, after, state.settings.backorderLimit)
  if (short > 0) records.push(incidentFor(kind, short, locationId, event))
  const alert = alertFor(state.low, state.settings.safetyThreshold, event)
  if (alert !== undefined) records.push(alert)
  return { records }
}

/**
 * Units that may still be reserved at the location on the channel, when the hold that is replaced gives its back in the
 * same step. What may be promised beyond the stock, and what channels may sell, counts over all locations; without
 * rules for channels, units that lie at the location can be had whatever another location owes.
 */
export const reservable = (
  state: SkuState,
  locationId: string,
  channel: string | undefined,
  replaced: HeldUnits | undefined
): number => {
  const here = freeAt(state, locationId, replaced)
  const promised = Math.min(here, sellable(state, channel, freedBy(replaced))) + state.settings.backorderLimit
  return hasChannelRules(state) ? promised : Math.max(here, promised)
}

/** Units free at the location once the hold that is replaced has given its back. */
export const freeAt = (state: SkuState, locationId: string, replaced: HeldUnits | undefined): number => {
  let units = locationAvailable(state, locationId)
  if (replaced === undefined) return units
  for (const [held, part] of splitOf(replaced)) if (held === locationId) units += part
  return units
}

export const freedBy = (hold: HeldUnits | undefined): Freed =>
  hold === undefined ? nothingFreed : { total: hold.quantity, channel: hold.channel }

export const decideReserve = (state: SkuState, command: Reserve, at: number, origin: Origin): Decision => {
  const { sku, holdId, quantity, locationId, channel } = command
  const replaced = state.holds?.get(holdKey(origin.scope, holdId))
  if (quantity > reservable(state, locationId, channel, replaced)) {
    return refuse(insufficient(state, sku, holdId, quantity, locationId, channel))
  }
  const event: Mutable<ReserveEvent> = {
    type: "reserve",
    sku,
    version: state.version + 1,
    mutationId: command.mutationId,
    holdId,
    quantity,
    expiresAt: at + command.ttlMs,
    physical: state.physical,
    allocated: state.allocated - (replaced?.quantity ?? 0) + quantity
  }
  if (locationId !== DEFAULT_LOCATION) event.locationId = locationId
  if (channel !== undefined) event.channel = channel
  if (command.holder !== undefined) event.holder = command.holder
  complete(event, state, origin)
  const alert = alertFor(state.low, state.settings.safetyThreshold, event)
  return { records: alert === undefined ? [event] : [event, alert] }
}

/** What a refusal shows: the location's own `available`, or less where the channel may take less. */
export const showable = (state: SkuState, locationId: string, channel: string | undefined): number =>
  Math.min(
    locationAvailable(state, locationId),
    channel === undefined ? Infinity : Math.max(0, sellable(state, channel))
  )

const insufficient = (
  state: SkuState,
  sku: string,
  holdId: string,
  quantity: number,
  locationId: string,
  channel: string | undefined
) => {
  const units = showable(state, locationId, channel)
  return {
    code: "insufficient_stock" as const,
    message: `${quantity} units of ${sku} were asked for at ${locationId}${channel === undefined ? "" : ` on ${channel}`}, ${units} can be had; ask for fewer, or try again when stock comes in.`,
    sku,
    holdId,
    available: units
  }
}

export const decideClose = (
  state: SkuState,
  command: CloseHold,
  at: number,
  origin: Origin,
  closed: HoldOutcome | undefined
): Decision => {
  const hold = state.holds?.get(holdKey(origin.scope, command.holdId))
  if (hold === undefined) return decideClosed(command, closed)
  if (at >= hold.expiresAt) {
    // The timer has not come yet; the hold is over all the same, and its units go back in this very step.
    return { ...decideExpiry(state, hold), refusal: holdExpired(command) }
  }
  return closeEvent(state, hold, command.type, command.mutationId, origin)
}

export const holdExpired = (command: Pick<CloseHold, "holdId"> & { readonly sku?: string }) => ({
  ok: false as const,
  code: "hold_expired" as const,
  message: `The hold ${command.holdId} has expired and its units went back; reserve again.`,
  ...(command.sku === undefined ? {} : { sku: command.sku }),
  holdId: command.holdId,
  state: "expired" as const
})

/** Asked again about a hold that is over: the same outcome is fine and changes nothing, another is refused. */
export const decideClosed = (
  command: Pick<CloseHold, "type" | "holdId"> & { readonly sku?: string },
  closed: HoldOutcome | undefined
): Decision => {
  const named = { ...(command.sku === undefined ? {} : { sku: command.sku }), holdId: command.holdId }
  if (closed === undefined) {
    return refuse({
      code: "unknown_hold",
      message: `No hold ${command.holdId} is known${command.sku === undefined ? "" : ` on ${command.sku}`}; reserve first.`,
      ...named
    })
  }
  if (closed === "expired") return { records: [], refusal: holdExpired(command) }
  if (closed === (command.type === "commit" ? "committed" : "released")) return { records: [], unchanged: true }
  return refuse({
    code: "hold_closed",
    message: `The hold ${command.holdId} is already ${closed}; it cannot be ${command.type === "commit" ? "committed" : "released"} any more.`,
    ...named,
    state: closed
  })
}

export const closeEvent = (
  state: SkuState,
  hold: HeldUnits & Pick<Hold, "holdId">,
  type: CloseEvent["type"],
  mutationId: string,
  origin: Origin
): Decision => {
  const event: Mutable<CloseEvent> = {
    type,
    sku: state.sku,
    version: state.version + 1,
    mutationId,
    holdId: hold.holdId,
    quantity: hold.quantity,
    physical: type === "commit" ? state.physical - hold.quantity : state.physical,
    allocated: state.allocated - hold.quantity
  }
  if (hold.channel !== undefined) event.channel = hold.channel
  complete(event, state, origin)
  const records: Array<JournalRecord> = [event]
  if (type === "commit") {
    for (const [locationId, units] of splitOf(hold)) {
      const physical = findLocation(state, locationId)?.physical ?? 0
      const short = newlyShort(physical, physical - units, state.settings.backorderLimit)
      if (short > 0) records.push(incidentFor("paid_but_short", short, locationId, event))
    }
  }
  const alert = alertFor(state.low, state.settings.safetyThreshold, event)
  if (alert !== undefined) records.push(alert)
  return { records }
}

/** Releases a hold that is over its time. Its event's mutation id names hold and version, so that it is unique. */
export const decideExpiry = (state: SkuState, hold: Hold): Decision =>
  closeEvent(
    state,
    hold,
    "expiry",
    `expiry:${hold.holdId}:${state.version + 1}`,
    hold.scope === undefined ? {} : { scope: hold.scope }
  )

export const decideConfigure = (state: SkuState, command: Configure, origin: Origin): Decision => {
  const settings = { ...state.settings, ...command.settings }
  const event: StockEvent = {
    type: "configure",
    sku: command.sku,
    version: state.version + 1,
    mutationId: command.mutationId,
    ...origin,
    settings: command.settings,
    physical: state.physical,
    allocated: state.allocated,
    ...(settings.safetyThreshold === 0 ? {} : { safetyThreshold: settings.safetyThreshold })
  }
  const alert = alertFor(state.low, settings.safetyThreshold, event)
  return { records: alert === undefined ? [event] : [event, alert] }
}
