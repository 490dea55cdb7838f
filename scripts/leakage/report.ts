/**
 * What the leakage calculator found, as a small table or as JSON.
 */
import type { Leakage } from "../../actors/channel/leakage.ts"

export interface LeakageRow {
  /** What it is reckoned from: an interval, an assumption, the hub's incidents. */
  readonly from: string
  readonly oversellProbability?: number
  readonly leakage: Leakage
}

const COLUMNS = ["", "of orders", "oversells/day", "direct loss", "lifetime loss", "total/day"] as const

export const leakageTable = (rows: ReadonlyArray<LeakageRow>, currency: string): string => {
  const money = moneyText(currency)
  const lines = rows.map(({ from, oversellProbability, leakage }) => [
    from,
    oversellProbability === undefined ? "" : `${digits(oversellProbability * 100)} %`,
    digits(leakage.oversellsPerDay),
    money(leakage.directLossMinor),
    money(leakage.lifetimeLossMinor),
    money(leakage.totalLossMinor)
  ])
  const widths = COLUMNS.map((name, at) => Math.max(name.length, ...lines.map((line) => (line[at] ?? "").length)))
  const laid = [COLUMNS, ...lines].map((line) =>
    line
      .map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd()
  )
  return laid.join("\n")
}

export const leakageJson = (rows: ReadonlyArray<LeakageRow>, currency: string): string =>
  JSON.stringify({ currency, rows: rows.map(({ leakage, ...row }) => ({ ...row, ...leakage })) }, undefined, 2)

const digits = (value: number): string => String(Number(value.toPrecision(4)))

/** Minor units as the currency writes them: 150.00 EUR, 150 JPY. */
const moneyText = (currency: string): ((minor: number) => string) => {
  const decimals = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits
  return (minor) => {
    const text = String(minor).padStart((decimals ?? 0) + 1, "0")
    const whole = text.slice(0, text.length - (decimals ?? 0))
    return `${whole}${decimals ? `.${text.slice(-decimals)}` : ""} ${currency}`
  }
}
