/**
 * What is measured: the hub, whose stock is really changed, and a bare uWebSockets server; both said to change so many SKUs so many
 * times a second, and to tell at the end which version each has.
 */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { HoldfastClient } from "../../src/client/holdfast-client.ts"
import type { StockPage } from "../../src/gateway/protocol.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { startBenchHub } from "../bench/servers.ts"
import { skuName } from "./audience.ts"

export interface Subject {
  readonly name: string
  readonly socketUrl: string
  readonly pid: number
  /** Begins to change stock. */
  readonly start: () => void
  /** No more changes; each SKU's version, once nothing is under way any more. */
  readonly stop: () => Promise<ReadonlyMap<string, number>>
  readonly close: () => Promise<void>
}

export interface Load {
  readonly changesPerSecond: number
  readonly skus: number
}

const TICK_MS = 5
const OPENING = 100_000_000
const RECEIPTS_AT_ONCE = 64
const PAGE = 1_000

/** Changes stock at a hub, through its own client. */
export const changesAt = async (
  url: string,
  { changesPerSecond, skus }: Load
): Promise<Pick<Subject, "start" | "stop"> & { readonly end: () => void }> => {
  const client = await HoldfastClient.connect(url, { timeoutMs: 30_000 })
  for (let first = 0; first < skus; first += RECEIPTS_AT_ONCE) {
    const some = Array.from({ length: Math.min(RECEIPTS_AT_ONCE, skus - first) }, (_, nth) => skuName(first + nth))
    await Promise.all(some.map((sku) => receive(url, sku)))
  }
  const underWay = new Set<Promise<unknown>>()
  let driving: NodeJS.Timeout | undefined
  const ask = (change: number): void => {
    const id = `change-${change}`
    const body = { type: "reserve", mutationId: id, holdId: id, quantity: 1, ttlMs: 3_600_000 } as const
    const asked = client.ask(skuName(change % skus), body).catch(() => undefined)
    underWay.add(asked)
    void asked.then(() => underWay.delete(asked))
  }
  return {
    start: () => {
      const startedMs = performance.now()
      let changes = 0
      driving = setInterval(() => {
        const due = Math.floor(((performance.now() - startedMs) * changesPerSecond) / 1_000)
        for (; changes < due; changes++) ask(changes)
      }, TICK_MS)
    },
    stop: async () => {
      clearInterval(driving)
      await Promise.all(underWay)
      return versionsOf(url)
    },
    end: () => client.close()
  }
}

export const hubSubject = async (load: Load): Promise<Subject> => {
  const hub = await startBenchHub()
  const { start, stop, end } = await changesAt(hub.url, load)
  return {
    name: "holdfast",
    socketUrl: socketUrlOf(hub.url),
    pid: hub.pid(),
    start,
    stop,
    close: async () => {
      end()
      await hub.stop()
    }
  }
}

export const socketUrlOf = (url: string): string => `${url.replace("http", "ws")}/v1/ws`

const receive = async (url: string, sku: string): Promise<void> => {
  const body = JSON.stringify({ type: "receipt", mutationId: "opening", quantity: OPENING })
  const response = await fetch(`${url}/v1/stock/${sku}/facts`, { method: "POST", body })
  if (response.status !== 202) throw new Error(`opening stock was not taken: ${await response.text()}`)
}

const versionsOf = async (url: string): Promise<ReadonlyMap<string, number>> => {
  const versions = new Map<string, number>()
  for (let after: string | undefined = ""; after !== undefined;) {
    const page = (await (
      await fetch(`${url}/v1/stock?limit=${PAGE}&after=${encodeURIComponent(after)}`)
    ).json()) as StockPage
    for (const { sku, version } of page.items) versions.set(sku, version)
    after = page.next
  }
  return versions
}

export const bareSubject = async ({ changesPerSecond, skus }: Load): Promise<Subject> => {
  const program = join(projectRoot(), "dist", "scripts", "bench-sockets", "bare-topics.js")
  const child = spawn(process.execPath, [program, String(changesPerSecond), String(skus)], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  const line = () =>
    new Promise<string>((resolve) => {
      let text = ""
      const onData = (data: Buffer): void => {
        text += data.toString()
        if (!text.endsWith("\n")) return
        child.stdout.off("data", onData)
        resolve(text)
      }
      child.stdout.on("data", onData)
    })
  const port = Number(await line())
  return {
    name: "bare uWebSockets",
    socketUrl: `ws://127.0.0.1:${port}/v1/ws`,
    pid: child.pid as number,
    start: () => void child.kill("SIGUSR2"),
    stop: async () => {
      const said = line()
      child.kill("SIGUSR2")
      const versions = JSON.parse(await said) as ReadonlyArray<number>
      return new Map(versions.map((version, index) => [skuName(index), version]))
    },
    close: async () => {
      const exit = new Promise((resolve) => child.once("exit", resolve))
      child.kill("SIGKILL")
      await exit
    }
  }
}
