/**
 * Messenger by the Graph API, within the 24 hours after the customer wrote: what may be said later is not for selling.
 *
 * A message carries its attempt as metadata, which comes back with its echo.
 */
import { createHmac } from "node:crypto"
import { Effect } from "effect"
import { isObject, objectsOf, parseJson } from "../../../channels/json-body.ts"
import { masked } from "../../masking.ts"
import {
  type Carrier,
  type CarrierContext,
  type OutboundMessage,
  SendFailed,
  type SendReceipt
} from "../../outreach.ts"
import { isSameMessage } from "../../same-message.ts"
import { classOfGraphError, type GraphError } from "./errors.ts"
import { receiveMessenger } from "./incoming.ts"
import { type MessengerSettings, messengerSettings } from "./settings.ts"

const WINDOW_MS = 24 * 3_600_000 - 60_000
const TEXT_LENGTH_MAX = 2_000
const CALL_MS_MAX = 15_000
const LISTED_MAX = 50
const ANSWER_BYTES_MAX = 1024 * 1024
const RECIPIENT = /^\d{1,32}$/

/** Throws an `Error` with one sentence when the settings do not do. */
export const messengerCarrier = (context: CarrierContext): Carrier => {
  const settings = messengerSettings(context.settings)
  const { name, nowMs, callMsMax = CALL_MS_MAX } = context
  const call = caller(settings, callMsMax)
  return {
    name,
    channels: ["messenger"],
    canLookUp: true,
    send: (message) =>
      Effect.suspend(() => {
        const wrong = whyNot(message, nowMs())
        if (wrong !== undefined) return Effect.fail(wrong)
        const body = {
          recipient: { id: message.to },
          messaging_type: "RESPONSE",
          message: { text: message.text, metadata: message.attemptId }
        }
        return Effect.flatMap(call("POST", `${settings.pageId}/messages`, {}, body), (answer) =>
          typeof answer["message_id"] === "string"
            ? Effect.succeed(receiptOf(message, answer["message_id"]))
            : Effect.fail(unreadable)
        )
      }),
    look: (message) =>
      call("GET", `${settings.pageId}/conversations`, {
        platform: "messenger",
        user_id: message.to,
        fields: `messages.limit(${LISTED_MAX}){id,created_time,from,message}`
      }).pipe(
        Effect.map((answer) => found(settings, message, answer)),
        Effect.mapError(({ code, message: said }) => new SendFailed({ class: "unknown", code, message: said }))
      ),
    receive: (what, request) => receiveMessenger({ name, settings }, what, request)
  }
}

const receiptOf = ({ attemptId, channel }: OutboundMessage, messageId: string): SendReceipt => ({
  messageId,
  attemptId,
  channel,
  state: "accepted"
})

const whyNot = ({ to, text, lastInboundAtMs }: OutboundMessage, nowMs: number): SendFailed | undefined => {
  const refused = (code: string, message: string) => new SendFailed({ class: "refused", code, message })
  if (!RECIPIENT.test(to)) {
    return new SendFailed({
      class: "permanent",
      code: "no_recipient",
      message: "The customer's id is none of Messenger's."
    })
  }
  if (text.length > TEXT_LENGTH_MAX) {
    return refused("too_long", `The text has ${text.length} characters; ${TEXT_LENGTH_MAX} is the most.`)
  }
  const isOpen = lastInboundAtMs !== undefined && nowMs - lastInboundAtMs < WINDOW_MS
  return isOpen ? undefined : refused("outside_window", "The customer last wrote over 24 hours ago.")
}

const found = (
  { pageId }: MessengerSettings,
  message: OutboundMessage,
  answer: Readonly<Record<string, unknown>>
): SendReceipt | undefined => {
  for (const conversation of objectsOf(answer["data"])) {
    const messages = conversation["messages"]
    for (const one of objectsOf(isObject(messages) ? messages["data"] : undefined)) {
      const { id, created_time: created, from, message: text } = one
      if (typeof id !== "string" || typeof text !== "string" || typeof created !== "string") continue
      const isInbound = !isObject(from) || from["id"] !== pageId
      if (isSameMessage(message, { text, createdMs: Date.parse(created), isInbound })) return receiptOf(message, id)
    }
  }
  return undefined
}

const unreadable = new SendFailed({
  class: "unknown",
  code: "no_answer",
  message: "Messenger's answer cannot be read."
})

/** A call of the Graph API; the token goes in a header, because addresses are logged on the way. */
const caller = ({ accessToken, appSecret, graphUrl, version }: MessengerSettings, callMsMax: number) => {
  const proof = createHmac("sha256", appSecret).update(accessToken).digest("hex")
  return (method: "GET" | "POST", path: string, query: Readonly<Record<string, string>>, body?: object) =>
    Effect.tryPromise({
      try: async () => {
        const search = new URLSearchParams({ ...query, appsecret_proof: proof })
        const response = await fetch(`${graphUrl}/${version}/${path}?${search.toString()}`, {
          method,
          redirect: "manual",
          headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
          signal: AbortSignal.timeout(callMsMax),
          ...(body === undefined ? {} : { body: JSON.stringify(body) })
        })
        const bytes = new Uint8Array(await response.arrayBuffer())
        const answer = bytes.byteLength <= ANSWER_BYTES_MAX ? parseJson(bytes) : undefined
        if (response.ok && isObject(answer)) return answer
        throw response.ok ? unreadable : refusalOf(response.status, isObject(answer) ? answer["error"] : undefined)
      },
      catch: failureOf
    })
}

const refusalOf = (status: number, error: unknown): SendFailed => {
  const given = isObject(error) ? (error as GraphError) : undefined
  const code = [given?.code ?? status, given?.error_subcode].filter((part) => part !== undefined).join(".")
  const said = typeof given?.message === "string" ? masked(given.message) : ""
  return new SendFailed({
    class: classOfGraphError(status, given),
    code,
    message: `Messenger answered ${status}. ${said}`.trim()
  })
}

const BEFORE_IT_LEFT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT"
])

const failureOf = (cause: unknown): SendFailed => {
  if (cause instanceof SendFailed) return cause
  const inner = cause instanceof Error ? cause.cause : undefined
  const code = inner instanceof Error ? (inner as NodeJS.ErrnoException).code : undefined
  if (code !== undefined && BEFORE_IT_LEFT.has(code)) {
    return new SendFailed({ class: "temporary", code: "unreachable", message: "Messenger cannot be reached." })
  }
  return new SendFailed({ class: "unknown", code: "no_answer", message: "Messenger did not answer, or broke off." })
}
