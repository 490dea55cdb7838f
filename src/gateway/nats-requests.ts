/**
 * Requests over NATS: request/reply on `stock.request.<sku>`, on `stock.request` for several lines, on `cart.request.<cart>`.
 */
import type { Msg, NatsConnection } from "@nats-io/transport-node"
import { Effect } from "effect"
import { MESSAGE_BYTES_MAX } from "../../config/limits.ts"
import { CART_REQUEST_SUBJECTS, LINES_REQUEST_SUBJECT, REQUEST_SUBJECTS, skuOfSubject } from "../../streams/subjects.ts"
import type { CartRequests } from "../carts/requests.ts"
import { current } from "../tracing/tracing.ts"
import { TRACEPARENT } from "../tracing/traceparent.ts"
import { decodeJson } from "./decode.ts"
import { type MailTaker, type Received, submitLines, submitRequest } from "./requests.ts"

/** Hubs share the requests: each goes to one of them. */
const QUEUE = "holdfast"

export const answerNatsRequests = (connection: NatsConnection, host: MailTaker, carts: CartRequests) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const listen = (subject: string, take: Take) =>
        connection.subscribe(subject, {
          queue: QUEUE,
          callback: (error, message) => {
            if (error === null) onRequest(message, take)
          }
        })
      return [
        listen(REQUEST_SUBJECTS, (name, received, reply) => submitRequest(host, name, received, reply)),
        listen(LINES_REQUEST_SUBJECT, (_name, received, reply) => submitLines(host, received, reply)),
        listen(CART_REQUEST_SUBJECTS, (name, received, reply) => carts.request(name, received, reply))
      ]
    }),
    (subscriptions) =>
      Effect.sync(() => {
        for (const subscription of subscriptions) subscription.unsubscribe()
      })
  )

/** `name`: the last token of the subject, decoded. */
type Take = (name: string | undefined, received: Received, reply: (answer: object) => void) => void

const onRequest = (message: Msg, take: Take): void => {
  const reply = (answer: object): void => void message.respond(JSON.stringify(answer))
  const body = decodeJson(message.data, MESSAGE_BYTES_MAX)
  if (!body.ok) return reply(body.refusal)
  const traceparent = current() === undefined ? undefined : message.headers?.get(TRACEPARENT)
  take(skuOfSubject(message.subject), { body: body.value, receivedAtMs: performance.now(), traceparent }, reply)
}
