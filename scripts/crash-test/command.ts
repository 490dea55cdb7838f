/**
 * `holdfast crash-test`.
 */
import type { Command } from "commander"
import { crashTest } from "./crash-test.ts"

export const register = (program: Command): void => {
  program
    .command("crash-test")
    .description("kill -9 the hub, NATS, Redis and PostgreSQL in turn under load, and check every promise")
    .option("--rounds <n>", "how many kills", "20")
    .action(async (options: { readonly rounds: string }) => {
      const isClean = await crashTest(
        Number(options.rounds),
        ({ round, victim, acknowledged, events, backAfterMs, wrong }) => {
          const verdict = wrong.length === 0 ? "clean" : `${wrong.length} WRONG`
          process.stdout.write(
            `round ${round}: ${victim} killed, answering again after ${Math.round(backAfterMs)} ms; ${acknowledged} acknowledged, ${events} events: ${verdict}\n`
          )
          for (const one of wrong.slice(0, 10)) process.stdout.write(`  ${one}\n`)
        }
      )
      process.exitCode = isClean ? 0 : 1
    })
}
