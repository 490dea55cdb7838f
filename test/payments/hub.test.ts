/**
 * Goal: a hub takes Stripe's webhooks and sends customers on, keeps what a cart must be told of it over kill -9, and prints
 * no secret; Stripe on this machine is as strict as Stripe.
 * Method: a real hub in a process of its own; forms that are wrong sent to the local Stripe by hand.
 */
import assert from "node:assert/strict"
import { Context, Effect, Layer } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import type { PaymentFact } from "../../actors/payment/payment.ts"
import { readPayments } from "../../config/payments.ts"
import { SECRET_KEY, StripeServer, WEBHOOK_SECRET } from "../../scripts/stripe/server.ts"
import { paymentsOf } from "../../src/payments/layer.ts"
import { Nats, type NatsShape } from "../../streams/nats/connection.ts"
import { readSubject } from "../../streams/nats/subject-reader.ts"
import { PAYMENTS, paymentFactSubject } from "../../streams/subjects.ts"
import { http, startHub, type TestHub } from "../support/hub.ts"
import { cart } from "../support/payments.ts"

let stripe: StripeServer
let hub: TestHub
let settings: Record<string, string>

beforeAll(async () => {
  stripe = await StripeServer.start()
  settings = {
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_URL: stripe.url,
    PUBLIC_URL: "http://127.0.0.1",
    CHECKOUT_RETURN_PAGE: "https://shop.example/thanks?from=stripe",
    LOG_LEVEL: "debug"
  }
  hub = await startHub(settings)
  stripe.webhookUrl = `${hub.url}/v1/payments/stripe/webhooks`
})

afterAll(async () => {
  await hub.stop()
  await stripe.close()
})

const withNats = <A>(use: (nats: NatsShape) => Promise<A>): Promise<A> =>
  Effect.runPromise(
    Layer.build(Nats.layer(hub.nats.url)).pipe(
      Effect.flatMap((context) => Effect.promise(() => use(Context.get(context, Nats)))),
      Effect.scoped
    )
  )

describe("a hub with payments", () => {
  it("takes signed events over kill -9, tells the cart once, and sends the customer to the shop", async () => {
    const wanted = cart({ holdExpiresAtMs: Date.now() + 45 * 60_000 })
    const config = readPayments(settings)
    assert.ok(config)
    const link = await withNats((nats) =>
      Effect.runPromise(paymentsOf(config, { nats, tell: () => Effect.void }).links.link(wanted))
    )
    const page = await fetch(link.url, {
      method: "POST",
      body: new URLSearchParams({ choice: "card" }),
      redirect: "manual"
    })
    assert.equal(page.status, 303)
    const back = new URL(page.headers.get("location") ?? "")
    const sent = await fetch(`${hub.url}${back.pathname}${back.search}`, { redirect: "manual" })
    assert.equal(sent.status, 303)
    assert.equal(
      sent.headers.get("location"),
      `https://shop.example/thanks?from=stripe&cart=${wanted.cartId}&state=paid`
    )
    await hub.crash()
    await stripe.deliveries.flush({ twice: 1, late: 0.5 })
    assert.equal(stripe.deliveries.failed, 0)
    const facts = await withNats(async (nats) => {
      const stored = await readSubject(nats, PAYMENTS, paymentFactSubject(wanted.cartId))
      return stored.map((message) => message.json<PaymentFact>())
    })
    assert.deepEqual(
      facts.map(({ kind, cartId, cartVersion }) => [kind, cartId, cartVersion]),
      [["paid", wanted.cartId, 3]]
    )
    assert.deepEqual(stripe.violations, [])
  })

  it("refuses what is not signed with 401, what is too large with 413, and a wrong way back with 400", async () => {
    const unsigned = await http(hub, "POST", "/v1/payments/stripe/webhooks", { id: "evt_1" })
    assert.deepEqual([unsigned.status, unsigned.body["code"]], [401, "unauthorized"])
    const large = await http(hub, "POST", "/v1/payments/stripe/webhooks", "x".repeat(1_100_000))
    assert.equal(large.status, 413)
    assert.equal((await http(hub, "GET", "/v1/checkout/return?cart=c")).status, 400)
    assert.equal((await http(hub, "GET", "/v1/payments/stripe/webhooks")).status, 405)
  })

  it("prints neither its key, nor its webhook secret, nor a customer's address", () => {
    assert.match(hub.output(), /ready http/)
    for (const secret of [SECRET_KEY, WEBHOOK_SECRET, "ada@example.com"])
      assert.ok(!hub.output().includes(secret), secret)
  })
})

describe("Stripe on this machine", () => {
  const post = async (path: string, form: Record<string, string>, headers: Record<string, string> = {}) => {
    const response = await fetch(`${stripe.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${SECRET_KEY}`, "stripe-version": "2026-10-28.endive", ...headers },
      body: new URLSearchParams(form)
    })
    const body = (await response.json()) as { readonly id?: string; readonly error?: Readonly<Record<string, string>> }
    return { ...body, status: response.status }
  }
  const form = {
    mode: "payment",
    success_url: "https://shop.example",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "gbp",
    "line_items[0][price_data][unit_amount]": "500",
    "line_items[0][price_data][product_data][name]": "Mug"
  }
  const path = "/v1/checkout/sessions"

  it("refuses, and notes, what is not in Stripe's description", async () => {
    const wrong = [
      [{ ...form, colour: "red" }, "colour"],
      [{ ...form, mode: "gift" }, "mode"],
      [{ ...form, "line_items[0][quantity]": "one" }, "line_items[0][quantity]"],
      [{ mode: "payment" }, ""]
    ] as const
    for (const [given, param] of wrong) {
      const answer = await post(path, given, { "idempotency-key": `wrong-${param}` })
      assert.equal(answer.status, 400)
      assert.equal(answer.error?.["param"], param)
    }
    await post(path, form)
    assert.equal((await post("/v1/nothing", {})).status, 404)
    const noted = stripe.violations.splice(0)
    assert.equal(noted.length, 6, noted.join("; "))
    assert.match(noted[4] ?? "", /no Idempotency-Key/)
  })

  it("gives the same answer for the same key, and none for another content", async () => {
    const headers = { "idempotency-key": "same" }
    const first = await post(path, form, headers)
    assert.equal(first.status, 200)
    assert.equal((await post(path, form, headers)).id, first.id)
    const other = await post(path, { ...form, success_url: "https://other.example" }, headers)
    assert.deepEqual([other.status, other.error?.["type"]], [400, "idempotency_error"])
  })

  it("refuses a session that is too short, too small or for no address, as Stripe does", async () => {
    const seconds = Math.floor(Date.now() / 1_000)
    const wrong = [
      [{ expires_at: String(seconds + 1_700) }, "expires_at"],
      [{ expires_at: String(seconds + 90_000) }, "expires_at"],
      [{ "line_items[0][price_data][unit_amount]": "29" }, "line_items"],
      [{ customer_email: "nobody" }, "customer_email"]
    ] as const
    for (const [index, [change, param]] of wrong.entries()) {
      const answer = await post(path, { ...form, ...change }, { "idempotency-key": `business-${index}` })
      assert.deepEqual([answer.status, answer.error?.["param"]], [400, param])
    }
    assert.deepEqual(stripe.violations, [])
  })
})
