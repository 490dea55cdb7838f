/**
 * What a merchant decides once for all carts: how shipping is estimated, what tax is added, when a cart counts as left.
 *
 * Tables, read from top to bottom; the first row that fits a cart counts. All amounts are minor units of the row's currency.
 */

export interface Destination {
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  readonly region?: string
  readonly postcode?: string
}

export interface ShippingRow {
  readonly method: string
  /** Absent: everywhere. */
  readonly countries?: ReadonlyArray<string>
  readonly currency: string
  readonly baseMinor: number
  readonly perItemMinor: number
  /** From this subtotal after discounts on the method costs nothing. */
  readonly freeFromMinor?: number
}

export interface TaxRow {
  readonly country: string
  readonly region?: string
  /** Hundredths of a percent. */
  readonly basisPoints: number
  /** The prices contain the tax already: it is shown and not added. */
  readonly isIncluded: boolean
  readonly onShipping: boolean
}

/** Thresholds for some carts; a threshold that is left out is the default's. */
export interface IdleRule {
  readonly segment?: string
  readonly minimumMinor?: number
  readonly currency?: string
  readonly leftCheckoutMs?: number
  readonly idleCartMs?: number
}

export interface Policy {
  readonly shipping: ReadonlyArray<ShippingRow>
  readonly tax: ReadonlyArray<TaxRow>
  readonly leftCheckoutMs: number
  readonly idleCartMs: number
  readonly idleRules: ReadonlyArray<IdleRule>
  /** How long stock is held for a checkout. */
  readonly checkoutHoldMs: number
  /** An order that was paid when its stock was gone is paid back, unless it is to wait for goods. Absent: `refund`. */
  readonly shortOrders?: "refund" | "wait"
}

/** As it is until somebody sets another. */
export const defaultPolicy: Policy = {
  shipping: [],
  tax: [],
  leftCheckoutMs: 5 * 60_000,
  idleCartMs: 15 * 60_000,
  idleRules: [],
  checkoutHoldMs: 15 * 60_000
}

export interface Parcel {
  readonly currency: string
  readonly destination: Destination | undefined
  /** The method asked for; absent: the cheapest. */
  readonly method: string | undefined
  readonly itemCount: number
  /** After discounts. */
  readonly goodsMinor: number
}

export interface Shipping {
  readonly method: string
  readonly costMinor: number
}

/** `undefined`: nothing can be said (no destination, or no row for it). */
export const estimateShipping = (policy: Policy, parcel: Parcel): Shipping | undefined => {
  let best: Shipping | undefined
  const { destination, method } = parcel
  if (destination === undefined) return undefined
  const tried = new Set<string>()
  for (const row of policy.shipping) {
    if (row.currency !== parcel.currency || tried.has(row.method)) continue
    if (row.countries !== undefined && !row.countries.includes(destination.country)) continue
    if (method !== undefined && method !== row.method) continue
    tried.add(row.method)
    const isFree = row.freeFromMinor !== undefined && parcel.goodsMinor >= row.freeFromMinor
    const costMinor = isFree ? 0 : row.baseMinor + row.perItemMinor * parcel.itemCount
    if (best === undefined || costMinor < best.costMinor) best = { method: row.method, costMinor }
  }
  return best
}

/** The most specific row: one that names the region before one for the whole country. */
export const taxRowFor = (policy: Policy, destination: Destination | undefined): TaxRow | undefined => {
  if (destination === undefined) return undefined
  const ofCountry = policy.tax.filter((row) => row.country === destination.country)
  const ofRegion = ofCountry.find((row) => row.region !== undefined && row.region === destination.region)
  return ofRegion ?? ofCountry.find((row) => row.region === undefined)
}

export interface Leaver {
  readonly segment: string | undefined
  readonly currency: string | undefined
  readonly totalMinor: number
  readonly inCheckout: boolean
}

/** How long nothing may happen before the cart counts as left. */
export const idleAfterMs = (policy: Policy, cart: Leaver): number => {
  const rule = policy.idleRules.find((one) => {
    if (one.segment !== undefined && one.segment !== cart.segment) return false
    if (one.currency !== undefined && one.currency !== cart.currency) return false
    if (one.minimumMinor !== undefined && cart.totalMinor < one.minimumMinor) return false
    return (cart.inCheckout ? one.leftCheckoutMs : one.idleCartMs) !== undefined
  })
  return cart.inCheckout ? (rule?.leftCheckoutMs ?? policy.leftCheckoutMs) : (rule?.idleCartMs ?? policy.idleCartMs)
}
