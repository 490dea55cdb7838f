/**
 * A local Twilio's messages: kept, shown, listed.
 */
import { segmentsOf } from "../../../src/outreach/segments.ts"

export interface KeptMessage {
  readonly sid: string
  readonly to: string
  from: string | null
  readonly body: string
  readonly serviceSid: string | null
  readonly statusCallback: string | undefined
  readonly contentSid: string | undefined
  readonly direction: "outbound-api" | "inbound"
  readonly createdMs: number
  updatedMs: number
  /** `undefined` while it waits. */
  sentMs: number | undefined
  status: string
  errorCode: number | null
  price: string | null
}

/** For one text, in US dollars. */
const PRICE = 0.0079

export const priceOf = ({ body, to }: KeptMessage): string =>
  (-PRICE * (to.startsWith("whatsapp:") ? 1 : segmentsOf(body))).toFixed(5)

const rfc2822 = (atMs: number): string => new Date(atMs).toUTCString().replace("GMT", "+0000")

export const viewOf = (accountSid: string, message: KeptMessage) => {
  const path = `/2010-04-01/Accounts/${accountSid}/Messages/${message.sid}`
  const isChosen = message.from !== null
  return {
    account_sid: accountSid,
    api_version: "2010-04-01",
    body: message.body,
    date_created: rfc2822(message.createdMs),
    date_sent: message.sentMs === undefined ? null : rfc2822(message.sentMs),
    date_updated: rfc2822(message.updatedMs),
    direction: message.direction,
    error_code: message.errorCode,
    error_message: message.errorCode === null ? null : "See the error code.",
    from: message.from,
    messaging_service_sid: message.serviceSid,
    num_media: "0",
    num_segments: isChosen ? String(segmentsOf(message.body)) : "0",
    price: message.price,
    price_unit: "USD",
    sid: message.sid,
    status: message.status,
    subresource_uris: { media: `${path}/Media.json` },
    to: message.to,
    uri: `${path}.json`
  }
}

const DAY_MS = 86_400_000

/** A day is meant from its beginning. What waits has not been sent, and no date finds it. */
const isSentWithin = (message: KeptMessage, query: URLSearchParams): boolean => {
  const bounds = ["DateSent", "DateSent<", "DateSent>"].filter((name) => query.has(name))
  if (bounds.length === 0) return true
  const { sentMs } = message
  if (sentMs === undefined) return false
  return bounds.every((name) => {
    const dayMs = Date.parse(query.get(name) ?? "")
    if (name === "DateSent") return sentMs >= dayMs && sentMs < dayMs + DAY_MS
    return name === "DateSent<" ? sentMs < dayMs + DAY_MS : sentMs >= dayMs
  })
}

/** The newest first, in pages. */
export const listed = (
  accountSid: string,
  messages: ReadonlyArray<KeptMessage>,
  { pathname, searchParams: query }: URL
) => {
  const [to, from] = [query.get("To"), query.get("From")]
  const found = messages.filter(
    (message) =>
      (to === null || message.to === to) && (from === null || message.from === from) && isSentWithin(message, query)
  )
  const size = Math.min(1_000, Number(query.get("PageSize") ?? 50))
  const page = Number(query.get("Page") ?? 0)
  const start = page * size
  const shown = found.toReversed().slice(start, start + size)
  const address = (number: number): string => {
    const other = new URLSearchParams(query)
    other.set("PageSize", String(size))
    other.set("Page", String(number))
    other.set("PageToken", `PA${number}`)
    return `${pathname}?${other.toString()}`
  }
  return {
    start,
    end: start + Math.max(0, shown.length - 1),
    page,
    page_size: size,
    uri: `${pathname}?${query.toString()}`,
    first_page_uri: address(0),
    previous_page_uri: page === 0 ? null : address(page - 1),
    next_page_uri: start + size < found.length ? address(page + 1) : null,
    messages: shown.map((message) => viewOf(accountSid, message))
  }
}
