/**
 * What of the hub does the peers' work: its GraphQL gateway, fan-out and server, with changes made up instead of decided and
 * journaled. A process of its own: `gateway-server.js <changes a second>`; prints its port, publishes from the first SIGUSR2 on.
 */
import { Effect } from "effect"
import { StockBook } from "../../actors/stock/book.ts"
import type { AccessShape } from "../../src/access/layer.ts"
import { OPEN } from "../../src/access/principal.ts"
import { Entrance } from "../../src/gateway/entrance.ts"
import { Fanout } from "../../src/gateway/fanout/fanout.ts"
import type { MailTaker } from "../../src/gateway/requests.ts"
import { serveUws } from "../../src/gateway/server.uws.ts"
import type { GraphqlServices } from "../../src/graphql/context.ts"
import { makeGraphql } from "../../src/graphql/graphql.ts"
import { StockFeed } from "../../src/graphql/live/stock-feed.ts"
import { endWithParent } from "../bench/end-with-parent.ts"

const perSecond = Number(process.argv[2])
const TICK_MS = 5

const book = new StockBook()
/** Answers what looks at the book; nothing else is asked here. */
const host: MailTaker = {
  submit: (mail) => {
    if (mail.kind !== "view") throw new Error(`This server takes no ${mail.kind}.`)
    mail.view(book)
    setImmediate(() => mail.reply(undefined))
  }
}

const nowMicros = (): number => Math.round((performance.timeOrigin + performance.now()) * 1_000)
const fanout: Fanout = new Fanout({ host, publish: (topic, frame) => stockFeed.publish(topic, frame), nowMicros })
const stockFeed = new StockFeed(fanout)
const graphql = makeGraphql({
  config: { isIntrospectable: true, queries: undefined },
  // Subscriptions to stock are all that is asked of it.
  services: {
    host,
    stockFeed,
    run: (effect: Effect.Effect<void>) => Effect.runSync(effect)
  } as unknown as GraphqlServices,
  rateLimit: { requestsPerSecond: 0 },
  entrance: new Entrance({
    access: { mode: "open", authenticate: () => OPEN } as unknown as AccessShape,
    corsOrigins: () => new Set(),
    nowMs: Date.now,
    run: Effect.runSync
  })
})

const change = (version: number): void => {
  const numbers = { version, physical: 1_000_000, allocated: 0 }
  const event = { type: "receipt", sku: "fan", mutationId: `m${version}`, quantity: 1, ...numbers } as const
  const at = Date.now()
  book.apply(event, at)
  fanout.onCommits([
    { at, records: [event], id: `c${version}`, facts: 0, partition: 0, sequence: version, sizeBytes: 100 }
  ])
}

const gateway = Effect.gen(function* () {
  const server = yield* serveUws({
    host: "127.0.0.1",
    port: 0,
    sockets: [graphql.sockets],
    handle: (_request, respond) => respond({ status: 404, contentType: "text/plain", body: "" })
  })
  process.stdout.write(`${server.port}\n`)
  let published = 0
  let startedMs: number | undefined
  process.on("SIGUSR2", () => (startedMs = performance.now()))
  while (true) {
    yield* Effect.sleep(TICK_MS)
    if (startedMs === undefined) continue
    const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1_000)
    while (published < due) change(++published)
  }
})

endWithParent()
await Effect.runPromise(Effect.scoped(gateway))
