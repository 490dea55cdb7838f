/**
 * Twilio's own client, with what it does not tell: how long to wait after a 429, and whether a request ever left.
 */
import twilio from "twilio"
import type BaseClient from "twilio/lib/base/RequestClient.js"
import type { TwilioSettings } from "./settings.ts"

/** Twilio answers in well under a second; past this it is taken to be lost. */
export const CALL_MS_MAX = 15_000

/** Twilio's answer was no success. */
export class TwilioRefused extends Error {
  override readonly name = "TwilioRefused"
  readonly status: number
  readonly code: number | undefined
  readonly retryAfterMs: number | undefined

  constructor(status: number, body: unknown, headers: unknown) {
    const { code, message } = fields(parsed(body))
    super(typeof message === "string" ? message : `It answered ${status}.`)
    this.status = status
    this.code = typeof code === "number" ? code : undefined
    const seconds = Number(fields(headers)["retry-after"] ?? Number.NaN)
    this.retryAfterMs = seconds >= 0 ? Math.ceil(seconds * 1_000) : undefined
  }
}

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

const parsed = (body: unknown): unknown => {
  if (typeof body !== "string") return body
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}

/** Before a request leaves, an address is looked up and a connection made. What fails later may have been carried out. */
const BEFORE_IT_LEFT = new Set(["connect", "getaddrinfo"])

export const hasNeverLeft = (cause: unknown): boolean => {
  const { syscall, cause: inner } = fields(cause)
  if (BEFORE_IT_LEFT.has(String(syscall))) return true
  return inner !== undefined && hasNeverLeft(inner)
}

class Requests extends twilio.RequestClient {
  private readonly apiUrl: string

  constructor(apiUrl: string, timeoutMs: number) {
    super({ timeout: timeoutMs, autoRetry: false })
    this.apiUrl = apiUrl
  }

  override async request<Data>(options: BaseClient.RequestOptions<Data>) {
    const url = new URL(options.uri)
    const response = await super.request<Data>({ ...options, uri: `${this.apiUrl}${url.pathname}${url.search}` })
    const { statusCode, body, headers } = response
    if (statusCode >= 300) throw new TwilioRefused(statusCode, body, headers)
    return response
  }
}

export const twilioClient = (
  { accountSid, authToken, apiUrl }: TwilioSettings,
  timeoutMs = CALL_MS_MAX
): twilio.Twilio => twilio(accountSid, authToken, { httpClient: new Requests(apiUrl, timeoutMs) })
