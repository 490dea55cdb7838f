/**
 * The channels' HTTP part: webhooks as marketplaces send them, and what operators do. The channels thread answers.
 */
import { decodeJson, invalid } from "../decode.ts"
import { FRAME_BYTES_MAX, PAGE_LIMIT_DEFAULT } from "../../../config/limits.ts"
import type { ChannelsShape } from "../../channels/channels.ts"
import type { Question } from "../../channels/messages.ts"
import { Page } from "../openapi/queries.ts"
import { readQuery } from "../read-query.ts"
import type { Request } from "../serving.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

type Paged = Extract<Question, { readonly after: string }>["op"]
type WithBody = Extract<Question, { readonly body: unknown }>["op"]

export class ChannelRoutes {
  private readonly channels: ChannelsShape

  constructor(channels: ChannelsShape) {
    this.channels = channels
  }

  all(respond: Respond): void {
    this.ask({ op: "channels" }, respond)
  }

  webhook(request: Request, respond: Respond, channel: string | undefined, topic = ""): void {
    if (request.body === undefined) return respond(tooLarge)
    if (channel === undefined) return respond(wrongAddress)
    this.ask({ op: "webhook", channel, topic, headers: request.headers, body: request.body }, respond)
  }

  list(op: Paged, request: Request, respond: Respond, channel: string | undefined): void {
    const asked = readQuery(Page, request.query)
    if (!asked.ok) return respond(refused(asked.refusal))
    if (channel === undefined) return respond(wrongAddress)
    this.ask({ op, channel, limit: PAGE_LIMIT_DEFAULT, after: "", ...asked.value }, respond)
  }

  /** An empty body is an empty object. */
  act(op: Exclude<WithBody, "webhook">, request: Request, respond: Respond, channel: string | undefined): void {
    if (request.body === undefined) return respond(tooLarge)
    if (channel === undefined) return respond(wrongAddress)
    if (request.body.byteLength === 0) return this.ask({ op, channel, body: {} }, respond)
    const decoded = decodeJson(request.body, FRAME_BYTES_MAX)
    if (!decoded.ok) return respond(refused(decoded.refusal))
    this.ask({ op, channel, body: decoded.value }, respond)
  }

  resume(respond: Respond, channel: string | undefined): void {
    if (channel === undefined) return respond(wrongAddress)
    this.ask({ op: "resume", channel }, respond)
  }

  private ask(question: Question, respond: Respond): void {
    void this.channels.ask(question).then(({ status, body }) => respond(json(status, body)))
  }
}

const tooLarge = refused(invalid("The body is too large: it has at most 1 MiB."), 413)
const wrongAddress = refused(invalid("The channel in the address cannot be decoded."))
