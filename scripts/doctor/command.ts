/**
 * `holdfast doctor`: the usual mistakes, each with one sentence and what to do.
 *
 * Exit codes: 0 nothing is wrong (doubts are told), 1 something is.
 */
import type { Command } from "commander"
import { Effect } from "effect"
import { readAllSettings } from "../../src/reloading.ts"
import { readRunFile, type RunFile } from "../run-file.ts"
import { examine, type Urls } from "./doctor.ts"
import { type Finding, wrong } from "./finding.ts"

export const register = (program: Command): void => {
  program
    .command("doctor")
    .description("find the usual mistakes of this machine, its settings and its servers, and say what to do")
    .option("--json", "machine-readable")
    .addHelpText("after", "\nExit codes: 0 nothing is wrong (doubts are told), 1 something is wrong.")
    .action(async (options: { readonly json?: true }) => {
      const findings = await found()
      process.stdout.write(options.json ? `${JSON.stringify(findings, undefined, 2)}\n` : `${report(findings)}\n`)
      process.exitCode = findings.some(({ level }) => level === "wrong") ? 1 : 0
    })
}

const found = async (): Promise<ReadonlyArray<Finding>> => {
  const read = await Effect.runPromise(
    Effect.match(readAllSettings(process.env), { onSuccess: (all) => all, onFailure: ({ message }) => message })
  )
  if (typeof read === "string") return [wrong("settings", read, "See holdfast config.")]
  const { access, config } = read
  const run = runFile()
  const named: Urls = { nats: config.natsUrl, redis: config.redisUrl, postgres: config.databaseUrl }
  return examine({ access, config, environment: process.env, run, urls: run ?? named })
}

/** One that a killed hub has left says where nothing is any more. */
const runFile = (): RunFile | undefined => {
  try {
    const run = readRunFile()
    process.kill(run.pid, 0)
    return run
  } catch {
    return undefined
  }
}

const MARKS = { well: "ok   ", doubtful: "maybe", wrong: "WRONG" } as const

export const report = (findings: ReadonlyArray<Finding>): string => {
  const lines = findings.map(({ level, about, what, todo }) =>
    `${MARKS[level]}  ${about}: ${what}${todo === "" ? "" : `\n       ${todo}`}`.trimEnd()
  )
  const count = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).length
  return [...lines, `${count("wrong")} wrong, ${count("doubtful")} doubtful`].join("\n")
}
