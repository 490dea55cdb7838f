/**
 * A Twilio account as configured: credentials, who sends, and the templates that were approved.
 */
import { address, fieldsOf, text, textOr } from "../../../channels/settings.ts"

export interface TwilioSettings {
  readonly accountSid: string
  readonly authToken: string
  /** While tokens are changed Twilio may sign with either. */
  readonly nextAuthToken: string | undefined
  readonly sms: Sender | undefined
  readonly whatsapp: Sender | undefined
  /** Content ids by the template's name. */
  readonly templates: ReadonlyMap<string, string>
  readonly apiUrl: string
}

export type Sender = { readonly messagingServiceSid: string } | { readonly from: string }

const API_URL = "https://api.twilio.com"
const TEMPLATES_MAX = 1_000

const sid = (fields: Readonly<Record<string, unknown>>, name: string, prefix: string): string => {
  const value = text(fields, name)
  if (new RegExp(`^${prefix}[0-9a-fA-F]{32}$`).test(value)) return value
  throw new Error(`The setting ${name} must be ${prefix} and 32 hexadecimal digits.`)
}

/** A number, a short code or a name for texts; `whatsapp:` is put before a number for WhatsApp. */
const FROM = { sms: /^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$/, whatsapp: /^\+[1-9]\d{6,14}$/ } as const

const senderOf = (fields: Readonly<Record<string, unknown>>, channel: "sms" | "whatsapp"): Sender | undefined => {
  if (fields[channel] === undefined) return undefined
  const given = fieldsOf(fields[channel], `The setting ${channel}`)
  if ((given["from"] === undefined) === (given["messagingServiceSid"] === undefined)) {
    throw new Error(`The setting ${channel} needs one of from and messagingServiceSid.`)
  }
  if (given["from"] === undefined) return { messagingServiceSid: sid(given, "messagingServiceSid", "MG") }
  const from = text(given, "from")
  if (!FROM[channel].test(from)) throw new Error(`The setting from of ${channel} is no sender, such as +15005550006.`)
  return { from: channel === "whatsapp" ? `whatsapp:${from}` : from }
}

const templatesOf = (value: unknown): ReadonlyMap<string, string> => {
  const fields = fieldsOf(value ?? {}, "The setting templates")
  const names = Object.keys(fields)
  if (names.length > TEMPLATES_MAX) throw new Error(`The setting templates has at most ${TEMPLATES_MAX}.`)
  return new Map(names.map((name) => [name, sid(fields, name, "HX")]))
}

/** Throws an `Error` with one sentence that names the setting. */
export const twilioSettings = (settings: unknown): TwilioSettings => {
  const fields = fieldsOf(settings, "Twilio")
  const [sms, whatsapp] = [senderOf(fields, "sms"), senderOf(fields, "whatsapp")]
  if (sms === undefined && whatsapp === undefined) throw new Error("Twilio needs one of sms and whatsapp, or both.")
  return {
    accountSid: sid(fields, "accountSid", "AC"),
    authToken: text(fields, "authToken"),
    nextAuthToken: fields["nextAuthToken"] === undefined ? undefined : textOr(fields, "nextAuthToken", ""),
    sms,
    whatsapp,
    templates: templatesOf(fields["templates"]),
    apiUrl: fields["apiUrl"] === undefined ? API_URL : address(fields, "apiUrl")
  }
}
