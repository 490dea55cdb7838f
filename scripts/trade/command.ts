/**
 * `holdfast trade`: shops that sell the same stock at once, in trouble, and every promise checked in the end.
 */
import type { Command } from "commander"
import type { StartBench } from "../adapter-check/bench.ts"
import { benches } from "../adapter-check/benches/built-in.ts"
import { trade } from "./trade.ts"

interface Options {
  readonly seconds: string
  readonly rate: string
  readonly seed: string
  readonly kills: string
  readonly calm?: true
}

/** Shops that have shelves of their own to be kept in step. */
const KINDS = ["shopify", "signed-webhook", "woocommerce"]
/** One kind comes twice: two shops of one platform are common. */
const SHOPS = 4
const SKUS = 40
/** Units of a mean order. */
const UNITS_AN_ORDER = 2
/** Of what the shoppers would like: the stock runs out before they do, where shops can oversell. */
const STOCK_SHARE = 0.7

/** Opening stock for so many orders. */
export const unitsFor = (orders: number): number => Math.ceil((orders * UNITS_AN_ORDER * STOCK_SHARE) / SKUS)

export const shopsOf = (count: number) => {
  return Array.from({ length: count }, (_, index) => {
    const kind = KINDS[index % KINDS.length] as string
    return { name: `${kind}-${index}`, kind, start: benches[kind] as StartBench }
  })
}

export const register = (program: Command): void => {
  program
    .command("trade")
    .description("an hour of trade over four shops, compressed, with failures and kills, and every promise checked")
    .option("--seconds <n>", "how long", "60")
    .option("--rate <n>", "orders a second over all shops", "60")
    .option("--seed <n>", "of the choices", "1")
    .option("--kills <n>", "how often the hub is killed meanwhile", "3")
    .option("--calm", "no shop fails")
    .action(async (options: Options) => {
      const report = await trade({
        seed: Number(options.seed),
        seconds: Number(options.seconds),
        ordersPerSecond: Number(options.rate),
        skus: SKUS,
        unitsEach: unitsFor(Number(options.seconds) * Number(options.rate)),
        kills: Number(options.kills),
        isTroubled: options.calm !== true,
        shops: shopsOf(SHOPS),
        onProgress: (line) => void process.stderr.write(`${line}\n`)
      })
      const { wrong, ...figures } = report
      process.stdout.write(`${JSON.stringify(figures)}\n`)
      for (const one of wrong.slice(0, 20)) process.stdout.write(`WRONG ${one}\n`)
      process.stdout.write(wrong.length === 0 ? "every promise held\n" : `${wrong.length} promises broken\n`)
      process.exitCode = wrong.length === 0 ? 0 : 1
    })
}
