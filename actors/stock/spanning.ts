/**
 * Holds that span several SKUs, all or nothing: the several-lines endpoint's, and a bundle's over its components.
 *
 * Demand is summed per SKU and location, components of bundles included, before any of it is checked; so a cart with a
 * bundle and one of its parts cannot take the same unit twice. The records of all legs are one decision and are
 * appended in one commit, so there is nothing to lock, nothing to undo, and no half-held cart after a crash.
 */
import { DEFAULT_LOCATION, type Line } from "../sku/commands.ts"
import { hasChannelRules, sellable } from "../sku/channels.ts"
import { closeEvent, freeAt, freedBy, holdExpired, type Mutable, reservable, showable } from "../sku/decide.ts"
import { alertFor, type Decision, type LineAtFault, type RefusalCode, thresholdField } from "../sku/decision.ts"
import type { CloseEvent, JournalRecord, LinesRecord, LocationUnits, ReserveEvent } from "../sku/events.ts"
import { type HeldUnits, holdKey, isBundle, type SkuState } from "../sku/state.ts"
import { bundleNumbers, numbersAfter } from "./bundles.ts"
import type { SpanningHold, Stock } from "./stock.ts"

export interface SpanningReserve {
  readonly scope: string
  /** The bundle asked for on its own; absent for the several-lines endpoint. */
  readonly sku?: string
  readonly mutationId: string
  readonly hash: string
  readonly holdId: string
  readonly expiresAt: number
  readonly channel?: string | undefined
  readonly holder?: string | undefined
  readonly lines: ReadonlyArray<Line>
}

/** Units demanded of one SKU, by location. */
interface Leg {
  readonly state: SkuState
  readonly split: Array<[locationId: string, units: number]>
}

/** The locations, by SKU, that have not what is demanded of them. */
type Shortages = ReadonlyMap<string, ReadonlySet<string>>

export const decideSpanningReserve = (stock: Stock, asked: SpanningReserve): Decision => {
  const isDistinct = areDistinct(asked.lines)
  const lines = isDistinct ? asked.lines : sumLines(asked.lines)
  const states = lines.map((line) => stock.find(line.sku))
  const hasBundles = states.some((state) => state !== undefined && isBundle(state))
  const isPlain = isDistinct && !hasBundles
  const legs = isPlain ? plainDemand(lines, states) : summedDemand(stock, lines, states)
  // Only then can a leg have a hold that is replaced.
  const old = stock.spanning(holdKey(asked.scope, asked.holdId))
  const replacedOn = (state: SkuState): HeldUnits | undefined =>
    old === undefined ? undefined : stock.leg(old.key, state.sku)
  const shorts = legs.map((leg) => shortLocations(leg, asked, replacedOn(leg.state)))
  if (shorts.some((short) => short !== NOTHING_SHORT) || states.includes(undefined)) {
    const shortages = new Map(legs.map((leg, index) => [leg.state.sku, shorts[index] ?? NOTHING_SHORT]))
    const faults = faultsOf(stock, lines, shortages, asked.channel)
    const first = faults[0]
    if (first !== undefined) return refuseLines(asked, first.code, faults)
  }
  const records: Array<JournalRecord> = []
  for (const leg of legs) reserveLeg(leg, asked, replacedOn(leg.state), records)
  if (old !== undefined) releaseOld(stock, old, asked, legs, records)
  if (hasBundles) reserveBundles(stock, lines, asked, records)
  const skus = legs.map((leg) => leg.state.sku)
  const record: Mutable<LinesRecord> = {
    type: "lines",
    act: "reserve",
    holdId: asked.holdId,
    mutationId: asked.mutationId,
    expiresAt: asked.expiresAt,
    legs: skus,
    asked: isPlain ? skus : distinctSkus(lines)
  }
  if (asked.sku === undefined) record.hash = asked.hash
  else record.sku = asked.sku
  if (asked.holder !== undefined) record.holder = asked.holder
  records.push(record)
  return { records }
}

/** So few lines are compared one by one: cheaper than making a key for each. */
const FEW_LINES = 8

const areDistinct = (lines: ReadonlyArray<Line>): boolean => {
  if (lines.length > FEW_LINES) return false
  for (let index = 1; index < lines.length; index++) {
    for (let before = 0; before < index; before++) if (lines[before]?.sku === lines[index]?.sku) return false
  }
  return true
}

/** Lines of one SKU and location become one, in the order of their first. */
const sumLines = (lines: ReadonlyArray<Line>): ReadonlyArray<Line> => {
  const summed: Array<{ sku: string; quantity: number; locationId: string }> = []
  const byPlace = new Map<string, { quantity: number }>()
  for (const line of lines) {
    const place = `${line.sku.length}:${line.sku}${line.locationId}`
    const known = byPlace.get(place)
    if (known === undefined) {
      const copy = { sku: line.sku, quantity: line.quantity, locationId: line.locationId }
      byPlace.set(place, copy)
      summed.push(copy)
    } else known.quantity += line.quantity
  }
  return summed
}

const distinctSkus = (lines: ReadonlyArray<Line>): ReadonlyArray<string> => [...new Set(lines.map((line) => line.sku))]

/** `states`: of the lines, in their order; a SKU that is not known has no leg. */
type States = ReadonlyArray<SkuState | undefined>

/** Of SKUs that are each asked for once, and no bundles: the carts of every day. */
const plainDemand = (lines: ReadonlyArray<Line>, states: States): Array<Leg> => {
  const legs: Array<Leg> = []
  for (let index = 0; index < lines.length; index++) {
    const { locationId, quantity } = lines[index] as Line
    const state = states[index]
    if (state !== undefined) legs.push({ state, split: [[locationId, quantity]] })
  }
  return legs
}

const summedDemand = (stock: Stock, lines: ReadonlyArray<Line>, states: States): Array<Leg> => {
  const legs = new Map<string, Leg>()
  const demand = (state: SkuState, locationId: string, units: number): void => {
    let leg = legs.get(state.sku)
    if (leg === undefined) legs.set(state.sku, (leg = { state, split: [] }))
    const place = leg.split.find(([known]) => known === locationId)
    if (place === undefined) leg.split.push([locationId, units])
    else place[1] += units
  }
  for (const [index, line] of lines.entries()) {
    const state = states[index]
    if (state === undefined) continue
    if (!isBundle(state)) demand(state, line.locationId, line.quantity)
    for (const component of state.settings.components) {
      const part = stock.find(component.sku)
      if (part !== undefined) demand(part, line.locationId, line.quantity * component.quantity)
    }
  }
  return [...legs.values()]
}

const unitsOf = (split: ReadonlyArray<LocationUnits>): number => {
  let units = 0
  for (const [, part] of split) units += part
  return units
}

const NOTHING_SHORT: ReadonlySet<string> = new Set()

const shortLocations = (leg: Leg, asked: SpanningReserve, replaced: HeldUnits | undefined): ReadonlySet<string> => {
  const { state, split } = leg
  let short: Set<string> | undefined
  for (const [locationId, units] of split) {
    if (units > reservable(state, locationId, asked.channel, replaced)) (short ??= new Set()).add(locationId)
  }
  if (short !== undefined) return short
  if (split.length === 1) return NOTHING_SHORT
  // Each location may have enough while what may be had over all of them has not; then every one is at fault.
  const share = sellable(state, asked.channel, freedBy(replaced)) + state.settings.backorderLimit
  const allThere = !hasChannelRules(state) && split.every(([at, units]) => units <= freeAt(state, at, replaced))
  return allThere || unitsOf(split) <= share ? NOTHING_SHORT : new Set(split.map(([locationId]) => locationId))
}

interface Fault extends LineAtFault {
  readonly code: RefusalCode
}

const faultsOf = (
  stock: Stock,
  lines: ReadonlyArray<Line>,
  shortages: Shortages,
  channel: string | undefined
): Array<Fault> => {
  const isShort = (sku: string, locationId: string): boolean => shortages.get(sku)?.has(locationId) === true
  const faults: Array<Fault> = []
  for (const line of lines) {
    const requested = line.quantity
    const state = stock.find(line.sku)
    if (state === undefined) {
      faults.push({ code: "unknown_sku", sku: line.sku, requested, available: 0 })
    } else if (!isBundle(state)) {
      if (!isShort(line.sku, line.locationId)) continue
      const units = showable(state, line.locationId, channel)
      faults.push({ code: "insufficient_stock", sku: line.sku, requested, available: units })
    } else if (state.settings.components.some((component) => isShort(component.sku, line.locationId))) {
      const units = bundlesToBeHad(stock, state, line.locationId, channel)
      faults.push({ code: "insufficient_stock", sku: line.sku, requested, available: units })
    }
  }
  return faults
}

const bundlesToBeHad = (stock: Stock, bundle: SkuState, locationId: string, channel: string | undefined): number =>
  Math.min(
    ...bundle.settings.components.map((component) => {
      const part = stock.find(component.sku)
      return part === undefined ? 0 : Math.floor(showable(part, locationId, channel) / component.quantity)
    })
  )

const refuseLines = (asked: SpanningReserve, code: RefusalCode, faults: ReadonlyArray<Fault>): Decision => {
  const named = faults.map((fault) => `${fault.sku} (${fault.requested} asked for, ${fault.available} to be had)`)
  const reason = code === "unknown_sku" ? "at least one SKU is not known" : "not every line can be had in full"
  const refusal = {
    ok: false as const,
    code,
    message: `Nothing was held, because ${reason}: ${named.slice(0, 5).join(", ")}${named.length > 5 ? ", …" : ""}.`,
    holdId: asked.holdId
  }
  if (asked.sku !== undefined) {
    return { records: [], refusal: { ...refusal, sku: asked.sku, available: faults[0]?.available ?? 0 } }
  }
  return {
    records: [],
    refusal: { ...refusal, lines: faults.map(({ sku, requested, available }) => ({ sku, requested, available })) }
  }
}

const reserveLeg = (
  leg: Leg,
  asked: SpanningReserve,
  replaced: HeldUnits | undefined,
  records: Array<JournalRecord>
): void => {
  const { state, split } = leg
  const quantity = unitsOf(split)
  const event: Mutable<ReserveEvent> = {
    type: "reserve",
    sku: state.sku,
    version: state.version + 1,
    mutationId: asked.mutationId,
    scope: asked.scope,
    holdId: asked.holdId,
    quantity,
    expiresAt: asked.expiresAt,
    physical: state.physical,
    allocated: state.allocated - (replaced?.quantity ?? 0) + quantity
  }
  const only = split.length === 1 ? split[0] : undefined
  if (only === undefined) event.split = split
  else if (only[0] !== DEFAULT_LOCATION) event.locationId = only[0]
  if (asked.channel !== undefined) event.channel = asked.channel
  if (state.settings.safetyThreshold !== 0) event.safetyThreshold = state.settings.safetyThreshold
  records.push(event)
  const alert = alertFor(state.low, state.settings.safetyThreshold, event)
  if (alert !== undefined) records.push(alert)
}

/** A hold that is replaced gives back the SKUs that the new one does not ask for, in the same step; bundles get their event. */
const releaseOld = (
  stock: Stock,
  old: SpanningHold,
  asked: SpanningReserve,
  legs: ReadonlyArray<Leg>,
  records: Array<JournalRecord>
): void => {
  for (const sku of old.legs) {
    if (legs.some((leg) => leg.state.sku === sku)) continue
    const state = stock.find(sku)
    const leg = stock.leg(old.key, sku)
    if (state === undefined || leg === undefined) continue
    records.push(...closeEvent(state, leg, "release", asked.mutationId, { scope: asked.scope }).records)
  }
  const close = { type: "release" as const, mutationId: asked.mutationId }
  for (const sku of old.asked) {
    if (asked.lines.some((line) => line.sku === sku)) continue
    closeBundle(stock, sku, old, close, records)
  }
}

/** A bundle that was asked for has an event of its own; its numbers follow the legs before it. */
const reserveBundles = (
  stock: Stock,
  lines: ReadonlyArray<Line>,
  asked: SpanningReserve,
  records: Array<JournalRecord>
): void => {
  const own = asked.sku === undefined ? { scope: asked.scope } : { hash: asked.hash }
  for (const sku of distinctSkus(lines)) {
    const bundle = stock.find(sku)
    if (bundle === undefined || !isBundle(bundle)) continue
    const event: ReserveEvent = {
      type: "reserve",
      sku,
      version: bundle.version + 1,
      mutationId: asked.mutationId,
      ...own,
      holdId: asked.holdId,
      quantity: lines.reduce((units, line) => (line.sku === sku ? units + line.quantity : units), 0),
      ...(asked.channel === undefined ? {} : { channel: asked.channel }),
      expiresAt: asked.expiresAt,
      bundle: true,
      ...bundleNumbers(bundle.settings.components, numbersAfter(stock, records)),
      ...thresholdField(bundle)
    }
    records.push(event)
    const alert = alertFor(bundle.low, bundle.settings.safetyThreshold, event)
    if (alert !== undefined) records.push(alert)
  }
}

export interface SpanningClose {
  readonly type: CloseEvent["type"]
  readonly mutationId: string
  readonly hash?: string
}

/** Closes every leg, and gives each bundle that was asked for its event. */
export const closeSpanning = (stock: Stock, hold: SpanningHold, close: SpanningClose): Decision => {
  const records = closeLegs(stock, hold, close)
  for (const sku of hold.asked) closeBundle(stock, sku, hold, close, records)
  records.push(closeRecord(hold, close))
  return { records }
}

/** Of a SKU that was a bundle when the hold was made, and has no leg; its numbers follow the records before it. */
const closeBundle = (
  stock: Stock,
  sku: string,
  hold: SpanningHold,
  close: SpanningClose,
  records: Array<JournalRecord>
): void => {
  if (hold.legs.includes(sku)) return
  const bundle = stock.find(sku)
  if (bundle === undefined) return
  const hash = close.hash === undefined ? {} : { hash: close.hash }
  const own = hold.sku === undefined ? { scope: hold.scope } : hash
  const event: CloseEvent = {
    type: close.type,
    sku,
    version: bundle.version + 1,
    mutationId: legMutationId(close, bundle, hold),
    ...own,
    holdId: hold.holdId,
    quantity: 0,
    // A SKU that was made plain again while its hold was open keeps the numbers it has.
    ...(isBundle(bundle)
      ? bundleNumbers(bundle.settings.components, numbersAfter(stock, records))
      : { physical: bundle.physical, allocated: bundle.allocated }),
    ...thresholdField(bundle)
  }
  records.push(event)
  const alert = alertFor(bundle.low, bundle.settings.safetyThreshold, event)
  if (alert !== undefined) records.push(alert)
}

/** Gives a bundle's components back without a word of the bundle, whose own event says what comes instead. */
export const releaseComponents = (
  stock: Stock,
  hold: SpanningHold,
  mutationId: string
): ReadonlyArray<JournalRecord> => {
  const close = { type: "release" as const, mutationId }
  return [...closeLegs(stock, hold, close), closeRecord(hold, close)]
}

const closeLegs = (stock: Stock, hold: SpanningHold, close: SpanningClose): Array<JournalRecord> => {
  const records: Array<JournalRecord> = []
  for (const sku of hold.legs) {
    const state = stock.find(sku)
    const leg = stock.leg(hold.key, sku)
    if (state === undefined || leg === undefined) continue
    const mutationId = legMutationId(close, state, hold)
    records.push(...closeEvent(state, leg, close.type, mutationId, { scope: hold.scope }).records)
  }
  return records
}

const closeRecord = (hold: SpanningHold, close: SpanningClose): LinesRecord => ({
  type: "lines",
  act: close.type,
  ...(hold.sku === undefined ? {} : { sku: hold.sku }),
  ...(close.hash === undefined || hold.sku !== undefined ? {} : { hash: close.hash }),
  holdId: hold.holdId,
  mutationId: close.mutationId,
  legs: hold.legs,
  asked: hold.asked
})

const legMutationId = (close: SpanningClose, state: SkuState, hold: SpanningHold): string =>
  close.type === "expiry" ? `expiry:${hold.holdId}:${state.version + 1}` : close.mutationId

export const expireSpanning = (stock: Stock, hold: SpanningHold): Decision =>
  closeSpanning(stock, hold, { type: "expiry", mutationId: `expiry:${hold.holdId}` })

export const expiredOnClose = (stock: Stock, hold: SpanningHold): Decision => ({
  ...expireSpanning(stock, hold),
  refusal: holdExpired({ holdId: hold.holdId, ...(hold.sku === undefined ? {} : { sku: hold.sku }) })
})
