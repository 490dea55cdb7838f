/**
 * `holdfast bench-carts`: carts with timers outstanding (memory, restart), carts left within a minute (lateness), their customers
 * written to (once, how late), and the same timers set, replaced and fired by a job queue.
 */
import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import type { Command } from "commander"
import { leave, quantilesOf } from "../bench/figures.ts"
import { startBenchHub, startPeerServers } from "../bench/servers.ts"
import { queueTimers } from "./bullmq-timers.ts"
import { messagesOf } from "./messages.ts"
import { askAll, type CartAsk, watchLeft } from "./hub-carts.ts"

interface Options {
  readonly carts: string
  readonly left: string
  readonly seconds: string
  readonly messages: string
  readonly queue: boolean
  readonly out: string
}

export const register = (program: Command): void => {
  program
    .command("bench-carts")
    .description("measure carts with timers: memory, restart, lateness, beside BullMQ's delayed jobs")
    .option("--carts <n>", "carts with timers outstanding", "1000000")
    .option("--left <n>", "carts that are left", "100000")
    .option("--seconds <n>", "within so many seconds", "60")
    .option("--messages <n>", "carts that are left within a minute and whose customers are written to", "100000")
    .option("--no-queue", "leave out BullMQ")
    .option("--out <folder>", "where bench-carts.json goes", ".holdfast/bench")
    .action(async (options: Options) => {
      process.exitCode = await bench(options)
    })
}

/** Carts from here on count as left soon; the others after a week. */
const DEAR_MINOR = 1_000_000
const LEFT_AFTER_MS = 20_000
const WEEK_MS = 7 * 24 * 60 * 60_000
const REPLACED = 100_000

const adds = function* (name: string, count: number, unitPriceMinor: number): Generator<CartAsk> {
  for (let n = 0; n < count; n++) {
    const body = {
      type: "add",
      mutationId: "a",
      sku: `sku-${n % 10_000}`,
      quantity: 1,
      unitPriceMinor,
      currency: "GBP"
    }
    yield { cart: `${name}-${n}`, body }
  }
}

const touches = function* (name: string, count: number): Generator<CartAsk> {
  for (let n = 0; n < count; n++) yield { cart: `${name}-${n}`, body: { type: "touch", mutationId: "t" } }
}

const rssMb = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024)

const deadlinesOf = async (hub: string): Promise<number> => {
  const text = await (await fetch(`${hub}/metrics`)).text()
  return Number(/^holdfast_cart_deadlines (\d+)/m.exec(text)?.[1] ?? Number.NaN)
}

const lateness = (lateMs: ReadonlyArray<number>) => {
  const at = quantilesOf(lateMs)
  return { count: lateMs.length, p50: at(0.5), p99: at(0.99), max: at(1), min: at(0) }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const bench = async (options: Options): Promise<number> => {
  const [carts, left, seconds] = [Number(options.carts), Number(options.left), Number(options.seconds)]
  const say = (text: string): void => void process.stdout.write(`${text}\n`)
  say(`${cpus().length} cores, Node ${process.versions.node}`)
  const hub = carts > 0 ? await ofHub(carts, left, seconds, say) : undefined
  const messages = await ofMessages(Number(options.messages), seconds, say)
  const queue = options.queue ? await ofQueue(Math.min(Math.max(carts, left), 200_000), left, say) : undefined
  leave(options.out, "bench-carts", { carts, left, seconds, hub, messages, queue })
  return (hub?.wrong.length ?? 0) + (messages?.wrong.length ?? 0) === 0 ? 0 : 1
}

const ofMessages = async (carts: number, seconds: number, say: (text: string) => void) => {
  if (carts === 0) return undefined
  const { lateMs, tookMs, wrong } = await messagesOf({ carts, seconds, leftAfterMs: LEFT_AFTER_MS, say })
  const late = lateness(lateMs)
  const perSecond = Math.round((late.count * 1_000) / tookMs)
  say(
    `${late.count} texts for ${carts} carts left within ${seconds} s, ${perSecond}/s: ${JSON.stringify(late)} ms late`
  )
  for (const one of wrong) say(`WRONG ${one}`)
  return { carts, seconds, perSecond, late, wrong }
}

const ofHub = async (carts: number, left: number, seconds: number, say: (text: string) => void) => {
  const hub = await startBenchHub()
  const wrong: Array<string> = []
  try {
    const policy = {
      mutationId: "p",
      idleCartMs: WEEK_MS,
      idleRules: [{ minimumMinor: DEAR_MINOR, idleCartMs: LEFT_AFTER_MS }]
    }
    await fetch(`${hub.url}/v1/cart-policy`, { method: "POST", body: JSON.stringify(policy) })
    const beforeMb = rssMb(hub.pid())
    const setPerSecond = await askAll(hub.url, adds("far", carts, 1_000))
    const replacedPerSecond = await askAll(hub.url, touches("far", Math.min(carts, REPLACED)))
    const afterMb = rssMb(hub.pid())
    say(
      `${carts} carts: ${Math.round(setPerSecond)}/s set, ${Math.round(replacedPerSecond)}/s replaced, ${beforeMb} -> ${afterMb} MB`
    )
    const readyMs = await hub.restart()
    const deadlines = await deadlinesOf(hub.url)
    if (deadlines !== carts) wrong.push(`${deadlines} deadlines after the restart`)
    const restartedMb = rssMb(hub.pid())
    say(`after kill -9 ready in ${Math.round(readyMs)} ms with ${deadlines} deadlines, ${restartedMb} MB`)
    const watched = await watchLeft(hub.natsUrl, (cart) => cart.startsWith("left-"))
    await askAll(hub.url, adds("left", left, DEAR_MINOR), left / seconds)
    for (let waitedMs = 0; watched.lateMs.length < left && waitedMs < LEFT_AFTER_MS * 3; waitedMs += 100)
      await pause(100)
    await watched.stop()
    const late = lateness(watched.lateMs)
    if (late.count !== left) wrong.push(`${left - late.count} carts were not found left`)
    if (watched.twice > 0) wrong.push(`${watched.twice} carts were found left twice`)
    if (late.min < 0) wrong.push(`a cart was found left ${-late.min} ms too early`)
    say(
      `${left} carts left within ${seconds} s: ${JSON.stringify(late)} ms late${wrong.map((one) => `; ${one}`).join("")}`
    )
    return { setPerSecond, replacedPerSecond, beforeMb, afterMb, readyMs, restartedMb, late, wrong }
  } finally {
    await hub.stop()
  }
}

const ofQueue = async (count: number, left: number, say: (text: string) => void) => {
  const servers = await startPeerServers()
  try {
    const port = Number(new URL(servers.redisEverysecUrl).port)
    const fired = Math.min(left, count)
    const replaced = Math.min(REPLACED, count)
    const { lateMs, ...rates } = await queueTimers(port, { count, replaced, fired, delayMs: LEFT_AFTER_MS })
    const late = lateness(lateMs)
    say(
      `BullMQ, ${count} timers: ${Math.round(rates.setPerSecond)}/s set, ${Math.round(rates.replacedPerSecond)}/s replaced, ${JSON.stringify(late)} ms late`
    )
    return { count, ...rates, late }
  } finally {
    await servers.stop()
  }
}
