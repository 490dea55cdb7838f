/**
 * `holdfast simulate`: crashes, second owners and lost acknowledgements from a seed, without any server.
 */
import type { Command } from "commander"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { simulate } from "./cluster.ts"

export const register = (program: Command): void => {
  program
    .command("simulate")
    .description("simulate hubs that crash over a journal that loses acknowledgements")
    .option("--seed <n>", "the first seed", "1")
    .option("--runs <n>", "how many seeds", "100")
    .option("--steps <n>", "steps in each run", "200")
    .option("--partitions <n>", "partitions of the journal", "1")
    .action(async (options: Record<"seed" | "runs" | "steps" | "partitions", string>) => {
      process.exitCode = await run(
        Number(options.seed),
        Number(options.runs),
        Number(options.steps),
        Number(options.partitions)
      )
    })
}

const run = async (firstSeed: number, runs: number, steps: number, partitions: number): Promise<number> => {
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const report = await Effect.runPromise(
      simulate({ seed, steps, partitions }).pipe(Effect.provide(TestClock.layer()), Effect.scoped)
    )
    if (report.violations.length > 0) {
      process.stdout.write(`seed ${seed}:\n  ${report.violations.join("\n  ")}\n`)
      return 1
    }
    process.stdout.write(
      `seed ${seed}: ${report.asked} commands, ${report.commits} commits, ${report.crashes} crashes, ${report.takeovers} takeovers\n`
    )
  }
  return 0
}
