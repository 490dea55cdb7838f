/**
 * Payments as the hub runs them, on a real JetStream, with Stripe on this machine and an address for its webhooks. The
 * facts that carts would be told are kept. Time is the test's.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import type { PaymentFact } from "../../actors/payment/payment.ts"
import { ensureStreams, streamSpecs } from "../../config/jetstream.ts"
import { readPayments } from "../../config/payments.ts"
import { SECRET_KEY, StripeServer, WEBHOOK_SECRET } from "../../scripts/stripe/server.ts"
import type { CheckoutCart } from "../../src/payments/session-params.ts"
import type { CheckoutLink, LinkFailed } from "../../src/payments/checkout-links.ts"
import { paymentsOf } from "../../src/payments/payments-of.ts"
import type { Repayments } from "../../src/payments/repayments.ts"
import type { Payments } from "../../src/payments/payments.ts"
import { Nats, type NatsShape } from "../../streams/nats/connection.ts"
import { PAYMENTS } from "../../streams/subjects.ts"

export interface Till {
  readonly stripe: StripeServer
  readonly nats: NatsShape
  readonly facts: Array<PaymentFact>
  /** In this order: what the next facts are met with; `true` fails the taking. */
  readonly refusals: Array<boolean>
  payments: Payments
  repayments: Repayments
  nowMs: number
  /** The hub dies and another starts: nothing is left but what was stored. */
  restart(): void
  link(cart: CheckoutCart): Promise<CheckoutLink | LinkFailed>
  close(): Promise<void>
}

/** A second's start, so that Stripe's seconds are exact. */
export const START_MS = Date.UTC(2026, 4, 1, 12)

let carts = 0

/** 2 mugs at 9.99 with 10 % off, a plate at 12.50, shipping: 30.48 + 3.95. */
export const cart = (change: Partial<CheckoutCart> = {}): CheckoutCart => {
  const cartId = change.cartId ?? `cart-${process.pid}-${++carts}`
  const cartVersion = change.cartVersion ?? 3
  return {
    cartId,
    cartVersion,
    holdId: `cart:${cartId}:${cartVersion}`,
    holdExpiresAtMs: START_MS + 45 * 60_000,
    currency: "GBP",
    lines: [
      { title: "Mug", quantity: 2, unitPriceMinor: 999, discountMinor: 200 },
      { title: "Plate", quantity: 1, unitPriceMinor: 1_250, discountMinor: 0 }
    ],
    discountMinor: 0,
    shipping: { label: "Standard", amountMinor: 395 },
    taxMinor: 0,
    totalMinor: 3_443,
    email: "ada@example.com",
    ...change
  }
}

export const openTill = async (): Promise<Till> => {
  const { nats: natsUrl } = JSON.parse(process.env["HOLDFAST_TEST_URLS"] ?? "{}") as { readonly nats: string }
  const scope = Scope.makeUnsafe()
  const nats = await Effect.runPromise(Effect.map(Layer.buildWithScope(Nats.layer(natsUrl), scope), Context.get(Nats)))
  await ensureStreams(
    nats.manager,
    streamSpecs(1).filter(({ name }) => name === PAYMENTS)
  )
  const stripe = await StripeServer.start({ nowMs: () => till.nowMs })
  const config = readPayments({
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_URL: stripe.url,
    PUBLIC_URL: "https://hub.example",
    STRIPE_TIMEOUT_MS: "200"
  })
  if (config === undefined) throw new Error("payments are set up")
  const made = (): Pick<Till, "payments" | "repayments"> =>
    paymentsOf(config, {
      nats,
      tell: (fact) =>
        Effect.suspend(() => {
          if (till.refusals.shift() === true) return Effect.fail("the carts are not there")
          till.facts.push(fact)
          return Effect.void
        }),
      nowMs: () => till.nowMs
    })
  const endpoint = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => void answer(request.headers, Buffer.concat(chunks), response))
  })
  const answer = async (headers: IncomingHttpHeaders, body: Buffer, response: ServerResponse): Promise<void> => {
    const given = headers as Readonly<Record<string, string>>
    const answered = await Effect.runPromise(till.payments.webhook(given, body))
    const status = answered.type === "refused" ? answered.status : answered.type === "unavailable" ? 503 : 200
    response.writeHead(status).end()
  }
  await new Promise<void>((resolve) => void endpoint.listen(0, "127.0.0.1", resolve))
  stripe.webhookUrl = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`
  const till: Till = {
    stripe,
    nats,
    facts: [],
    refusals: [],
    payments: undefined as unknown as Payments,
    repayments: undefined as unknown as Repayments,
    nowMs: START_MS,
    restart: () => void Object.assign(till, made()),
    link: (wanted) =>
      Effect.runPromise(
        Effect.match(till.payments.links.link(wanted), {
          onSuccess: (link): CheckoutLink | LinkFailed => link,
          onFailure: (failed) => failed
        })
      ),
    close: async () => {
      endpoint.closeAllConnections()
      endpoint.close()
      await stripe.close()
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }
  }
  till.restart()
  return till
}

/** The link, where there must be one. */
export const linked = async (till: Till, wanted: CheckoutCart): Promise<CheckoutLink> => {
  const link = await till.link(wanted)
  if ("url" in link) return link
  throw new Error(`${link.code}: ${link.message}`)
}

export const refusal = async (till: Till, wanted: CheckoutCart): Promise<string> => {
  const link = await till.link(wanted)
  return "url" in link ? "a link" : link.code
}

/** What a customer's browser comes back with. */
export const wayBack = (till: Till, sessionId: string): URLSearchParams => {
  const url = String(till.stripe.account.sessions.get(sessionId)?.["success_url"])
  return new URL(url.replace("{CHECKOUT_SESSION_ID}", sessionId)).searchParams
}
