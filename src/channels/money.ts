/**
 * Decimal text to integer minor units, as marketplaces write prices.
 */
import type { Money } from "./adapter.ts"

/** Digits behind the point that a currency has, by ISO 4217 as the runtime knows it. */
export const digitsOf = (currency: string): number | undefined => {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits
  } catch {
    return undefined
  }
}

const DECIMAL = /^(-?)(\d{1,12})(?:\.(\d{1,6}))?$/

/** `undefined` when it is no such text, or has more digits behind the point than the currency (zeros aside). */
export const moneyOf = (amount: unknown, currency: unknown): Money | undefined => {
  if (typeof amount !== "string" || typeof currency !== "string") return undefined
  const digits = digitsOf(currency)
  const matched = DECIMAL.exec(amount.trim())
  if (digits === undefined || matched === null) return undefined
  const [, sign = "", whole = "0", fraction = ""] = matched
  if (/[1-9]/.test(fraction.slice(digits))) return undefined
  const minor = Number(whole + fraction.slice(0, digits).padEnd(digits, "0"))
  return { amountMinor: sign === "-" && minor !== 0 ? -minor : minor, currency }
}
