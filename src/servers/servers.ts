/**
 * The servers that the hub stands on, as the rest of the project meets them: each started with `{ binaries, directory,
 * port }`, as a `RunningServer` that can be stopped, killed and waited for. All listen on the loopback address only.
 */
export { type Binaries, binaries, projectRoot, type StartOptions } from "./binaries.ts"
export { startNats } from "./nats.ts"
export { freePort } from "./ports.ts"
export { startPostgres } from "./postgres.ts"
export { startRedis } from "./redis.ts"
export { type RunningServer, ServerFailed } from "./server-process.ts"
export { type ThrowAwayServers, throwAwayServers } from "./throw-away.ts"
export { ThrowAwayFolder } from "./throw-away-folder.ts"
