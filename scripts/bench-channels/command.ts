/**
 * `holdfast bench-channels`: from a sale on one channel to the call at the others, beside a queue and a poller.
 */
import { cpus } from "node:os"
import type { Command } from "commander"
import { freePort } from "../../src/servers/servers.ts"
import { leave, median, quantilesOf } from "../bench/figures.ts"
import { startPeerServers } from "../bench/servers.ts"
import {
  bullmqSubject,
  CHANNELS,
  hubSubject,
  POLL_MS,
  pollerSubject,
  startProgram,
  type Subject,
  soldAt
} from "./subjects.ts"

interface Options {
  readonly rounds: string
  readonly seconds: string
  readonly rates: string
  readonly poller?: boolean
  readonly out: string
}

export const register = (program: Command): void => {
  program
    .command("bench-channels")
    .description("measure how soon a sale on one channel reaches the others, beside BullMQ and a poller")
    .option("--rounds <n>", "rounds of each load, interleaved", "3")
    .option("--seconds <n>", "seconds of each round", "5")
    .option("--rates <list>", "sales a second", "100,500,2000")
    .option("--no-poller", "leave out the poller, which takes over a minute")
    .option("--out <folder>", "where bench-channels.md and .json go", ".holdfast/bench")
    .action(async (options: Options) => {
      process.exitCode = await bench(options)
    })
}

const SKUS = Array.from({ length: 2_000 }, (_, index) => `sku-${index}`)
const SICK_RATE = 500
/** A program that runs for months is measured, not its compiler: with 2 seconds its p50 is more than twice as long. */
const WARM_UP_SECONDS = 15
/** Sales go out in steps: a timer is not finer. */
const STEP_MS = 2
const SETTLE_MS_MAX = 15_000

interface Measured {
  readonly p50: number
  readonly p99: number
  readonly sales: number
  /** Sales that a channel never heard of. */
  readonly lost: number
}

interface Row extends Measured {
  readonly name: string
  readonly rate: number
}

const bench = async (options: Options): Promise<number> => {
  const rounds = Number(options.rounds)
  const seconds = Number(options.seconds)
  const port = await freePort()
  const receivers = `http://127.0.0.1:${port}`
  const servers = await startPeerServers()
  const far = await startProgram("receivers.js", [String(port)])
  const rows: Array<Row> = []
  const run = async (start: () => Promise<Subject>, rate: number, lastsSeconds: number): Promise<void> => {
    const subject = await start()
    // Units that each SKU has sold so far.
    const base = new Map<string, number>()
    try {
      const isPoller = lastsSeconds * 1_000 > POLL_MS
      if (!isPoller) await measure(subject, base, receivers, rate, WARM_UP_SECONDS)
      const measured = await measure(subject, base, receivers, rate, lastsSeconds)
      rows.push({ name: subject.name, rate, ...measured })
      process.stderr.write(
        `${subject.name.padEnd(26)} ${rate}/s p50 ${measured.p50.toFixed(1)} ms p99 ${measured.p99.toFixed(1)} ms\n`
      )
    } finally {
      await subject.close()
    }
  }
  try {
    for (let round = 0; round < rounds; round++) {
      for (const rate of options.rates.split(",").map(Number)) {
        await run(() => hubSubject(receivers, SKUS), rate, seconds)
        if (rate === SICK_RATE) await run(() => hubSubject(receivers, SKUS, "well"), rate, seconds)
        if (rate === SICK_RATE) await run(() => hubSubject(receivers, SKUS, "sick"), rate, seconds)
        await run(() => bullmqSubject(receivers, SKUS, servers.redisEverysecUrl), rate, seconds)
      }
    }
    if (options.poller !== false) await run(() => pollerSubject(receivers, SKUS), 100, POLL_MS / 1_000 + 5)
  } finally {
    far.kill("SIGKILL")
    await servers.stop()
  }
  return publish(summed(rows), options.out, { rounds, seconds })
}

/** An open loop: latency counts from when a sale should have been told. */
const measure = async (
  subject: Subject,
  base: Map<string, number>,
  receivers: string,
  rate: number,
  seconds: number
): Promise<Measured> => {
  await take(receivers)
  const now = () => performance.timeOrigin + performance.now()
  const sold = new Map<string, Array<number>>()
  const started = now()
  const count = Math.round(rate * seconds)
  for (let sale = 0; sale < count;) {
    for (; sale < count && started + (sale * 1_000) / rate <= now(); sale++) {
      const sku = SKUS[Math.floor(Math.random() * SKUS.length)] as string
      const times = sold.get(sku)
      if (times === undefined) sold.set(sku, [started + (sale * 1_000) / rate])
      else times.push(started + (sale * 1_000) / rate)
      subject.sell(sku)
    }
    await new Promise((resolve) => void setTimeout(resolve, STEP_MS))
  }
  return heard(sold, base, receivers, count)
}

interface Arrived {
  readonly channel: string
  readonly sku: string
  readonly quantity: number
  readonly at: number
}

const take = async (receivers: string): Promise<ReadonlyArray<Arrived>> =>
  (await (await fetch(receivers)).json()) as ReadonlyArray<Arrived>

/** A sale is heard of when a channel is told a quantity that has it taken off. */
const heard = async (
  sold: ReadonlyMap<string, ReadonlyArray<number>>,
  base: Map<string, number>,
  receivers: string,
  count: number
): Promise<Measured> => {
  const latencies: Array<number> = []
  const done = new Map<string, number>()
  const deadline = performance.now() + SETTLE_MS_MAX
  while (latencies.length < count * CHANNELS.length && performance.now() < deadline) {
    for (const { channel, sku, quantity, at } of await take(receivers)) {
      if (!CHANNELS.includes(channel)) continue
      const times = sold.get(sku) ?? []
      const units = soldAt(quantity) - (base.get(sku) ?? 0)
      const key = `${channel} ${sku}`
      for (let index = done.get(key) ?? 0; index < Math.min(units, times.length); index++) {
        latencies.push(at - (times[index] as number))
        done.set(key, index + 1)
      }
    }
    await new Promise((resolve) => void setTimeout(resolve, 20))
  }
  for (const [sku, times] of sold) base.set(sku, (base.get(sku) ?? 0) + times.length)
  const at = quantilesOf(latencies)
  return { p50: at(0.5), p99: at(0.99), sales: count, lost: count * CHANNELS.length - latencies.length }
}

const summed = (rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const groups = new Map<string, Array<Row>>()
  for (const row of rows) {
    const key = `${row.name} ${row.rate}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].map((group) => {
    const [{ name, rate }] = group as [Row]
    const of = (pick: "p50" | "p99") => median(group.map((row) => row[pick]))
    const sum = (pick: "sales" | "lost") => group.reduce((total, row) => total + row[pick], 0)
    return { name, rate, p50: of("p50"), p99: of("p99"), sales: sum("sales"), lost: sum("lost") }
  })
}

const publish = (
  rows: ReadonlyArray<Row>,
  folder: string,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number }
): number => {
  const find = (name: string) => rows.find((row) => row.name === name && row.rate === SICK_RATE)
  const ratio = (find("hub beside a third, sick")?.p99 ?? 0) / (find("hub beside a third, well")?.p99 ?? 1)
  const p99 = find("hub")?.p99 ?? Infinity
  const text = [
    `# From a sale on one channel to the call at the others`,
    ``,
    `${cpus().length} cores, Node ${process.versions.node}, ${rounds} rounds of ${seconds} s each after ${WARM_UP_SECONDS} s of the same load, medians; ${CHANNELS.length} channels without limits.`,
    ``,
    `| | sales/s | p50 ms | p99 ms | lost |`,
    `| --- | ---: | ---: | ---: | ---: |`,
    ...rows.map((row) => `| ${row.name} | ${row.rate} | ${row.p50.toFixed(1)} | ${row.p99.toFixed(1)} | ${row.lost} |`),
    ``,
    `p99 under 50 ms at 500/s: ${p99.toFixed(1)} ms, ${p99 < 50 ? "met" : "missed"}.`,
    `A third channel that never answers costs the others at most 1.1 times one that is well: ${ratio.toFixed(2)}, ${ratio <= 1.1 ? "met" : "missed"}.`,
    ``
  ].join("\n")
  leave(folder, "bench-channels", rows, text)
  process.stdout.write(`${text}written to ${folder}\n`)
  return rows.some(({ name, lost }) => name.startsWith("hub") && lost > 0) ? 1 : 0
}
