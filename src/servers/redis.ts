/**
 * A private Redis (or Valkey): the register in it can be derived again, so by default it fsyncs once a second.
 */
import { Redis } from "ioredis"
import { libraryEnvironment, type StartOptions } from "./binaries.ts"
import { answers } from "./ports.ts"
import { type RunningServer, startServer } from "./server-process.ts"

/** `appendonly` is how often it fsyncs what it was told. */
export const startRedis = (
  options: StartOptions & { readonly appendonly?: "always" | "everysec" | "no" }
): Promise<RunningServer> => {
  const { directory, port, appendonly = "everysec" } = options
  const program = options.binaries.redis
  const settings: Record<string, string> = {
    bind: "127.0.0.1",
    port: String(port),
    dir: directory,
    appendonly: appendonly === "no" ? "no" : "yes",
    appendfsync: appendonly === "no" ? "everysec" : appendonly,
    save: "",
    "maxmemory-policy": "noeviction",
    // Its command line must go on naming its directory: that is how it is recognised after the hub was killed.
    "set-proc-title": "no"
  }
  return startServer({
    name: "redis-server",
    program,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    directory,
    port,
    precedence: options.precedence,
    hold: options.hold,
    url: `redis://127.0.0.1:${port}`,
    stopSignal: "SIGTERM",
    environment: libraryEnvironment(options.binaries.tools, program),
    isReady: () => pings(port)
  })
}

/** It answers before its data is loaded, but only with an error. */
const pings = async (port: number): Promise<boolean> => {
  if (!(await answers(port))) return false
  const redis = new Redis({
    port,
    host: "127.0.0.1",
    lazyConnect: true,
    retryStrategy: () => null,
    commandTimeout: PING_MS_MAX
  })
  redis.on("error", () => undefined)
  try {
    await redis.connect()
    return (await redis.ping()) === "PONG"
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}

const PING_MS_MAX = 2_000
