/**
 * Stripe on this machine, for tests and the demo: the API that the hub uses, checked against Stripe's own description;
 * idempotency keys; throttling and failures by seed, before and after a call is carried out; a payment page; webhooks.
 */
import { Faults, type HttpAnswer, type HttpRequest, serveMarketplace } from "../marketplaces/marketplace.ts"
import { Random } from "../simulate/random.ts"
import { StripeAccount } from "./account.ts"
import { Deliveries } from "./deliveries.ts"
import { type CheckedRequest, StripeDescription } from "./description.ts"
import { errorAnswer, IdempotencyKeys } from "./idempotency.ts"
import type { StripeObject } from "./objects.ts"
import { payPage } from "./pay-page.ts"
import { type SessionForm, wrongInSession } from "./session-form.ts"

export const SECRET_KEY = "sk_test_of_this_machine"
export const WEBHOOK_SECRET = "whsec_of_this_machine"

export interface StripeOptions {
  readonly port?: number
  readonly nowMs?: () => number
  readonly seed?: number
  /** Where events go; set later when the hub's address is not known yet. */
  readonly webhookUrl?: string
  /** Sends each event when it happens, for the demo; else `deliveries.flush` does. */
  readonly isPrompt?: boolean
}

export class StripeServer {
  url = ""
  webhookUrl: string | undefined
  readonly faults = new Faults()
  readonly account: StripeAccount
  readonly deliveries: Deliveries
  readonly keys = new IdempotencyKeys()
  /** What in the calls was not as the official description has it; empty when all were right. */
  readonly violations: Array<string> = []
  /** Calls by what they asked, as `GET /v1/checkout/sessions/{session}`. */
  readonly calls: Record<string, number> = {}
  private readonly nowMs: () => number
  private closeServer: () => Promise<void> = async () => undefined

  private constructor({ nowMs = Date.now, seed = 1, webhookUrl, isPrompt = false }: StripeOptions) {
    this.nowMs = nowMs
    this.webhookUrl = webhookUrl
    this.account = new StripeAccount(nowMs)
    this.deliveries = new Deliveries({
      url: () => this.webhookUrl,
      secret: WEBHOOK_SECRET,
      random: new Random(seed),
      nowMs
    })
    this.account.onEvent = (event) => {
      this.deliveries.waiting.push(event)
      if (isPrompt) void this.deliveries.flush()
    }
  }

  static async start(options: StripeOptions = {}): Promise<StripeServer> {
    const stripe = new StripeServer(options)
    const served = await serveMarketplace({
      faults: stripe.faults,
      handle: (request) => stripe.handle(request),
      throttled: () =>
        errorAnswer(429, {
          type: "invalid_request_error",
          code: "rate_limit",
          message: "Too many requests hit the API."
        }),
      unauthorized: () => errorAnswer(401, { type: "invalid_request_error", message: "Invalid API Key provided." }),
      isSpared: ({ url }) => !url.pathname.startsWith("/v1/"),
      ...(options.port === undefined ? {} : { port: options.port })
    })
    stripe.url = served.url
    stripe.closeServer = served.close
    return stripe
  }

  close(): Promise<void> {
    return this.closeServer()
  }

  /** Sessions that a customer could pay now. */
  openSessions(): ReadonlyArray<string> {
    this.account.expireDue()
    return [...this.account.sessions].flatMap(([id, { status }]) => (status === "open" ? [id] : []))
  }

  private handle(request: HttpRequest): HttpAnswer {
    const { method, url, headers, body } = request
    if (!url.pathname.startsWith("/v1/")) return payPage(this.account, method, url, body.toString("utf8"))
    if (headers.authorization !== `Bearer ${SECRET_KEY}`) {
      return errorAnswer(401, { type: "invalid_request_error", message: "Invalid API Key provided." })
    }
    this.account.expireDue()
    const text = body.toString("utf8")
    const checked = StripeDescription.get().check(method, url, text)
    if (checked.pattern === undefined) {
      this.violations.push(`${method} ${url.pathname} is described nowhere`)
      return errorAnswer(404, {
        type: "invalid_request_error",
        message: `Unrecognized request URL (${method}: ${url.pathname}).`
      })
    }
    const what = `${method} ${checked.pattern}`
    this.calls[what] = (this.calls[what] ?? 0) + 1
    if (headers["stripe-version"] === undefined) this.violations.push(`${what} names no Stripe-Version`)
    return method === "POST" ? this.write(request, text, checked) : this.carryOut(what, checked, url)
  }

  /** Once for an idempotency key. */
  private write({ url, headers }: HttpRequest, text: string, checked: CheckedRequest): HttpAnswer {
    const what = `POST ${checked.pattern ?? ""}`
    const key = headers["idempotency-key"]
    if (typeof key !== "string") {
      this.violations.push(`${what} has no Idempotency-Key`)
      return this.carryOut(what, checked, url)
    }
    const known = this.keys.begin(key, `${url.pathname}?${text}`)
    if (known !== undefined) return known
    const answer = this.carryOut(what, checked, url)
    if (answer.status === 400) this.keys.forget(key)
    else this.keys.keep(key, answer)
    return answer
  }

  private carryOut(what: string, { form, wrong }: CheckedRequest, url: URL): HttpAnswer {
    const [first] = wrong
    if (first !== undefined) {
      this.violations.push(...wrong.map(({ parameter, message }) => `${what}: ${parameter} ${message}`))
      const message = `Received unknown or invalid parameter: ${first.parameter}`
      return errorAnswer(400, {
        type: "invalid_request_error",
        code: "parameter_invalid",
        param: first.parameter,
        message
      })
    }
    const id = url.pathname.split("/")[what.startsWith("POST /v1/refunds") ? 3 : 4] ?? ""
    const { account } = this
    switch (what) {
      case "POST /v1/checkout/sessions": {
        const session = form as unknown as SessionForm
        const error = wrongInSession(session, this.nowMs())
        return error === undefined ? ok(account.createSession(session, this.url)) : errorAnswer(400, error)
      }
      case "GET /v1/checkout/sessions/{session}":
        return found(account.sessions.get(id))
      case "POST /v1/checkout/sessions/{session}/expire": {
        const expired = account.expireSession(id)
        return expired === false ? notOpen(account.sessions.get(id)?.["status"]) : found(expired)
      }
      case "GET /v1/payment_intents/{intent}":
        return found(account.intents.get(url.pathname.split("/")[3] ?? ""))
      case "POST /v1/payment_intents/{intent}/cancel": {
        const canceled = account.cancelIntent(url.pathname.split("/")[3] ?? "")
        return canceled === false ? unexpectedState : found(canceled)
      }
      case "POST /v1/refunds":
        return this.refund(form)
      default:
        return errorAnswer(404, { type: "invalid_request_error", message: "This server has no such call." })
    }
  }

  private refund(form: CheckedRequest["form"]): HttpAnswer {
    const amount = typeof form["amount"] === "number" ? form["amount"] : undefined
    const intent = String(form["payment_intent"])
    const refund = this.account.refund(intent, amount, this.account.areRefundsPending)
    if (refund !== undefined) return ok(refund)
    const isWhole = [...this.account.charges.values()].some(
      (charge) => charge["payment_intent"] === intent && charge["refunded"] === true
    )
    return errorAnswer(
      400,
      isWhole
        ? { type: "invalid_request_error", code: "charge_already_refunded", message: "It has already been refunded." }
        : { type: "invalid_request_error", param: "amount", message: "Refund amount is greater than what is left." }
    )
  }
}

const ok = (object: StripeObject | Readonly<Record<string, unknown>>): HttpAnswer => ({ status: 200, body: object })

const found = (object: StripeObject | Readonly<Record<string, unknown>> | undefined): HttpAnswer =>
  object === undefined
    ? errorAnswer(404, { type: "invalid_request_error", code: "resource_missing", message: "No such object." })
    : ok(object)

const unexpectedState = errorAnswer(400, {
  type: "invalid_request_error",
  code: "payment_intent_unexpected_state",
  message: "You cannot cancel this PaymentIntent because of its status."
})

const notOpen = (status: unknown): HttpAnswer =>
  errorAnswer(400, {
    type: "invalid_request_error",
    message: `Only Checkout Sessions with a status in ["open"] can be expired. This Session has a status of ${String(status)}.`
  })
