/**
 * E-mail over SMTP, with one click to unsubscribe.
 *
 * A mail server cannot be asked whether it took a message. What was cut off after the message had begun to go is taken to
 * have gone (`whenLost: "leave"`): a message missed is better than one sent twice. `"resend"` sends it again, with the
 * same Message-ID, by which most mailboxes show it once.
 */
import { Effect } from "effect"
import { createTransport } from "nodemailer"
import { fieldsOf, text } from "../../../channels/settings.ts"
import {
  type Carrier,
  type CarrierContext,
  type OutboundMessage,
  SendFailed,
  type SendReceipt
} from "../../outreach.ts"
import { classOfSmtp, enhancedCode } from "./errors.ts"
import { receiveUnsubscribe, unsubscribeToken } from "./unsubscribe.ts"

interface EmailSettings {
  readonly smtpUrl: string
  readonly from: string
  readonly domain: string
  readonly unsubscribeSecret: string
  readonly whenLost: "leave" | "resend"
  readonly dkim: { readonly domainName: string; readonly keySelector: string; readonly privateKey: string } | undefined
}

const CALL_MS_MAX = 30_000
const SUBJECT_LENGTH_MAX = 200
const SECRET_LENGTH_MIN = 16
/** RFC 5321 allows 254 characters. */
const ADDRESS = /^[^\s@<>(),;:"\\[\]]{1,64}@[^\s@<>(),;:"\\[\]]+\.[^\s@<>(),;:"\\[\]]{2,}$/
const ADDRESS_LENGTH_MAX = 254

const readSettings = (settings: unknown): EmailSettings => {
  const fields = fieldsOf(settings, "E-mail")
  const [smtpUrl, from, unsubscribeSecret] = [
    text(fields, "smtpUrl"),
    text(fields, "from"),
    text(fields, "unsubscribeSecret")
  ]
  if (!/^smtps?:\/\//.test(smtpUrl)) throw new Error("The setting smtpUrl must begin with smtp:// or smtps://.")
  const domain = /@([\w.-]+)>?$/.exec(from)?.[1]
  if (domain === undefined) throw new Error('The setting from must be an address, as "Shop <hello@shop.example>".')
  if (unsubscribeSecret.length < SECRET_LENGTH_MIN) {
    throw new Error(`The setting unsubscribeSecret must have at least ${SECRET_LENGTH_MIN} characters.`)
  }
  const whenLost = fields["whenLost"] ?? "leave"
  if (whenLost !== "leave" && whenLost !== "resend")
    throw new Error('The setting whenLost must be "leave" or "resend".')
  const dkim = fields["dkim"] === undefined ? undefined : fieldsOf(fields["dkim"], "The setting dkim")
  return {
    smtpUrl,
    from,
    domain,
    unsubscribeSecret,
    whenLost,
    dkim:
      dkim === undefined
        ? undefined
        : {
            domainName: text(dkim, "domainName"),
            keySelector: text(dkim, "keySelector"),
            privateKey: text(dkim, "privateKey")
          }
  }
}

/** Throws an `Error` with one sentence when the settings do not do. */
export const emailCarrier = (context: CarrierContext): Carrier => {
  const settings = readSettings(context.settings)
  const { name, publicUrl, callMsMax = CALL_MS_MAX } = context
  return {
    name,
    channels: ["email"],
    canLookUp: settings.whenLost === "resend",
    send: (message) =>
      Effect.suspend(() => {
        if (message.to.length > ADDRESS_LENGTH_MAX || !ADDRESS.test(message.to)) {
          const said = "The address is no e-mail address."
          return Effect.fail(new SendFailed({ class: "permanent", code: "no_address", message: said }))
        }
        return deliver(settings, mailOf(settings, { name, publicUrl }, message), callMsMax).pipe(
          Effect.as(receiptOf(settings, message))
        )
      }),
    look: (message) =>
      Effect.sync(() =>
        settings.whenLost === "leave" ? { ...receiptOf(settings, message), isAssumed: true as const } : undefined
      ),
    receive: (what, request) => receiveUnsubscribe({ name, secret: settings.unsubscribeSecret }, what, request)
  }
}

const messageIdOf = ({ domain }: EmailSettings, attemptId: string): string => `<${attemptId}@${domain}>`

const receiptOf = (settings: EmailSettings, { attemptId, channel }: OutboundMessage): SendReceipt => ({
  messageId: messageIdOf(settings, attemptId),
  attemptId,
  channel,
  state: "sent"
})

const mailOf = (
  settings: EmailSettings,
  { name, publicUrl }: { readonly name: string; readonly publicUrl: string },
  { attemptId, customerId, html, subject = "", text: said, to }: OutboundMessage
) => {
  const token = unsubscribeToken(settings.unsubscribeSecret, { customerId, attemptId })
  return {
    from: settings.from,
    to,
    subject: subject.replace(/[\r\n]+/g, " ").slice(0, SUBJECT_LENGTH_MAX),
    text: said,
    ...(html === undefined ? {} : { html }),
    messageId: messageIdOf(settings, attemptId),
    headers: {
      "List-Unsubscribe": {
        prepared: true,
        value: `<${publicUrl}/v1/outreach/${name}/unsubscribe?token=${token}>`
      },
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      "Auto-Submitted": "auto-generated"
    },
    disableFileAccess: true,
    disableUrlAccess: true
  }
}

/** A connection a message, and what was said on it: once the server has said 354 the message may have arrived. */
const deliver = (
  { smtpUrl, dkim }: EmailSettings,
  mail: ReturnType<typeof mailOf>,
  callMsMax: number
): Effect.Effect<void, SendFailed> =>
  Effect.callback<void, SendFailed>((resume) => {
    let hasBegun = false
    const nothing = () => undefined
    const watch = (entry: unknown, said: unknown): void => {
      const { tnx } = entry as { readonly tnx?: string }
      if (tnx === "server" && typeof said === "string" && said.startsWith("354")) hasBegun = true
    }
    const transport = createTransport({
      url: smtpUrl,
      connectionTimeout: callMsMax,
      greetingTimeout: callMsMax,
      socketTimeout: callMsMax,
      transactionLog: true,
      logger: {
        level: nothing,
        trace: nothing,
        debug: watch,
        info: nothing,
        warn: nothing,
        error: nothing,
        fatal: nothing
      },
      ...(dkim === undefined ? {} : { dkim })
    })
    transport.sendMail(mail).then(
      () => resume(Effect.void),
      (cause: unknown) => resume(Effect.fail(failureOf(cause, hasBegun)))
    )
    return Effect.sync(() => transport.close())
  })

/** The server's words are not repeated: they hold the address. */
const failureOf = (cause: unknown, hasBegun: boolean): SendFailed => {
  const {
    responseCode,
    response = "",
    command = ""
  } = cause as {
    readonly responseCode?: number
    readonly response?: string
    readonly command?: string
  }
  if (typeof responseCode === "number") {
    const code = enhancedCode(response) ?? String(responseCode)
    const message = `The mail server answered ${responseCode} to ${command}.`
    return new SendFailed({ class: classOfSmtp({ responseCode, response, command }), code, message })
  }
  if (hasBegun) return new SendFailed({ class: "unknown", code: "no_answer", message: "The mail server broke off." })
  return new SendFailed({ class: "temporary", code: "unreachable", message: "The mail server cannot be reached." })
}
