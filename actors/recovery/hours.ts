/**
 * The hours in which somebody may be written to, by the clock where they are.
 *
 * H1 What `opening` gives is open at every place that was asked for. H2 A moment that is open at all of them is its
 * own opening. H3 Where no moment of the next days is open at all of them, there is none.
 */
import { localTime, onDay } from "./zone.ts"

export interface ContactHours {
  /** Minutes since midnight from which messages may go; 480 is eight in the morning. */
  readonly opensMinute: number
  /** Minutes since midnight from which they may not any more, above `opensMinute`, at most 1440. */
  readonly closesMinute: number
  /** Days without messages; 0 is Sunday. */
  readonly closedDays: ReadonlyArray<number>
}

/** A zone somebody may be in, and the hours that hold there. */
export interface Place {
  readonly zone: string
  readonly hours: ContactHours
}

/**
 * From eight to eight. Federal law of the United States would have it until nine in the evening, but Florida, Oklahoma
 * and Washington end at eight, and nobody buys because he was written to at half past.
 */
export const HOURS_DEFAULT: ContactHours = { opensMinute: 8 * 60, closesMinute: 20 * 60, closedDays: [] }

/** France: from eight to ten in the evening would be lawful, never on Sundays. Public holidays are not known here. */
export const HOURS_BY_COUNTRY_DEFAULT: Readonly<Record<string, ContactHours>> = {
  FR: { ...HOURS_DEFAULT, closedDays: [0] }
}

const DAYS_AHEAD_MAX = 8

export const isOpen = ({ zone, hours }: Place, at: number): boolean => {
  const { minute, weekday } = localTime(zone, at)
  return minute >= hours.opensMinute && minute < hours.closesMinute && !hours.closedDays.includes(weekday)
}

const openingAt = (place: Place, at: number): number | undefined => {
  if (isOpen(place, at)) return at
  for (let days = 0; days <= DAYS_AHEAD_MAX; days++) {
    const next = onDay(place.zone, at, { days, minute: place.hours.opensMinute })
    if (next > at && isOpen(place, next)) return next
  }
  return undefined
}

/** The first moment from `at` on that is open at all places; `undefined` when none is in the days looked ahead. */
export const opening = (places: ReadonlyArray<Place>, at: number): number | undefined => {
  const horizon = at + DAYS_AHEAD_MAX * 86_400_000
  let moment = at
  while (moment <= horizon) {
    let latest = moment
    for (const place of places) {
      const next = openingAt(place, moment)
      if (next === undefined) return undefined
      latest = Math.max(latest, next)
    }
    if (latest === moment) return moment
    moment = latest
  }
  return undefined
}
