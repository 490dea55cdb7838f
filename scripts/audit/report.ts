/**
 * What an audit has found, for people and for programs.
 */
import type { Accounts } from "./accounts.ts"
import type { FileTotals } from "./file.ts"

export interface AuditReport {
  readonly accounts: Accounts
  /** Of reading, decoding and adding up the journal. */
  readonly eventsPerSecond: number
  readonly seconds: number
  readonly file: FileTotals | undefined
}

const FINDINGS_SHOWN = 50
const SKUS_NAMED = 50

export const isClean = ({ accounts }: AuditReport): boolean => accounts.differences === 0

const wrongSkus = (accounts: Accounts): ReadonlyArray<string> => [...accounts.wrongSkus].filter((sku) => sku !== "")

export const auditText = (report: AuditReport): string => {
  const { accounts, file } = report
  const skus = wrongSkus(accounts)
  const openHolds = [...accounts.bySku.values()].reduce((sum, { holds }) => sum + holds.size, 0)
  const lines = [
    `${accounts.commits} commits, ${accounts.events} events of ${accounts.bySku.size} SKUs, read at ${report.eventsPerSecond} events/s`,
    `${accounts.incidents} incidents recorded, ${accounts.oversoldByRequest} units oversold by request, ${openHolds} open holds`,
    ...(Number.isFinite(accounts.reachMs)
      ? [`mutation ids were compared over ${Math.floor(accounts.reachMs / 1_000)} s back, more than fit into memory`]
      : []),
    ...(file === undefined
      ? []
      : [
          `${file.units.size} SKUs compared with ${file.rows} rows of the file${file.unbought === 0 ? "" : `; ${file.unbought} lines of carts that were not bought are left out`}`
        ]),
    ...accounts.findings.slice(0, FINDINGS_SHOWN),
    ...(accounts.differences > FINDINGS_SHOWN ? [`… and ${accounts.differences - FINDINGS_SHOWN} more`] : []),
    ...(skus.length > 0
      ? [`SKUs: ${skus.slice(0, SKUS_NAMED).join(", ")}${skus.length > SKUS_NAMED ? `, … (${skus.length})` : ""}`]
      : []),
    isClean(report)
      ? `clean in ${report.seconds.toFixed(1)} s: the books add up, and Redis and PostgreSQL say the same`
      : `NOT CLEAN: ${accounts.differences} differences on ${skus.length} SKUs`
  ]
  return lines.join("\n")
}

export const auditJson = (report: AuditReport): string => {
  const { accounts, file } = report
  return JSON.stringify(
    {
      clean: isClean(report),
      commits: accounts.commits,
      events: accounts.events,
      skus: accounts.bySku.size,
      incidents: accounts.incidents,
      oversoldByRequest: accounts.oversoldByRequest,
      eventsPerSecond: report.eventsPerSecond,
      seconds: report.seconds,
      ...(file === undefined ? {} : { file: { skus: file.units.size, rows: file.rows, unboughtLines: file.unbought } }),
      differences: accounts.differences,
      wrongSkus: wrongSkus(accounts),
      findings: accounts.findings
    },
    null,
    2
  )
}
