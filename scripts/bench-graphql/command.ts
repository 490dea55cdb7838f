/**
 * `holdfast bench-graphql`: the hub's GraphQL subscriptions beside `graphql-ws` on `ws` with the same schema, and beside a bare
 * uWebSockets server that publishes a ready frame; interleaved in one run, medians over rounds. Of the hub, the gateway alone
 * does what the peers do; the whole hub decides, journals and projects each change as well.
 */
import { randomUUID } from "node:crypto"
import { cpus } from "node:os"
import type { Command } from "commander"
import { bareFanout, type FanoutLoad, type FanoutResult, hubFanout, programFanout } from "../bench/fanout.ts"
import { leave, median } from "../bench/figures.ts"
import type { Greeting } from "../bench/receivers.ts"
import { startBenchHub } from "../bench/servers.ts"

interface Options {
  readonly rounds: string
  readonly seconds: string
  readonly sockets: string
  readonly rate: string
  readonly only?: string
  readonly out: string
}

export const register = (program: Command): void => {
  program
    .command("bench-graphql")
    .description("measure GraphQL subscriptions beside graphql-ws on ws and a bare uWebSockets server")
    .option("--rounds <n>", "rounds, interleaved", "3")
    .option("--seconds <n>", "seconds of each round", "4")
    .option("--sockets <n>", "subscribers", "1000")
    .option("--rate <n>", "changes a second", "20")
    .option("--only <names>", "of bare,gateway,hub,graphql-ws")
    .option("--out <folder>", "where bench-graphql.md and .json go", ".holdfast/bench")
    .action(bench)
}

const QUERY = `subscription Follow($skus: [String!]) {
  stock(skus: $skus) { sku version available physical allocated at t }
}`

/** Every client has an id of its own for its subscription, as `graphql-ws`'s client makes them. */
const following = (sku: string): Greeting => ({
  path: "/graphql",
  protocol: "graphql-transport-ws",
  says: [
    () => JSON.stringify({ type: "connection_init" }),
    () => JSON.stringify({ id: randomUUID(), type: "subscribe", payload: { query: QUERY, variables: { skus: [sku] } } })
  ]
})

type Subject = (load: FanoutLoad, seconds: number) => Promise<FanoutResult>

const SUBJECTS: Readonly<Record<string, Subject>> = {
  bare: bareFanout,
  gateway: (load, seconds) => programFanout("scripts/bench-graphql/gateway-server.js", following("fan"), load, seconds),
  hub: async (load, seconds) => {
    const hub = await startBenchHub()
    return hubFanout({ url: hub.url, pid: hub.pid() }, load, seconds, following).finally(() => hub.stop())
  },
  "graphql-ws": (load, seconds) =>
    programFanout("scripts/bench-graphql/graphql-ws-server.js", following("fan"), load, seconds)
}

/** The most that the hub may take, of what the bare server takes. */
const TARGET = 1.5

const bench = async (options: Options): Promise<void> => {
  const load = { sockets: Number(options.sockets), changesPerSecond: Number(options.rate) }
  const wanted = Object.entries(SUBJECTS).filter(([name]) => options.only?.split(",").includes(name) ?? true)
  const runs = new Map<string, Array<FanoutResult>>(wanted.map(([name]) => [name, []]))
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [name, subject] of wanted) {
      const result = await subject(load, Number(options.seconds))
      runs.get(name)?.push(result)
      process.stderr.write(`${name.padEnd(12)} ${cells(result).join("  ")}\n`)
    }
  }
  const rows = [...runs].map(([name, results]) => ({ name, ...medians(results) }))
  const text = markdown(load, options, rows)
  leave(options.out, "bench-graphql", { load, rows, runs: Object.fromEntries(runs) }, text)
  process.stdout.write(`${text}\nwritten to ${options.out}\n`)
}

const medians = (results: ReadonlyArray<FanoutResult>): FanoutResult => {
  const of = (pick: keyof FanoutResult) => median(results.map((result) => result[pick]))
  return {
    p99Ms: of("p99Ms"),
    deliveriesPerSecond: of("deliveriesPerSecond"),
    cpuSecondsPerMillion: of("cpuSecondsPerMillion")
  }
}

const cells = (result: FanoutResult): ReadonlyArray<string> => [
  result.cpuSecondsPerMillion.toFixed(2),
  result.p99Ms.toFixed(1),
  String(Math.round(result.deliveriesPerSecond))
]

interface Row extends FanoutResult {
  readonly name: string
}

const markdown = (
  { sockets, changesPerSecond }: FanoutLoad,
  { rounds, seconds }: Options,
  rows: ReadonlyArray<Row>
): string => {
  const bare = rows.find(({ name }) => name === "bare")
  const times = (of: "cpuSecondsPerMillion" | "p99Ms", row: Row): string =>
    bare === undefined ? "" : `${(row[of] / bare[of]).toFixed(2)} x`
  const lines = rows.map((row) =>
    [row.name, ...cells(row), times("cpuSecondsPerMillion", row), times("p99Ms", row)].join(" | ")
  )
  return [
    "# GraphQL subscriptions",
    "",
    `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), Node ${process.versions.node}; ${sockets} subscribers, ${changesPerSecond} changes a second; ${rounds} rounds of ${seconds} s, interleaved, medians. To be reached: ${TARGET} x bare.`,
    "",
    "`gateway` does what its peers do; `hub` decides, journals and projects the changes as well.",
    "",
    "| who | CPU s a million deliveries | p99 ms | deliveries/s | CPU, of bare | p99, of bare |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines.map((line) => `| ${line} |`)
  ].join("\n")
}
