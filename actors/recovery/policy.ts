/**
 * The rules of contact that hold for every sequence.
 */
import { CAPS_DEFAULT, type Cap } from "./caps.ts"
import { HOURS_BY_COUNTRY_DEFAULT, HOURS_DEFAULT, type ContactHours } from "./hours.ts"

export interface ContactPolicy {
  readonly hours: ContactHours
  /** By ISO 3166 country; where a number may be of several, the hours of all of them hold. */
  readonly hoursByCountry: Readonly<Record<string, ContactHours>>
  /** Taken when nothing tells where somebody is; without it such a customer gets nothing that rings. */
  readonly zoneWhenUnknown?: string | undefined
  readonly caps: ReadonlyArray<Cap>
  /** So long the channel that the customer prefers is waited for before another one is taken. */
  readonly patienceMs: number
  /** Countries where an abandonment may be followed by one text, and until when. */
  readonly oneTextCountries: ReadonlyArray<string>
  readonly textWithinMs: number
  /** Share of the customers who are left alone, so that lift can be measured; 0 to 1. */
  readonly holdoutShare: number
  /** Another salt draws another group. */
  readonly holdoutSalt: string
}

const HOUR_MS = 60 * 60_000

/** What the carriers of the United States ask for; its territories have the same numbers and the same carriers. */
export const ONE_TEXT_COUNTRIES: ReadonlyArray<string> = ["US", "PR", "VI", "GU", "AS", "MP"]

export const POLICY_DEFAULT: ContactPolicy = {
  hours: HOURS_DEFAULT,
  hoursByCountry: HOURS_BY_COUNTRY_DEFAULT,
  zoneWhenUnknown: undefined,
  caps: CAPS_DEFAULT,
  // A night: longer than from eight to eight.
  patienceMs: 14 * HOUR_MS,
  oneTextCountries: ONE_TEXT_COUNTRIES,
  textWithinMs: 48 * HOUR_MS,
  holdoutShare: 0.1,
  holdoutSalt: "holdfast"
}
