/**
 * Requests over NATS: request/reply on `stock.request.<sku>`, on `stock.request` for several lines, on `cart.request.<cart>`;
 * of stock also from adapters that speak for one channel each.
 */
import type { Msg, NatsConnection } from "@nats-io/transport-node"
import { Effect } from "effect"
import { MESSAGE_BYTES_MAX } from "../../config/limits.ts"
import * as Subjects from "../../streams/subjects.ts"
import { ofChannel } from "../access/of-channel.ts"
import type { CartRequests } from "../carts/requests.ts"
import { current } from "../tracing/tracing.ts"
import { TRACEPARENT } from "../tracing/traceparent.ts"
import { type Decoded, decodeJson } from "./decode.ts"
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
      const ofAdapters = (subject: string): string => Subjects.subjectOfChannel("*", subject)
      const one: Take = (name, received, reply) => submitRequest(host, name, received, reply)
      const lines: Take = (_name, received, reply) => submitLines(host, received, reply)
      return [
        listen(Subjects.REQUEST_SUBJECTS, one),
        listen(ofAdapters(Subjects.REQUEST_SUBJECTS), one),
        listen(Subjects.LINES_REQUEST_SUBJECT, lines),
        listen(ofAdapters(Subjects.LINES_REQUEST_SUBJECT), lines),
        listen(Subjects.CART_REQUEST_SUBJECTS, (name, received, reply) => carts.request(name, received, reply))
      ]
    }),
    (subscriptions) =>
      Effect.sync(() => {
        for (const subscription of subscriptions) subscription.unsubscribe()
      })
  ).pipe(
    // Whoever asks when the hub says that it is ready is heard: the server has read by then what the hub listens to.
    Effect.andThen(Effect.ignore(Effect.tryPromise(() => connection.flush())))
  )

/** `name`: the last token of the subject, decoded. */
type Take = (name: string | undefined, received: Received, reply: (answer: object) => void) => void

const onRequest = (message: Msg, take: Take): void => {
  const reply = (answer: object): void => void message.respond(JSON.stringify(answer))
  const channel = Subjects.channelOfSubject(message.subject)
  const body = bodyOf(message, channel)
  if (!body.ok) return reply(body.refusal)
  const traceparent = current() === undefined ? undefined : message.headers?.get(TRACEPARENT)
  const channels = channel === undefined ? undefined : [channel]
  const received = { body: body.value, receivedAtMs: performance.now(), traceparent, channels }
  take(Subjects.skuOfSubject(message.subject), received, reply)
}

const bodyOf = ({ data }: Msg, channel: string | undefined): Decoded<unknown> => {
  const body = decodeJson(data, MESSAGE_BYTES_MAX)
  return body.ok && channel !== undefined ? ofChannel(channel, body.value) : body
}
