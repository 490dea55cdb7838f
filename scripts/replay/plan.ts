/**
 * From rows to what is sent: orders (the lines of one invoice), and the stock that must be there before the first.
 */
import { effectOf, type Meaning, meaningOf, type Row } from "./rows.ts"

export interface PlannedLine {
  readonly meaning: Exclude<Meaning, { readonly kind: "skipped" | "rejected" }>
  /** The invoice and the line's number in it: the same at every replay, so that repeating one changes nothing. */
  readonly mutationId: string
}

export interface Order {
  readonly invoice: string
  readonly at: number
  readonly lines: ReadonlyArray<PlannedLine>
}

export interface Counts {
  rows: number
  readonly skipped: Map<string, number>
  readonly rejected: Array<{ readonly line: number; readonly reason: string }>
  caseOnly: number
  duplicates: number
}

export const emptyCounts = (): Counts => ({ rows: 0, skipped: new Map(), rejected: [], caseOnly: 0, duplicates: 0 })

const REJECTED_KEPT = 1_000

/** Gathers consecutive rows of an invoice; an invoice that comes again later goes on counting its lines. */
export async function* planOrders(rows: AsyncIterable<Row>, counts: Counts): AsyncGenerator<Order> {
  const linesSoFar = new Map<string, number>()
  let open: { invoice: string; at: number; lines: Array<PlannedLine>; seen: Set<string> } | undefined
  for await (const row of rows) {
    counts.rows++
    if (open !== undefined && open.invoice !== row.invoice) {
      yield open
      open = undefined
    }
    open ??= { invoice: row.invoice, at: row.at, lines: [], seen: new Set() }
    const number = (linesSoFar.get(row.invoice) ?? 0) + 1
    linesSoFar.set(row.invoice, number)
    const line = planLine(row, number, counts)
    if (line === undefined) continue
    const content = `${row.code} ${row.quantity} ${row.description}`
    if (open.seen.has(content)) counts.duplicates++
    open.seen.add(content)
    open.lines.push(line)
  }
  if (open !== undefined) yield open
}

const planLine = (row: Row, number: number, counts: Counts): PlannedLine | undefined => {
  const meaning = meaningOf(row)
  if (meaning.kind === "rejected") {
    if (counts.rejected.length < REJECTED_KEPT) counts.rejected.push({ line: row.line, reason: meaning.reason })
    return undefined
  }
  if (meaning.kind === "skipped") {
    counts.skipped.set(meaning.reason, (counts.skipped.get(meaning.reason) ?? 0) + 1)
    return undefined
  }
  if (row.code.trim() !== meaning.sku) counts.caseOnly++
  return { meaning, mutationId: `${row.invoice}:${number}` }
}

export interface Opening {
  readonly sku: string
  readonly units: number
  readonly safetyThreshold: number
}

/** A tenth more than the replay needs at its worst moment, so that nothing is oversold and some things run low. */
const SHARE_ABOVE_NEED = 0.1
const UNITS_ABOVE_NEED_MIN = 2

/** The smallest stock with which no sale ever finds too little, and a little more. */
export const computeOpening = async (rows: AsyncIterable<Row>): Promise<ReadonlyArray<Opening>> => {
  const balances = new Map<string, { now: number; lowest: number }>()
  for await (const row of rows) {
    const meaning = meaningOf(row)
    if (meaning.kind === "skipped" || meaning.kind === "rejected") continue
    const balance = balances.get(meaning.sku) ?? { now: 0, lowest: 0 }
    balance.now += effectOf(meaning)
    balance.lowest = Math.min(balance.lowest, balance.now)
    balances.set(meaning.sku, balance)
  }
  return [...balances].map(([sku, { lowest }]) => {
    const need = -lowest
    const units = need + Math.max(UNITS_ABOVE_NEED_MIN, Math.ceil(need * SHARE_ABOVE_NEED))
    return { sku, units, safetyThreshold: Math.floor(units / 10) }
  })
}
