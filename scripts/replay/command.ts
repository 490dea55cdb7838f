/**
 * `holdfast replay <file>`.
 */
import { writeFileSync } from "node:fs"
import cliProgress from "cli-progress"
import type { Command } from "commander"
import { readRunFile } from "../run-file.ts"
import { replay } from "./replay.ts"
import { reportJson, reportText } from "./report.ts"

interface Options {
  readonly as: "facts" | "requests"
  readonly speed: string
  readonly limit: string
  readonly opening: string
  readonly report?: string
}

export const register = (program: Command): void => {
  program
    .command("replay <file>")
    .description("play a retailer's invoices (Online Retail, .csv or .csv.gz) through the running hub")
    .option("--as <kind>", "facts (they have happened) or requests (carts that are held and committed)", "facts")
    .option("--speed <factor>", "how many times as fast as it happened, or max", "max")
    .option("--limit <orders>", "orders to play", "all")
    .option("--opening <units>", "stock of every SKU before the first order, or computed", "computed")
    .option("--report <file>", "write the closing report as JSON")
    .action(async (file: string, options: Options) => {
      process.exitCode = await play(file, options)
    })
}

const number = (text: string, word: string): number | undefined => (text === word ? undefined : Number(text))

const play = async (file: string, options: Options): Promise<number> => {
  const speed = number(options.speed, "max") ?? 0
  const limit = number(options.limit, "all") ?? Infinity
  const opening = number(options.opening, "computed")
  if ((options.as !== "facts" && options.as !== "requests") || [speed, limit, opening ?? 0].some(Number.isNaN)) {
    process.stderr.write(
      "holdfast replay: --as takes facts or requests; --speed, --limit and --opening take numbers.\n"
    )
    return 2
  }
  const stop = new AbortController()
  process.once("SIGINT", () => stop.abort())
  const bar = new cliProgress.SingleBar({
    format: "{stage} {value} orders · {lines} lines · {rate}/s · {duration_formatted}",
    etaBuffer: 100,
    noTTYOutput: false
  })
  bar.start(1, 0, { stage: "opening", lines: 0, rate: 0 })
  const report = await replay(readRunFile(), {
    file,
    as: options.as,
    speed,
    limit,
    opening,
    signal: stop.signal,
    onProgress: (now) => {
      const lines = now.sales + now.returns + now.adjustments
      const seconds = (performance.now() - now.startedMs) / 1_000
      const stage = now.orders === 0 ? `opening ${now.openings} SKUs` : "replaying"
      bar.update(now.orders, { stage, lines, rate: Math.round(lines / seconds) })
    }
  }).finally(() => bar.stop())
  process.stdout.write(`${reportText(report)}\n`)
  if (options.report !== undefined) writeFileSync(options.report, reportJson(report))
  return stop.signal.aborted ? 130 : report.counts.rejected.length > 0 ? 1 : 0
}
