/**
 * `holdfast replay <file>`: what was asked for, the progress bar, the closing report. Playing is `replay.ts`'s work.
 *
 * Exit codes: 0 all rows were played or left out with a reason, 1 some rows could not be read, 2 wrong usage, 130
 * interrupted.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import cliProgress from "cli-progress"
import type { Command } from "commander"
import { homeDirectory, readRunFile, type RunFile } from "../run-file.ts"
import { RejectedRows } from "./rejected.ts"
import { replay, type ReplayOptions } from "./replay.ts"
import { type ReplayReport, reportJson, reportText } from "./report.ts"

interface Given {
  readonly as: string
  readonly via: string
  readonly speed: string
  readonly limit: string
  readonly opening: string | false
  readonly from?: string
  readonly until?: string
  readonly report?: string
  readonly rejected?: string
  readonly hub?: string
  readonly nats?: string
}

export const register = (program: Command): void => {
  program
    .command("replay <file>")
    .description("play a retailer's invoices (Online Retail, .csv or .csv.gz) through the running hub")
    .option("--as <kind>", "facts (they have happened) or requests (carts that are held and committed)", "facts")
    .option("--via <way>", "how facts go to the hub: nats or http", "nats")
    .option("--speed <factor>", "how many times as fast as it happened, or max", "max")
    .option("--limit <orders>", "orders to play, or all", "all")
    .option("--from <time>", "play orders from this time on (ISO 8601, UTC)")
    .option("--until <time>", "play orders before this time")
    .option("--opening <units>", "stock of every SKU before the first order, or computed", "computed")
    .option("--no-opening", "leave the stock as it is")
    .option("--report <file>", "write the closing report as JSON")
    .option("--rejected <file>", "where rows that cannot be read are written (default: in the hub's home)")
    .option("--hub <url>", "the hub (default: the one that runs here)")
    .option("--nats <url>", "its NATS (default: the one that runs here)")
    .addHelpText(
      "after",
      `
The same call again changes nothing for as long as the hub remembers mutation ids (24 hours unless it is set
otherwise), so a replay that was interrupted is simply started again.`
    )
    .action(async (file: string, given: Given) => {
      process.exitCode = await play(file, given)
    })
}

type Wanted = Omit<ReplayOptions, "onProgress" | "onRejected" | "signal">

/** What was asked for, or a sentence about what is wrong with it. */
export const wantedOf = (file: string, given: Given): Wanted | string => {
  const { as, via } = given
  if (as !== "facts" && as !== "requests") return "--as takes facts or requests"
  if (via !== "nats" && via !== "http") return "--via takes nats or http"
  const speed = given.speed === "max" ? 0 : Number(given.speed)
  if (Number.isNaN(speed) || speed < 0) return "--speed takes a factor or max"
  const limit = given.limit === "all" ? Infinity : Number(given.limit)
  if (!(limit >= 0)) return "--limit takes a number of orders or all"
  const opening = openingOf(given.opening)
  if (typeof opening === "number" && !(Number.isSafeInteger(opening) && opening >= 0)) {
    return "--opening takes a number of units or computed"
  }
  const fromMs = given.from === undefined ? -Infinity : Date.parse(given.from)
  const untilMs = given.until === undefined ? Infinity : Date.parse(given.until)
  if (Number.isNaN(fromMs) || Number.isNaN(untilMs)) return "--from and --until take an ISO 8601 time"
  return { file, as, via, speed, limit, opening, window: { fromMs, untilMs } }
}

const openingOf = (given: string | false): number | "computed" | "none" => {
  if (given === false) return "none"
  return given === "computed" ? given : Number(given === "" ? Number.NaN : given)
}

const play = async (file: string, given: Given): Promise<number> => {
  const wanted = wantedOf(file, given)
  if (typeof wanted === "string") {
    process.stderr.write(`holdfast replay: ${wanted}.\n`)
    return 2
  }
  const rejected = new RejectedRows(given.rejected ?? join(homeDirectory(), "replay-rejected.csv"))
  const stop = new AbortController()
  // A second Ctrl-C finds no listener and ends the program at once.
  process.once("SIGINT", () => stop.abort())
  const progress = new Progress()
  const report = await replay(runOf(given), {
    ...wanted,
    signal: stop.signal,
    onRejected: (line, reason) => rejected.add(line, reason),
    onProgress: (now) => progress.show(now)
  }).finally(() => progress.stop())
  process.stdout.write(`${reportText(report)}\n`)
  if (rejected.close()) process.stdout.write(`rows that could not be read: ${rejected.path}\n`)
  if (given.report !== undefined) writeFileSync(given.report, reportJson(report))
  return report.interrupted ? 130 : report.counts.rejected > 0 ? 1 : 0
}

const runOf = ({ hub, nats }: Given): RunFile =>
  hub !== undefined && nats !== undefined
    ? { hub, nats, redis: "", postgres: "", pid: 0 }
    : { ...readRunFile(), ...(hub === undefined ? {} : { hub }), ...(nats === undefined ? {} : { nats }) }

class Progress {
  private readonly bar = new cliProgress.SingleBar({
    format:
      "{stage} {bar} {percentage}% · {orders} orders · {rate} lines/s · {duration_formatted}, {eta_formatted} to go",
    etaBuffer: 500,
    hideCursor: true
  })
  private started = false
  private shownAtMs = 0

  show(report: ReplayReport): void {
    const nowMs = performance.now()
    if (this.started && nowMs - this.shownAtMs < 100) return
    this.shownAtMs = nowMs
    if (!this.started) this.bar.start(report.rowsInFile, 0, { stage: "surveying", orders: 0, rate: 0 })
    this.started = true
    const lines = report.sales + report.returns + report.adjustments
    const seconds = (nowMs - report.playedFromMs) / 1_000
    const stage = report.orders === 0 ? `opening stock of ${report.openings} SKUs` : "replaying"
    const rate = report.orders === 0 ? 0 : Math.round(lines / seconds)
    this.bar.update(report.counts.rows, { stage, orders: report.orders, rate })
  }

  stop(): void {
    if (this.started) this.bar.stop()
  }
}
