/**
 * What clients say over the socket: subscriptions, requests, pings. A frame holds one message or an array of them.
 *
 * Answers of one turn to one socket go out as one frame. What cannot be understood is answered with an error and
 * costs the socket a strike; a socket that keeps on is closed (1008), as is one that does not read its answers.
 */
import { prefixOf } from "../../actors/access/may.ts"
import * as Limits from "../../config/limits.ts"
import { maySay } from "../access/body-target.ts"
import { actionOf, CART_REQUEST, STOCK_REQUEST } from "../access/request-action.ts"
import type { Follower } from "../carts/followers.ts"
import type { CartsShape } from "../carts/layer.ts"
import type { JsonWriter } from "../../streams/json-writer.ts"
import type { Asker, StagedAnswers } from "../host/mail.ts"
import { traced } from "../tracing/tracing.ts"
import { writeAnswer, writeAnswerMessage } from "./answer-text.ts"
import { decodeJson, invalid } from "./decode.ts"
import type { Fanout } from "./fanout/fanout.ts"
import type { SocketPort, Subscriber } from "./fanout/subscriber.ts"
import type { Entrance } from "./entrance.ts"
import type { TenantStock } from "./fanout/tenant-stock.ts"
import { Outgoing } from "./outgoing.ts"
import type { Answer, Refusal } from "./protocol.ts"
import { type RateLimit, TokenBucket } from "./rate-limit.ts"
import { type ReadRequest, readRequests } from "./read-requests.ts"
import {
  type MailTaker,
  type Received,
  type Sent,
  submitCommand,
  submitLines,
  submitLinesCommand,
  submitRequest
} from "./requests.ts"
import { type GuardedSocket, SocketGuard } from "./socket-guard.ts"
import { FRAME_BYTES, SocketAnswers } from "./staged-answers.ts"
import { readHave, readTopics, type Topics } from "./socket-topics.ts"

/** Close codes that the hub gives of its own accord. */
export const CLOSE = {
  /** The hub is going down; connect again. */
  goingAway: 1001,
  /** Too many messages that could not be understood, or answers left unread. */
  policy: 1008
} as const

export interface ClientPort extends SocketPort, GuardedSocket {
  readonly send: (frame: string | Uint8Array) => void
}

export interface SocketServices {
  readonly host: MailTaker
  readonly fanout: Fanout
  readonly tenants: TenantStock
  readonly carts: Pick<CartsShape, "requests" | "followers">
  readonly rateLimit: RateLimit
  readonly entrance: Entrance
}

/** What may wait unsent for a socket that asks more than it reads. */
const UNREAD_BYTES_MAX = 4 * Limits.SOCKET_BACKPRESSURE_BYTES_MAX

export class SocketClient implements Asker {
  readonly subscriber: Subscriber
  private readonly follower: Follower
  private readonly guard: SocketGuard
  private readonly port: ClientPort
  private readonly services: SocketServices
  private readonly bucket: TokenBucket
  private readonly outgoing = new Outgoing()
  private flushing = false
  private waiting = 0
  private strikes = 0
  private closed = false

  constructor(port: ClientPort, services: SocketServices) {
    this.port = port
    this.services = services
    this.guard = new SocketGuard(services.entrance, port)
    this.subscriber = services.fanout.join(port)
    this.follower = services.carts.followers.join(port)
    this.bucket = new TokenBucket(services.rateLimit)
  }

  onFrame(bytes: ArrayBuffer): void {
    const receivedAtMs = performance.now()
    // What is read straight from the bytes is not looked into: only for who may ask of any SKU.
    const requests = this.guard.mayAny("stock.request") ? readRequests(bytes) : undefined
    if (requests === undefined) return this.onAnyFrame(bytes, receivedAtMs)
    const { host } = this.services
    const sent: Sent = { receivedAtMs }
    for (const request of requests) {
      if (this.closed) return
      if (!this.mayWait(request.id, receivedAtMs)) continue
      this.ask(host, request, sent)
    }
  }

  /** What is in a trace is answered by the way that ends its span. */
  private ask(host: MailTaker, { command, id, sku }: ReadRequest, sent: Sent): void {
    const reply = (answer: Answer): void => this.answer(id, answer, writeAnswer)
    const ending = traced(sku === undefined ? "stock.lines" : "stock.request", command, sent, reply)
    const staging = ending === reply ? { asker: this, requestId: id } : undefined
    if (sku === undefined) submitLinesCommand(host, command, sent, ending, staging)
    else submitCommand(host, command, sent, ending, staging)
  }

  private onAnyFrame(bytes: ArrayBuffer, receivedAtMs: number): void {
    const decoded = decodeJson(bytes, Limits.FRAME_BYTES_MAX)
    if (!decoded.ok) return this.strike(decoded.refusal)
    if (!Array.isArray(decoded.value)) {
      if (bytes.byteLength > Limits.MESSAGE_BYTES_MAX) return this.strike(tooLarge)
      return this.onMessage(decoded.value, receivedAtMs)
    }
    if (decoded.value.length > Limits.FRAME_MESSAGES_MAX) return this.strike(tooMany)
    const mayBeLarge = bytes.byteLength > Limits.MESSAGE_BYTES_MAX
    for (const message of decoded.value as ReadonlyArray<unknown>) {
      if (this.closed) return
      if (mayBeLarge && isLarge(message)) this.strike(tooLarge)
      else this.onMessage(message, receivedAtMs)
    }
  }

  onDrained(): void {
    this.services.fanout.drained(this.subscriber)
    this.services.carts.followers.drained(this.follower)
  }

  onClosed(): void {
    this.closed = true
    this.guard.onClosed()
    this.services.tenants.leave(this.subscriber)
    this.services.fanout.leave(this.subscriber)
    this.services.carts.followers.leave(this.follower)
  }

  private onMessage(message: unknown, receivedAtMs: number): void {
    if (typeof message !== "object" || message === null || Array.isArray(message)) {
      return this.strike(invalid("Send a JSON object with op."))
    }
    const { op, id, sku, cart, body, topics, have, token, traceparent } = message as Record<string, unknown>
    if (op === "authenticate") return this.guard.authenticate(token, () => this.say(`{"op":"authenticated"}`))
    if (this.guard.principal === undefined) return this.strike(notKnown, id)
    switch (op) {
      case "request":
        return this.onRequest(
          id,
          { sku, cart },
          {
            body,
            receivedAtMs,
            // One that is none is not looked at, as in a header.
            traceparent: typeof traceparent === "string" ? traceparent : undefined,
            channels: this.guard.principal.channels
          }
        )
      case "subscribe":
        return this.onTopics(topics, have, id, true)
      case "unsubscribe":
        return this.onTopics(topics, undefined, id, false)
      case "ping":
        return this.say(`{"op":"pong"}`)
      default:
        return this.strike(invalid("Send op as one of authenticate, subscribe, unsubscribe, request, ping.", "op"), id)
    }
  }

  private onRequest(id: unknown, { sku, cart }: Addressee, received: Received): void {
    if (typeof id !== "string" || id.length === 0 || id.length > Limits.ID_LENGTH_MAX) {
      return this.strike(invalid(`Send id as a string of 1 to ${Limits.ID_LENGTH_MAX} characters.`, "id"))
    }
    if (sku !== undefined && typeof sku !== "string") {
      return this.strike(invalid("Send sku as a string, or leave it out for several lines.", "sku"), id)
    }
    if (cart !== undefined && (typeof cart !== "string" || sku !== undefined)) {
      return this.strike(invalid("Send cart as a string, and sku not beside it.", "cart"), id)
    }
    if (!this.mayRequest(sku, cart, received.body)) return this.strike(forbidden, id)
    if (!this.mayWait(id, received.receivedAtMs)) return
    if (cart !== undefined) {
      return this.services.carts.requests.request(cart, received, (answer) => this.answer(id, answer, writeJson))
    }
    const reply = (answer: Answer): void => this.answer(id, answer, writeAnswer)
    if (sku === undefined) submitLines(this.services.host, received, reply)
    else submitRequest(this.services.host, sku, received, reply)
  }

  private mayRequest(sku: string | undefined, cart: string | undefined, body: unknown): boolean {
    const action = actionOf(cart === undefined ? STOCK_REQUEST : CART_REQUEST, body)
    const { principal } = this.guard
    const names = [sku, cart].filter((name) => name !== undefined)
    return principal !== undefined && maySay(principal, action, { names }, body)
  }

  private mayFollow({ skus, carts, all }: Topics): boolean {
    const { guard } = this
    // Of a tenant "all" is all of its own; of who is bound to channels there is no such thing.
    if (all && !guard.may("stock.read", guard.principal?.channels === undefined ? { isOwn: true } : {})) return false
    const mayRead = skus.length === 0 || guard.mayAny("stock.read") || guard.may("stock.read", { names: skus })
    return mayRead && (carts.length === 0 || guard.mayAny("carts.read") || guard.may("carts.read", { names: carts }))
  }

  /** Counts a request among those that wait, or answers that there are too many. */
  private mayWait(id: string, receivedAtMs: number): boolean {
    this.waiting++
    const busy = this.waiting > Limits.SOCKET_REQUESTS_MAX || !this.bucket.take(receivedAtMs)
    if (busy) this.answer(id, tooFast, writeAnswer)
    return !busy
  }

  private answer<A>(id: string, answer: A, write: (writer: JsonWriter, answer: A) => void): void {
    this.waiting--
    if (this.closed) return
    writeAnswerMessage(this.outgoing.next(), id, answer, write)
    this.flushSoon()
  }

  newAnswers(): StagedAnswers {
    return new SocketAnswers((frames, answers) => {
      this.waiting -= answers
      // What was said before them goes before them.
      this.flush()
      for (const frame of frames) this.send(frame)
    })
  }

  private onTopics(topics: unknown, have: unknown, id: unknown, subscribe: boolean): void {
    const read = readTopics(topics)
    if (read === undefined) {
      return this.strike(
        invalid('Send topics as an array of "stock.*", "stock.<encoded SKU>" and "cart.<encoded cart>".', "topics"),
        id
      )
    }
    if (!this.mayFollow(read)) return this.strike(forbidden, id)
    const { fanout, carts, tenants } = this.services
    const tenant = this.guard.principal?.tenant
    const all = read.all && tenant === undefined
    if (!subscribe) {
      carts.followers.unfollow(this.follower, read.carts)
      if (read.all && !all) tenants.unfollow(this.subscriber)
      return fanout.unsubscribe(this.subscriber, read.skus, all)
    }
    const versions = readHave(have)
    if (versions === undefined) {
      return this.strike(invalid("Send have as an object of SKUs and the versions you have.", "have"), id)
    }
    const followed = this.subscriber.topicCount + this.follower.carts.size + read.skus.length + read.carts.length
    if (followed > Limits.SOCKET_TOPICS_MAX) {
      return this.strike(
        invalid(
          `A socket may follow ${Limits.SOCKET_TOPICS_MAX} SKUs and carts one by one; follow stock.* for more.`,
          "topics"
        ),
        id
      )
    }
    if (read.skus.length > 0 || all) fanout.subscribe(this.subscriber, read.skus, all, versions)
    if (read.all && tenant !== undefined) {
      tenants.follow(this.subscriber, prefixOf(tenant), versions, () => this.strike(tooManyOwn, id))
    }
    carts.followers.follow(this.follower, read.carts, versions)
  }

  /** Queues a message; what comes together in one turn goes out in one frame. */
  private say(message: string): void {
    if (this.closed) return
    this.outgoing.next().raw(message)
    this.flushSoon()
  }

  private flushSoon(): void {
    if (this.outgoing.sizeBytes > FRAME_BYTES) return this.flush()
    if (this.flushing) return
    this.flushing = true
    queueMicrotask(() => this.flush())
  }

  private flush(): void {
    this.flushing = false
    if (this.closed) return this.outgoing.clear()
    if (!this.outgoing.isEmpty) this.send(this.outgoing.take())
  }

  private send(frame: Uint8Array): void {
    if (this.closed) return
    if (this.port.unsentBytes() <= UNREAD_BYTES_MAX) return this.port.send(frame)
    this.port.close(CLOSE.policy, "answers are not read; repeat what is open with the same mutation ids")
  }

  private strike(refusal: Refusal, id?: unknown): void {
    const named = typeof id === "string" && id.length <= Limits.ID_LENGTH_MAX ? { id } : {}
    const { code, message, path } = refusal
    this.say(JSON.stringify({ op: "error", code, message, ...(path === undefined ? {} : { path }), ...named }))
    if (++this.strikes < Limits.SOCKET_ERRORS_MAX) return
    this.flush()
    this.port.close(CLOSE.policy, "too many messages that cannot be understood")
  }
}

const tooManyOwn = invalid(
  `Your stock has more than ${Limits.SOCKET_TOPICS_MAX} SKUs, or cannot be read now; follow them one by one.`,
  "topics"
)
const notKnown: Refusal = {
  ok: false,
  code: "unauthorized",
  message: 'Say who you are first: {"op":"authenticate","token":"..."} with an API key or token.'
}
const forbidden: Refusal = {
  ok: false,
  code: "unauthorized",
  message: "You may not do this; ask an administrator of the hub."
}
const tooLarge = invalid(`A message has at most ${Limits.MESSAGE_BYTES_MAX} bytes.`)
const tooMany = invalid(`A frame holds at most ${Limits.FRAME_MESSAGES_MAX} messages.`)
const tooFast: Refusal = {
  ok: false,
  code: "overloaded",
  message: "This socket asks faster than it may; wait for answers and try again with the same mutation id.",
  retryAfterMs: 1_000
}

const writeJson = (writer: JsonWriter, answer: unknown): void => writer.json(answer)

/** What is nested deeper than the stack is high cannot be written as text again; it throws, and would end the hub. */
const isLarge = (message: unknown): boolean => {
  try {
    return Buffer.byteLength(JSON.stringify(message) ?? "") > Limits.MESSAGE_BYTES_MAX
  } catch {
    return true
  }
}

/** Whom a request is for; neither: several lines of stock. */
interface Addressee {
  readonly sku: unknown
  readonly cart: unknown
}
