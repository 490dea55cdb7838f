/** The proposals as a file for whoever orders: one line a SKU, as spreadsheets read it. */
import type { LowStockItem } from "../../../gateway/work-protocol.ts"

/** In quotes; and what a spreadsheet would take for a formula begins with an apostrophe. */
const cell = (text: string): string => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`

const orderText = (items: ReadonlyArray<LowStockItem>): string =>
  [
    "sku,quantity,available,safety_threshold,sold_a_day,days_left",
    ...items.map(({ available, proposal, safetyThreshold, sku }) =>
      [cell(sku), proposal.quantity, available, safetyThreshold, proposal.velocity, proposal.daysLeft ?? ""].join(",")
    )
  ].join("\r\n")

export const saveOrder = (items: ReadonlyArray<LowStockItem>): void => {
  const address = URL.createObjectURL(new Blob([`${orderText(items)}\r\n`], { type: "text/csv" }))
  const link = document.createElement("a")
  link.href = address
  link.download = `order-proposals-${new Date().toISOString().slice(0, 10)}.csv`
  link.click()
  URL.revokeObjectURL(address)
}
