/**
 * `holdfast leakage`: what sync intervals cost a day, from assumptions or from the hub's own incidents.
 *
 * Exit codes: 0 reckoned, 2 wrong usage, 3 the hub cannot be asked.
 */
import type { Command } from "commander"
import {
  leakage,
  leakageFromIncidents,
  type OrderWorth,
  type OversellIncident,
  WrongLeakageInput
} from "../../actors/channel/leakage.ts"
import { oversellProbability, type UnitsLeft } from "../../actors/channel/oversell-probability.ts"
import { headersOf, readRunFile, type RunFile } from "../run-file.ts"
import { leakageJson, type LeakageRow, leakageTable } from "./report.ts"

export interface Given {
  readonly ordersPerDay: string
  readonly oversellProbability?: string
  readonly orderValue: string
  readonly lifetimeValue: string
  readonly churn: string
  readonly currency: string
  readonly syncInterval?: string
  readonly salesPerDay?: string
  readonly unitsLeft?: string
  readonly incidents?: string
  readonly unitsPerOrder: string
  readonly hub?: string
  readonly json?: boolean
}

export const register = (program: Command): void => {
  program
    .command("leakage")
    .description("what a sync interval costs a day: sales of stock that is not there, and the customers they cost")
    .requiredOption("--orders-per-day <number>", "orders a day")
    .requiredOption("--order-value <minor>", "value of an order, in minor units (cents)")
    .requiredOption("--lifetime-value <minor>", "what a customer brings over time, in minor units")
    .requiredOption("--churn <share>", "share of the customers that do not come again after an oversell, 0 to 1")
    .option("--currency <code>", "ISO 4217", "EUR")
    .option("--oversell-probability <share>", "share of the orders that are oversold, 0 to 1")
    .option("--sync-interval <times>", "intervals to compare, as 500ms,30s,15m,1h")
    .option("--sales-per-day <number>", "with --sync-interval: sales of one SKU a day on the other channels")
    .option("--units-left <shares>", "with --sync-interval: how often a SKU is down to so many units, as 1:0.05,2:0.1")
    .option("--incidents <days>", "from the running hub's oversell incidents of so many days")
    .option("--units-per-order <number>", "with --incidents: units of a common order", "1")
    .option("--hub <url>", "the hub (default: the one that runs here)")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      `
Examples:
  holdfast leakage --orders-per-day 500 --oversell-probability 0.02 \\
    --order-value 1500 --lifetime-value 8000 --churn 0.3
  holdfast leakage --orders-per-day 500 --order-value 1500 --lifetime-value 8000 --churn 0.3 \\
    --sync-interval 500ms,30s,15m --sales-per-day 40 --units-left 1:0.05,2:0.05`
    )
    .action(async (given: Given) => {
      process.exitCode = await run(given)
    })
}

const run = async (given: Given): Promise<number> => {
  try {
    const incidents =
      given.incidents === undefined
        ? []
        : await hubIncidents(given.hub === undefined ? readRunFile() : { hub: given.hub })
    const rows = rowsOf(given, incidents, Date.now())
    const text = given.json === true ? leakageJson(rows, given.currency) : leakageTable(rows, given.currency)
    process.stdout.write(`${text}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof WrongLeakageInput || error instanceof HubSilent)) throw error
    process.stderr.write(`holdfast leakage: ${error.message}\n`)
    return error instanceof HubSilent ? 3 : 2
  }
}

/** Throws `WrongLeakageInput` for what cannot be reckoned with. */
export const rowsOf = (
  given: Given,
  incidents: Iterable<OversellIncident>,
  untilMs: number
): ReadonlyArray<LeakageRow> => {
  const ordersPerDay = numberOf(given.ordersPerDay)
  const worth: OrderWorth = {
    orderValueMinor: numberOf(given.orderValue),
    lifetimeValueMinor: numberOf(given.lifetimeValue),
    churn: numberOf(given.churn),
    currency: given.currency
  }
  const rows: Array<LeakageRow> = []
  const add = (from: string, probability: number): void => {
    const leaked = leakage({ ...worth, ordersPerDay, oversellProbability: probability })
    rows.push({ from, oversellProbability: probability, leakage: leaked })
  }
  if (given.oversellProbability !== undefined) add("assumed", numberOf(given.oversellProbability))
  for (const interval of given.syncInterval?.split(",") ?? []) {
    if (given.salesPerDay === undefined) {
      throw new WrongLeakageInput("--sales-per-day", "given with --sync-interval: a SKU's sales on the other channels")
    }
    const unitsLeft = given.unitsLeft === undefined ? {} : { unitsLeft: unitsLeftOf(given.unitsLeft) }
    const model = { salesPerDay: numberOf(given.salesPerDay), syncIntervalMs: intervalMs(interval), ...unitsLeft }
    add(`every ${interval.trim()}`, oversellProbability(model))
  }
  if (given.incidents !== undefined) {
    const windowDays = numberOf(given.incidents)
    const unitsPerOrder = numberOf(given.unitsPerOrder)
    const found = leakageFromIncidents({ ...worth, incidents, windowDays, untilMs, ordersPerDay, unitsPerOrder })
    const { incidents: count, unitsShort: _, oversellProbability: probability, ...lost } = found
    const from = `${count} incidents in ${windowDays} days`
    rows.push({ from, ...(probability === undefined ? {} : { oversellProbability: probability }), leakage: lost })
  }
  if (rows.length > 0) return rows
  throw new WrongLeakageInput("one of --oversell-probability, --sync-interval, --incidents", "given")
}

const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text))

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const intervalMs = (text: string): number => {
  const [, amount, unit] = /^\s*([\d.]+)\s*(ms|s|m|h|d)\s*$/.exec(text) ?? []
  const value = Number(amount) * (UNITS_MS[unit ?? ""] ?? Number.NaN)
  if (Number.isNaN(value)) throw new WrongLeakageInput("--sync-interval", "times such as 500ms, 30s, 15m, 1h or 1d")
  return value
}

const unitsLeftOf = (text: string): ReadonlyArray<UnitsLeft> =>
  text.split(",").map((pair) => {
    const [units = "", share = ""] = pair.split(":")
    return { units: numberOf(units), share: numberOf(share) }
  })

class HubSilent extends Error {
  override readonly name = "HubSilent"
}

const PAGE_LIMIT = 1_000
/** A million incidents: a shop that has more does not need this reckoning. */
const PAGES_MAX = 1_000

const hubIncidents = async (asked: Pick<RunFile, "hub" | "key">): Promise<ReadonlyArray<OversellIncident>> => {
  const found: Array<OversellIncident> = []
  let after = ""
  for (let page = 0; page < PAGES_MAX; page++) {
    const { items, next } = await pageOf(
      `${asked.hub}/v1/incidents?limit=${PAGE_LIMIT}&after=${after}`,
      headersOf(asked)
    )
    for (const { kind, units, at } of items) {
      if (kind === "oversell" && units >= 1) found.push({ unitsShort: units, at: Date.parse(at) })
    }
    if (next === undefined) break
    after = next
  }
  return found
}

interface IncidentsPage {
  readonly items: ReadonlyArray<{ readonly kind: string; readonly units: number; readonly at: string }>
  readonly next?: string
}

const pageOf = async (url: string, headers: Readonly<Record<string, string>>): Promise<IncidentsPage> => {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) })
    if (response.ok) return (await response.json()) as IncidentsPage
    throw new Error(`it answered ${response.status}`)
  } catch (cause) {
    throw new HubSilent(`The hub's incidents cannot be read: ${(cause as Error).message}.`, { cause })
  }
}
