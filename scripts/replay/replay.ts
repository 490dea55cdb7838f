/**
 * Plays a retailer's file through a running hub: opening stock first, then every invoice as an order.
 *
 * As facts, each line is a sale, return or adjustment that has happened. As requests, an invoice is a cart: all its lines
 * are held at once and committed, which may be refused; returns and adjustments stay facts.
 */
import { basename } from "node:path"
import type { FactBody } from "../../src/gateway/protocol.ts"
import { LINES_MAX } from "../../config/limits.ts"
import { FactSender } from "../fact-sender.ts"
import type { RunFile } from "../run-file.ts"
import { computeOpening, type Counts, emptyCounts, type Order, planOrders, type PlannedLine } from "./plan.ts"
import { readRows } from "./rows.ts"

export interface ReplayOptions {
  readonly file: string
  readonly as: "facts" | "requests"
  /** How many times as fast as it happened; 0 is as fast as possible. */
  readonly speed: number
  /** Orders to play; the rest is left. */
  readonly limit: number
  /** Units for every SKU; `undefined` computes what each needs. */
  readonly opening: number | undefined
  readonly onProgress: (report: ReplayReport) => void
  readonly signal: AbortSignal
}

export interface ReplayReport {
  orders: number
  sales: number
  returns: number
  adjustments: number
  openings: number
  refusedOrders: number
  alreadyApplied: number
  readonly counts: Counts
  startedMs: number
  endedMs: number
}

export const replay = async (run: RunFile, options: ReplayOptions): Promise<ReplayReport> => {
  const report: ReplayReport = {
    orders: 0,
    sales: 0,
    returns: 0,
    adjustments: 0,
    openings: 0,
    refusedOrders: 0,
    alreadyApplied: 0,
    counts: emptyCounts(),
    startedMs: performance.now(),
    endedMs: 0
  }
  const sender = await FactSender.open(run.nats)
  try {
    await open(run, sender, options, report)
    await play(run, sender, options, report)
    await sender.flush()
  } finally {
    await sender.close()
    report.endedMs = performance.now()
  }
  return report
}

const open = async (run: RunFile, sender: FactSender, options: ReplayOptions, report: ReplayReport): Promise<void> => {
  const needs = await computeOpening(readRows(options.file))
  // Another file needs other stock: its opening comes on top, the same file's is recognised.
  const openingId = `opening ${basename(options.file)}`
  const settings: Array<Promise<void>> = []
  for (const { sku, units, safetyThreshold } of needs) {
    if (options.signal.aborted) return
    const quantity = options.opening ?? units
    if (quantity > 0) {
      await sender.send(sku, { type: "receipt", mutationId: openingId, quantity, reference: "opening stock" })
    }
    report.openings++
    options.onProgress(report)
    if (safetyThreshold > 0) settings.push(configure(run, sku, safetyThreshold, openingId))
    if (settings.length >= 64) await Promise.all(settings.splice(0))
  }
  await Promise.all(settings)
  await sender.flush()
}

const configure = async (run: RunFile, sku: string, safetyThreshold: number, openingId: string): Promise<void> => {
  await post(run, `/v1/stock/${encodeURIComponent(sku)}/requests`, {
    type: "configure",
    mutationId: `${openingId} threshold`,
    safetyThreshold
  })
}

interface Posted {
  readonly status: number
  readonly body: {
    readonly ok?: boolean
    readonly code?: string
    readonly replayed?: boolean
    readonly retryAfterMs?: number
  }
}

const TRIES_MAX = 100

/** Tries again while the hub is busy or away; the mutation id makes that safe. */
const post = async (run: RunFile, path: string, body: unknown): Promise<Posted> => {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(`${run.hub}${path}`, { method: "POST", body: JSON.stringify(body) })
      .then(async (response): Promise<Posted> => ({
        status: response.status,
        body: (await response.json()) as Posted["body"]
      }))
      .catch((): Posted => ({ status: 503, body: {} }))
    if ((answer.status !== 429 && answer.status !== 503) || attempt === TRIES_MAX) return answer
    await new Promise((resolve) => setTimeout(resolve, answer.body.retryAfterMs ?? 250))
  }
}

/** Carts under way at once; each waits for its answer. */
const CARTS_MAX = 32

const play = async (run: RunFile, sender: FactSender, options: ReplayOptions, report: ReplayReport): Promise<void> => {
  const startedMs = performance.now()
  let firstAt: number | undefined
  const carts = new Set<Promise<void>>()
  for await (const order of planOrders(readRows(options.file), report.counts)) {
    if (options.signal.aborted || report.orders >= options.limit) break
    firstAt ??= order.at
    if (options.speed > 0) await until(startedMs + (order.at - firstAt) / options.speed, options.signal)
    const sales = order.lines.filter((line) => line.meaning.kind === "sale")
    const facts = options.as === "facts" ? order.lines : order.lines.filter((line) => line.meaning.kind !== "sale")
    for (const line of facts) await sender.send(line.meaning.sku, factOf(order, line))
    for (const { meaning } of order.lines) count(report, meaning.kind)
    if (options.as === "requests" && sales.length > 0) {
      const cart: Promise<void> = buy(run, order, sales, report).finally(() => carts.delete(cart))
      carts.add(cart)
      if (carts.size >= CARTS_MAX) await Promise.race(carts)
    }
    report.orders++
    options.onProgress(report)
  }
  await Promise.all(carts)
}

const until = async (dueMs: number, signal: AbortSignal): Promise<void> => {
  const waitMs = dueMs - performance.now()
  if (waitMs > 1 && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, waitMs))
}

const count = (report: ReplayReport, kind: "sale" | "return" | "adjustment"): void => {
  if (kind === "sale") report.sales++
  else if (kind === "return") report.returns++
  else report.adjustments++
}

export const factOf = (order: Order, { meaning, mutationId }: PlannedLine): FactBody => ({
  type: meaning.kind,
  mutationId,
  quantity: meaning.units,
  channel: "online-retail",
  occurredAt: new Date(order.at).toISOString(),
  reference: order.invoice
})

/** An invoice of more lines than a cart may have is bought in several carts. */
const buy = async (
  run: RunFile,
  order: Order,
  sales: ReadonlyArray<PlannedLine>,
  report: ReplayReport
): Promise<void> => {
  for (let first = 0; first < sales.length; first += LINES_MAX) {
    const lines = sales
      .slice(first, first + LINES_MAX)
      .map(({ meaning }) => ({ sku: meaning.sku, quantity: meaning.units }))
    const holdId = `invoice ${order.invoice}:${sales[first]?.mutationId ?? ""}`
    const held = await post(run, "/v1/stock/requests", { type: "reserve", mutationId: `${holdId} hold`, holdId, lines })
    if (held.body.ok !== true) {
      report.refusedOrders++
      continue
    }
    const sold = await post(run, "/v1/stock/requests", { type: "commit", mutationId: `${holdId} pay`, holdId })
    if (sold.body.ok !== true) report.refusedOrders++
    else if (sold.body.replayed === true) report.alreadyApplied++
  }
}
