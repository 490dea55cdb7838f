/**
 * The command line. Exit codes: 0 all is well, 1 something was found wrong, 2 wrong usage, 3 it cannot run.
 */
import { Command, CommanderError } from "commander"
import { ServerFailed } from "../src/servers/servers.ts"
import * as Audit from "./audit/command.ts"
import * as Bench from "./bench/command.ts"
import * as CrashTest from "./crash-test/command.ts"
import * as Erp from "./erp/command.ts"
import * as Leakage from "./leakage/command.ts"
import * as Load from "./load/command.ts"
import * as Rebuild from "./rebuild/command.ts"
import * as Replay from "./replay/command.ts"
import { NoHub } from "./run-file.ts"
import * as Simulate from "./simulate/command.ts"
import * as Start from "./start/command.ts"
import * as Status from "./status/command.ts"

const program = new Command("holdfast")
  .description("The autonomous operations hub for multichannel commerce.")
  .exitOverride()
  .addHelpText(
    "after",
    `
Examples:
  holdfast start                        start the hub and the servers it needs
  holdfast load stock.csv               load opening stock: sku,quantity[,locationId][,safetyThreshold]
  holdfast replay invoices.csv.gz       play a retailer's invoices through the hub
  holdfast audit --csv invoices.csv.gz  prove that every number is right
  holdfast audit --sku 85123A --at 12   one SKU's history up to version 12
  holdfast rebuild ledger               make PostgreSQL again from the journal, while the hub works

Exit codes: 0 all is well, 1 something was found wrong, 2 wrong usage, 3 it cannot run.`
  )

for (const command of [Start, Status, Load, Replay, Erp, Leakage, Audit, Rebuild, Bench, CrashTest, Simulate])
  command.register(program)

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  const isKnown = error instanceof NoHub || error instanceof ServerFailed
  process.stderr.write(`holdfast: ${isKnown ? error.message : String((error as Error).stack ?? error)}\n`)
  process.exit(3)
}
process.exit(process.exitCode ?? 0)
