/**
 * What a SKU's numbers mean to whoever watches them: oversold, sold out, low, or fine.
 *
 * The contract's rule: a safety threshold of 0 raises no alert, so only a threshold above 0 can make stock low.
 */

export type StockLevel = "oversold" | "out" | "low" | "fine"

interface Measured {
  readonly available: number
  readonly safetyThreshold: number
}

export const isOversold = (stock: Measured): boolean => stock.available < 0

/** Oversold stock below a threshold is low as well: whoever orders more needs to see both. */
export const isLow = (stock: Measured): boolean => stock.safetyThreshold > 0 && stock.available <= stock.safetyThreshold

export const levelOf = (stock: Measured): StockLevel => {
  if (isOversold(stock)) return "oversold"
  if (stock.available === 0) return "out"
  return isLow(stock) ? "low" : "fine"
}
