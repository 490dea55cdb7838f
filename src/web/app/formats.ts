/** Numbers and times as people read them. Formatters are made once: making one costs more than a row's paint. */

const count = new Intl.NumberFormat("en-US")
const decimals = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })
const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit" })

/** With a real minus sign, which is as wide as a digit. */
export const units = (value: number): string => count.format(value).replace("-", "\u2212")

export const signedUnits = (value: number): string => (value > 0 ? `+${count.format(value)}` : units(value))

/** Below 100 with one decimal, above without: three digits are what can be compared at a glance. */
export const milliseconds = (value: number): string =>
  value < 100 ? decimals.format(value) : count.format(Math.round(value))

/** Local time; with the day when that is not today; nothing when it is unknown (0). */
export const clockTime = (atMs: number, nowMs: number = Date.now()): string => {
  if (atMs === 0) return ""
  const isToday = new Date(atMs).toDateString() === new Date(nowMs).toDateString()
  return isToday ? clock.format(atMs) : day.format(atMs)
}

/** Of a moment in ISO 8601, as the hub tells it. */
export const timeOf = (iso: unknown): string => clockTime(Date.parse(String(iso)) || 0)

/** What is shown for what is not known: a dash, never a zero. */
export const UNKNOWN = "\u2013"

const moneys = new Map<string, Intl.NumberFormat>()

const formatOf = (currency: string, options: Intl.NumberFormatOptions): Intl.NumberFormat => {
  const key = `${currency} ${JSON.stringify(options)}`
  let format = moneys.get(key)
  if (format === undefined) {
    format = new Intl.NumberFormat("en-GB", {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
      ...options
    })
    moneys.set(key, format)
  }
  return format
}

/** From minor units, however many the currency has. */
export const money = (minor: number, currency: string, options: Intl.NumberFormatOptions = {}): string => {
  const digits = formatOf(currency, {}).resolvedOptions().maximumFractionDigits ?? 2
  return formatOf(currency, options)
    .format(minor / 10 ** digits)
    .replace("-", "\u2212")
}

/** Beyond a hundred without minor units: for what is estimated, and for the marks of a chart. */
export const roughMoney = (minor: number, currency: string): string =>
  money(
    minor,
    currency,
    Math.abs(minor) < 10_000 ? { trailingZeroDisplay: "stripIfInteger" } : { maximumFractionDigits: 0 }
  )

/** A share as a percentage with one decimal. */
export const percent = (share: number): string => `${decimals.format(share * 100).replace("-", "\u2212")} %`

const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" })

/** `2026-11-03` as people write it. */
export const dayOf = (date: string): string => shortDay.format(Date.parse(date))
