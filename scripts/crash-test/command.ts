/**
 * `holdfast crash-test`.
 */
import type { Command } from "commander"
import { cartCrashTest } from "./carts.ts"
import { crashTest } from "./crash-test.ts"

export const register = (program: Command): void => {
  program
    .command("crash-test")
    .description("kill -9 the hub, NATS, Redis and PostgreSQL in turn under load, and check every promise")
    .option("--rounds <n>", "how many kills", "20")
    .option("--carts", "under a load of carts, payments and messages to who leaves them, in place of the stock's")
    .action(async (options: { readonly rounds: string; readonly carts?: true }) => {
      if (options.carts === true) {
        process.exitCode = await crashCarts(Number(options.rounds))
        return
      }
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

const crashCarts = async (rounds: number): Promise<number> => {
  const { figures, wrong } = await cartCrashTest(rounds, ({ backAfterMs, victim }) => {
    process.stdout.write(`${victim} killed, answering again after ${Math.round(backAfterMs)} ms\n`)
  })
  process.stdout.write(`${JSON.stringify(figures)}\n`)
  for (const one of wrong.slice(0, 20)) process.stdout.write(`WRONG ${one}\n`)
  process.stdout.write(wrong.length === 0 ? "nothing lost, nothing twice\n" : `${wrong.length} numbers differ\n`)
  return wrong.length === 0 ? 0 : 1
}
