/**
 * One HTTP call to a channel, for adapters: with a limit in time and size, and its failures sorted into the port's three
 * kinds. Redirects are not followed: an API that moves is for the operator to look at, not for credentials to follow.
 */
import { type CallFailure, failed, type Result, succeeded } from "./adapter.ts"

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON unless it is text. */
  readonly body?: unknown
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}

export interface CallAnswer {
  readonly status: number
  readonly headers: Headers
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown
}

const TIMEOUT_MS_DEFAULT = 10_000
/** A page of 250 products with everything about them is some 4 MiB. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
/** What of a channel's error text reaches the operator. */
const MESSAGE_LENGTH_MAX = 300

/**
 * Answers 2xx and those other statuses below 500 that are an answer to what was asked (400, 404, 409, 422 ...) as
 * `ok`; the adapter reads them. 401 and 403 are `unauthorized`, 429 `throttled`, the rest `unavailable`.
 */
export const callChannel = async (fetcher: typeof fetch, call: Call): Promise<Result<CallAnswer>> => {
  const patience = new Patience(call.signal, call.timeoutMs ?? TIMEOUT_MS_DEFAULT)
  try {
    const isText = typeof call.body === "string"
    const response = await fetcher(call.url, {
      method: call.method,
      redirect: "manual",
      signal: patience.signal,
      headers: {
        accept: "application/json",
        ...(call.body === undefined || isText ? {} : { "content-type": "application/json" }),
        ...call.headers
      },
      ...(call.body === undefined ? {} : { body: isText ? (call.body as string) : JSON.stringify(call.body) })
    })
    const text = await boundedText(response)
    if (text === undefined) return unavailable(`The channel's answer was over ${ANSWER_BYTES_MAX} bytes.`)
    const failure = failureOf(response, text)
    if (failure !== undefined) return failed(failure)
    const parsed = parse(text, response.headers.get("content-type") ?? "")
    return parsed.ok
      ? succeeded({ status: response.status, headers: response.headers, body: parsed.value })
      : unavailable(`The channel answered ${response.status} with what is no JSON: ${cut(text)}`)
  } catch (cause) {
    if (patience.isOver) return unavailable("The channel did not answer in time.")
    return unavailable(`The channel cannot be reached: ${reason(cause)}.`)
  } finally {
    patience.end()
  }
}

/** A caller's signal and a limit in time as one; with `AbortSignal.any` and `timeout` they were a quarter of a call's cost. */
class Patience {
  isOver = false
  private readonly controller = new AbortController()
  private readonly caller: AbortSignal
  private readonly timer: NodeJS.Timeout
  private readonly onCaller = (): void => this.controller.abort(this.caller.reason)

  constructor(caller: AbortSignal, timeoutMs: number) {
    this.caller = caller
    this.timer = setTimeout(() => {
      this.isOver = true
      this.controller.abort()
    }, timeoutMs)
    if (caller.aborted) this.onCaller()
    else caller.addEventListener("abort", this.onCaller)
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  end(): void {
    clearTimeout(this.timer)
    this.caller.removeEventListener("abort", this.onCaller)
  }
}

const failureOf = (response: Response, text: string): CallFailure | undefined => {
  const { status, headers } = response
  if (status === 429) {
    const waitMs = retryAfterMs(headers)
    const message = `The channel allows no more calls now (429).`
    return { kind: "throttled", message, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) }
  }
  if (status === 401 || status === 403) {
    const what = status === 401 ? "does not take the credentials" : "does not grant what was asked: look at the scopes"
    return { kind: "unauthorized", message: `The channel ${what} (${status}). ${cut(text)}`.trim() }
  }
  if (status >= 500 || (status >= 300 && status < 400)) {
    const waitMs = retryAfterMs(headers)
    const message = `The channel answered ${status}. ${cut(text)}`.trim()
    return { kind: "unavailable", message, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) }
  }
  return undefined
}

/** An hour at most: what asks for more has made a mistake. */
const RETRY_AFTER_MS_MAX = 3_600_000

/** Seconds, also with a fraction as Shopify sends them; or a date, by the clock of the channel that sends it. */
const retryAfterMs = (headers: Headers): number | undefined => {
  const header = headers.get("retry-after")?.trim() ?? ""
  const seconds = header === "" ? Number.NaN : Number(header)
  const sentAt = Date.parse(headers.get("date") ?? "")
  const waitMs = Number.isNaN(seconds) ? Date.parse(header) - sentAt : Math.ceil(seconds * 1_000)
  return Number.isFinite(waitMs) && waitMs >= 0 ? Math.min(RETRY_AFTER_MS_MAX, waitMs) : undefined
}

const boundedText = async (response: Response): Promise<string | undefined> => {
  if (response.body === null) return ""
  const { headers } = response
  // The client holds an answer to the length it announced, unless it was packed.
  const length = Number(headers.get("content-length") ?? Number.NaN)
  if (length <= ANSWER_BYTES_MAX && !headers.has("content-encoding")) return response.text()
  const chunks: Array<Uint8Array> = []
  let sizeBytes = 0
  for await (const chunk of response.body) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > ANSWER_BYTES_MAX) {
      // Leaving the loop cancels the stream.
      return undefined
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

const parse = (
  text: string,
  contentType: string
): { readonly ok: true; readonly value: unknown } | { readonly ok: false } => {
  if (text === "") return { ok: true, value: undefined }
  if (!contentType.includes("json")) return { ok: true, value: text }
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    return { ok: false }
  }
}

const cut = (text: string): string =>
  text.length > MESSAGE_LENGTH_MAX ? `${text.slice(0, MESSAGE_LENGTH_MAX)}…` : text

const reason = (cause: unknown): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error ? ((inner as NodeJS.ErrnoException).code ?? inner.message) : String(inner)
}

const unavailable = (message: string) => failed({ kind: "unavailable", message })
