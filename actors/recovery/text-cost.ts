/**
 * What a text will cost, before it is sent: its segments times the price where it goes. What it did cost the carrier
 * tells afterwards.
 */

/** Prices are fractions of a minor unit, so they are kept in millionths of it: 0.83 cents are 830,000. */
export interface TextPrices {
  readonly currency: string
  /** A segment, by ISO 3166 country. */
  readonly microMinorByCountry: Readonly<Record<string, number>>
  readonly microMinorElsewhere: number
}

/** Where a number may be of several countries the dearest is taken, so that no estimate is exceeded by a guess. */
export const costOf = (
  segments: number,
  countries: ReadonlyArray<string>,
  prices: TextPrices
): { readonly currency: string; readonly microMinor: number } => {
  const each = countries.map((country) => prices.microMinorByCountry[country] ?? prices.microMinorElsewhere)
  const dearest = each.length === 0 ? prices.microMinorElsewhere : Math.max(...each)
  return { currency: prices.currency, microMinor: segments * dearest }
}
