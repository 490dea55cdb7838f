/**
 * The server in front of everything: uWebSockets.js where it has a binary for this Node, else Node's own server and `ws`,
 * which keep the same contract more slowly.
 */
import { Effect, type Scope } from "effect"
import type { ListenFailed, RunningServer, ServerOptions } from "./serving.ts"

export const serve = (options: ServerOptions): Effect.Effect<RunningServer, ListenFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { isNative, serveUws } = yield* Effect.promise(() => import("./server.uws.ts"))
    if (isNative) return yield* serveUws(options)
    yield* Effect.logWarning(
      `uWebSockets.js has no binary for Node ${process.versions.node} here; sockets are served more slowly without it.`
    )
    const { serveNode } = yield* Effect.promise(() => import("./server.node.ts"))
    return yield* serveNode(options)
  })
