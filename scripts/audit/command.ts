/**
 * `holdfast audit`: proves from the journal alone that the books are right, and that everything derived agrees.
 *
 * Exit codes: 0 clean, 1 differences, 2 wrong usage, 3 it cannot run.
 */
import { existsSync } from "node:fs"
import cliProgress from "cli-progress"
import type { Command } from "commander"
import { type Step, Trace, untilOf } from "../../actors/stock/trace.ts"
import { withoutSecret } from "../../config/address.ts"
import { withJournal } from "../journal-reader.ts"
import { readRunFile } from "../run-file.ts"
import { audit, type AuditOptions, type AuditUrls } from "./audit.ts"
import { auditJson, auditText, isClean } from "./report.ts"

interface Given {
  readonly csv?: string
  readonly from?: string
  readonly until?: string
  readonly sku?: string
  readonly at?: string
  readonly json?: true
  readonly patience: string
  readonly window: string
}

export const register = (program: Command): void => {
  program
    .command("audit")
    .description("check the journal's books, and Redis, PostgreSQL and a file against them")
    .option("--csv <file>", "compare with the totals of the file that was replayed")
    .option("--from <time>", "with --csv: only rows from this time on, as they were replayed")
    .option("--until <time>", "with --csv: only rows before this time")
    .option("--sku <sku>", "print one SKU's history instead, step by step")
    .option("--at <version|time>", "with --sku: up to this version or ISO time")
    .option("--json", "machine-readable")
    .option("--patience <seconds>", "how long to wait for Redis and PostgreSQL to catch up", "60")
    .option(
      "--window <hours>",
      "how long the hub remembers mutation ids",
      process.env["IDEMPOTENCY_WINDOW_HOURS"] ?? "24"
    )
    .addHelpText("after", "\nExit codes: 0 clean, 1 differences (the SKUs are named), 2 wrong usage, 3 it cannot run.")
    .action(async (given: Given) => {
      process.exitCode = given.sku === undefined ? await prove(given) : await trace(given.sku, given)
    })
}

const wrongUsage = (sentence: string): number => {
  process.stderr.write(`holdfast audit: ${sentence}\n`)
  return 2
}

const optionsOf = (given: Given): AuditOptions | string => {
  const patienceMs = Number(given.patience) * 1_000
  const windowMs = Number(given.window) * 60 * 60_000
  if (!(patienceMs >= 0) || !(windowMs > 0)) return "--patience takes seconds, --window hours."
  const fromMs = given.from === undefined ? undefined : Date.parse(given.from)
  const untilMs = given.until === undefined ? undefined : Date.parse(given.until)
  if (Number.isNaN(fromMs) || Number.isNaN(untilMs)) return "--from and --until take an ISO 8601 time."
  if (given.csv !== undefined && !existsSync(given.csv)) return `there is no file ${given.csv}.`
  return {
    patienceMs,
    windowMs,
    ...(given.csv === undefined ? {} : { csv: given.csv }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(untilMs === undefined ? {} : { untilMs })
  }
}

const prove = async (given: Given): Promise<number> => {
  const options = optionsOf(given)
  if (typeof options === "string") return wrongUsage(options)
  const run = readRunFile()
  const bar = new cliProgress.SingleBar({
    format: "reading the journal {bar} {percentage}% · {value}/{total} commits · {eta_formatted} to go",
    hideCursor: true
  })
  let started = false
  const onProgress = (sequence: number, lastSequence: number): void => {
    if (!started) bar.start(lastSequence, 0)
    started = true
    bar.update(sequence)
  }
  const report = await cannotRun(run, () => audit(run, { ...options, onProgress })).finally(() => {
    if (started) bar.stop()
  })
  if (report === undefined) return 3
  process.stdout.write(`${given.json ? auditJson(report) : auditText(report)}\n`)
  return isClean(report) ? 0 : 1
}

/** What it needs cannot be reached: one sentence, and nothing is called clean or unclean. */
const cannotRun = async <A>(urls: AuditUrls, work: () => Promise<A>): Promise<A | undefined> => {
  try {
    return await work()
  } catch (cause) {
    const why = cause instanceof Error && cause.message !== "" ? cause.message : String(cause)
    const servers = [urls.nats, urls.redis, urls.postgres].map(withoutSecret).join(", ")
    process.stderr.write(`holdfast audit: it cannot run (${servers}): ${why}\n`)
    return undefined
  }
}

const trace = async (sku: string, given: Given): Promise<number> => {
  const until = untilOf(given.at)
  if (until === undefined) return wrongUsage("--at takes a version (a number) or an ISO 8601 time.")
  const run = readRunFile()
  let steps = 0
  const traced = new Trace(sku)
  const show = (): void => {
    const step = traced.step()
    if (step === undefined) return
    const text = given.json ? JSON.stringify(step, null, 2) : stepText(step)
    process.stdout.write(given.json ? `${steps === 0 ? "[" : ","}\n${text}` : `${text}\n`)
    steps++
  }
  const done = await cannotRun(run, async () => {
    await withJournal(run.nats, (journal) =>
      journal.scan({ fromSequence: 1, untilSequence: Number.MAX_SAFE_INTEGER }, (commit) =>
        traced.visit(commit, until, show)
      )
    )
    return true
  })
  if (given.json) process.stdout.write(steps === 0 ? "[]\n" : "\n]\n")
  if (done === undefined) return 3
  if (steps === 0) process.stderr.write(`holdfast audit: the journal knows no SKU ${sku} up to there.\n`)
  return steps === 0 ? 1 : 0
}

const stepText = (step: Step): string =>
  [
    `${step.at}  commit ${step.sequence}`,
    `  command  ${JSON.stringify(step.command)}`,
    `  event    ${JSON.stringify(step.event)}`,
    `  state    ${JSON.stringify(step.state)}`
  ].join("\n")
