/**
 * `holdfast rebuild`: makes what is derived from a journal again from it while the hub works.
 *
 * Exit codes: 0 done, 2 wrong usage, 3 not done in time or it cannot run.
 */
import cliProgress from "cli-progress"
import { Argument, type Command } from "commander"
import { readRunFile } from "../run-file.ts"
import { type Derived, derived, rebuild, RebuildLate } from "./rebuild.ts"

export const register = (program: Command): void => {
  program
    .command("rebuild")
    .description(
      "make PostgreSQL's ledger and lists, those of carts or of recovery, or Redis' register, again from the journal"
    )
    .addArgument(new Argument("<what>", "which of them").choices(derived))
    .option("--patience <seconds>", "how long to wait for it", "3600")
    .action(async (what: Derived, { patience }: { readonly patience: string }) => {
      process.exitCode = await run(what, Number(patience) * 1_000)
    })
}

const run = async (what: Derived, patienceMs: number): Promise<number> => {
  if (!(patienceMs > 0)) {
    process.stderr.write("holdfast rebuild: --patience takes seconds.\n")
    return 2
  }
  const { nats, redis, postgres } = readRunFile()
  const bar = new cliProgress.SingleBar({ format: "{bar} commit {value} of {total}", noTTYOutput: false })
  bar.start(0, 0)
  try {
    const sequence = await rebuild(what, {
      urls: { nats, redis, postgres },
      patienceMs,
      onProgress: (done, last) => {
        bar.setTotal(last)
        bar.update(done)
      }
    })
    bar.stop()
    process.stdout.write(`the ${what} is made again, up to commit ${sequence}\n`)
    return 0
  } catch (error) {
    bar.stop()
    if (!(error instanceof RebuildLate)) throw error
    process.stderr.write(`holdfast rebuild: ${error.message}\n`)
    return 3
  }
}
