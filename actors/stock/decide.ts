/**
 * The one door to a decision: any command on any SKU, or on several at once, becomes records and an answer.
 *
 * Sends each command to the decider that knows it (a plain SKU, a bundle, a spanning hold), checks what concerns them
 * all (is the SKU known, how many holds has this holder), and lets bundles follow the components that moved.
 */
import {
  type CloseHold,
  type Configure,
  type Fact,
  isFact,
  type LinesCommand,
  type Reserve,
  type SkuCommand
} from "../sku/commands.ts"
import {
  decideClose,
  decideClosed,
  decideConfigure,
  decideExpiry,
  decideFact,
  decideReserve,
  factEvent,
  type Origin
} from "../sku/decide.ts"
import { alertFor, type Decision, type HoldOutcome, refuse } from "../sku/decision.ts"
import type { JournalRecord } from "../sku/events.ts"
import { hasUnits, holdKey, initialState, isBundle, type SkuState } from "../sku/state.ts"
import { bundleNumbers, followBundles, numbersAfter } from "./bundles.ts"
import { closeSpanning, decideSpanningReserve, expiredOnClose, expireSpanning, releaseComponents } from "./spanning.ts"
import { bundleScope, LINES_SCOPE, type Stock } from "./stock.ts"

export interface Circumstances {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly hash: string
  /** What became of the hold that the command names, when it is no longer open. */
  readonly closed: HoldOutcome | undefined
}

export const decide = (stock: Stock, command: SkuCommand, given: Circumstances): Decision =>
  withBundles(stock, decideOne(stock, command, given))

/** Bundles follow the components that a decision moves. */
const withBundles = (stock: Stock, decision: Decision): Decision => {
  const records = followBundles(stock, decision.records)
  return records === decision.records ? decision : { ...decision, records }
}

const decideOne = (stock: Stock, command: SkuCommand, given: Circumstances): Decision => {
  const origin: Origin = { hash: given.hash }
  const state = stock.find(command.sku)
  if (isFact(command)) {
    if (state === undefined || !isBundle(state)) return decideFact(state ?? initialState(command.sku), command, origin)
    return decideBundleFact(stock, state, command, given.hash)
  }
  if (command.type === "configure") {
    return decideSettings(stock, state ?? initialState(command.sku), command, origin)
  }
  if (state === undefined) {
    return refuse({
      code: "unknown_sku",
      message: `No SKU ${command.sku} is known; a fact (a receipt, a count) or a configure makes it known.`,
      sku: command.sku
    })
  }
  return command.type === "reserve"
    ? decideHold(stock, state, command, given, origin)
    : decideEnd(stock, state, command, given, origin)
}

const decideHold = (
  stock: Stock,
  state: SkuState,
  command: Reserve,
  given: Circumstances,
  origin: Origin
): Decision => {
  const spanning = stock.bundleHold(command.sku, command.holdId)
  // For those alone whose holds are counted: a hot SKU has a hundred thousand to look among.
  const replaced =
    command.holder === undefined ? undefined : (spanning ?? state.holds?.get(holdKey(undefined, command.holdId)))
  const tooMany = holdLimit(stock, command, replaced)
  if (tooMany !== undefined) return tooMany
  if (!isBundle(state)) {
    const decision = decideReserve(state, command, given.at, origin)
    if (spanning === undefined || decision.refusal !== undefined) return decision
    // Made while the SKU was a bundle: what it holds of the components goes back as the new hold takes its place.
    return { records: [...releaseComponents(stock, spanning, command.mutationId), ...decision.records] }
  }
  const { sku, mutationId, holdId, quantity, locationId, channel, holder } = command
  return decideSpanningReserve(stock, {
    scope: bundleScope(sku),
    sku,
    mutationId,
    hash: given.hash,
    holdId,
    expiresAt: given.at + command.ttlMs,
    channel,
    holder,
    lines: [{ sku, quantity, locationId }]
  })
}

/** Whoever replaces a hold of their own has no more holds than before. */
const holdLimit = (
  stock: Stock,
  { holder, holdId }: Pick<Reserve, "holder" | "holdId">,
  replaced: { readonly holder: string | undefined } | undefined
): Decision | undefined => {
  if (holder === undefined || replaced?.holder === holder) return undefined
  if (stock.openHoldsOf(holder) < stock.holdsPerHolderMax) return undefined
  return refuse({
    code: "hold_limit",
    message: `This holder has ${stock.holdsPerHolderMax} open holds, the most one may have; commit or release one first.`,
    holdId
  })
}

const decideEnd = (
  stock: Stock,
  state: SkuState,
  command: CloseHold,
  given: Circumstances,
  origin: Origin
): Decision => {
  const spanning = stock.bundleHold(command.sku, command.holdId)
  if (spanning === undefined) return decideClose(state, command, given.at, origin, given.closed)
  if (given.at >= spanning.expiresAt) return expiredOnClose(stock, spanning)
  return closeSpanning(stock, spanning, { type: command.type, mutationId: command.mutationId, hash: given.hash })
}

export const decideLines = (stock: Stock, command: LinesCommand, given: Circumstances): Decision =>
  withBundles(stock, decideLinesOne(stock, command, given))

const decideLinesOne = (stock: Stock, command: LinesCommand, given: Circumstances): Decision => {
  const { mutationId, holdId } = command
  const spanning = stock.spanning(holdKey(LINES_SCOPE, holdId))
  if (command.type !== "reserve") {
    if (spanning === undefined) return decideClosed(command, given.closed)
    if (given.at >= spanning.expiresAt) return expiredOnClose(stock, spanning)
    return closeSpanning(stock, spanning, { type: command.type, mutationId, hash: given.hash })
  }
  const tooMany = holdLimit(stock, command, spanning)
  if (tooMany !== undefined) return tooMany
  return decideSpanningReserve(stock, {
    scope: LINES_SCOPE,
    mutationId,
    hash: given.hash,
    holdId,
    expiresAt: given.at + command.ttlMs,
    channel: command.channel,
    holder: command.holder,
    lines: command.lines
  })
}

/** A hold named by the key that its deadline was noted under; `undefined` when it is no longer open, or not yet due. */
export const decideDue = (
  stock: Stock,
  due: { readonly sku: string | undefined; readonly key: string },
  at: number
): Decision | undefined => {
  const spanning = stock.spanning(due.key)
  if (spanning !== undefined) {
    if (spanning.expiresAt > at) return undefined
    return { records: followBundles(stock, expireSpanning(stock, spanning).records) }
  }
  const state = due.sku === undefined ? undefined : stock.find(due.sku)
  const hold = state?.holds?.get(due.key)
  if (state === undefined || hold === undefined || hold.expiresAt > at) return undefined
  return { records: followBundles(stock, decideExpiry(state, hold).records) }
}

/** A fact about a bundle is a fact about its components; a count of bundles says nothing about them. */
const decideBundleFact = (stock: Stock, bundle: SkuState, fact: Fact, hash: string): Decision => {
  if (fact.type === "count") {
    return refuse({
      code: "invalid_request",
      message: `${fact.sku} is a bundle and has no stock of its own; count its components.`,
      sku: fact.sku,
      path: "type"
    })
  }
  const records: Array<JournalRecord> = []
  for (const component of bundle.settings.components) {
    const part = stock.find(component.sku) ?? initialState(component.sku)
    const moved = { ...fact, sku: component.sku, quantity: fact.quantity * component.quantity }
    records.push(...decideFact(part, moved, { scope: bundleScope(fact.sku) }).records)
  }
  const numbers = bundleNumbers(bundle.settings.components, numbersAfter(stock, records))
  const event = factEvent(bundle, fact, { hash }, numbers)
  records.push(event)
  const alert = alertFor(bundle.low, bundle.settings.safetyThreshold, event)
  if (alert !== undefined) records.push(alert)
  return { records }
}

const decideSettings = (stock: Stock, state: SkuState, command: Configure, origin: Origin): Decision => {
  const { components } = command.settings
  if (components === undefined) return decideConfigure(state, command, origin)
  const wrong = wrongComponents(stock, state, components)
  if (wrong !== undefined) {
    return refuse({ code: "invalid_request", message: wrong, sku: command.sku, path: "components" })
  }
  const numbers =
    components.length > 0
      ? bundleNumbers(components, numbersAfter(stock, []))
      : isBundle(state)
        ? { physical: 0, allocated: 0 }
        : state
  return decideConfigure({ ...state, physical: numbers.physical, allocated: numbers.allocated }, command, origin)
}

const wrongComponents = (
  stock: Stock,
  state: SkuState,
  components: ReadonlyArray<{ readonly sku: string }>
): string | undefined => {
  if (components.length === 0) return undefined
  if (!isBundle(state) && (state.locations.some(hasUnits) || (state.holds?.size ?? 0) > 0)) {
    return `${state.sku} has stock or holds of its own; bring both to nothing before it becomes a bundle.`
  }
  if (stock.bundlesOf(state.sku).length > 0) {
    return `${state.sku} is a component of ${stock.bundlesOf(state.sku)[0]}; a bundle cannot contain a bundle.`
  }
  for (const { sku } of components) {
    if (sku === state.sku) return "A bundle cannot contain itself."
    const part = stock.find(sku)
    if (part === undefined) return `The component ${sku} is not known; book its stock (a receipt, a count) first.`
    if (isBundle(part)) return `The component ${sku} is a bundle; name its components instead.`
  }
  return undefined
}
