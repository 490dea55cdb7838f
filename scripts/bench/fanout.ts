/**
 * Fan-out: changes a second to so many sockets, the hub beside a bare uWebSockets server that publishes a ready frame.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { HoldfastClient } from "../../src/client/holdfast-client.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { receive } from "./holdfast-target.ts"
import { type Greeting, LISTENING, Receivers } from "./receivers.ts"

export interface FanoutLoad {
  readonly sockets: number
  readonly changesPerSecond: number
}

export interface FanoutResult {
  readonly p99Ms: number
  readonly deliveriesPerSecond: number
  readonly cpuSecondsPerMillion: number
}

const TICKS_PER_SECOND = 100

/** User and system time of a process so far. */
export const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** What waited while sockets were opened has to be caught up with; the bare server gets the same. */
const WARM_UP_MS = 6_000

const measure = async (receivers: Receivers, pid: number, seconds: number): Promise<FanoutResult> => {
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS))
  receivers.reset()
  const cpuBefore = cpuSeconds(pid)
  const startedMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  const passed = (performance.now() - startedMs) / 1_000
  const { deliveries } = receivers
  return {
    p99Ms: receivers.p99(),
    deliveriesPerSecond: deliveries / passed,
    cpuSecondsPerMillion: ((cpuSeconds(pid) - cpuBefore) * 1e6) / deliveries
  }
}

/** A program of the benchmarks that says its port, and publishes from SIGUSR2 on. */
export const programFanout = async (
  program: string,
  greeting: Greeting,
  load: FanoutLoad,
  seconds: number
): Promise<FanoutResult> => {
  const path = join(projectRoot(), "dist", program)
  const child = spawn(process.execPath, [path, String(load.changesPerSecond)], { stdio: ["pipe", "pipe", "inherit"] })
  const receivers = new Receivers()
  try {
    const port = await new Promise<number>((resolve) =>
      child.stdout.once("data", (text: Buffer) => resolve(Number(text)))
    )
    await receivers.open(port, load.sockets, greeting)
    child.kill("SIGUSR2")
    return await measure(receivers, child.pid as number, seconds)
  } finally {
    receivers.close()
    await ended(child)
  }
}

export const bareFanout = (load: FanoutLoad, seconds: number): Promise<FanoutResult> =>
  programFanout("scripts/bench/bare-server.js", LISTENING, load, seconds)

const ended = async (child: ChildProcess): Promise<void> => {
  const exit = new Promise((resolve) => child.once("exit", resolve))
  child.kill("SIGKILL")
  await exit
}

const TICK_MS = 5

/**
 * At twenty commands a second a hub needs minutes until what it does with them is compiled, and a measurement would be of that;
 * of the bare server everything that it does is warm after a second. After ten seconds of a fifth as many commands V8's
 * helpers still compiled for 13 to 16 ms of each second, after these for 1 to 4.
 */
const COMPILING = { seconds: 20, commandsPerTick: 25 }

/** Commands for a SKU that nobody follows. */
const compile = async (client: HoldfastClient, sku: string): Promise<void> => {
  const untilMs = performance.now() + COMPILING.seconds * 1_000
  for (let tick = 0; performance.now() < untilMs; tick++) {
    const ids = Array.from({ length: COMPILING.commandsPerTick }, (_, index) => `compile-${tick}-${index}`)
    await Promise.all(ids.map((id) => client.ask(sku, reserve(id))))
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
}

const UNITS = 100_000_000

const reserve = (id: string) =>
  ({ type: "reserve", mutationId: id, holdId: id, quantity: 1, ttlMs: 3_600_000 }) as const

const contractGreeting = (sku: string): Greeting => ({
  path: "/v1/ws",
  says: [() => JSON.stringify({ op: "subscribe", topics: [`stock.${sku}`] })]
})

export const hubFanout = async (
  { url, pid }: { readonly url: string; readonly pid: number },
  load: FanoutLoad,
  seconds: number,
  greeting: (sku: string) => Greeting = contractGreeting
): Promise<FanoutResult> => {
  const client = await HoldfastClient.connect(url)
  const sku = `fan${Date.now().toString(36)}`
  const receivers = new Receivers()
  for (const one of [sku, `${sku}-unfollowed`]) await receive(url, one, UNITS)
  await compile(client, `${sku}-unfollowed`)
  let changes = 0
  const startMs = performance.now()
  let driving: NodeJS.Timeout | undefined
  try {
    await receivers.open(Number(new URL(url).port), load.sockets, greeting(sku))
    driving = setInterval(() => {
      const due = Math.floor(((performance.now() - startMs) * load.changesPerSecond) / 1_000)
      if (changes === 0) changes = due
      for (; changes < due; changes++) {
        void client.ask(sku, reserve(`fan-${changes}`)).catch(() => undefined)
      }
    }, TICK_MS)
    return await measure(receivers, pid, seconds)
  } finally {
    clearInterval(driving)
    receivers.close()
    client.close()
  }
}
