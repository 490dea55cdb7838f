/**
 * What a cart costs the shop, and whether enough of the price remains. A cost that nobody knows is no cost of nothing: what
 * depends on it does not hold.
 */
import type { Totals } from "./pricing.ts"
import type { Line } from "./state.ts"

export interface CostBasis {
  /** Of the unit price, in hundredths of a percent, for lines that do not say what they cost; absent: unknown. */
  readonly costBasisPoints?: number
  /** What it costs to send an order. */
  readonly shippingCostMinor: number
}

export interface MarginBounds extends CostBasis {
  /** What must remain of the price without its tax, in hundredths of a percent. */
  readonly marginFloorBasisPoints: number
}

/** Goods and sending; `undefined` when the cost of a line is not known. A share is rounded up. */
export const costOf = (
  lines: ReadonlyArray<Pick<Line, "quantity" | "unitPriceMinor" | "unitCostMinor">>,
  { costBasisPoints, shippingCostMinor }: CostBasis
): number | undefined => {
  let cost = shippingCostMinor
  for (const { quantity, unitCostMinor, unitPriceMinor } of lines) {
    if (unitCostMinor === undefined && costBasisPoints === undefined) return undefined
    cost += quantity * (unitCostMinor ?? Math.ceil((unitPriceMinor * (costBasisPoints ?? 0)) / 10_000))
  }
  return cost
}

/** What remains of the price, in hundredths of a percent, rounded down; `undefined` where nothing is paid. */
export const marginOf = (paidMinor: number, costMinor: number): number | undefined =>
  paidMinor <= 0 ? undefined : Math.floor(((paidMinor - costMinor) / paidMinor) * 10_000)

export const keepsMargin = (bounds: MarginBounds, lines: ReadonlyArray<Line>, totals: Totals): boolean => {
  const cost = costOf(lines, bounds)
  const margin = cost === undefined ? undefined : marginOf(totals.totalMinor - totals.taxMinor, cost)
  return margin !== undefined && margin >= bounds.marginFloorBasisPoints
}
