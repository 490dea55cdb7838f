/**
 * The peer: a bare uWebSockets server that lets sockets follow topics and publishes ready frames to them, and does nothing else. A
 * process of its own: `bare-topics.js <changes a second> <SKUs>`; prints its port, publishes from the first SIGUSR2 until the second,
 * then prints each SKU's version.
 */
import { Effect } from "effect"
import { serveUws } from "../../src/gateway/server.uws.ts"
import { endWithParent } from "../bench/end-with-parent.ts"
import { skuName } from "./audience.ts"

const [perSecond, skus] = process.argv.slice(2).map(Number) as [number, number]
const TICK_MS = 5

const bare = Effect.gen(function* () {
  const server = yield* serveUws({
    host: "127.0.0.1",
    port: 0,
    handle: (_request, respond) => respond({ status: 404, contentType: "text/plain", body: "" }),
    sockets: [
      {
        path: "/v1/ws",
        open: (socket) => ({
          onFrame: (bytes) => {
            try {
              const { topics } = JSON.parse(Buffer.from(bytes).toString()) as {
                readonly topics?: ReadonlyArray<string>
              }
              for (const topic of topics ?? []) socket.follow(topic)
            } catch {
              // A client that sends garbage; nobody is asked to count it.
            }
          },
          onDrained: () => undefined,
          onClosed: () => undefined
        })
      }
    ]
  })
  process.stdout.write(`${server.port}\n`)
  const versions = new Uint32Array(skus)
  let published = 0
  let startedMs: number | undefined
  let isOver = false
  process.on("SIGUSR2", () => {
    if (startedMs === undefined) startedMs = performance.now()
    else isOver = true
  })
  while (!isOver) {
    yield* Effect.sleep(TICK_MS)
    if (startedMs === undefined) continue
    const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1_000)
    for (; published < due; published++) {
      const sku = skuName(published % skus)
      const version = ++versions[published % skus]!
      const t = Math.round((performance.timeOrigin + performance.now()) * 1_000)
      const frame = `{"op":"stock","sku":"${sku}","version":${version},"available":1000000,"physical":1000000,"allocated":0,"at":"2026-01-01T00:00:00.000Z","t":${t}}`
      server.publish(`stock.${sku}`, frame)
      server.publish("stock.*", frame)
    }
  }
  process.stdout.write(`${JSON.stringify([...versions])}\n`)
  return yield* Effect.never
})

endWithParent()
await Effect.runPromise(Effect.scoped(bare))
