/**
 * The command line. Exit codes: 0 all is well, 1 something was found wrong, 2 wrong usage, 3 it cannot run.
 */
import { Command, CommanderError } from "commander"
import { ServerFailed } from "../src/servers/servers.ts"
import * as Access from "./access/command.ts"
import * as AdapterCheck from "./adapter-check/command.ts"
import * as Alerts from "./alerts/command.ts"
import * as Audit from "./audit/command.ts"
import * as Backup from "./backup/command.ts"
import * as Bench from "./bench/command.ts"
import * as BenchCarts from "./bench-carts/command.ts"
import * as BenchChannels from "./bench-channels/command.ts"
import * as BenchSockets from "./bench-sockets/command.ts"
import * as BenchGraphql from "./bench-graphql/command.ts"
import * as Channels from "./channels/command.ts"
import * as Configuration from "./config/command.ts"
import * as CrashTest from "./crash-test/command.ts"
import * as Doctor from "./doctor/command.ts"
import * as Erp from "./erp/command.ts"
import * as Leakage from "./leakage/command.ts"
import * as Load from "./load/command.ts"
import * as PersonalData from "./personal-data/command.ts"
import * as Rebuild from "./rebuild/command.ts"
import * as Replay from "./replay/command.ts"
import { NoHub } from "./run-file.ts"
import * as Sessions from "./sessions/command.ts"
import * as Simulate from "./simulate/command.ts"
import * as Start from "./start/command.ts"
import * as Status from "./status/command.ts"
import * as Trade from "./trade/command.ts"

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
  holdfast channels                     how each sales channel is
  holdfast channels redrive web --all   try again what the channel web had refused
  holdfast access keys list             keys of programs, and when each was last used
  holdfast rebuild ledger               make PostgreSQL again from the journal, while the hub works

Exit codes: 0 all is well, 1 something was found wrong, 2 wrong usage, 3 it cannot run.`
  )

const commands = [
  Start,
  Status,
  Doctor,
  Access,
  Configuration,
  Load,
  Replay,
  Channels,
  Erp,
  Leakage,
  Audit,
  Rebuild,
  Backup,
  Alerts,
  PersonalData,
  AdapterCheck,
  Bench,
  BenchChannels,
  BenchCarts,
  BenchSockets,
  BenchGraphql,
  CrashTest,
  Sessions,
  Simulate,
  Trade
]
for (const command of commands) command.register(program)

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  const isKnown = error instanceof NoHub || error instanceof ServerFailed
  process.stderr.write(`holdfast: ${isKnown ? error.message : String((error as Error).stack ?? error)}\n`)
  process.exit(3)
}
process.exit(process.exitCode ?? 0)
