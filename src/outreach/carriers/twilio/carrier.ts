/**
 * Texts and WhatsApp by Twilio.
 *
 * Twilio takes no idempotency key. A message carries its attempt in the address of its status callbacks, and when its
 * outcome is lost it is looked for among what Twilio has for that number.
 */
import { Effect } from "effect"
import type { Twilio } from "twilio"
import type { MessageInstance, MessageListInstanceCreateOptions } from "twilio/lib/rest/api/v2010/account/message.js"
import { masked } from "../../masking.ts"
import {
  type Carrier,
  type CarrierContext,
  type OutboundMessage,
  SendFailed,
  type SendReceipt
} from "../../outreach.ts"
import { isSameMessage } from "../../same-message.ts"
import { segmentsOf } from "../../segments.ts"
import { CALL_MS_MAX, hasNeverLeft, twilioClient, TwilioRefused } from "./client.ts"
import { classOfRefusal } from "./errors.ts"
import { receiveTwilio } from "./incoming.ts"
import { type Sender, type TwilioSettings, twilioSettings } from "./settings.ts"
import { costOf, stateOf } from "./statuses.ts"

/** WhatsApp takes free text for so long after the customer wrote; a minute is kept for the way. */
const WINDOW_MS = 24 * 3_600_000 - 60_000
/** Twilio takes no more. */
const TEXT_LENGTH_MAX = 1_600
/** Twilio's largest page: one call. */
const LISTED_MAX = 1_000
const E164 = /^\+[1-9]\d{6,14}$/

/** Throws an `Error` with one sentence when the settings do not do. */
export const twilioCarrier = (context: CarrierContext): Carrier => {
  const settings = twilioSettings(context.settings)
  const client = twilioClient(settings, context.callMsMax ?? CALL_MS_MAX)
  return {
    name: context.name,
    channels: [
      ...(settings.sms === undefined ? [] : (["sms"] as const)),
      ...(settings.whatsapp === undefined ? [] : (["whatsapp"] as const))
    ],
    canLookUp: true,
    send: (message) =>
      Effect.suspend(() => {
        const request = requestOf(settings, context, message)
        if (request instanceof SendFailed) return Effect.fail(request)
        return call(() => client.messages.create(request)).pipe(Effect.flatMap((sent) => receiptOf(message, sent)))
      }),
    look: (message) => look(client, settings, message),
    account: (messageId) =>
      call(() => client.messages(messageId).fetch()).pipe(
        Effect.map((fetched) => ({ ...stateOfMessage(fetched), ...billed(fetched) }))
      ),
    receive: (what, request) => receiveTwilio({ ...context, settings }, what, request)
  }
}

const refused = (code: string, message: string) => new SendFailed({ class: "refused", code, message })

const requestOf = (
  settings: TwilioSettings,
  { name, publicUrl, nowMs }: CarrierContext,
  message: OutboundMessage
): MessageListInstanceCreateOptions | SendFailed => {
  const sender = message.channel === "whatsapp" ? settings.whatsapp : settings.sms
  if (sender === undefined) return refused("no_sender", `There is no sender for ${message.channel} in ${name}.`)
  if (!E164.test(message.to)) {
    return new SendFailed({
      class: "permanent",
      code: "no_number",
      message: "The number is not in E.164, as +15005550006."
    })
  }
  const content = contentOf(settings, message, nowMs())
  if (content instanceof SendFailed) return content
  return {
    to: addressOf(message),
    ...from(sender),
    ...content,
    statusCallback: `${publicUrl}/v1/outreach/${name}/status?attempt=${message.attemptId}`
  }
}

const from = (sender: Sender) =>
  "from" in sender ? { from: sender.from } : { messagingServiceSid: sender.messagingServiceSid }

const addressOf = ({ channel, to }: OutboundMessage): string => (channel === "whatsapp" ? `whatsapp:${to}` : to)

/** Free text inside of the window, and for texts at any time; a template outside. */
const contentOf = (settings: TwilioSettings, message: OutboundMessage, nowMs: number) => {
  const { channel, lastInboundAtMs, template, text } = message
  const isOpen = channel === "sms" || (lastInboundAtMs !== undefined && nowMs - lastInboundAtMs < WINDOW_MS)
  if (isOpen) {
    if (text.length <= TEXT_LENGTH_MAX) return { body: text }
    return refused("too_long", `The text has ${text.length} characters; ${TEXT_LENGTH_MAX} is the most.`)
  }
  if (template === undefined) {
    return refused("outside_window", "The customer last wrote over 24 hours ago, and the message has no template.")
  }
  const contentSid = settings.templates.get(template.name)
  if (contentSid === undefined) {
    return refused("unknown_template", `The template ${template.name} is not among those configured.`)
  }
  return { contentSid, contentVariables: JSON.stringify(template.variables) }
}

/** Failures of a call as the port has them. */
const call = <Value>(make: () => Promise<Value>): Effect.Effect<Value, SendFailed> =>
  Effect.tryPromise({ try: make, catch: failureOf })

const failureOf = (cause: unknown): SendFailed => {
  if (cause instanceof TwilioRefused) {
    const { status, code, retryAfterMs } = cause
    return new SendFailed({
      class: classOfRefusal(status, code),
      code: String(code ?? status),
      message: `Twilio answered ${status}: ${masked(cause.message)}`,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs })
    })
  }
  if (hasNeverLeft(cause)) {
    return new SendFailed({ class: "temporary", code: "unreachable", message: "Twilio cannot be reached." })
  }
  return new SendFailed({ class: "unknown", code: "no_answer", message: "Twilio did not answer, or broke off." })
}

const SID = /^(SM|MM)[0-9a-fA-F]{32}$/

const receiptOf = (message: OutboundMessage, sent: MessageInstance): Effect.Effect<SendReceipt, SendFailed> => {
  // What came was a success, and no answer: a proxy's page, or half of it.
  if (typeof sent.sid !== "string" || !SID.test(sent.sid)) {
    return Effect.fail(
      new SendFailed({ class: "unknown", code: "no_answer", message: "Twilio's answer cannot be read." })
    )
  }
  const { attemptId, channel, text } = message
  return Effect.succeed({
    messageId: sent.sid,
    attemptId,
    channel,
    state: stateOf(sent.status) ?? "accepted",
    // A messaging service has not chosen a sender yet and says 0.
    ...(channel === "sms" ? { segments: segmentsOf(sent.body ?? text) } : {}),
    ...billed(sent)
  })
}

const stateOfMessage = ({ status }: MessageInstance) => {
  const state = stateOf(status)
  return state === undefined ? {} : { state }
}

const billed = ({ numSegments, price, priceUnit }: MessageInstance): Pick<SendReceipt, "segments" | "cost"> => {
  const segments = Number(numSegments ?? Number.NaN)
  const cost = costOf(price, priceUnit)
  return { ...(segments > 0 ? { segments } : {}), ...(cost === undefined ? {} : { cost }) }
}

/**
 * Not filtered by the date of sending: a message that still waits at Twilio has none, and it is just that one that would
 * be sent again.
 */
const look = (client: Twilio, settings: TwilioSettings, message: OutboundMessage) =>
  call(() => client.messages.list({ to: addressOf(message), pageSize: LISTED_MAX, limit: LISTED_MAX })).pipe(
    Effect.flatMap((listed) => {
      const found = listed.find(({ body, dateCreated, direction }) =>
        isSameMessage(message, {
          text: body ?? "",
          createdMs: dateCreated.getTime(),
          isInbound: direction === "inbound"
        })
      )
      if (found !== undefined) return receiptOf(message, found)
      const reachesBack =
        listed.length < LISTED_MAX || listed.some(({ dateCreated }) => dateCreated.getTime() < message.intendedAtMs)
      if (reachesBack) return Effect.succeed(found)
      const text = `Twilio lists over ${LISTED_MAX} messages to this number since then.`
      return Effect.fail(new SendFailed({ class: "unknown", code: "too_many_listed", message: text }))
    }),
    // To be asked and refused is not to know.
    Effect.mapError((failure) =>
      failure.class === "unknown" || failure.class === "throttled"
        ? failure
        : new SendFailed({ class: "unknown", code: failure.code, message: failure.message })
    )
  )
