/**
 * The peer of the fan-out: a bare uWebSockets server that publishes a ready frame so many times a second and does nothing
 * else. A process of its own: `bare-server.js <changes a second>`; prints its port, publishes from the first SIGUSR2 on.
 */
import { Effect } from "effect"
import { serveUws } from "../../src/gateway/server.uws.ts"
import { endWithParent } from "./end-with-parent.ts"

const perSecond = Number(process.argv[2])
const TICK_MS = 5

const bare = Effect.gen(function* () {
  const server = yield* serveUws({
    host: "127.0.0.1",
    port: 0,
    handle: (_request, respond) => respond({ status: 404, contentType: "text/plain", body: "" }),
    sockets: [
      {
        path: "/v1/ws",
        open: (socket) => {
          socket.follow("all")
          return { onFrame: () => undefined, onDrained: () => undefined, onClosed: () => undefined }
        }
      }
    ]
  })
  process.stdout.write(`${server.port}\n`)
  let published = 0
  let startedMs: number | undefined
  process.on("SIGUSR2", () => (startedMs = performance.now()))
  while (true) {
    yield* Effect.sleep(TICK_MS)
    if (startedMs === undefined) continue
    const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1_000)
    for (; published < due; published++) {
      const t = Math.round((performance.timeOrigin + performance.now()) * 1_000)
      server.publish(
        "all",
        `{"op":"stock","sku":"fan","version":${published},"available":1000000,"physical":1000000,"allocated":0,"at":"2026-01-01T00:00:00.000Z","t":${t}}`
      )
    }
  }
})

endWithParent()
await Effect.runPromise(Effect.scoped(bare))
