/**
 * What Messenger sends: the handshake when its webhook is set up, and events signed with the app's secret over the bytes
 * as they came.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { isObject, type Json, objectsOf, parseObject } from "../../../channels/json-body.ts"
import type { Incoming, IncomingRequest, OutreachFact, Received } from "../../outreach.ts"
import type { MessengerSettings } from "./settings.ts"

interface MessengerDoor {
  readonly name: string
  readonly settings: MessengerSettings
}

const TEXT_LENGTH_MAX = 4_096
const ID_LENGTH_MAX = 512
const ATTEMPT = /^[A-Za-z0-9_-]{1,64}$/
const CHALLENGE_LENGTH_MAX = 256
const TAKEN = { contentType: "text/plain; charset=utf-8", body: "EVENT_RECEIVED" }

export const receiveMessenger = (door: MessengerDoor, what: Incoming, request: IncomingRequest): Received => {
  if (what !== "inbound") {
    return {
      type: "refused",
      status: 404,
      message: "Messenger tells everything at .../inbound: set that as its callback."
    }
  }
  if (request.method === "get") return handshake(door.settings, new URLSearchParams(request.search))
  if (!isSigned(door.settings, request)) {
    return {
      type: "refused",
      status: 401,
      message: "X-Hub-Signature-256 does not fit this body: check the app's secret."
    }
  }
  const body = parseObject(request.body)
  if (body === undefined) return { type: "refused", status: 400, message: "It is signed, and no JSON object." }
  const entries = objectsOf(body["entry"])
  if (entries.some((entry) => String(entry["id"]) !== door.settings.pageId)) {
    return { type: "refused", status: 403, message: "It is signed, and for another page (entry.id)." }
  }
  const facts = entries
    .flatMap((entry) => objectsOf(entry["messaging"]))
    .flatMap((event) => factsOf(door.name, event, request.receivedAtMs))
  return { type: "facts", facts, answer: TAKEN }
}

const handshake = ({ verifyToken }: MessengerSettings, query: URLSearchParams): Received => {
  const challenge = query.get("hub.challenge") ?? ""
  if (query.get("hub.mode") !== "subscribe" || !isEqual(query.get("hub.verify_token") ?? "", verifyToken)) {
    return { type: "refused", status: 403, message: "hub.verify_token is not the verifyToken that is configured here." }
  }
  // It is sent back to whoever knows the token, as text: no page can be made of it.
  return {
    type: "answer",
    answer: { contentType: "text/plain; charset=utf-8", body: challenge.slice(0, CHALLENGE_LENGTH_MAX) }
  }
}

const isEqual = (given: string, expected: string): boolean => {
  const digest = (text: string) => createHash("sha256").update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

const isSigned = ({ appSecret }: MessengerSettings, { headers, body }: IncomingRequest): boolean => {
  const given = /^sha256=([0-9a-f]{64})$/.exec(headers["x-hub-signature-256"] ?? "")?.[1]
  if (given === undefined) return false
  return timingSafeEqual(Buffer.from(given, "hex"), createHmac("sha256", appSecret).update(body).digest())
}

const idIn = (value: unknown): string | undefined => {
  const id = isObject(value) ? value["id"] : undefined
  return typeof id === "string" && id.length <= ID_LENGTH_MAX ? id : undefined
}

const midOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= ID_LENGTH_MAX ? value : undefined

const factsOf = (carrier: string, event: Json, receivedAtMs: number): ReadonlyArray<OutreachFact> => {
  const { message, delivery, postback, timestamp } = event
  const atMs = typeof timestamp === "number" && Number.isSafeInteger(timestamp) ? timestamp : receivedAtMs
  const common = { carrier, channel: "messenger", atMs } as const
  const status = (messageId: string, state: "sent" | "delivered", metadata?: unknown): OutreachFact => ({
    ...common,
    kind: "status",
    id: `${carrier}:${messageId}:${state}`,
    messageId,
    ...(typeof metadata === "string" && ATTEMPT.test(metadata) ? { attemptId: metadata } : {}),
    state
  })
  if (isObject(delivery)) {
    const mids = Array.isArray(delivery["mids"]) ? delivery["mids"] : []
    return mids.map(midOf).flatMap((mid) => (mid === undefined ? [] : [status(mid, "delivered")]))
  }
  const said = isObject(message) ? message : isObject(postback) ? postback : undefined
  const messageId = midOf(said?.["mid"])
  if (said === undefined || messageId === undefined) return []
  if (said["is_echo"] === true) return [status(messageId, "sent", said["metadata"])]
  const from = idIn(event["sender"])
  if (from === undefined) return []
  const text = said["text"] ?? said["title"]
  const reply: OutreachFact = {
    ...common,
    kind: "reply",
    id: `${carrier}:${messageId}`,
    messageId,
    from,
    text: typeof text === "string" ? text.slice(0, TEXT_LENGTH_MAX).toWellFormed() : "",
    mediaCount: objectsOf(said["attachments"]).length
  }
  return [reply]
}
