/**
 * `holdfast bench-sockets`: thousands of sockets with mixed topics, without and with clients that stall, flood and vanish: how late
 * changes arrive, what memory and processor time that takes, and whether everybody was told in the end; beside a bare
 * uWebSockets server with the same clients.
 */
import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import type { Command } from "commander"
import { leave, quantilesOf } from "../bench/figures.ts"
import { cpuSeconds } from "../bench/fanout.ts"
import { Audience } from "./audience.ts"
import { IllClients, ILLNESSES } from "./ill-clients.ts"
import { bareSubject, hubSubject, type Load, type Subject } from "./subjects.ts"

interface Options {
  readonly sockets: string
  readonly ill: string
  readonly rate: string
  readonly skus: string
  readonly seconds: string
  readonly out: string
}

export const register = (program: Command): void => {
  program
    .command("bench-sockets")
    .description("measure sockets with mixed topics beside clients that stall, flood and vanish")
    .option("--sockets <n>", "sockets that listen", "5000")
    .option("--ill <n>", "clients of each illness", "50")
    .option("--rate <n>", "changes a second", "500")
    .option("--skus <n>", "SKUs that change in turn", "500")
    .option("--seconds <n>", "seconds of each measurement", "10")
    .option("--out <folder>", "where bench-sockets.md and .json go", ".holdfast/bench")
    .action(async (options: Options) => {
      process.exitCode = await bench(options)
    })
}

/** A fresh process compiles its code first. */
const WARM_UP_MS = 6_000
/** What is still on its way at the end is waited for. */
const SETTLE_MS = 3_000

interface Row {
  readonly who: string
  readonly ill: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly deliveriesPerSecond: number
  readonly cpuSecondsPerMillion: number
  /** Resident, at the end. */
  readonly memoryMb: number
  /** Listeners that do not know the newest versions in the end. */
  readonly untold: number
  readonly disordered: number
  /** Ends of ill clients. */
  readonly illEnded: number
}

const bench = async (options: Options): Promise<number> => {
  const load = { changesPerSecond: Number(options.rate), skus: Number(options.skus) }
  const [sockets, each, seconds] = [Number(options.sockets), Number(options.ill), Number(options.seconds)]
  const rows: Array<Row> = []
  for (const ill of [0, each]) {
    for (const make of [hubSubject, bareSubject]) {
      const row = await measure(make, load, { sockets, ill, seconds })
      rows.push(row)
      process.stderr.write(`${row.who}, ${row.ill} ill: p99 ${row.p99Ms.toFixed(1)} ms, ${row.memoryMb} MB\n`)
    }
  }
  const report = reportOf(rows, load, { sockets, seconds })
  leave(options.out, "bench-sockets", rows, report)
  process.stdout.write(`${report}\nwritten to ${options.out}\n`)
  return rows.some(({ who, untold, disordered }) => who === "holdfast" && untold + disordered > 0) ? 1 : 0
}

interface Crowd {
  readonly sockets: number
  /** Clients of each illness. */
  readonly ill: number
  readonly seconds: number
}

const measure = async (make: (load: Load) => Promise<Subject>, load: Load, crowd: Crowd): Promise<Row> => {
  const subject = await make(load)
  const audience = new Audience()
  const ill = new IllClients()
  try {
    await audience.open(subject.socketUrl, crowd.sockets, load.skus)
    ill.start(subject.socketUrl, crowd.ill, load.skus)
    subject.start()
    await pause(WARM_UP_MS)
    audience.reset()
    const cpuBefore = cpuSeconds(subject.pid)
    const startedMs = performance.now()
    await pause(crowd.seconds * 1_000)
    const passedSeconds = (performance.now() - startedMs) / 1_000
    const { deliveries } = audience
    const cpu = cpuSeconds(subject.pid) - cpuBefore
    const at = quantilesOf(audience.latenciesMs)
    const memoryMb = residentMb(subject.pid)
    const versions = await subject.stop()
    await pause(SETTLE_MS)
    return {
      who: subject.name,
      ill: crowd.ill * Object.keys(ILLNESSES).length,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      deliveriesPerSecond: deliveries / passedSeconds,
      cpuSecondsPerMillion: (cpu * 1e6) / deliveries,
      memoryMb,
      untold: audience.untold(versions),
      disordered: audience.disordered,
      illEnded: ill.ended
    }
  } finally {
    ill.close()
    audience.close()
    await subject.close()
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const residentMb = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) / 1_024)

const reportOf = (rows: ReadonlyArray<Row>, load: Load, crowd: Omit<Crowd, "ill">): string =>
  [
    `# Sockets with mixed topics`,
    "",
    `${cpus().length} cores, Node ${process.versions.node}; ${crowd.sockets} sockets, ${load.changesPerSecond} changes a second of ${load.skus} SKUs, ${crowd.seconds} s. ` +
      "Of a hundred sockets two follow all SKUs, ten follow twenty, the others one. Ill: a third stalls, a third floods, a third vanishes.",
    "",
    "| who | ill clients | p50 ms | p99 ms | deliveries/s | CPU s a million | memory MB | not told | out of order | ends of ill ones |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(
      (row) =>
        `| ${row.who} | ${row.ill} | ${row.p50Ms.toFixed(1)} | ${row.p99Ms.toFixed(1)} | ${Math.round(row.deliveriesPerSecond)} | ${row.cpuSecondsPerMillion.toFixed(2)} | ${row.memoryMb} | ${row.untold} | ${row.disordered} | ${row.illEnded} |`
    ),
    ""
  ].join("\n")
