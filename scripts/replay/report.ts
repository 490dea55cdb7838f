/**
 * The closing report of a replay, for people and for programs.
 */
import type { ReplayReport } from "./replay.ts"

export const reportText = (report: ReplayReport): string => {
  const seconds = (report.endedMs - report.startedMs) / 1_000
  const moved = report.sales + report.returns + report.adjustments
  const lines = [
    `${report.counts.rows} rows, ${report.orders} orders in ${seconds.toFixed(1)} s (${Math.round(moved / seconds)} lines/s)`,
    `${report.sales} sales, ${report.returns} returns, ${report.adjustments} adjustments, opening stock for ${report.openings} SKUs`,
    `${report.refusedOrders} carts refused, ${report.alreadyApplied} carts were there already`,
    `${report.counts.caseOnly} codes written in upper case, ${report.counts.duplicates} repeated lines kept`
  ]
  const skipped = [...report.counts.skipped].toSorted(([, a], [, b]) => b - a)
  for (const [reason, count] of skipped.slice(0, 12)) lines.push(`left out: ${count} × ${reason}`)
  if (skipped.length > 12) lines.push(`left out: ${skipped.length - 12} more kinds`)
  for (const { line, reason } of report.counts.rejected.slice(0, 10)) lines.push(`rejected: line ${line}, ${reason}`)
  return lines.join("\n")
}

export const reportJson = (report: ReplayReport): string =>
  JSON.stringify(
    { ...report, counts: { ...report.counts, skipped: Object.fromEntries(report.counts.skipped) } },
    null,
    2
  )
