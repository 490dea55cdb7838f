/**
 * Everything that is measured, each on throw-away data: the hub in a process of its own on NATS, Redis and PostgreSQL of
 * its own, and the peers' servers.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import {
  freePort,
  projectRoot,
  startPostgres,
  startRedis,
  ThrowAwayFolder,
  throwAwayServers
} from "../../src/servers/servers.ts"

export interface PeerServers {
  readonly redisEverysecUrl: string
  readonly redisAlwaysUrl: string
  readonly postgresUrl: string
  readonly stop: () => Promise<void>
}

export const startPeerServers = async (): Promise<PeerServers> => {
  const folder = new ThrowAwayFolder()
  // As the hub's journal.
  const first = { precedence: "first" } as const
  const everysec = await startRedis({ ...(await folder.at("everysec")), appendonly: "everysec", ...first })
  const always = await startRedis({ ...(await folder.at("always")), appendonly: "always", ...first })
  const postgres = await startPostgres({
    ...(await folder.at("postgres")),
    ...first,
    settings: { max_connections: "64", shared_buffers: "512MB" }
  })
  return {
    redisEverysecUrl: everysec.url,
    redisAlwaysUrl: always.url,
    postgresUrl: postgres.url,
    stop: async () => {
      await Promise.all([everysec.stop(), always.stop(), postgres.stop()])
      folder.remove()
    }
  }
}

export interface BenchHub {
  readonly url: string
  readonly pid: () => number
  readonly natsUrl: string
  /** Ends the process at once; its servers stay. */
  readonly kill: () => Promise<void>
  /** kill -9, and the same hub again; settles with the milliseconds until it was ready. */
  readonly restart: () => Promise<number>
  readonly stop: () => Promise<void>
}

/** As `npm start` runs it. */
const HEAP = ["--max-semi-space-size=32", "--initial-heap-size=192", "--heap-growing-percent=100"]

/** A hub that knows nothing yet, on servers that know nothing either. */
export const startBenchHub = async (environment: Readonly<Record<string, string>> = {}): Promise<BenchHub> => {
  const own = await throwAwayServers()
  const port = await freePort()
  const launch = (): ChildProcess => {
    const main = join(projectRoot(), "dist", "src", "main.js")
    const hub = spawn(process.execPath, [...HEAP, main], {
      env: {
        ...process.env,
        PORT: String(port),
        HOLDFAST_HOME: join(own.folder.directory, "home"),
        NATS_URL: own.nats.url,
        REDIS_URL: own.redis.url,
        DATABASE_URL: own.postgres.url,
        ...environment
      },
      stdio: ["ignore", "pipe", "ignore"]
    })
    own.folder.hold(hub)
    return hub
  }
  let child = launch()
  await ready(child)
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGKILL")
    await exit
  }
  return {
    url: `http://127.0.0.1:${port}`,
    pid: () => child.pid as number,
    natsUrl: own.nats.url,
    kill,
    restart: async () => {
      await kill()
      const startedMs = performance.now()
      child = launch()
      await ready(child)
      return performance.now() - startedMs
    },
    stop: async () => {
      await kill()
      await own.stop()
    }
  }
}

const ready = (hub: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    hub.stdout?.on("data", (text: Buffer) => text.toString().includes("ready") && resolve())
    hub.once("exit", (code) => reject(new Error(`the hub ended with code ${String(code)} before it was ready`)))
  })
