/**
 * Twilio's own client, with what it does not tell: how long to wait after a 429, and whether a request ever left.
 *
 * Its calls go by the plain requests of undici: by axios, which it brings along, a call was a quarter of what a text cost the hub,
 * and no more than twenty went at once.
 */
import { stringify } from "node:querystring"
import twilio from "twilio"
import type BaseClient from "twilio/lib/base/RequestClient.js"
import { type Dispatcher, EnvHttpProxyAgent, request } from "undici"
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

/** As many calls as a carrier may have under way (`concurrencyMax`). */
const CONNECTIONS_MAX = 256
/** A thousand listed messages of 1,600 characters, each at its longest in JSON. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

/** `HTTPS_PROXY` and `NO_PROXY` are heeded; plain http is this machine. The time of a call is limited as a whole. */
const dispatcher = new EnvHttpProxyAgent({
  connections: CONNECTIONS_MAX,
  maxResponseSize: ANSWER_BYTES_MAX,
  headersTimeout: 0,
  bodyTimeout: 0,
  httpProxy: ""
})

class Requests extends twilio.RequestClient {
  private readonly apiUrl: string
  private readonly timeoutMs: number

  constructor(apiUrl: string, timeoutMs: number) {
    super({ autoRetry: false })
    this.apiUrl = apiUrl
    this.timeoutMs = timeoutMs
  }

  override async request<Data>({ data, headers, method, params, password, uri, username }: BaseClient.RequestOptions) {
    const { pathname, search } = new URL(uri)
    const query = params === undefined ? search : `?${stringify(params as Record<string, string>)}`
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), this.timeoutMs)
    try {
      const answer = await request(`${this.apiUrl}${pathname}${query}`, {
        dispatcher,
        method: method.toUpperCase() as Dispatcher.HttpMethod,
        headers: { ...headers, authorization: basic(username, password) },
        body: data === undefined ? null : stringify(data as Record<string, string>),
        signal: patience.signal
      })
      const body = await answer.body.text()
      if (answer.statusCode >= 300) throw new TwilioRefused(answer.statusCode, body, answer.headers)
      // Twilio's client parses what is a text.
      return { statusCode: answer.statusCode, body: body as Data, headers: answer.headers }
    } finally {
      clearTimeout(timer)
    }
  }
}

const basic = (username = "", password = ""): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`

export const twilioClient = (
  { accountSid, authToken, apiUrl }: TwilioSettings,
  timeoutMs = CALL_MS_MAX
): twilio.Twilio => twilio(accountSid, authToken, { httpClient: new Requests(apiUrl, timeoutMs) })
