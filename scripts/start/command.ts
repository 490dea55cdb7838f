/**
 * `holdfast start`: the same as `npm start`.
 */
import type { Command } from "commander"
import { runHub } from "../../src/main.ts"
import { playDemo } from "../replay/demo.ts"

export const register = (program: Command): void => {
  program
    .command("start")
    .description("start the hub, and the servers that no URL names")
    .option("--demo", "play a real retailer's invoices through it")
    .action(async (options: { readonly demo?: true }) => {
      process.exitCode = await runHub(options.demo ? { whenReady: playDemo } : {})
    })
}
