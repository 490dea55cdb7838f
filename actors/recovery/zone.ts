/**
 * Local time by IANA zones, right over daylight-saving changes, and the zones somebody may be in.
 *
 * The rules of zones come from `Intl`, and so do the zones of a country. Where several zones are possible a moment must
 * do in all of them: that is the strictest reading, and the one that a regulator takes.
 */
import { parsePhoneNumberFromString } from "libphonenumber-js/max"

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Zones change their offset on such a boundary of UTC, all over the world and in all years since 1972. */
const BLOCK_MS = 15 * MINUTE_MS
/** Offsets remembered a zone: ten days of blocks, so that a day's decisions ask `Intl` once for each. */
const OFFSETS_MAX = 1_024
/** Above the number of zones there are (some 450); only spellings in other letter cases can reach it. */
const ZONES_MAX = 1_024

const formatters = new Map<string, Intl.DateTimeFormat>()
const offsets = new Map<string, Map<number, number>>()

/** Whether `Intl` knows the zone; whatever comes from outside is asked here first. */
export const isZone = (zone: string): boolean => {
  try {
    formatterOf(zone)
    return true
  } catch {
    return false
  }
}

const formatterOf = (zone: string): Intl.DateTimeFormat => {
  const known = formatters.get(zone)
  if (known !== undefined) return known
  const formatter = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric"
  })
  if (formatters.size >= ZONES_MAX) formatters.clear()
  formatters.set(zone, formatter)
  return formatter
}

/** What is added to UTC to get the zone's local time at that moment, in milliseconds. */
export const offsetMs = (zone: string, at: number): number => {
  const block = Math.floor(at / BLOCK_MS)
  let known = offsets.get(zone)
  if (known === undefined) {
    if (offsets.size >= ZONES_MAX) offsets.clear()
    known = new Map()
    offsets.set(zone, known)
  }
  const remembered = known.get(block)
  if (remembered !== undefined) return remembered
  if (known.size >= OFFSETS_MAX) known.clear()
  const offset = offsetFromIntl(zone, block * BLOCK_MS)
  known.set(block, offset)
  return offset
}

const offsetFromIntl = (zone: string, at: number): number => {
  const part: Record<string, number> = {}
  for (const { type, value } of formatterOf(zone).formatToParts(at)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) - at
}

export interface LocalTime {
  /** Milliseconds since the epoch as a wall clock there would count them. */
  readonly wallMs: number
  /** Minutes since midnight, with their fraction. */
  readonly minute: number
  /** 0 is Sunday. */
  readonly weekday: number
}

export const localTime = (zone: string, at: number): LocalTime => {
  const wallMs = at + offsetMs(zone, at)
  const day = Math.floor(wallMs / DAY_MS)
  return { wallMs, minute: (wallMs - day * DAY_MS) / MINUTE_MS, weekday: (((day + 4) % 7) + 7) % 7 }
}

/**
 * When the wall clock shows `wallMs`. Of two such moments (clocks go back) it is the first; where there is none (clocks
 * go forward) the one that the clocks would have shown without the change.
 */
export const instantOf = (zone: string, wallMs: number): number => {
  const before = wallMs - offsetMs(zone, wallMs - DAY_MS)
  const after = wallMs - offsetMs(zone, wallMs + DAY_MS)
  for (const instant of before < after ? [before, after] : [after, before]) {
    if (instant + offsetMs(zone, instant) === wallMs) return instant
  }
  return before
}

/** `minute` by the clock there, on the day of `at` or `days` after it. */
export const onDay = (zone: string, at: number, time: { readonly days: number; readonly minute: number }): number => {
  const { wallMs } = localTime(zone, at)
  return instantOf(zone, (Math.floor(wallMs / DAY_MS) + time.days) * DAY_MS + time.minute * MINUTE_MS)
}

const zonesOfCountries = new Map<string, ReadonlyArray<string>>()

/** Every zone of a country (ISO 3166, two letters); none when the country is not known. */
export const zonesOfCountry = (country: string): ReadonlyArray<string> => {
  const known = zonesOfCountries.get(country)
  if (known !== undefined) return known
  if (!/^[A-Z]{2}$/.test(country)) return []
  // A getter in Node 20, a method from Node 24 on; the types know neither yet.
  const region = new Intl.Locale(`und-${country}`) as Intl.Locale & {
    readonly getTimeZones?: () => ReadonlyArray<string> | undefined
    readonly timeZones?: ReadonlyArray<string>
  }
  const zones = (region.getTimeZones?.() ?? region.timeZones ?? []).filter((zone) => !zone.startsWith("Antarctica/"))
  zonesOfCountries.set(country, zones)
  return zones
}

const distinct = new Map<string, ReadonlyArray<string>>()
/** Countries and days; 250 countries for four days. */
const DISTINCT_MAX = 1_024

/**
 * One zone for each clock that the country shows around that moment: the 29 zones of the United States show eight. Zones
 * of one country with the same offset at each midnight of two weeks change their clocks by the same law.
 */
export const clocksOfCountry = (country: string, at: number): ReadonlyArray<string> => {
  const today = Math.floor(at / DAY_MS)
  const key = `${country}|${today}`
  const known = distinct.get(key)
  if (known !== undefined) return known
  const zones = new Map<string, string>()
  for (const zone of zonesOfCountry(country)) {
    const clock = Array.from({ length: 14 }, (_, day) => offsetMs(zone, (today + day - 2) * DAY_MS)).join()
    if (!zones.has(clock)) zones.set(clock, zone)
  }
  if (distinct.size >= DISTINCT_MAX) distinct.clear()
  distinct.set(key, [...zones.values()])
  return [...zones.values()]
}

/**
 * The countries that a number in international form may be of: one where the number says it, all that share its
 * calling code where it does not (+44 is also Jersey's), none where it is of no country or no number at all.
 */
export const countriesOfPhone = (phone: string): ReadonlyArray<string> => {
  const number = parsePhoneNumberFromString(phone)
  if (number === undefined) return []
  return number.country === undefined ? number.getPossibleCountries() : [number.country]
}
