/**
 * From rows to orders: the lines of one invoice, each with an id that is the same at every replay.
 *
 * Pure but for the counting. What traps were met is counted here, so that the closing report can tell.
 */
import { meaningOf, type Movement, type Row, skuOf } from "./rows.ts"

export interface PlannedLine {
  readonly meaning: Movement
  /** The line's number in its invoice, 1 being the first, whatever becomes of the lines before it. */
  readonly number: number
  /** The invoice and the line's number in it: the same at every replay, so that repeating one changes nothing. */
  readonly mutationId: string
}

export interface Order {
  readonly invoice: string
  readonly at: number
  readonly lines: ReadonlyArray<PlannedLine>
}

/** Rows that are played: from (inclusive) until (exclusive), in milliseconds since the epoch. */
export interface Window {
  readonly fromMs: number
  readonly untilMs: number
}

export const wholeFile: Window = { fromMs: -Infinity, untilMs: Infinity }

export const isWithin = ({ at }: Pick<Row, "at">, window: Window): boolean =>
  Number.isNaN(at) || (at >= window.fromMs && at < window.untilMs)

/** What was met in the file. All but `rejected` and `skipped` is counted and played all the same. */
export interface Counts {
  rows: number
  readonly skipped: Map<string, number>
  rejected: number
  readonly firstRejected: Array<{ readonly line: number; readonly reason: string }>
  caseOnly: number
  duplicates: number
  giants: number
  trailingSpaces: number
  withoutPrice: number
  negativePrice: number
  withoutCustomer: number
}

export const emptyCounts = (): Counts => ({
  rows: 0,
  skipped: new Map(),
  rejected: 0,
  firstRejected: [],
  caseOnly: 0,
  duplicates: 0,
  giants: 0,
  trailingSpaces: 0,
  withoutPrice: 0,
  negativePrice: 0,
  withoutCustomer: 0
})

/** Named in the report; all of them go to the file of rejected rows. */
const REJECTED_NAMED = 20
/** No article of this retailer sells so many at once in the ordinary course. */
const GIANT_UNITS = 10_000
/** An invoice that comes again later goes on counting its lines; the file's longest pause is far below so many. */
const INVOICES_KEPT = 50_000

export const reject = (counts: Counts, line: number, reason: string): void => {
  counts.rejected++
  if (counts.firstRejected.length < REJECTED_NAMED) counts.firstRejected.push({ line, reason })
}

export interface PlanOptions {
  readonly window?: Window
  readonly onRejected?: (line: number, reason: string) => void
}

/** Gathers consecutive rows of an invoice; an invoice that comes again later goes on counting its lines. */
export async function* planOrders(
  rows: AsyncIterable<Row>,
  counts: Counts,
  options: PlanOptions = {}
): AsyncGenerator<Order> {
  const linesSoFar = new Map<string, number>()
  let open: { invoice: string; at: number; lines: Array<PlannedLine>; seen: Set<string> } | undefined
  for await (const row of rows) {
    const number = countLine(linesSoFar, row.invoice)
    if (!isWithin(row, options.window ?? wholeFile)) continue
    counts.rows++
    if (open !== undefined && open.invoice !== row.invoice) {
      yield open
      open = undefined
    }
    open ??= { invoice: row.invoice, at: row.at, lines: [], seen: new Set() }
    const meaning = meaningOf(row)
    countTraps(row, counts)
    if ("sku" in meaning) {
      countRepeat(row, meaning, open.seen, counts)
      open.lines.push({ meaning, number, mutationId: `${row.invoice}:${number}` })
    } else if (meaning.kind === "skipped") {
      counts.skipped.set(meaning.reason, (counts.skipped.get(meaning.reason) ?? 0) + 1)
    } else {
      reject(counts, row.line, meaning.reason)
      options.onRejected?.(row.line, meaning.reason)
    }
  }
  if (open !== undefined) yield open
}

const countLine = (linesSoFar: Map<string, number>, invoice: string): number => {
  const number = (linesSoFar.get(invoice) ?? 0) + 1
  linesSoFar.set(invoice, number)
  if (linesSoFar.size > INVOICES_KEPT) {
    const [oldest] = linesSoFar.keys()
    linesSoFar.delete(oldest as string)
  }
  return number
}

const countTraps = (row: Row, counts: Counts): void => {
  if (Math.abs(row.quantity) >= GIANT_UNITS) counts.giants++
  if (row.description !== row.description.trim() || row.code !== row.code.trim()) counts.trailingSpaces++
  if (row.price === 0) counts.withoutPrice++
  if (row.price < 0) counts.negativePrice++
  if (row.customer === "") counts.withoutCustomer++
}

const countRepeat = (row: Row, meaning: Movement, seen: Set<string>, counts: Counts): void => {
  if (row.code.trim() !== skuOf(row.code)) counts.caseOnly++
  const content = `${meaning.sku} ${row.quantity} ${row.price} ${row.customer} ${row.description}`
  if (seen.has(content)) counts.duplicates++
  seen.add(content)
}
