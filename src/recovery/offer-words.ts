/**
 * What a message says of an offer: the same for every call of it, so that it is known again among what a carrier has sent.
 */
import type { IncentivePolicy } from "../../actors/recovery/incentive-rules.ts"
import type { Offer } from "../../actors/recovery/offer.ts"

export type OfferSaid = Pick<Offer, "currency" | "expiresAt" | "offerId" | "offerKey" | "terms">

/** Without a policy, as when that version of the settings is long forgotten and none are made now, the usual words, and UTC. */
export const offerWords = (
  { currency, expiresAt, offerId, offerKey, terms }: OfferSaid,
  policy: IncentivePolicy | undefined
): string => {
  const says = policy?.catalogue.find((one) => one.offerKey === offerKey)?.says ?? usual(terms, currency)
  const until = untilOf(expiresAt, policy?.zone ?? "UTC")
  return says.replaceAll("{code}", () => offerId).replaceAll("{until}", () => until)
}

const usual = (terms: Offer["terms"], currency: string): string => {
  switch (terms.kind) {
    case "free-shipping":
      return "Free shipping with the code {code} until {until}."
    case "percentage":
      return `${terms.basisPoints / 100} % off with the code {code} until {until}.`
    case "amount":
      return `${moneyOf(terms.amountMinor, currency)} off with the code {code} until {until}.`
  }
}

const moneyOf = (amountMinor: number, currency: string): string => {
  const format = new Intl.NumberFormat("en-GB", { style: "currency", currency })
  return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

const untilOf = (atMs: number, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "long",
    hour: "2-digit",
    minute: "2-digit",
    timeZone,
    timeZoneName: "short"
  }).format(atMs)
