/**
 * The closing report of a replay, for people and for programs.
 */
import type { Counts } from "./plan.ts"

export interface ReplayReport {
  orders: number
  sales: number
  returns: number
  adjustments: number
  /** SKUs whose opening stock was seen to. */
  openings: number
  factsSent: number
  /** Facts, opening stock included, that the hub had from an earlier replay. */
  factsAlready: number
  /** Facts refused for good, by code; over NATS refused facts are in the hub's dead letters instead. */
  factsRefused: Readonly<Record<string, number>>
  cartsBought: number
  cartsAlready: number
  /** By the refusal's code. */
  readonly cartsRefused: Record<string, number>
  linesRefused: number
  incidents: number
  oversoldSkus: ReadonlyArray<string>
  /** Low-stock alerts that were raised meanwhile. */
  alerts: number
  /** Rows of the file within the window. */
  rowsInFile: number
  readonly counts: Counts
  interrupted: boolean
  /** `performance.now()` at the start, when the first order went out, when the last was stored, at the end. */
  readonly startedMs: number
  playedFromMs: number
  playedUntilMs: number
  endedMs: number
}

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`

const byCode = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([code, count]) => `${count} × ${code}`)
    .join(", ")

const KINDS_SHOWN = 15
const SKUS_SHOWN = 20

const secondsOf = (report: ReplayReport) => ({
  whole: (report.endedMs - report.startedMs) / 1_000,
  played: Math.max(0.001, (report.playedUntilMs - report.playedFromMs) / 1_000)
})

const linesPerSecond = (report: ReplayReport): number =>
  Math.round((report.sales + report.returns + report.adjustments) / secondsOf(report).played)

export const reportText = (report: ReplayReport): string => {
  const { counts } = report
  const seconds = secondsOf(report)
  const refusedCarts = byCode(report.cartsRefused)
  const refusedFacts = byCode(report.factsRefused)
  const lines = [
    ...(report.interrupted ? ["interrupted: the same call again goes on where this one stopped"] : []),
    `${counts.rows} of ${report.rowsInFile} rows, ${plural(report.orders, "order")} in ${seconds.played.toFixed(1)} s (${linesPerSecond(report)} lines/s; ${seconds.whole.toFixed(1)} s with survey, opening stock and check)`,
    `${plural(report.sales, "sale")}, ${plural(report.returns, "return")}, ${plural(report.adjustments, "adjustment")}; opening stock for ${plural(report.openings, "SKU")}`,
    `${plural(report.factsSent, "fact")} sent, ${report.factsAlready} were there already${refusedFacts === "" ? "" : `, refused: ${refusedFacts}`}`,
    ...(report.cartsBought + report.cartsAlready > 0 || refusedCarts !== ""
      ? [
          `${plural(report.cartsBought, "cart")} bought, ${report.cartsAlready} were there already, refused: ${refusedCarts === "" ? "none" : `${refusedCarts} (${plural(report.linesRefused, "line")})`}`
        ]
      : []),
    `${plural(report.incidents, "oversell incident")}${report.oversoldSkus.length === 0 ? "" : ` (${report.oversoldSkus.slice(0, SKUS_SHOWN).join(", ")}${report.oversoldSkus.length > SKUS_SHOWN ? ", …" : ""})`}, ${plural(report.alerts, "low-stock alert")}`,
    `played as they are: ${plural(counts.duplicates, "repeated line")}, ${counts.giants} of giant orders, ${counts.withoutPrice} without price, ${counts.negativePrice} with a negative price, ${counts.withoutCustomer} without customer`,
    `mended: ${counts.caseOnly} codes written in upper case, ${counts.trailingSpaces} texts with spaces at an end`,
    ...skippedLines(counts),
    `${plural(counts.rejected, "row")} rejected${counts.rejected === 0 ? "" : ":"}`,
    ...counts.firstRejected.map(({ line, reason }) => `  line ${line}: ${reason}`)
  ]
  return lines.join("\n")
}

const skippedLines = ({ skipped }: Counts): ReadonlyArray<string> => {
  const kinds = [...skipped].toSorted(([, a], [, b]) => b - a)
  const total = kinds.reduce((sum, [, count]) => sum + count, 0)
  const shown = kinds.slice(0, KINDS_SHOWN).map(([reason, count]) => `  ${count} × ${reason}`)
  const more = kinds.length > KINDS_SHOWN ? [`  … ${plural(kinds.length - KINDS_SHOWN, "more kind")}`] : []
  return [`${plural(total, "row")} left out${total === 0 ? "" : ", being no stock:"}`, ...shown, ...more]
}

export const reportJson = (report: ReplayReport): string => {
  const { startedMs: _startedMs, playedFromMs: _from, playedUntilMs: _until, endedMs: _endedMs, ...rest } = report
  const seconds = secondsOf(report)
  return JSON.stringify(
    {
      ...rest,
      counts: { ...report.counts, skipped: Object.fromEntries(report.counts.skipped) },
      seconds: seconds.whole,
      playedSeconds: seconds.played,
      linesPerSecond: linesPerSecond(report)
    },
    null,
    2
  )
}
