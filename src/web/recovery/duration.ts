/** Stretches of time and times of day, as somebody who plans messages says them. */

export const UNITS = { minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const
export type Unit = keyof typeof UNITS

const isWhole = (ms: number, unit: Unit): boolean => ms % UNITS[unit] === 0

/** The largest in which it is a whole number. */
export const unitOf = (ms: number): Unit => {
  if (!Number.isFinite(ms) || ms === 0) return "hours"
  return isWhole(ms, "days") ? "days" : isWhole(ms, "hours") ? "hours" : "minutes"
}

/** `1 d 22 h`, `30 min`, `5 s`. */
export const spoken = (ms: number): string => {
  if (!Number.isFinite(ms)) return "?"
  if (ms === 0) return "0 min"
  if (ms < UNITS.minutes) return `${ms / 1_000} s`
  const days = Math.floor(ms / UNITS.days)
  const hours = Math.floor((ms % UNITS.days) / UNITS.hours)
  const minutes = Math.round(((ms % UNITS.hours) / UNITS.minutes) * 100) / 100
  const parts = [days > 0 && `${days} d`, hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`]
  return parts.filter((part) => part !== false).join(" ")
}

const two = (value: number): string => String(value).padStart(2, "0")

/** Minutes since midnight as `08:00`; the end of the day is `00:00`, as a clock shows it. */
export const clockOf = (minute: number): string =>
  Number.isFinite(minute) ? `${two(Math.floor(minute / 60) % 24)}:${two(minute % 60)}` : ""

/** `isEnd`: midnight is that of the day's end. */
export const minuteOf = (clock: string, isEnd: boolean): number => {
  const [, hours, minutes] = /^(\d\d):(\d\d)/.exec(clock) ?? []
  if (hours === undefined) return Number.NaN
  const minute = Number(hours) * 60 + Number(minutes)
  return isEnd && minute === 0 ? 1_440 : minute
}

export const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const
