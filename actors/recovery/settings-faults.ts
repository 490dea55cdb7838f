/**
 * What is wrong with rules of contact and of offers that somebody wrote, each fault with its field and what to write
 * instead. Only settings without faults may be decided by.
 */
import type { Cap } from "./caps.ts"
import { NO_OFFER } from "./bandit.ts"
import { isChannel } from "./channel.ts"
import { SENT_KEPT_MS, SENT_MAX } from "./contact.ts"
import type { ContactHours } from "./hours.ts"
import { CATALOGUE_MAX, type IncentivePolicy } from "./incentive-rules.ts"
import { OFFERS_KEPT_MS, type OfferTerms } from "./offer.ts"
import type { ContactPolicy } from "./policy.ts"
import type { Fault } from "./sequence.ts"
import { isZone } from "./zone.ts"

type Demand = (holds: boolean, path: string, message: string) => void

const collected = (collect: (demand: Demand) => void): ReadonlyArray<Fault> => {
  const faults: Array<Fault> = []
  collect((holds, path, message) => {
    if (!holds) faults.push({ path, message })
  })
  return faults
}

const isWhole = (value: number, least: number, most = Number.MAX_SAFE_INTEGER): boolean =>
  Number.isSafeInteger(value) && value >= least && value <= most

const isShare = (value: number): boolean => value >= 0 && value <= 1

const MINUTES_A_DAY = 1_440
const SALT_LENGTH_MAX = 128
/** Each is counted on every decision. */
const CAPS_MAX = 16

export const contactFaults = (policy: ContactPolicy): ReadonlyArray<Fault> =>
  collected((demand) => {
    hoursDemands(demand, "hours", policy.hours)
    for (const [country, hours] of Object.entries(policy.hoursByCountry)) {
      demand(isCountry(country), `hoursByCountry.${country}`, "Name countries by two capital letters, such as FR.")
      hoursDemands(demand, `hoursByCountry.${country}`, hours)
    }
    const { zoneWhenUnknown } = policy
    demand(
      zoneWhenUnknown === undefined || isZone(zoneWhenUnknown),
      "zoneWhenUnknown",
      `"${zoneWhenUnknown}" is no time zone; write one such as Europe/London.`
    )
    demand(policy.caps.length <= CAPS_MAX, "caps", `There may be at most ${CAPS_MAX} caps.`)
    for (const [index, cap] of policy.caps.slice(0, CAPS_MAX).entries()) capDemands(demand, `caps[${index}]`, cap)
    demand(isWhole(policy.patienceMs, 0), "patienceMs", "The patience must be a whole number of milliseconds from 0.")
    demand(
      policy.oneTextCountries.every(isCountry),
      "oneTextCountries",
      "Name countries by two capital letters, such as US."
    )
    demand(isWhole(policy.textWithinMs, 1), "textWithinMs", "The time for the one text must be at least a millisecond.")
    const { length } = policy.holdoutSalt
    demand(length >= 1 && length <= SALT_LENGTH_MAX, "holdoutSalt", `The salt has 1 to ${SALT_LENGTH_MAX} characters.`)
    demand(isShare(policy.holdoutShare), "holdoutShare", "The holdout must be a share from 0 to 1, such as 0.1.")
  })

const isCountry = (country: string): boolean => /^[A-Z]{2}$/.test(country)

const hoursDemands = (demand: Demand, path: string, { opensMinute, closesMinute, closedDays }: ContactHours): void => {
  demand(
    isWhole(opensMinute, 0, MINUTES_A_DAY - 1) && isWhole(closesMinute, opensMinute + 1, MINUTES_A_DAY),
    path,
    "Hours must open before they close, in whole minutes since midnight from 0 to 1440; 480 is eight in the morning."
  )
  demand(
    closedDays.every((day) => isWhole(day, 0, 6)) && new Set(closedDays).size < 7,
    `${path}.closedDays`,
    "Closed days are numbers from 0 (Sunday) to 6, and one day must be open."
  )
}

const capDemands = (demand: Demand, path: string, { channel, messagesMax, windowMs }: Cap): void => {
  demand(
    channel === undefined || isChannel(channel),
    `${path}.channel`,
    "A cap is for sms, whatsapp, messenger, email or web-chat, or for all if none is named."
  )
  demand(isWhole(messagesMax, 0, SENT_MAX), `${path}.messagesMax`, `A cap allows from 0 to ${SENT_MAX} messages.`)
  demand(
    isWhole(windowMs, 1, SENT_KEPT_MS),
    `${path}.windowMs`,
    `A cap's window must be from 1 to ${SENT_KEPT_MS} milliseconds (90 days): further back nothing is remembered.`
  )
}

export const incentiveFaults = (policy: IncentivePolicy): ReadonlyArray<Fault> =>
  collected((demand) => {
    const { catalogue } = policy
    demand(catalogue.length <= CATALOGUE_MAX, "catalogue", `There may be at most ${CATALOGUE_MAX} offers.`)
    const keys = catalogue.map(({ offerKey }) => offerKey)
    demand(new Set(keys).size === keys.length, "catalogue", "Each offer must have a name of its own.")
    for (const [index, { offerKey, says, terms }] of catalogue.slice(0, CATALOGUE_MAX).entries()) {
      const isName = /^[\w-]{1,64}$/.test(offerKey) && offerKey !== NO_OFFER
      const path = `catalogue[${index}]`
      demand(isName, `${path}.offerKey`, 'A name has 1 to 64 letters, digits, "-" and "_", and is not "none".')
      demand(
        isTerms(terms),
        `${path}.terms`,
        "A percentage is from 1 to 10000 hundredths, an amount from 1 minor unit."
      )
      demand(
        says === undefined || (says.length <= SAYS_LENGTH_MAX && says.includes("{code}")),
        `${path}.says`,
        `What a message says of it has at most ${SAYS_LENGTH_MAX} characters, and {code} in it.`
      )
    }
    demand(/^[A-Z]{3}$/.test(policy.currency), "currency", "Name the currency by three capital letters, such as GBP.")
    demand(isZone(policy.zone), "zone", `"${policy.zone}" is no time zone; write one such as Europe/London.`)
    demand(
      isWhole(policy.marginFloorBasisPoints, 0, 10_000),
      "marginFloorBasisPoints",
      "The margin must be from 0 to 10000 hundredths of a percent; 2000 is 20 %."
    )
    for (const name of [
      "dailyBudgetMinor",
      "goodsMinimumMinor",
      "scarceUnits",
      "shippingCostMinor",
      "loyalOrders",
      "loyalRevenueMinor",
      "offersPerCustomerMax"
    ] as const) {
      demand(isWhole(policy[name], 0), name, `${name} must be a whole number from 0.`)
    }
    for (const name of ["loyalDiscountShare", "discountShareMax", "returnShareMax"] as const) {
      demand(isShare(policy[name]), name, `${name} must be a share from 0 to 1, such as 0.4.`)
    }
    demand(
      policy.costBasisPoints === undefined || isWhole(policy.costBasisPoints, 0, 10_000),
      "costBasisPoints",
      "What goods cost must be from 0 to 10000 hundredths of a percent of their price; leave it out if nobody knows."
    )
    demand(
      isWhole(policy.offerTtlMs, OFFER_TTL_MS_MIN, OFFER_TTL_MS_MAX),
      "offerTtlMs",
      `An offer must hold for ${OFFER_TTL_MS_MIN} to ${OFFER_TTL_MS_MAX} milliseconds (a second to 30 days).`
    )
    demand(
      isWhole(policy.offersWindowMs, 1, OFFERS_KEPT_MS),
      "offersWindowMs",
      `Offers are counted over at most ${OFFERS_KEPT_MS} milliseconds (62 days): further back nothing is remembered.`
    )
  })

/** Nobody pays within a second; so short is for trying out what comes after the end. */
const OFFER_TTL_MS_MIN = 1_000
const OFFER_TTL_MS_MAX = 30 * 86_400_000
const SAYS_LENGTH_MAX = 200

const isTerms = (terms: OfferTerms): boolean => {
  switch (terms.kind) {
    case "free-shipping":
      return true
    case "percentage":
      return isWhole(terms.basisPoints, 1, 10_000)
    case "amount":
      return isWhole(terms.amountMinor, 1)
  }
}
