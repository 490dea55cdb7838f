/**
 * The rules of offers as somebody wrote them: a plain value, or everything that is wrong with it. A file is put together with
 * the usual rules. What an editor sends is all of them, and read by its schema.
 */
import { CATALOGUE_MAX, type CatalogueOffer, INCENTIVES_DEFAULT, type IncentivePolicy } from "./incentive-rules.ts"
import type { OfferTerms } from "./offer.ts"
import type { Fault } from "./sequence.ts"
import { incentiveFaults } from "./settings-faults.ts"

/** Paths are from the top of the rules; an empty one is of all of them. */
export type IncentivesRead =
  | { readonly ok: true; readonly policy: IncentivePolicy }
  | { readonly ok: false; readonly faults: ReadonlyArray<Fault> }

type Unread = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Unread =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** In the order in which they are kept: one content is one text. */
const TYPES: Readonly<Record<keyof IncentivePolicy, "string" | "number" | "array">> = {
  currency: "string",
  zone: "string",
  shippingCostMinor: "number",
  costBasisPoints: "number",
  marginFloorBasisPoints: "number",
  dailyBudgetMinor: "number",
  catalogue: "array",
  offerTtlMs: "number",
  offersPerCustomerMax: "number",
  offersWindowMs: "number",
  goodsMinimumMinor: "number",
  scarceUnits: "number",
  loyalOrders: "number",
  loyalRevenueMinor: "number",
  loyalDiscountShare: "number",
  discountShareMax: "number",
  returnShareMax: "number"
}

/** Nobody may know it. */
const MAY_BE_ABSENT = "costBasisPoints"

const WHY: Readonly<Record<string, string>> = {
  currency: "Offers are made in one currency: name it by three capital letters, such as GBP.",
  zone: "A budget's day ends at the shop's midnight: name its time zone, such as Europe/London.",
  shippingCostMinor: "Say what it costs the shop to send an order, in minor units; 0 if it costs nothing."
}

/** As they stand in the recovery file. */
export const readIncentives = (value: unknown): IncentivesRead => {
  const unknown = Object.keys(isRecord(value) ? value : {}).filter((name) => !Object.hasOwn(TYPES, name))
  const read = readWith(value, INCENTIVES_DEFAULT)
  if (unknown.length === 0) return read
  const faults = unknown.map((name) => ({
    path: name,
    message: `There is no ${name}; there are ${Object.keys(TYPES).join(", ")}.`
  }))
  return { ok: false, faults: read.ok ? faults : [...read.faults, ...faults] }
}

/** What is not written is as usual. */
const readWith = (value: unknown, usual: Partial<IncentivePolicy>): IncentivesRead => {
  if (!isRecord(value)) {
    return { ok: false, faults: [{ path: "", message: "The rules of offers must be an object." }] }
  }
  const faults: Array<Fault> = []
  const read: Record<string, unknown> = {}
  for (const [name, type] of Object.entries(TYPES)) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined
    const wanted = given === undefined ? usual[name as keyof IncentivePolicy] : given
    if (wanted === undefined && name === MAY_BE_ABSENT) continue
    if (type === "array") read[name] = readCatalogue(wanted, faults)
    else if (typeof wanted === type) read[name] = wanted
    else {
      faults.push({ path: name, message: WHY[name] ?? `Write ${name} as a ${type}.` })
    }
  }
  if (faults.length > 0) return { ok: false, faults }
  const policy = read as unknown as IncentivePolicy
  const wrong = incentiveFaults(policy)
  return wrong.length > 0 ? { ok: false, faults: wrong } : { ok: true, policy }
}

const readCatalogue = (value: unknown, faults: Array<Fault>): ReadonlyArray<CatalogueOffer> => {
  if (!Array.isArray(value) || value.length > CATALOGUE_MAX) {
    faults.push({ path: "catalogue", message: `Write catalogue as an array of at most ${CATALOGUE_MAX} offers.` })
    return []
  }
  return value.flatMap((one: unknown, index) => readOffer(one, `catalogue[${index}]`, faults) ?? [])
}

const readOffer = (value: unknown, path: string, faults: Array<Fault>): CatalogueOffer | undefined => {
  const { offerKey, says, terms: written } = isRecord(value) ? value : ({} as Unread)
  const terms = readTerms(written)
  if (typeof offerKey !== "string") {
    faults.push({ path, message: "An offer is an offerKey, its terms and, if it has words of its own, says." })
    return undefined
  }
  if (terms === undefined) {
    faults.push({ path: `${path}.terms`, message: termsWanted(written) })
    return undefined
  }
  if (says !== undefined && typeof says !== "string") {
    faults.push({ path: `${path}.says`, message: "What a message says of it must be a text." })
    return undefined
  }
  return { offerKey, terms, ...(says === undefined ? {} : { says }) }
}

const termsWanted = (value: unknown): string => {
  const kind = isRecord(value) ? value["kind"] : undefined
  if (kind === "percentage") return "Say how much: basisPoints, from 1 to 10000 hundredths of a percent."
  if (kind === "amount") return "Say how much: amountMinor, from 1 minor unit."
  return 'Write terms as {"kind":"free-shipping"}, {"kind":"percentage","basisPoints"} or {"kind":"amount","amountMinor"}.'
}

const readTerms = (value: unknown): OfferTerms | undefined => {
  if (!isRecord(value)) return undefined
  const { amountMinor, basisPoints, kind } = value
  if (kind === "free-shipping") return { kind }
  if (kind === "percentage" && typeof basisPoints === "number") return { kind, basisPoints }
  return kind === "amount" && typeof amountMinor === "number" ? { kind, amountMinor } : undefined
}
