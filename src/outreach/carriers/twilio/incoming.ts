/**
 * What Twilio sends: messages of customers, and what became of ours. Believed only when it is signed with the account's
 * token over exactly the address and parameters that came, and is of the account that is configured.
 */
import twilio from "twilio"
import type { Incoming, IncomingRequest, OutreachChannel, OutreachFact, Received } from "../../outreach.ts"
import { classOfDelivery } from "./errors.ts"
import type { TwilioSettings } from "./settings.ts"
import { costOf, stateOf } from "./statuses.ts"

interface TwilioDoor {
  readonly name: string
  readonly publicUrl: string
  readonly settings: TwilioSettings
}

type Parameters = Readonly<Record<string, string | ReadonlyArray<string>>>

/** Twilio takes a text as a reply to the customer; this says that there is none. */
const NO_REPLY = { contentType: "text/xml; charset=utf-8", body: "<Response/>" }
const SID = /^(SM|MM)[0-9a-fA-F]{32}$/
const ATTEMPT = /^[A-Za-z0-9_-]{1,64}$/
const TEXT_LENGTH_MAX = 4_096

export const receiveTwilio = (door: TwilioDoor, what: Incoming, request: IncomingRequest): Received => {
  if (what === "unsubscribe") return { type: "refused", status: 404, message: "Texts are stopped by replying STOP." }
  if (request.method !== "post") return { type: "refused", status: 405, message: "Set the webhook's method to POST." }
  const parameters = verified(door, request)
  if (parameters === undefined) {
    return {
      type: "refused",
      status: 401,
      message:
        "X-Twilio-Signature does not fit this address and these parameters: check the account's token, and that publicUrl is the address that Twilio calls."
    }
  }
  const field = (name: string): string => {
    const value = parameters[name]
    return typeof value === "string" ? value : (value?.[0] ?? "")
  }
  if (field("AccountSid") !== door.settings.accountSid) {
    return { type: "refused", status: 403, message: "It is signed, and of another account (AccountSid)." }
  }
  const fact = what === "inbound" ? reply(door, field, request) : status(door, field, request)
  if (typeof fact === "string") return { type: "refused", status: 400, message: fact }
  return { type: "facts", facts: [fact], answer: NO_REPLY }
}

/** The parameters, or `undefined` when the signature is not Twilio's. */
const verified = ({ publicUrl, settings }: TwilioDoor, request: IncomingRequest): Parameters | undefined => {
  const signature = request.headers["x-twilio-signature"] ?? ""
  const url = `${publicUrl}${request.path}${request.search === "" ? "" : `?${request.search}`}`
  const tokens = [settings.authToken, ...(settings.nextAuthToken === undefined ? [] : [settings.nextAuthToken])]
  const body = Buffer.from(request.body).toString("utf8")
  if (new URLSearchParams(request.search).has("bodySHA256")) {
    const isSigned = tokens.some((token) => twilio.validateRequestWithBody(token, signature, url, body))
    return isSigned ? fromJson(body) : undefined
  }
  const parameters = fromForm(body)
  return tokens.some((token) => twilio.validateRequest(token, signature, url, parameters)) ? parameters : undefined
}

const fromForm = (body: string): Parameters => {
  const parameters: Record<string, string | ReadonlyArray<string>> = Object.create(null) as Record<string, string>
  for (const [name, value] of new URLSearchParams(body)) {
    const before = parameters[name]
    parameters[name] = before === undefined ? value : [...(typeof before === "string" ? [before] : before), value]
  }
  return parameters
}

/** Signed, so it is Twilio's; what is no object has no parameters. */
const fromJson = (body: string): Parameters => {
  try {
    const value = JSON.parse(body) as unknown
    if (typeof value !== "object" || value === null) return {}
    const entries = Object.entries(value).map(([name, one]) => [name, typeof one === "string" ? one : String(one)])
    return Object.fromEntries(entries) as Parameters
  } catch {
    return {}
  }
}

type Field = (name: string) => string

const channelOf = (address: string): OutreachChannel => (address.startsWith("whatsapp:") ? "whatsapp" : "sms")
const numberOf = (address: string): string => address.replace(/^whatsapp:/, "")

const optOuts: Readonly<Record<string, "stop" | "start" | "help">> = { STOP: "stop", START: "start", HELP: "help" }

const reply = ({ name }: TwilioDoor, field: Field, request: IncomingRequest): OutreachFact | string => {
  const [messageId, from] = [field("MessageSid"), field("From")]
  if (!SID.test(messageId) || from === "") return "A message needs MessageSid and From."
  const optOut = optOuts[field("OptOutType").toUpperCase()]
  return {
    kind: "reply",
    id: `${name}:${messageId}`,
    carrier: name,
    channel: channelOf(from),
    messageId,
    from: numberOf(from),
    text: field("Body").slice(0, TEXT_LENGTH_MAX).toWellFormed(),
    mediaCount: Math.max(0, Number.parseInt(field("NumMedia"), 10) || 0),
    ...(optOut === undefined ? {} : { optOut }),
    atMs: request.receivedAtMs
  }
}

const status = ({ name }: TwilioDoor, field: Field, request: IncomingRequest): OutreachFact | string => {
  const messageId = field("MessageSid") || field("SmsSid")
  const word = field("MessageStatus") || field("SmsStatus")
  const state = stateOf(word)
  if (!SID.test(messageId)) return "A status needs MessageSid."
  if (state === undefined) return `MessageStatus cannot be ${JSON.stringify(word.slice(0, 32))}.`
  const attempt = new URLSearchParams(request.search).get("attempt") ?? ""
  const code = Number.parseInt(field("ErrorCode"), 10)
  const segments = Number.parseInt(field("NumSegments"), 10)
  const cost = costOf(field("Price"), field("PriceUnit"))
  return {
    kind: "status",
    id: `${name}:${messageId}:${word}`,
    carrier: name,
    channel: channelOf(field("To") || field("From")),
    messageId,
    ...(ATTEMPT.test(attempt) ? { attemptId: attempt } : {}),
    ...(field("To") === "" ? {} : { to: numberOf(field("To")) }),
    state,
    ...(state === "failed"
      ? {
          failure: {
            class: classOfDelivery(Number.isNaN(code) ? undefined : code),
            code: Number.isNaN(code) ? word : String(code)
          }
        }
      : {}),
    ...(segments > 0 ? { segments } : {}),
    ...(cost === undefined ? {} : { cost }),
    atMs: request.receivedAtMs
  }
}
