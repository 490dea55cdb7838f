/**
 * `holdfast start`: the same as `npm start`.
 */
import type { Command } from "commander"
import { runHub } from "../../src/main.ts"

export const register = (program: Command): void => {
  program
    .command("start")
    .description("start the hub, and the servers that no URL names")
    .option("--demo", "three shops sell the same stock while a real retailer's invoices are played")
    .action(async (options: { readonly demo?: true }) => {
      process.exitCode = await runHub(options.demo ? await (await import("../demo/demo.ts")).prepareDemo() : {})
    })
}
