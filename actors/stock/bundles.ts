/**
 * A bundle has no stock of its own: what can be had of it follows its scarcest component.
 *
 * Its numbers are written down all the same, as events with versions, because a channel that lists the bundle must be
 * told when somebody buys a component. So every decision that moves a component ends here: `followBundles` adds an
 * event for each bundle whose numbers came out different.
 */
import { alertFor, thresholdField } from "../sku/decision.ts"
import { type BundleEvent, isStockEvent, type JournalRecord } from "../sku/events.ts"
import { isBundle, type SkuState } from "../sku/state.ts"
import type { Stock } from "./stock.ts"

export interface Numbers {
  readonly physical: number
  readonly allocated: number
}

/** The numbers of SKUs as they will be once `records` are applied. */
export const numbersAfter = (stock: Stock, records: ReadonlyArray<JournalRecord>) => {
  return (sku: string): Numbers => {
    for (let index = records.length - 1; index >= 0; index--) {
      const record = records[index]
      if (record !== undefined && isStockEvent(record) && record.sku === sku) return record
    }
    return stock.find(sku) ?? { physical: 0, allocated: 0 }
  }
}

/** Whole bundles that the components make: on hand, and of those the ones that are spoken for. */
export const bundleNumbers = (
  components: SkuState["settings"]["components"],
  numbersOf: (sku: string) => Numbers
): Numbers => {
  let physical = Infinity
  let free = Infinity
  for (const component of components) {
    const numbers = numbersOf(component.sku)
    physical = Math.min(physical, Math.floor(numbers.physical / component.quantity))
    free = Math.min(free, Math.floor((numbers.physical - numbers.allocated) / component.quantity))
  }
  return { physical, allocated: physical - free }
}

export const followBundles = (stock: Stock, records: ReadonlyArray<JournalRecord>): ReadonlyArray<JournalRecord> => {
  let followed: Array<JournalRecord> | undefined
  for (const moved of records) {
    if (!isStockEvent(moved)) continue
    for (const sku of stock.bundlesOf(moved.sku)) {
      const soFar: ReadonlyArray<JournalRecord> = followed ?? records
      if (soFar.some((record) => isStockEvent(record) && record.sku === sku)) continue
      const bundle = stock.find(sku)
      if (bundle === undefined || !isBundle(bundle)) continue
      const numbers = bundleNumbers(bundle.settings.components, numbersAfter(stock, records))
      if (numbers.physical === bundle.physical && numbers.allocated === bundle.allocated) continue
      followed ??= [...records]
      const event: BundleEvent = {
        type: "bundle",
        sku,
        version: bundle.version + 1,
        mutationId: `bundle:${moved.sku}:${moved.version}`,
        scope: "bundle",
        ...numbers,
        ...thresholdField(bundle)
      }
      followed.push(event)
      const alert = alertFor(bundle.low, bundle.settings.safetyThreshold, event)
      if (alert !== undefined) followed.push(alert)
    }
  }
  return followed ?? records
}
