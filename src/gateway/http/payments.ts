/**
 * The payments' HTTP part: Stripe's webhooks, and customers who come back from paying.
 */
import { Effect } from "effect"
import type { PaymentsShape } from "../../payments/layer.ts"
import type { Payments, ReturnAnswer, WebhookAnswer } from "../../payments/payments.ts"
import { invalid } from "../decode.ts"
import type { Request, Response } from "../serving.ts"
import { json, refused } from "./replies.ts"
import type { Respond } from "./stock.ts"

export interface PaymentServices extends PaymentsShape {
  readonly run: (effect: Effect.Effect<void>) => void
}

export class PaymentRoutes {
  private readonly services: PaymentServices

  constructor(services: PaymentServices) {
    this.services = services
  }

  webhook({ headers, body }: Request, respond: Respond): void {
    if (body === undefined) return respond(tooLarge)
    this.with(respond, (payments) => Effect.map(payments.webhook(headers, body), webhookResponse))
  }

  returned({ query }: Request, respond: Respond): void {
    const { returnPage } = this.services
    this.with(respond, (payments) =>
      Effect.map(payments.returned(query), (answer) => returnResponse(answer, returnPage))
    )
  }

  private with(respond: Respond, ask: (payments: Payments) => Effect.Effect<Response>): void {
    const { payments, run } = this.services
    if (payments === undefined) return respond(notSetUp)
    run(Effect.map(ask(payments), respond))
  }
}

const tooLarge = refused(invalid("The body is too large: it has at most 1 MiB."), 413)
const notSetUp = refused(invalid("Payments are not set up on this hub: set STRIPE_SECRET_KEY."), 404)

const webhookResponse = (answer: WebhookAnswer): Response => {
  switch (answer.type) {
    case "taken":
      return json(200, { ok: true })
    case "ignored":
      return json(200, { ok: true, ignored: answer.why })
    case "refused":
      return answer.status === 401
        ? refused({ ok: false, code: "unauthorized", message: answer.message })
        : refused(invalid(answer.message))
    case "unavailable":
      return refused({ ok: false, code: "unavailable", message: answer.message })
  }
}

/** To the shop's own page where there is one; a browser sees no signature there. */
const returnResponse = (answer: ReturnAnswer, returnPage: string | undefined): Response => {
  if (answer.type === "refused") {
    return answer.status === 401
      ? refused({ ok: false, code: "unauthorized", message: answer.message })
      : refused(invalid(answer.message), answer.status)
  }
  const { cartId } = answer.to
  const state = answer.type === "unknown" ? "processing" : answer.state
  if (returnPage === undefined) return json(200, { ok: true, cartId, state })
  const page = new URL(returnPage)
  page.searchParams.set("cart", cartId)
  page.searchParams.set("state", state)
  return json(303, { ok: true, cartId, state }, { location: page.href })
}
