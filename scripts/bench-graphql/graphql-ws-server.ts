/**
 * The peer of the hub's subscriptions: `graphql-ws` on `ws` with the same schema, as its manual sets it up, that publishes a
 * change so many times a second and does nothing else. A process of its own: `graphql-ws-server.js <changes a second>`; prints
 * its port, publishes from the first SIGUSR2 on.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { useServer } from "graphql-ws/use/ws"
import { WebSocketServer } from "ws"
import { makeSchema } from "../../src/graphql/schema.ts"
import { endWithParent } from "../bench/end-with-parent.ts"

const perSecond = Number(process.argv[2])
const TICK_MS = 5

interface Published {
  readonly stock: object
}

/** Every subscriber waits for the next change at the same promise. */
const changes = () => {
  let publish: (change: Published) => void = () => undefined
  let next = new Promise<Published>((resolve) => (publish = resolve))
  return {
    publish: (change: Published): void => {
      const waiting = publish
      next = new Promise<Published>((resolve) => (publish = resolve))
      waiting(change)
    },
    all: async function* () {
      while (true) yield await next
    }
  }
}

const { all, publish } = changes()
const schema = makeSchema()
const field = schema.getSubscriptionType()?.getFields()["stock"]
if (field === undefined) throw new Error("There is no subscription to stock.")
field.subscribe = all

const server = createServer()
useServer({ schema }, new WebSocketServer({ server, path: "/graphql" }))
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))

let published = 0
let startedMs = 0
const tick = (): void => {
  const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1_000)
  for (; published < due; published++) {
    const t = Math.round((performance.timeOrigin + performance.now()) * 1_000)
    const numbers = { version: published, available: 1_000_000, physical: 1_000_000, allocated: 0 }
    publish({ stock: { sku: "fan", ...numbers, at: "2026-01-01T00:00:00.000Z", t } })
  }
}
process.on("SIGUSR2", () => {
  startedMs = performance.now()
  setInterval(tick, TICK_MS)
})
endWithParent()
