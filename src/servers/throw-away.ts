/**
 * Servers on free ports with data of their own, for tests and measurements; stopping them leaves nothing.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { binaries } from "./binaries.ts"
import { startNats } from "./nats.ts"
import { freePort } from "./ports.ts"
import { startPostgres } from "./postgres.ts"
import { startRedis } from "./redis.ts"
import { type RunningServer, ServerFailed } from "./server-process.ts"

export interface ThrowAwayServers {
  readonly nats: RunningServer
  readonly redis: RunningServer
  readonly postgres: RunningServer
  readonly directory: string
  /** Stops all three and removes what they stored. */
  readonly stop: () => Promise<void>
}

/** All three, or none: fails with `ServerFailed` when one cannot be started, and stops the others. */
export const throwAwayServers = async (): Promise<ThrowAwayServers> => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-"))
  // As root, PostgreSQL runs as another user, who has to pass through.
  chmodSync(directory, 0o755)
  const at = async (name: string) => ({
    binaries: binaries(),
    directory: join(directory, name),
    port: await freePort()
  })
  const started = await Promise.allSettled([
    at("nats").then(startNats),
    at("redis").then(startRedis),
    at("postgres").then(startPostgres)
  ])
  const running = started.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []))
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((server) => server.stop()))
    rmSync(directory, { recursive: true, force: true })
  }
  const [nats, redis, postgres] = running
  if (running.length === started.length && nats && redis && postgres) return { nats, redis, postgres, directory, stop }
  await stop()
  const reasons = started.flatMap((start) => (start.status === "rejected" ? [String(start.reason)] : []))
  throw new ServerFailed(`The servers for a test run cannot be started: ${reasons.join("; ")}`)
}
