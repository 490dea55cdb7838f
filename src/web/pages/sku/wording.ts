/** What a change was, as people say it. */
import type { Cause, LedgerLine } from "../../../gateway/history-protocol.ts"
import { units } from "../../app/formats.ts"

const NAMES: Readonly<Record<string, readonly [one: string, many: string]>> = {
  sale: ["Sale", "Sales"],
  receipt: ["Goods receipt", "Goods receipts"],
  return: ["Return", "Returns"],
  count: ["Count", "Counts"],
  adjustment: ["Adjustment", "Adjustments"],
  transfer: ["Transfer", "Transfers"],
  reserve: ["Hold", "Holds"],
  commit: ["Hold sold", "Holds sold"],
  release: ["Hold released", "Holds released"],
  expiry: ["Hold expired", "Holds expired"],
  configure: ["Settings", "Settings"],
  bundle: ["Follows its components", "Follows its components"]
}

const nameOf = (type: string, count: number): string => NAMES[type]?.[count === 1 ? 0 : 1] ?? type

export const causeWords = ({ type, channel, changes }: Cause): string =>
  `${nameOf(type, changes)}${channel === null ? "" : ` by ${channel}`}${changes === 1 ? "" : `, ${units(changes)} times`}`

export const changeWords = ({ type, channel, quantity, locationId }: LedgerLine): string => {
  const many = quantity === null || type === "bundle" ? "" : ` of ${units(quantity)}`
  const where = locationId === null ? "" : ` at ${locationId}`
  return `${nameOf(type, 1)}${many}${where}${channel === null ? "" : ` by ${channel}`}`
}

/** What the change names beside its command: an order, a hold, a reason. */
export const besides = ({ reference, reason, holdId, scope }: LedgerLine): string =>
  [
    ...(reference === null ? [] : [reference]),
    ...(reason === null ? [] : [reason]),
    ...(holdId === null ? [] : [`hold ${holdId}`]),
    ...(scope === "" ? [] : [scope === "lines" ? "of several lines" : scope])
  ].join(", ")
