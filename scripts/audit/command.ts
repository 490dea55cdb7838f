/**
 * `holdfast audit`: proves from the journal alone that the books are right, and that everything derived agrees.
 */
import type { Command } from "commander"
import { Effect } from "effect"
import { withJournal } from "../journal-reader.ts"
import { readRunFile, type RunFile } from "../run-file.ts"
import { Accounts, type RawCommit } from "./accounts.ts"
import { compareFile, comparePostgres, compareRedis, waitForProjections } from "./compare.ts"
import { stepText, Trace, type Until } from "./trace.ts"

interface Options {
  readonly csv?: string
  readonly sku?: string
  readonly at?: string
  readonly json?: true
  readonly patience: string
}

export const register = (program: Command): void => {
  program
    .command("audit")
    .description("check the journal's books, and Redis, PostgreSQL and a file against them")
    .option("--csv <file>", "compare with the totals of the file that was replayed")
    .option("--sku <sku>", "print one SKU's history instead, step by step")
    .option("--at <version|time>", "with --sku: up to this version or ISO time")
    .option("--json", "machine-readable")
    .option("--patience <seconds>", "how long to wait for the projections", "60")
    .action(async (options: Options) => {
      const run = readRunFile()
      process.exitCode = options.sku === undefined ? await audit(run, options) : await trace(run, options.sku, options)
    })
}

const audit = async (run: RunFile, options: Options): Promise<number> => {
  const accounts = new Accounts()
  const startedMs = performance.now()
  const until = await withJournal(run.nats, (journal) =>
    Effect.flatMap(journal.lastSequence, (last) =>
      Effect.as(
        journal.scan({ fromSequence: 1, untilSequence: last }, (commit) =>
          accounts.visit(commit as unknown as RawCommit)
        ),
        last
      )
    )
  )
  accounts.finish()
  const seconds = (performance.now() - startedMs) / 1_000
  const late = await waitForProjections(run, until, Number(options.patience) * 1_000)
  if (late !== undefined) accounts.find("", late)
  await compareRedis(run.redis, accounts)
  await comparePostgres(run.postgres, accounts)
  const compared = options.csv === undefined ? 0 : compareFile(options.csv, accounts)
  return report(accounts, { seconds, compared, options })
}

const report = (
  accounts: Accounts,
  told: { readonly seconds: number; readonly compared: number; readonly options: Options }
): number => {
  const isClean = accounts.findings.length === 0
  const figures = {
    clean: isClean,
    commits: accounts.commits,
    events: accounts.events,
    skus: accounts.bySku.size,
    incidents: accounts.incidents,
    oversoldByRequest: accounts.oversoldByRequest,
    eventsPerSecond: Math.round(accounts.events / told.seconds),
    skusOfFile: told.compared,
    wrongSkus: [...accounts.wrongSkus].filter((sku) => sku !== ""),
    findings: accounts.findings
  }
  if (told.options.json) {
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
    return isClean ? 0 : 1
  }
  const lines = [
    `${figures.commits} commits, ${figures.events} events of ${figures.skus} SKUs, read at ${figures.eventsPerSecond} events/s`,
    `${figures.incidents} incidents recorded, ${figures.oversoldByRequest} units oversold by request`,
    ...(told.compared > 0 ? [`${told.compared} SKUs compared with the file`] : []),
    ...figures.findings.slice(0, 50),
    ...(figures.findings.length > 50 ? [`… and ${figures.findings.length - 50} more`] : []),
    isClean
      ? "clean: the books add up, and Redis and PostgreSQL say the same"
      : `NOT CLEAN: ${figures.findings.length} differences on ${figures.wrongSkus.length} SKUs`
  ]
  process.stdout.write(`${lines.join("\n")}\n`)
  return isClean ? 0 : 1
}

const untilOf = (at: string | undefined): Until | undefined => {
  if (at === undefined) return {}
  if (/^\d+$/.test(at)) return { version: Number(at) }
  const atMs = Date.parse(at)
  return Number.isNaN(atMs) ? undefined : { atMs }
}

const trace = async (run: RunFile, sku: string, options: Options): Promise<number> => {
  const until = untilOf(options.at)
  if (until === undefined) {
    process.stderr.write("holdfast audit: --at takes a version (a number) or an ISO 8601 time.\n")
    return 2
  }
  const traced = new Trace(sku, until)
  await withJournal(run.nats, (journal) =>
    journal.scan({ fromSequence: 1, untilSequence: Number.MAX_SAFE_INTEGER }, (commit) => traced.visit(commit))
  )
  if (options.json) process.stdout.write(`${JSON.stringify(traced.steps, null, 2)}\n`)
  else for (const step of traced.steps) process.stdout.write(`${stepText(step)}\n`)
  if (traced.steps.length === 0) process.stderr.write(`holdfast audit: the journal knows no SKU ${sku} up to there.\n`)
  return traced.steps.length === 0 ? 1 : 0
}
