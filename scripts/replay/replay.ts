/**
 * Plays a retailer's file through a running hub: opening stock first, then every invoice as an order.
 *
 * As facts, each line is a sale, return or adjustment that has happened. As requests, an invoice is a cart: all its lines
 * are held at once and committed, which may be refused; returns and adjustments stay facts. Everything has an id that is
 * the same at every replay, so an interrupted one is simply started again.
 */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { allDecided, decided } from "../decided.ts"
import { FactSender, type FactSink } from "../fact-sender.ts"
import { HttpFactSender } from "../http-fact-sender.ts"
import { PatientClient } from "../patient-client.ts"
import { keyOf, type RunFile } from "../run-file.ts"
import { buy, cartsOf } from "./carts.ts"
import { factOf, openingFact, openingIdOf } from "./facts.ts"
import { type Opening, survey } from "./opening.ts"
import { emptyCounts, type Order, planOrders, reject, type Window } from "./plan.ts"
import type { ReplayReport } from "./report.ts"
import { readRows } from "./rows.ts"
import { journalEnd, type Tally, tallyFrom } from "./tally.ts"

export interface ReplayOptions {
  readonly file: string
  readonly as: "facts" | "requests"
  readonly via: "nats" | "http"
  /** How many times as fast as it happened; 0 is as fast as possible. */
  readonly speed: number
  /** Orders to play; the rest is left. */
  readonly limit: number
  readonly window: Window
  /** Units for every SKU; `computed` is what each needs, `none` leaves the stock as it is. */
  readonly opening: number | "computed" | "none"
  readonly onProgress: (report: ReplayReport) => void
  /** Told of every row that cannot be read. */
  readonly onRejected: (line: number, reason: string) => void
  readonly signal: AbortSignal
}

/** Carts under way at once; each waits for its answers. */
const CARTS_MAX = 64
/** Settings under way at once. */
const SETTINGS_MAX = 256

interface Playing {
  readonly run: RunFile
  readonly options: ReplayOptions
  readonly sink: FactSink
  readonly client: PatientClient
  readonly report: ReplayReport
}

export const replay = async (run: RunFile, options: ReplayOptions): Promise<ReplayReport> => {
  const report = emptyReport()
  // Facts that an interrupted replay has left undecided would be taken for new ones of this replay.
  await allDecided(run, options.signal)
  const startSequence = await journalEnd(run)
  const sink = options.via === "nats" ? await FactSender.open(run.nats) : new HttpFactSender(run)
  const client = await PatientClient.connect(run.hub, keyOf(run))
  const playing: Playing = { run, options, sink, client, report }
  try {
    const found = await survey(readRows(options.file), options.window, unitsOf(options.opening))
    report.rowsInFile = found.rows
    if (options.opening !== "none") await open(playing, found.openings)
    report.playedFromMs = performance.now()
    await play(playing)
    await sink.flush()
    report.playedUntilMs = performance.now()
    await decided(run, sink.lastSequence, options.signal)
    conclude(report, sink, await tallyFrom(run, startSequence))
  } finally {
    client.close()
    await sink.close()
    report.interrupted = options.signal.aborted
    report.endedMs = performance.now()
  }
  return report
}

const emptyReport = (): ReplayReport => ({
  orders: 0,
  sales: 0,
  returns: 0,
  adjustments: 0,
  openings: 0,
  factsSent: 0,
  factsAlready: 0,
  factsRefused: {},
  cartsBought: 0,
  cartsAlready: 0,
  cartsRefused: {},
  linesRefused: 0,
  incidents: 0,
  oversoldSkus: [],
  alerts: 0,
  rowsInFile: 0,
  counts: emptyCounts(),
  interrupted: false,
  startedMs: performance.now(),
  playedFromMs: performance.now(),
  playedUntilMs: performance.now(),
  endedMs: performance.now()
})

const unitsOf = (opening: ReplayOptions["opening"]): number | undefined =>
  typeof opening === "number" ? opening : undefined

const conclude = (report: ReplayReport, sink: FactSink, tally: Tally): void => {
  report.factsSent = sink.sent
  report.factsRefused = Object.fromEntries(sink.refused)
  report.factsAlready = Math.max(0, sink.sent - tally.facts - tally.openings)
  report.incidents = tally.incidents
  report.oversoldSkus = [...tally.oversoldSkus].toSorted()
  report.alerts = tally.alerts
}

const fingerprintOf = async (file: string): Promise<string> => {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk)
  return hash.digest("base64url").slice(0, 12)
}

/** What the computed stock depends on beside the file. */
const howOf = ({ opening, window }: ReplayOptions): string => {
  const parts = [
    ...(typeof opening === "number" ? [`${opening} units`] : []),
    ...(Number.isFinite(window.fromMs) ? [`from ${window.fromMs}`] : []),
    ...(Number.isFinite(window.untilMs) ? [`until ${window.untilMs}`] : [])
  ]
  return parts.join(" ")
}

/** Nothing is sold before the hub knows what there is: a cart that comes too early would be refused for good. */
const open = async (playing: Playing, openings: ReadonlyArray<Opening>): Promise<void> => {
  const { run, options, sink, report } = playing
  const openingId = openingIdOf(await fingerprintOf(options.file), howOf(options))
  for (const opening of openings) {
    if (options.signal.aborted) return
    if (opening.units > 0) await sink.send(opening.sku, openingFact(opening, openingId))
    report.openings++
    options.onProgress(report)
  }
  await sink.flush()
  await decided(run, sink.lastSequence, options.signal)
  await setThresholds(playing, openings, `${openingId} threshold`)
}

/** After the stock has come: a threshold on an empty shelf is an alert. */
const setThresholds = async (
  { client, options }: Playing,
  openings: ReadonlyArray<Opening>,
  mutationId: string
): Promise<void> => {
  const wanted = openings.filter(({ safetyThreshold }) => safetyThreshold > 0)
  for (let first = 0; first < wanted.length && !options.signal.aborted; first += SETTINGS_MAX) {
    const some = wanted.slice(first, first + SETTINGS_MAX)
    await Promise.all(
      some.map(({ sku, safetyThreshold }) => client.ask(sku, { type: "configure", mutationId, safetyThreshold }))
    )
  }
}

const play = async (playing: Playing): Promise<void> => {
  const { options, report, sink } = playing
  const rejected = (line: number, reason: string): void => options.onRejected(line, reason)
  const rows = readRows(options.file, (line, reason) => {
    reject(report.counts, line, reason)
    rejected(line, reason)
  })
  const startedMs = performance.now()
  let firstAt: number | undefined
  const carts = new Set<Promise<void>>()
  let failure: Error | undefined
  for await (const order of planOrders(rows, report.counts, { window: options.window, onRejected: rejected })) {
    if (options.signal.aborted || report.orders >= options.limit || failure !== undefined) break
    firstAt ??= order.at
    if (options.speed > 0) await until(startedMs + (order.at - firstAt) / options.speed, options.signal)
    const facts = options.as === "facts" ? order.lines : order.lines.filter(({ meaning }) => meaning.kind !== "sale")
    for (const line of facts) await sink.send(line.meaning.sku, factOf(order, line))
    if (options.as === "requests") {
      const cart: Promise<void> = buyAll(playing, order)
        .catch((error: unknown) => void (failure = error as Error))
        .finally(() => carts.delete(cart))
      carts.add(cart)
      if (carts.size >= CARTS_MAX) await Promise.race(carts)
    }
    count(report, order)
    options.onProgress(report)
  }
  await Promise.all(carts)
  if (failure !== undefined) throw failure
}

const until = async (dueMs: number, signal: AbortSignal): Promise<void> => {
  const waitMs = dueMs - performance.now()
  if (waitMs > 1) await sleep(waitMs, undefined, { signal }).catch(() => undefined)
}

const count = (report: ReplayReport, order: Order): void => {
  report.orders++
  for (const { meaning } of order.lines) {
    if (meaning.kind === "sale") report.sales++
    else if (meaning.kind === "return") report.returns++
    else report.adjustments++
  }
}

const buyAll = async ({ client, report }: Playing, order: Order): Promise<void> => {
  for (const cart of cartsOf(order)) {
    const bought = await buy(cart, (body) => client.askLines(body))
    if (bought.outcome === "refused") {
      report.cartsRefused[bought.code] = (report.cartsRefused[bought.code] ?? 0) + 1
      report.linesRefused += bought.lines
    } else if (bought.outcome === "already") report.cartsAlready++
    else report.cartsBought++
  }
}
