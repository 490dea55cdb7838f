/**
 * What tests of the outreach share: messages, an endpoint that carriers call, and the patience of a test.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"
import type { Carrier, Incoming, OutboundMessage, OutreachFact, Received } from "../../src/outreach/outreach.ts"
import type { Patience } from "../../src/outreach/persist.ts"

export const PHONE = "+12025550101"

export const patience: Patience = {
  backoff: { baseMs: 10, factor: 2, maxMs: 50, retriesMax: 3 },
  concurrencyMax: 4,
  throttledMsMax: 5_000,
  lookAfterMs: 5,
  graceMs: 60_000
}

let count = 0

export const messageTo = (to: string, change: Partial<OutboundMessage> = {}): OutboundMessage => {
  const attemptId = `attempt-${++count}`
  const link = `https://shop.example/c/${attemptId}`
  return {
    attemptId,
    customerId: "customer-1",
    channel: "sms",
    to,
    link,
    text: `You left something: ${link}`,
    intendedAtMs: Date.now(),
    ...change
  }
}

/** Its success, or its failure. */
export const settled = <Value, Failure>(effect: Effect.Effect<Value, Failure>) =>
  Effect.runPromise(Effect.result(effect))

export const failureOf = async <Value, Failure>(effect: Effect.Effect<Value, Failure>): Promise<Failure> => {
  const result = await settled(effect)
  if (result._tag === "Success") throw new Error(`It succeeded: ${JSON.stringify(result.success)}`)
  return result.failure
}

/** What carriers call, as the gateway hands it over. */
export interface Endpoint {
  readonly url: string
  readonly told: Array<OutreachFact>
  carrier: Carrier | undefined
  readonly close: () => Promise<void>
}

export const openEndpoint = async (): Promise<Endpoint> => {
  const told: Array<OutreachFact> = []
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const [path = "", search = ""] = (request.url ?? "").split("?")
      const received: Received = endpoint.carrier?.receive(path.split("/").at(-1) as Incoming, {
        method: request.method === "GET" ? "get" : "post",
        path,
        search,
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(chunks),
        receivedAtMs: Date.now()
      }) ?? { type: "refused", status: 404, message: "nobody is here" }
      if (received.type === "refused") return void response.writeHead(received.status).end(received.message)
      if (received.type === "facts") told.push(...received.facts)
      response.writeHead(200, { "content-type": received.answer.contentType }).end(received.answer.body)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
  const endpoint: Endpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    carrier: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
  return endpoint
}
