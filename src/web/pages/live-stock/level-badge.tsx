/** A word for a SKU's level, so that colour is never the only sign of it. */
import type { StockLevel } from "../../stock/levels.ts"

const WORDS: Readonly<Record<Exclude<StockLevel, "fine">, string>> = {
  oversold: "Oversold",
  out: "Sold out",
  low: "Low"
}

export const LevelBadge = ({ level }: { readonly level: StockLevel }) =>
  level === "fine" ? null : (
    <span className="badge" data-level={level}>
      {WORDS[level]}
    </span>
  )
