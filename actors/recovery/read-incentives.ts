/**
 * The rules of offers as somebody wrote them, put together with the usual ones: a plain value, or everything that is wrong
 * with it.
 */
import { CATALOGUE_MAX, type CatalogueOffer, INCENTIVES_DEFAULT, type IncentivePolicy } from "./incentive-rules.ts"
import type { OfferTerms } from "./offer.ts"
import type { Fault } from "./sequence.ts"
import { incentiveFaults } from "./settings-faults.ts"

export type IncentivesRead =
  | { readonly ok: true; readonly policy: IncentivePolicy }
  | { readonly ok: false; readonly faults: ReadonlyArray<Fault> }

type Unread = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Unread =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What there is no usual value for, and what may be left out. */
const NEEDED = ["currency", "zone", "shippingCostMinor"] as const
const TYPES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(INCENTIVES_DEFAULT).map(([name, value]) => [name, typeof value])),
  currency: "string",
  zone: "string",
  shippingCostMinor: "number",
  costBasisPoints: "number"
}

const WHY: Readonly<Record<(typeof NEEDED)[number], string>> = {
  currency: "Offers are made in one currency: name it by three capital letters, such as GBP.",
  zone: "A budget's day ends at the shop's midnight: name its time zone, such as Europe/London.",
  shippingCostMinor: "Say what it costs the shop to send an order, in minor units; 0 if it costs nothing."
}

export const readIncentives = (value: unknown): IncentivesRead => {
  if (!isRecord(value)) {
    return { ok: false, faults: [{ path: "offers", message: "The rules of offers must be an object." }] }
  }
  const faults: Array<Fault> = []
  for (const name of NEEDED) if (value[name] === undefined) faults.push({ path: name, message: WHY[name] })
  for (const [name, given] of Object.entries(value)) {
    const type = TYPES[name]
    if (type === undefined) {
      faults.push({ path: name, message: `There is no ${name}; there are ${Object.keys(TYPES).join(", ")}.` })
    } else if (name !== "catalogue" && typeof given !== type) {
      faults.push({ path: name, message: `Write ${name} as a ${type}.` })
    }
  }
  const catalogue =
    value["catalogue"] === undefined ? INCENTIVES_DEFAULT.catalogue : readCatalogue(value["catalogue"], faults)
  if (faults.length > 0) return { ok: false, faults }
  const policy = { ...INCENTIVES_DEFAULT, ...value, catalogue } as IncentivePolicy
  const wrong = incentiveFaults(policy)
  return wrong.length > 0 ? { ok: false, faults: wrong } : { ok: true, policy }
}

const readCatalogue = (value: unknown, faults: Array<Fault>): ReadonlyArray<CatalogueOffer> => {
  if (!Array.isArray(value) || value.length > CATALOGUE_MAX) {
    faults.push({ path: "catalogue", message: `Write catalogue as an array of at most ${CATALOGUE_MAX} offers.` })
    return []
  }
  return value.flatMap((one: unknown, index) => {
    const path = `catalogue[${index}]`
    const terms = isRecord(one) ? readTerms(one["terms"]) : undefined
    if (!isRecord(one) || typeof one["offerKey"] !== "string" || terms === undefined) {
      faults.push({
        path,
        message:
          'An offer is an offerKey with terms: {"kind":"free-shipping"}, {"kind":"percentage","basisPoints"} or {"kind":"amount","amountMinor"}.'
      })
      return []
    }
    const { offerKey, says } = one
    if (says !== undefined && typeof says !== "string") {
      faults.push({ path: `${path}.says`, message: "What a message says of it must be a text." })
      return []
    }
    return [{ offerKey, terms, ...(says === undefined ? {} : { says }) }]
  })
}

const readTerms = (value: unknown): OfferTerms | undefined => {
  if (!isRecord(value)) return undefined
  const { amountMinor, basisPoints, kind } = value
  if (kind === "free-shipping") return { kind }
  if (kind === "percentage" && typeof basisPoints === "number") return { kind, basisPoints }
  return kind === "amount" && typeof amountMinor === "number" ? { kind, amountMinor } : undefined
}
