/**
 * What is measured: a way to tell of a sale, and channels that are to hear of it. Both peers and the hub are asked the
 * same: from the moment the sale should have been told to the arrival of the call at each of the other channels.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { connect } from "@nats-io/transport-node"
import { Queue } from "bullmq"
import { Redis } from "ioredis"
import { encodeSku, factSubject } from "../../streams/subjects.ts"
import { projectRoot, ThrowAwayFolder } from "../../src/servers/servers.ts"
import { startBenchHub } from "../bench/servers.ts"

export const CHANNELS = ["c1", "c2"]
const UNITS = 1_000_000

export interface Subject {
  readonly name: string
  /** Tells of a sale of one unit; does not wait. */
  readonly sell: (sku: string) => void
  readonly close: () => Promise<void>
}

/** A program of this folder in a process of its own; settles when it says that it is ready. */
export const startProgram = (file: string, args: ReadonlyArray<string>, environment: Record<string, string> = {}) =>
  new Promise<ChildProcess>((resolve, reject) => {
    const path = join(projectRoot(), "dist", "scripts", "bench-channels", file)
    const child = spawn(process.execPath, [path, ...args], {
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "inherit"]
    })
    child.stdout.on("data", () => resolve(child))
    child.once("exit", (code) => reject(new Error(`${file} ended with code ${String(code)}`)))
  })

/** A third channel beside the two that are measured: one that is well, or one that never answers. */
export type Third = "well" | "sick"

/** The hub with the two channels, and a third where one is given. */
export const hubSubject = async (receivers: string, skus: ReadonlyArray<string>, third?: Third): Promise<Subject> => {
  const folder = new ThrowAwayFolder()
  const adapter = join(projectRoot(), "dist", "scripts", "bench-channels", "plain-channel.js")
  const channels = [...CHANNELS, ...(third === undefined ? [] : [third])].map((name) => ({
    name,
    adapter,
    settings: { url: `${receivers}/${name}` }
  }))
  const file = join(folder.directory, "channels.json")
  writeFileSync(file, JSON.stringify({ channels }))
  const hub = await startBenchHub({ CHANNELS_FILE: file })
  for (const sku of skus) await post(`${hub.url}/v1/stock/${encodeSku(sku)}/facts`, receipt(sku))
  const mappings = skus.map((sku) => ({ listingId: sku, sku }))
  for (const { name } of channels) await post(`${hub.url}/v1/channels/${name}/mappings`, mappings)
  const nats = await connect({ servers: hub.natsUrl })
  let count = 0
  const encoder = new TextEncoder()
  return {
    name: third === undefined ? "hub" : `hub beside a third, ${third}`,
    sell: (sku) => {
      const fact = { type: "sale", mutationId: `sale-${count++}`, quantity: 1, channel: "c0" }
      nats.publish(factSubject(sku), encoder.encode(JSON.stringify(fact)))
    },
    close: async () => {
      await nats.close()
      await hub.stop()
      folder.remove()
    }
  }
}

const receipt = (sku: string) => ({ type: "receipt", mutationId: `open-${sku}`, quantity: UNITS })

const post = async (url: string, body: unknown): Promise<void> => {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  await response.text()
}

/** A shop's own code: the stock in Redis, a job for each other channel. */
export const bullmqSubject = async (
  receivers: string,
  skus: ReadonlyArray<string>,
  redisUrl: string
): Promise<Subject> => {
  const port = Number(new URL(redisUrl).port)
  const redis = new Redis(redisUrl)
  await redis.flushall()
  await redis.mset(Object.fromEntries(skus.map((sku) => [sku, String(UNITS)])))
  const connection = { host: "127.0.0.1", port }
  const queues = CHANNELS.map((channel) => new Queue(`push-${channel}`, { connection }))
  const workers = await startProgram("bullmq-workers.js", [], {
    REDIS_PORT: String(port),
    RECEIVERS: receivers,
    CHANNELS: CHANNELS.join(",")
  })
  const options = { attempts: 6, backoff: { type: "exponential", delay: 1_000 }, removeOnComplete: true }
  const sell = async (sku: string): Promise<void> => {
    const quantity = await redis.decr(sku)
    await Promise.all(queues.map((queue) => queue.add("push", { sku, quantity }, options)))
  }
  return {
    name: "BullMQ",
    sell: (sku) => void sell(sku),
    close: async () => {
      workers.kill("SIGKILL")
      await Promise.all(queues.map((queue) => queue.close()))
      redis.disconnect()
    }
  }
}

/** Every minute what changed since is sent, a hundred at a time. */
export const pollerSubject = async (receivers: string, skus: ReadonlyArray<string>): Promise<Subject> => {
  const stock = new Map(skus.map((sku) => [sku, UNITS]))
  let changed = new Set<string>()
  const send = async (): Promise<void> => {
    const rows = [...changed].map((sku) => ({ sku, quantity: stock.get(sku) }))
    changed = new Set()
    for (let from = 0; from < rows.length; from += 100) {
      const body = rows.slice(from, from + 100)
      await Promise.all(CHANNELS.map((channel) => post(`${receivers}/${channel}`, body)))
    }
  }
  const timer = setInterval(() => void send(), POLL_MS)
  return {
    name: "poller every minute",
    sell: (sku) => {
      stock.set(sku, (stock.get(sku) ?? 0) - 1)
      changed.add(sku)
    },
    close: async () => clearInterval(timer)
  }
}

export const POLL_MS = 60_000
/** Units sold when so many are left. */
export const soldAt = (quantity: number): number => UNITS - quantity
