/**
 * Requests over NATS: request/reply on `stock.request.<sku>`, and on `stock.request` for several lines.
 */
import type { Msg, NatsConnection } from "@nats-io/transport-node"
import { Effect } from "effect"
import { MESSAGE_BYTES_MAX } from "../../config/limits.ts"
import { LINES_REQUEST_SUBJECT, REQUEST_SUBJECTS, skuOfSubject } from "../../streams/subjects.ts"
import { decodeJson } from "./decode.ts"
import type { Answer } from "./protocol.ts"
import { type MailTaker, submitLines, submitRequest } from "./requests.ts"

/** Hubs share the requests: each goes to one of them. */
const QUEUE = "holdfast"

export const answerNatsRequests = (connection: NatsConnection, host: MailTaker) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const listen = (subject: string, lines: boolean) =>
        connection.subscribe(subject, {
          queue: QUEUE,
          callback: (error, message) => {
            if (error === null) onRequest(host, message, lines)
          }
        })
      return [listen(REQUEST_SUBJECTS, false), listen(LINES_REQUEST_SUBJECT, true)]
    }),
    (subscriptions) =>
      Effect.sync(() => {
        for (const subscription of subscriptions) subscription.unsubscribe()
      })
  )

const onRequest = (host: MailTaker, message: Msg, lines: boolean): void => {
  const reply = (answer: Answer): void => void message.respond(JSON.stringify(answer))
  const body = decodeJson(message.data, MESSAGE_BYTES_MAX)
  if (!body.ok) return reply(body.refusal)
  const received = { body: body.value, receivedAtMs: performance.now() }
  if (lines) submitLines(host, received, reply)
  else submitRequest(host, skuOfSubject(message.subject), received, reply)
}
