/**
 * What must be known before the first order: how much there is to play, and the stock that must be there for it.
 */
import { effectOf, meaningOf, type Row } from "./rows.ts"
import { isWithin, wholeFile } from "./plan.ts"

export interface Opening {
  readonly sku: string
  readonly units: number
  readonly safetyThreshold: number
}

export interface Survey {
  readonly rows: number
  readonly openings: ReadonlyArray<Opening>
}

/** A tenth more than the replay needs at its worst moment, so that nothing is oversold and some things run low. */
const SHARE_ABOVE_NEED = 0.1
const UNITS_ABOVE_NEED_MIN = 2

/** Sums of a year's trade stay far below the most units that one fact may carry. */
const withMargin = (need: number): number => need + Math.max(UNITS_ABOVE_NEED_MIN, Math.ceil(need * SHARE_ABOVE_NEED))

/**
 * From 3 to 14 hundredths, by the SKU's name: with one share for all, either every article would run low at its worst
 * moment or none.
 */
const thresholdShare = (sku: string): number => {
  let sum = 0
  for (let index = 0; index < sku.length; index++) sum = (sum * 31 + sku.charCodeAt(index)) % 9_973
  return (3 + (sum % 12)) / 100
}

/** The smallest stock with which no sale ever finds too little, and a little more; or `units` for every SKU. */
export const survey = async (rows: AsyncIterable<Row>, window = wholeFile, units?: number): Promise<Survey> => {
  const balances = new Map<string, { now: number; lowest: number }>()
  let count = 0
  for await (const row of rows) {
    if (!isWithin(row, window)) continue
    count++
    const meaning = meaningOf(row)
    if (!("sku" in meaning)) continue
    const balance = balances.get(meaning.sku) ?? { now: 0, lowest: 0 }
    balance.now += effectOf(meaning)
    balance.lowest = Math.min(balance.lowest, balance.now)
    balances.set(meaning.sku, balance)
  }
  const openings = [...balances].map(([sku, { lowest }]) => {
    const opening = units ?? withMargin(-lowest)
    return { sku, units: opening, safetyThreshold: Math.floor(opening * thresholdShare(sku)) }
  })
  return { rows: count, openings }
}
