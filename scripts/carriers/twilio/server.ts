/**
 * A Twilio on this machine: takes messages as its own description has them, keeps and lists them, tells what became of
 * them with signed callbacks, lets customers write back, and refuses, throttles and breaks as it is told or by a seed.
 */
import { Faults, type HttpAnswer, type HttpRequest, serveMarketplace } from "../../marketplaces/marketplace.ts"
import { Random } from "../../simulate/random.ts"
import { TwilioDescription } from "./description.ts"
import { type KeptMessage, listed, priceOf, viewOf } from "./messages.ts"
import { formSignature, jsonSignature } from "./signing.ts"

export const ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"
export const AUTH_TOKEN = "auth-token-of-this-machine"
export const NUMBER = "+15005550006"
export const SERVICE_SID = "MG0123456789abcdef0123456789abcdef"

export interface TwilioOptions {
  readonly port?: number
  readonly seed?: number
  readonly nowMs?: () => number
  /** Texts of templates by content id, with `{{1}}` for variables. */
  readonly templates?: Readonly<Record<string, string>>
}

/** What an endpoint of ours answered. */
export interface Delivered {
  readonly status: number
  readonly body: string
}

const WINDOW_MS = 24 * 3_600_000
const CALLBACK_MS_MAX = 5_000
const STOP = /^(stop|stopall|unsubscribe|cancel|end|quit)$/i
const START = /^(start|yes|unstop)$/i

export class LocalTwilio {
  url = ""
  readonly faults = new Faults()
  /** What in requests and answers was not as described; empty when all were right. */
  readonly violations: Array<string> = []
  readonly messages: Array<KeptMessage> = []
  /** A message to this number is refused at once with this error. */
  readonly refusals = new Map<string, number>()
  /** A message to this number is taken, and then fails with this error. */
  readonly failures = new Map<string, number>()
  /** `undefined`: Twilio does not say how long to wait. */
  retryAfterSeconds: number | undefined
  calls = 0
  /** How long a message is on its way here: it is taken, and listed, only when this settles. */
  onTheWay: (to: string) => Promise<void> | undefined = () => undefined
  private readonly optedOut = new Set<string>()
  private readonly lastInboundMs = new Map<string, number>()
  private readonly templates: Readonly<Record<string, string>>
  private readonly random: Random
  private readonly nowMs: () => number
  private closeServer: () => Promise<void> = async () => undefined

  private constructor({ seed = 1, nowMs = Date.now, templates = {} }: TwilioOptions) {
    this.random = new Random(seed)
    this.nowMs = nowMs
    this.templates = templates
  }

  static async start(options: TwilioOptions = {}): Promise<LocalTwilio> {
    const twilio = new LocalTwilio(options)
    const served = await serveMarketplace({
      faults: twilio.faults,
      handle: (request) => twilio.handle(request),
      throttled: () => twilio.throttled(),
      broken: () => refusal(500, 20500, "Internal Server Error"),
      unauthorized: () => refusal(401, 20003, "Authenticate"),
      ...(options.port === undefined ? {} : { port: options.port })
    })
    twilio.url = served.url
    twilio.closeServer = served.close
    return twilio
  }

  close(): Promise<void> {
    return this.closeServer()
  }

  /** Outbound, to this number or all. */
  sent(to?: string): ReadonlyArray<KeptMessage> {
    return this.messages.filter(
      (message) => message.direction === "outbound-api" && (to === undefined || message.to === to)
    )
  }

  /** Moves a message on and tells its callback; the answer of the endpoint, or `undefined` when it has none. */
  async progress(sid: string, status: string, errorCode?: number): Promise<Delivered | undefined> {
    const message = this.messages.find((one) => one.sid === sid)
    if (message === undefined) throw new Error(`There is no message ${sid}.`)
    message.status = status
    message.updatedMs = this.nowMs()
    message.from ??= message.to.startsWith("whatsapp:") ? `whatsapp:${NUMBER}` : NUMBER
    if (errorCode !== undefined) message.errorCode = errorCode
    if (status === "sent") {
      message.sentMs ??= this.nowMs()
      message.price = priceOf(message)
    }
    return this.tellStatus(message)
  }

  /** Everything that waits goes its way to the end. */
  async settle(): Promise<void> {
    for (const message of this.sent().filter(({ status }) => status === "queued" || status === "accepted")) {
      const failure = this.failureOf(message)
      await this.progress(message.sid, "sent")
      if (failure === undefined) await this.progress(message.sid, "delivered")
      else await this.progress(message.sid, "undelivered", failure)
    }
  }

  /** The callback of the state that a message is in. */
  async tellStatus(message: KeptMessage): Promise<Delivered | undefined> {
    const { statusCallback, status, errorCode, sid, to, from } = message
    if (statusCallback === undefined) return undefined
    const parameters: ReadonlyArray<readonly [string, string]> = [
      ["AccountSid", ACCOUNT_SID],
      ["ApiVersion", "2010-04-01"],
      ["From", from ?? ""],
      ["MessageSid", sid],
      ["MessageStatus", status],
      ["SmsSid", sid],
      ["SmsStatus", status],
      ["To", to],
      ...(errorCode === null ? [] : [["ErrorCode", String(errorCode)] as const])
    ]
    return this.post(statusCallback, parameters)
  }

  /** A customer writes: signed, to the inbound address. */
  async write(
    url: string,
    from: string,
    body: string,
    options: { readonly asJson?: boolean } = {}
  ): Promise<Delivered> {
    const isWhatsapp = from.startsWith("whatsapp:")
    this.lastInboundMs.set(from, this.nowMs())
    const optOut = STOP.test(body.trim()) ? "STOP" : START.test(body.trim()) ? "START" : undefined
    if (optOut === "STOP" && !isWhatsapp) this.optedOut.add(from)
    if (optOut === "START") this.optedOut.delete(from)
    const message = this.keep({ to: isWhatsapp ? `whatsapp:${NUMBER}` : NUMBER, from, body, direction: "inbound" })
    const parameters: ReadonlyArray<readonly [string, string]> = [
      ["ToCountry", "US"],
      ["SmsMessageSid", message.sid],
      ["NumMedia", "0"],
      ["SmsSid", message.sid],
      ["SmsStatus", "received"],
      ["Body", body],
      ["To", message.to],
      ["NumSegments", "1"],
      ["MessageSid", message.sid],
      ["AccountSid", ACCOUNT_SID],
      ["From", from],
      ["ApiVersion", "2010-04-01"],
      ...(isWhatsapp ? [["ProfileName", "A Person"] as const] : [["FromCity", ""] as const]),
      ...(optOut === undefined || isWhatsapp ? [] : [["OptOutType", optOut] as const])
    ]
    return options.asJson === true ? this.postJson(url, parameters) : this.post(url, parameters)
  }

  private throttled(): HttpAnswer {
    const answer = refusal(429, 20429, "Too Many Requests")
    const seconds = this.retryAfterSeconds
    return seconds === undefined ? answer : { ...answer, headers: { "retry-after": String(seconds) } }
  }

  private failureOf({ to, body, contentSid, createdMs }: KeptMessage): number | undefined {
    const isOutside = createdMs - (this.lastInboundMs.get(to) ?? Number.NEGATIVE_INFINITY) > WINDOW_MS
    if (to.startsWith("whatsapp:") && contentSid === undefined && body !== "" && isOutside) return 63016
    return this.failures.get(to)
  }

  private async post(url: string, parameters: ReadonlyArray<readonly [string, string]>): Promise<Delivered> {
    const body = new URLSearchParams([...parameters] as Array<[string, string]>)
    return this.deliver(
      url,
      formSignature(AUTH_TOKEN, url, parameters),
      body.toString(),
      "application/x-www-form-urlencoded"
    )
  }

  private async postJson(url: string, parameters: ReadonlyArray<readonly [string, string]>): Promise<Delivered> {
    const body = JSON.stringify(Object.fromEntries(parameters))
    const signed = jsonSignature(AUTH_TOKEN, url, body)
    return this.deliver(signed.url, signed.signature, body, "application/json")
  }

  private async deliver(url: string, signature: string, body: string, contentType: string): Promise<Delivered> {
    const headers = { "content-type": contentType, "x-twilio-signature": signature }
    const signal = AbortSignal.timeout(CALLBACK_MS_MAX)
    const response = await fetch(url, { method: "POST", headers, body, signal })
    return { status: response.status, body: await response.text() }
  }

  private async handle({ method, url, headers, body }: HttpRequest): Promise<HttpAnswer> {
    this.calls++
    const expected = `Basic ${Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString("base64")}`
    if (headers.authorization !== expected) return refusal(401, 20003, "Authenticate")
    const text = body.toString("utf8")
    const wrong = TwilioDescription.get().request(method, url, text)
    this.violations.push(...wrong)
    if (wrong.length > 0) return refusal(400, 20001, wrong.join("; "))
    const form = method === "POST" ? new URLSearchParams(text) : undefined
    if (form !== undefined) await this.onTheWay(form.get("To") ?? "")
    const answer = form === undefined ? this.show(url) : this.create(form)
    if (answer.status < 300) {
      this.violations.push(...TwilioDescription.get().answer(method, url.pathname, answer.status, answer.body))
    }
    return answer
  }

  private create(form: URLSearchParams): HttpAnswer {
    const to = form.get("To") ?? ""
    const refused = this.refusals.get(to) ?? (this.optedOut.has(to) ? 21610 : undefined)
    // As Twilio does, it repeats what it was given.
    if (refused !== undefined) return refusal(400, refused, `The 'To' number ${to} is not a valid phone number.`)
    const contentSid = form.get("ContentSid") ?? undefined
    const body =
      contentSid === undefined ? (form.get("Body") ?? "") : this.rendered(contentSid, form.get("ContentVariables"))
    if (body === undefined) return refusal(400, 21655, "The ContentSid is invalid")
    const serviceSid = form.get("MessagingServiceSid")
    const message = this.keep({
      to,
      from: form.get("From"),
      body,
      direction: "outbound-api",
      serviceSid,
      contentSid,
      statusCallback: form.get("StatusCallback") ?? undefined
    })
    return { status: 201, body: viewOf(ACCOUNT_SID, message) }
  }

  private show(url: URL): HttpAnswer {
    const sid = /\/Messages\/(\w+)\.json$/.exec(url.pathname)?.[1]
    if (sid === undefined) return { status: 200, body: listed(ACCOUNT_SID, this.messages, url) }
    const message = this.messages.find((one) => one.sid === sid)
    if (message === undefined) return refusal(404, 20404, "The requested resource was not found")
    return { status: 200, body: viewOf(ACCOUNT_SID, message) }
  }

  private rendered(contentSid: string, variables: string | null): string | undefined {
    const template = this.templates[contentSid]
    const values = JSON.parse(variables ?? "{}") as Readonly<Record<string, string>>
    return template?.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? "")
  }

  private keep(
    given: Pick<KeptMessage, "to" | "from" | "body" | "direction"> &
      Partial<Pick<KeptMessage, "serviceSid" | "contentSid" | "statusCallback">>
  ): KeptMessage {
    const now = this.nowMs()
    const digits = Array.from({ length: 32 }, () => this.random.integer(0, 15).toString(16)).join("")
    const isInbound = given.direction === "inbound"
    const message: KeptMessage = {
      serviceSid: null,
      contentSid: undefined,
      statusCallback: undefined,
      ...given,
      sid: `SM${digits}`,
      createdMs: now,
      updatedMs: now,
      sentMs: isInbound ? now : undefined,
      status: isInbound ? "received" : given.from === null ? "accepted" : "queued",
      errorCode: null,
      price: null
    }
    this.messages.push(message)
    return message
  }
}

const refusal = (status: number, code: number, message: string): HttpAnswer => ({
  status,
  body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }
})
