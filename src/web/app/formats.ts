/** Numbers and times as people read them. Formatters are made once: making one costs more than a row's paint. */

const count = new Intl.NumberFormat("en-US")
const decimals = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })
const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit" })

const DAY_MS = 86_400_000

/** With a real minus sign, which is as wide as a digit. */
export const units = (value: number): string => count.format(value).replace("-", "\u2212")

export const signedUnits = (value: number): string => (value > 0 ? `+${count.format(value)}` : units(value))

/** Below 100 with one decimal, above without: three digits are what can be compared at a glance. */
export const milliseconds = (value: number): string =>
  value < 100 ? decimals.format(value) : count.format(Math.round(value))

/** Local time; with the day when it is not of the last 24 hours; nothing when it is unknown (0). */
export const clockTime = (atMs: number, nowMs: number = Date.now()): string => {
  if (atMs === 0) return ""
  return nowMs - atMs < DAY_MS ? clock.format(atMs) : day.format(atMs)
}

/** One for each currency and each of the options. */
const moneyFormats = (options: Intl.NumberFormatOptions) => {
  const formats = new Map<string, Intl.NumberFormat>()
  return (minor: number, currency: string): string => {
    let format = formats.get(currency)
    if (format === undefined) {
      format = new Intl.NumberFormat("en-GB", {
        style: "currency",
        currency,
        currencyDisplay: "narrowSymbol",
        ...options
      })
      formats.set(currency, format)
    }
    const digits = format.resolvedOptions().maximumFractionDigits ?? 2
    return format.format(minor / 10 ** digits).replace("-", "\u2212")
  }
}

/** From minor units, however many the currency has. */
export const money = moneyFormats({})

/** The same for the marks of a chart: a whole amount without its zeros. */
export const roundMoney = moneyFormats({ trailingZeroDisplay: "stripIfInteger" })

/** A share as a percentage with one decimal. */
export const percent = (share: number): string => `${decimals.format(share * 100).replace("-", "\u2212")} %`

const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" })

/** `2026-11-03` as people write it. */
export const dayOf = (date: string): string => shortDay.format(Date.parse(date))
