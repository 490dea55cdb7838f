/** Amounts as people write them, and as the hub has them: in the currency's minor units. */

/** Two where the currency is none yet. */
const digitsOf = (currency: string | undefined): number => {
  if (currency === undefined || !/^[A-Z]{3}$/.test(currency)) return 2
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2
}

/** No number: nothing is written. */
export const amountOf = (minor: number | undefined, currency: string | undefined): number =>
  minor === undefined ? Number.NaN : minor / 10 ** digitsOf(currency)

export const minorOf = (amount: number, currency: string | undefined): number | undefined =>
  Number.isNaN(amount) ? undefined : Math.round(amount * 10 ** digitsOf(currency))

/** `50.00 GBP`; `?` for what is not written yet. */
export const amountText = (minor: number, currency: string | undefined): string =>
  Number.isFinite(minor) ? `${amountOf(minor, currency).toFixed(digitsOf(currency))} ${currency ?? ""}`.trim() : "?"
