/**
 * The command line. Exit codes: 0 all is well, 1 something was found wrong, 2 wrong usage, 3 it cannot run.
 */
import { Command, CommanderError } from "commander"
import { ServerFailed } from "../src/servers/server-process.ts"
import { NoHub } from "./run-file.ts"

type Load = () => Promise<{ readonly register: (program: Command) => void }>

const backup: Load = () => import("./backup/command.ts")

/** In the order of the help. Some bring most of the project along, so only what is asked for is loaded. */
const commands: ReadonlyMap<string, Load> = new Map<string, Load>([
  ["start", () => import("./start/command.ts")],
  ["status", () => import("./status/command.ts")],
  ["doctor", () => import("./doctor/command.ts")],
  ["access", () => import("./access/command.ts")],
  ["config", () => import("./config/command.ts")],
  ["load", () => import("./load/command.ts")],
  ["replay", () => import("./replay/command.ts")],
  ["channels", () => import("./channels/command.ts")],
  ["erp", () => import("./erp/command.ts")],
  ["leakage", () => import("./leakage/command.ts")],
  ["audit", () => import("./audit/command.ts")],
  ["rebuild", () => import("./rebuild/command.ts")],
  ["backup", backup],
  ["erased", backup],
  ["admitted", backup],
  ["restore", backup],
  ["alerts", () => import("./alerts/command.ts")],
  ["personal-data", () => import("./personal-data/command.ts")],
  ["adapter-check", () => import("./adapter-check/command.ts")],
  ["bench", () => import("./bench/command.ts")],
  ["bench-channels", () => import("./bench-channels/command.ts")],
  ["bench-carts", () => import("./bench-carts/command.ts")],
  ["bench-sockets", () => import("./bench-sockets/command.ts")],
  ["bench-graphql", () => import("./bench-graphql/command.ts")],
  ["crash-test", () => import("./crash-test/command.ts")],
  ["sessions", () => import("./sessions/command.ts")],
  ["simulate", () => import("./simulate/command.ts")],
  ["trade", () => import("./trade/command.ts")]
])

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

const asked = commands.get(process.argv.slice(2).find((word) => !word.startsWith("-")) ?? "")
// Whoever asks for help, or for something that is not there, is shown all.
for (const load of asked === undefined ? new Set(commands.values()) : [asked]) (await load()).register(program)

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  const isKnown = error instanceof NoHub || error instanceof ServerFailed
  process.stderr.write(`holdfast: ${isKnown ? error.message : String((error as Error).stack ?? error)}\n`)
  process.exit(3)
}
process.exit(process.exitCode ?? 0)
