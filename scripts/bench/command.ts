/**
 * `holdfast bench`: the hub beside its peers, interleaved in one run, medians over rounds, ratios and targets.
 */
import { cpus, totalmem } from "node:os"
import cliProgress from "cli-progress"
import type { Command } from "commander"
import { setOwnSlice, SHORT_SLICE_NS, USUAL_SLICE_NS } from "../../src/scheduling.ts"
import { bareFanout, type FanoutLoad, hubFanout } from "./fanout.ts"
import { leave, median } from "./figures.ts"
import { holdfastTarget } from "./holdfast-target.ts"
import { batchedTarget, rowLockTarget } from "./postgres-target.ts"
import { redisTarget } from "./redis-target.ts"
import { idleActorBytes, replayRate } from "./replay-rate.ts"
import { type BenchResults, judge, markdown } from "./results.ts"
import { startBenchHub, startPeerServers } from "./servers.ts"
import type { Target } from "./target.ts"
import { closedLoop, openLoop, skusOf, unitsOf, type Workload } from "./workloads.ts"

interface Options {
  readonly rounds: string
  readonly seconds: string
  readonly quick?: true
  readonly only?: string
  readonly out: string
}

export const register = (program: Command): void => {
  program
    .command("bench")
    .description("measure the hub beside PostgreSQL, Redis and a bare uWebSockets server")
    .option("--rounds <n>", "rounds of each load, interleaved", "3")
    .option("--seconds <n>", "seconds of each round", "4")
    .option("--quick", "one round of two seconds")
    .option("--only <names>", "of hot,zipf,carts,open,fanout,replay")
    .option("--out <folder>", "where bench.md and bench.json go", ".holdfast/bench")
    .action(async (options: Options) => {
      process.exitCode = await bench(options)
    })
}

const WORKLOADS: ReadonlyArray<Workload> = ["hot", "zipf", "carts"]
/** A fresh hub has its code compiled by then; everybody gets the same. */
const WARM_UP_SECONDS = 2
/** Fewer requests take longer for that. */
const OPEN_WARM_UP_SECONDS = 8
const RATES = [1_000, 3_000]
const FANOUTS: ReadonlyArray<FanoutLoad> = [
  { sockets: 1_000, changesPerSecond: 20 },
  { sockets: 5_000, changesPerSecond: 20 },
  { sockets: 5_000, changesPerSecond: 200 },
  { sockets: 1_000, changesPerSecond: 2_000 }
]

const bench = async (options: Options): Promise<number> => {
  const rounds = options.quick ? 1 : Number(options.rounds)
  const seconds = options.quick ? 2 : Number(options.seconds)
  const wanted = (name: string): boolean => options.only === undefined || options.only.split(",").includes(name)
  const servers = await startPeerServers()
  const targets = [
    holdfastTarget(),
    rowLockTarget(servers.postgresUrl),
    batchedTarget(servers.postgresUrl),
    await redisTarget("redis everysec", servers.redisEverysecUrl),
    await redisTarget("redis always", servers.redisAlwaysUrl)
  ]
  const results: BenchResults = {
    machine: `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
    rounds,
    seconds,
    loops: [],
    open: [],
    fanout: [],
    wrong: []
  }
  const bar = new cliProgress.SingleBar({ format: "{bar} {value}/{total} {what}", noTTYOutput: false })
  bar.start(
    WORKLOADS.length * rounds * targets.length + RATES.length * rounds * targets.length + FANOUTS.length * 2 + 1,
    0,
    { what: "" }
  )
  const tick = (what: string) => bar.increment(1, { what })
  try {
    // First what takes notice of the least: afterwards this process has the garbage of millions of requests to collect.
    if (wanted("open")) for (const rate of RATES) await opens(targets, rate, results, tick)
    for (const workload of WORKLOADS.filter(wanted)) await loops(targets, workload, results, tick)
    if (wanted("fanout")) for (const load of FANOUTS) await fanouts(load, results, tick)
    if (wanted("replay")) results.replay = { ...(await replayRate()), idleActorBytes: idleActorBytes() }
  } finally {
    bar.stop()
    for (const target of targets) await target.close()
    await servers.stop()
  }
  return publish(results, options.out)
}

type Tick = (what: string) => void

/** A B C D, A B C D, …: a slow minute of the machine hits all of them alike. */
const loops = async (
  targets: ReadonlyArray<Target>,
  workload: Workload,
  results: BenchResults,
  tick: Tick
): Promise<void> => {
  const rates = new Map<string, Array<number>>()
  for (let round = 0; round < results.rounds; round++) {
    for (const target of targets) {
      await target.prepare(skusOf(workload), unitsOf(workload))
      await closedLoop(target, workload, WARM_UP_SECONDS)
      const before = await target.check()
      const loop = await closedLoop(target, workload, results.seconds)
      const after = await target.check()
      await target.rest()
      const lines = workload === "carts" ? 3 : 1
      const lost = after.held - before.held - loop.held * lines
      if (lost !== 0)
        results.wrong.push(`${target.name} ${workload}: ${lost} units held that nobody was told of, or the reverse`)
      if (after.oversold > 0) results.wrong.push(`${target.name} ${workload}: ${after.oversold} SKUs oversold`)
      if (loop.errors > 0) results.wrong.push(`${target.name} ${workload}: ${loop.errors} errors`)
      rates.set(target.name, [...(rates.get(target.name) ?? []), loop.perSecond])
      tick(`${workload} ${target.name} ${Math.round(loop.perSecond)}/s`)
    }
  }
  for (const [name, values] of rates) results.loops.push({ workload, name, perSecond: median(values), all: values })
}

const opens = async (
  targets: ReadonlyArray<Target>,
  rate: number,
  results: BenchResults,
  tick: Tick
): Promise<void> => {
  const runs = new Map<string, Array<{ readonly p50: number; readonly p99: number }>>()
  for (let round = 0; round < results.rounds; round++) {
    for (const target of targets) {
      await target.prepare(skusOf("zipf"), unitsOf("zipf"))
      // What is late is to be the target's doing.
      await setOwnSlice(SHORT_SLICE_NS)
      await openLoop(target, rate, OPEN_WARM_UP_SECONDS)
      const open = await openLoop(target, rate, results.seconds)
      await setOwnSlice(USUAL_SLICE_NS)
      await target.rest()
      if (open.errors > 0) results.wrong.push(`${target.name} open loop ${rate}/s: ${open.errors} errors`)
      runs.set(target.name, [...(runs.get(target.name) ?? []), open])
      tick(`open ${rate}/s ${target.name} p99 ${open.p99.toFixed(2)} ms`)
    }
  }
  for (const [name, values] of runs) {
    const of = (pick: "p50" | "p99") => median(values.map((value) => value[pick]))
    results.open.push({ rate, name, p50Ms: of("p50"), p99Ms: of("p99") })
  }
}

const fanouts = async (load: FanoutLoad, results: BenchResults, tick: Tick): Promise<void> => {
  const bare = await bareFanout(load, results.seconds)
  tick(`bare ${load.sockets} x ${load.changesPerSecond}/s p99 ${bare.p99Ms.toFixed(1)} ms`)
  const fresh = await startBenchHub()
  const hub = await hubFanout({ url: fresh.url, pid: fresh.pid() }, load, results.seconds).finally(() => fresh.stop())
  tick(`hub ${load.sockets} x ${load.changesPerSecond}/s p99 ${hub.p99Ms.toFixed(1)} ms`)
  results.fanout.push({ ...load, bare, hub })
}

const publish = (results: BenchResults, folder: string): number => {
  const text = markdown(results)
  leave(folder, "bench", { ...results, targets: judge(results) }, text)
  process.stdout.write(`${text}\nwritten to ${folder}\n`)
  return results.wrong.length > 0 ? 1 : 0
}
