/**
 * Everything that is measured, each on throw-away data: the hub in a process of its own on NATS, Redis and PostgreSQL of
 * its own, and the peers' servers.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  binaries,
  freePort,
  projectRoot,
  startPostgres,
  startRedis,
  throwAwayServers
} from "../../src/servers/servers.ts"

export interface BenchServers {
  readonly hubUrl: string
  readonly hubPid: number
  readonly natsUrl: string
  readonly redisEverysecUrl: string
  readonly redisAlwaysUrl: string
  readonly postgresUrl: string
  readonly stop: () => Promise<void>
}

export const startBenchServers = async (): Promise<BenchServers> => {
  const own = await throwAwayServers()
  const directory = mkdtempSync(join(tmpdir(), "holdfast-bench-"))
  chmodSync(directory, 0o755)
  const at = async (name: string) => ({
    binaries: binaries(),
    directory: join(directory, name),
    port: await freePort()
  })
  const everysec = await startRedis({ ...(await at("everysec")), appendonly: "everysec" })
  const always = await startRedis({ ...(await at("always")), appendonly: "always" })
  const postgres = await startPostgres({
    ...(await at("postgres")),
    settings: { max_connections: "64", shared_buffers: "512MB" }
  })
  const port = await freePort()
  const hub = spawn(process.execPath, ["--max-semi-space-size=64", join(projectRoot(), "dist", "src", "main.js")], {
    env: {
      ...process.env,
      PORT: String(port),
      HOLDFAST_HOME: join(directory, "home"),
      NATS_URL: own.nats.url,
      REDIS_URL: own.redis.url,
      DATABASE_URL: own.postgres.url
    },
    stdio: ["ignore", "pipe", "ignore"]
  })
  await ready(hub)
  return {
    hubUrl: `http://127.0.0.1:${port}`,
    hubPid: hub.pid as number,
    natsUrl: own.nats.url,
    redisEverysecUrl: everysec.url,
    redisAlwaysUrl: always.url,
    postgresUrl: postgres.url,
    stop: async () => {
      const exit = new Promise((resolve) => hub.once("exit", resolve))
      hub.kill("SIGTERM")
      await exit
      await Promise.all([everysec.stop(), always.stop(), postgres.stop(), own.stop()])
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

const ready = (hub: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    hub.stdout?.on("data", (text: Buffer) => text.toString().includes("ready") && resolve())
    hub.once("exit", (code) => reject(new Error(`the hub ended with code ${String(code)} before it was ready`)))
  })
