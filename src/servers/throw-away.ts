/**
 * Servers on free ports with data of their own, for tests and measurements; stopping them leaves nothing, and they end
 * with whoever has started them.
 */
import { startNats } from "./nats.ts"
import { startPostgres } from "./postgres.ts"
import { startRedis } from "./redis.ts"
import { type RunningServer, ServerFailed } from "./server-process.ts"
import { ThrowAwayFolder } from "./throw-away-folder.ts"

export interface ThrowAwayServers {
  readonly nats: RunningServer
  readonly redis: RunningServer
  readonly postgres: RunningServer
  readonly folder: ThrowAwayFolder
  /** Stops all three and removes what they stored. */
  readonly stop: () => Promise<void>
}

/** All three, or none: fails with `ServerFailed` when one cannot be started, and stops the others. */
export const throwAwayServers = async (): Promise<ThrowAwayServers> => {
  const folder = new ThrowAwayFolder()
  const started = await Promise.allSettled([
    folder.at("nats").then((at) => startNats({ ...at, precedence: "first" })),
    folder.at("redis").then((at) => startRedis({ ...at, precedence: "behind" })),
    folder.at("postgres").then((at) => startPostgres({ ...at, precedence: "behind" }))
  ])
  const running = started.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []))
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((server) => server.stop()))
    folder.remove()
  }
  const [nats, redis, postgres] = running
  if (running.length === started.length && nats && redis && postgres) return { nats, redis, postgres, folder, stop }
  await stop()
  const reasons = started.flatMap((start) => (start.status === "rejected" ? [String(start.reason)] : []))
  throw new ServerFailed(`The servers for a test run cannot be started: ${reasons.join("; ")}`)
}
