/** One SKU's row, told of its own changes only. */
import { useCallback, useSyncExternalStore } from "react"
import { useHub } from "../hub/client.ts"
import type { StockRow } from "./store.ts"

export const useStockRow = (sku: string): StockRow | undefined => {
  const { stock } = useHub()
  const subscribe = useCallback((listener: () => void) => stock.subscribeRow(sku, listener), [stock, sku])
  return useSyncExternalStore(subscribe, () => stock.row(sku))
}
