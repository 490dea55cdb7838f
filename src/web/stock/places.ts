/** Where stock is looked at: everywhere by SKU, or in a location or on a channel; which, stands in the address. */

export const VIEWS = ["sku", "location", "channel"] as const
export type View = (typeof VIEWS)[number]

/** Live stock by location or channel, or one of them. */
export const placeHref = (by: Exclude<View, "sku">, name?: string): string =>
  name === undefined ? `/?by=${by}` : `/?by=${by}&${by}=${encodeURIComponent(name)}`
