/**
 * A real hub in a process of its own, on a NATS and a Redis of its own and a fresh database of the run's PostgreSQL.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { WebSocket } from "ws"
import {
  binaries,
  freePort,
  projectRoot,
  type RunningServer,
  startNats,
  startRedis
} from "../../src/servers/servers.ts"
import { freshDatabase } from "./database.ts"

export interface TestHub {
  readonly url: string
  readonly nats: RunningServer
  readonly redis: RunningServer
  readonly databaseUrl: string
  /** Where its `run.json` is. */
  readonly home: string
  /** What it has printed and logged, over crashes. */
  readonly output: () => string
  /** kill -9, and the same hub again on the same servers and port. */
  readonly crash: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** A hub of its own is ready after one second, on a machine that is busy with others after several. */
const READY_MS_MAX = 45_000

export const startHub = async (environment: Readonly<Record<string, string>> = {}): Promise<TestHub> => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-hub-"))
  const at = async (name: string) => ({
    binaries: binaries(),
    directory: join(directory, name),
    port: await freePort()
  })
  const [nats, redis, databaseUrl, port] = await Promise.all([
    at("nats").then(startNats),
    at("redis").then(startRedis),
    freshDatabase(),
    freePort()
  ])
  const settings = {
    NATS_URL: nats.url,
    REDIS_URL: redis.url,
    DATABASE_URL: databaseUrl,
    HOLDFAST_HOME: join(directory, "home"),
    PORT: String(port),
    ...environment
  }
  const stopServers = async (): Promise<void> => {
    await Promise.all([nats.stop(), redis.stop()])
    rmSync(directory, { recursive: true, force: true })
  }
  const said = { output: "" }
  let child = await launch(settings, said).catch(async (error: unknown) => {
    await stopServers()
    throw error
  })
  return {
    url: `http://127.0.0.1:${port}`,
    nats,
    redis,
    databaseUrl,
    home: settings.HOLDFAST_HOME,
    output: () => said.output,
    crash: async () => {
      await ended(child, "SIGKILL")
      child = await launch(settings, said)
    },
    stop: async () => {
      await ended(child, "SIGTERM")
      await stopServers()
    }
  }
}

const launch = (settings: Readonly<Record<string, string>>, said: { output: string }): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectRoot(), "dist", "src", "main.js")], {
      env: { ...process.env, ...settings },
      stdio: ["ignore", "pipe", "pipe"]
    })
    let output = ""
    const patience = setTimeout(() => reject(new Error(`the hub is not ready:\n${output}`)), READY_MS_MAX)
    const onOutput = (chunk: Buffer): void => {
      output += chunk.toString()
      said.output += chunk.toString()
      if (!output.includes("ready http://")) return
      clearTimeout(patience)
      resolve(child)
    }
    child.stdout.on("data", onOutput)
    child.stderr.on("data", onOutput)
    child.on("exit", (code) => reject(new Error(`the hub ended with code ${String(code)}:\n${output}`)))
  })

const ended = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once("exit", resolve))
  child.kill(signal)
  await exit
}

export interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

/**
 * Over a connection of its own: the hub closes one that said nothing for ten seconds, and a test whose process stood still
 * for so long would ask over it before it has heard of that (ECONNRESET), which says nothing about the hub.
 */
export const http = async (hub: TestHub, method: string, path: string, body?: unknown): Promise<Reply> => {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const headers = { connection: "close" }
  const response = await fetch(`${hub.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: text }) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/**
 * Asks again until `found` says yes; what is derived from the journal comes a little later, on a machine that is busy with
 * other tests as much as six seconds.
 */
export const eventually = async <A>(
  read: () => Promise<A>,
  found: (value: A) => boolean,
  patienceMs = 20_000
): Promise<A> => {
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    const value = await read()
    if (found(value)) return value
    if (performance.now() > deadlineMs) throw new Error(`not seen in time; last: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A socket that keeps every message it was sent, frames taken apart. */
export class TestSocket {
  readonly messages: Array<Record<string, unknown>> = []
  readonly frames: Array<string> = []
  closeCode: number | undefined
  private readonly socket: WebSocket

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on("message", (data: Buffer) => {
      const text = data.toString()
      this.frames.push(text)
      const parsed = JSON.parse(text) as Record<string, unknown> | Array<Record<string, unknown>>
      this.messages.push(...(Array.isArray(parsed) ? parsed : [parsed]))
    })
    socket.on("close", (code) => (this.closeCode = code))
    socket.on("error", () => undefined)
  }

  static async open(hub: TestHub): Promise<TestSocket> {
    const socket = new WebSocket(`${hub.url.replace("http", "ws")}/v1/ws`)
    const opened = new TestSocket(socket)
    await new Promise((resolve, reject) => {
      socket.once("open", resolve)
      socket.once("error", reject)
    })
    return opened
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message))
  }

  /** The first message that fits, waiting for it. */
  async next(fits: (message: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    const found = await eventually(
      async () => this.messages.find(fits),
      (message) => message !== undefined
    )
    return found as Record<string, unknown>
  }

  close(): void {
    this.socket.close()
  }

  /** Stops reading, as a client on a bad line does. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }
}
