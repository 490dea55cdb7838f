/**
 * Goal: a cart is sold by a link, once, whatever dies on the way; a link that is out of date cannot be paid; nothing prints a
 * secret; Stripe on this machine is as strict as Stripe.
 * Method: a real hub in a process of its own; forms that are wrong sent to the local Stripe by hand.
 */
import assert from "node:assert/strict"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, it } from "vitest"
import { SECRET_KEY, StripeServer, WEBHOOK_SECRET } from "../../scripts/stripe/server.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

let stripe: StripeServer
let hub: TestHub
/** What the shop's people are told. */
const alerts: Array<string> = []
const people = createServer((request, response) => {
  request.on("data", (chunk: Buffer) => alerts.push(chunk.toString()))
  request.on("end", () => response.end())
})

beforeAll(async () => {
  await new Promise<void>((resolve) => void people.listen(0, "127.0.0.1", resolve))
  stripe = await StripeServer.start()
  hub = await startHub({
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_URL: stripe.url,
    PUBLIC_URL: "http://127.0.0.1",
    CHECKOUT_RETURN_PAGE: "https://shop.example/thanks?from=stripe",
    ALERT_WEBHOOK_URL: `http://127.0.0.1:${(people.address() as AddressInfo).port}`,
    ALERT_WEBHOOK_SECRET: `whsec_${Buffer.from("a secret of this test").toString("base64")}`,
    LOG_LEVEL: "debug"
  })
  stripe.webhookUrl = `${hub.url}/v1/payments/stripe/webhooks`
})

afterAll(async () => {
  await hub.stop()
  await stripe.close()
  people.close()
})

let count = 0

const ask = (cartId: string, body: Record<string, unknown>) =>
  http(hub, "POST", `/v1/carts/${cartId}/requests`, { mutationId: `m${++count}`, ...body })
const see = async (cartId: string) => (await http(hub, "GET", `/v1/carts/${cartId}`)).body
const link = (cartId: string, body: unknown = { email: "ada@example.com" }) =>
  http(hub, "POST", `/v1/carts/${cartId}/payment-link`, body)
const statusOf = (sessionId: unknown) => stripe.account.sessions.get(String(sessionId))?.["status"]

/** A cart of two mugs at 9.50 whose stock is held. */
const inCheckout = async (cartId: string): Promise<void> => {
  const stocked = { type: "receipt", mutationId: `r${++count}`, quantity: 10 }
  await http(hub, "POST", "/v1/stock/MUG/facts", stocked)
  const line = { type: "add", sku: "MUG", name: "Mug", quantity: 2, unitPriceMinor: 950, currency: "GBP" }
  assert.equal((await ask(cartId, line)).status, 200)
  const { body } = await ask(cartId, { type: "checkout" })
  assert.equal((body["checkout"] as { readonly isHeld: boolean }).isHeld, true)
}

/** The customer pays on Stripe's page; answers where Stripe sends them. */
const payAt = async (url: unknown, choice = "card"): Promise<URL> => {
  const page = await fetch(String(url), { method: "POST", body: new URLSearchParams({ choice }), redirect: "manual" })
  assert.equal(page.status, 303)
  return new URL(page.headers.get("location") ?? "")
}

const orderSeen = async (cartId: string) => (await see(cartId))["order"] as Record<string, unknown> | undefined
const refundsOf = (paymentId: string) =>
  [...stripe.account.refunds.values()].filter((refund) => refund["payment_intent"] === paymentId)

/** A session with a cart's name on it that this hub has never had; answers its payment. */
const payForNobody = async (cartId: string): Promise<string> => {
  const metadata = { holdfast_cart: cartId, holdfast_cart_version: "1", holdfast_hold: `cart:${cartId}:1` }
  const price = { currency: "gbp", unit_amount: 500, product_data: { name: "Mug" } }
  const form = { mode: "payment", success_url: "https://shop.example", metadata, payment_intent_data: { metadata } }
  const { id } = stripe.account.createSession({ ...form, line_items: [{ quantity: 1, price_data: price }] }, stripe.url)
  stripe.account.pay(id, "card")
  await stripe.deliveries.flush()
  return String(stripe.account.sessions.get(id)?.["payment_intent"])
}

const orderOf = (cartId: string) =>
  eventually(
    async () => (await see(cartId))["order"] as Record<string, unknown> | undefined,
    (order) => order !== undefined && order["state"] === "placed"
  )

describe("a cart", () => {
  it("26. paid by its link is one order, whether the customer or the webhook is back first, also over kill -9", async () => {
    await inCheckout("pays")
    const made = await link("pays")
    assert.equal(made.status, 200, JSON.stringify(made.body))
    assert.equal((await link("pays")).body["sessionId"], made.body["sessionId"], "asked again it is the same")
    const back = await payAt(made.body["url"])
    const sent = await fetch(`${hub.url}${back.pathname}${back.search}`, { redirect: "manual" })
    assert.equal(sent.status, 303)
    assert.equal(sent.headers.get("location"), "https://shop.example/thanks?from=stripe&cart=pays&state=paid")
    await hub.crash()
    await stripe.deliveries.flush({ twice: 1, late: 0.5 })
    assert.equal(stripe.deliveries.failed, 0)
    const order = await orderOf("pays")
    assert.deepEqual([order?.["paidMinor"], order?.["refundedMinor"]], [1_900, 0])
    assert.equal((await see("pays"))["strays"], undefined)
    assert.equal((await link("pays")).body["code"], "already_paid")
  })

  it("that is refunded in parts says how much, and not twice what was told twice", async () => {
    const intent = String(
      (await see("pays"))["order"] && ((await see("pays"))["order"] as Record<string, unknown>)["paymentId"]
    )
    stripe.account.refund(intent, 500, false)
    await stripe.deliveries.flush({ twice: 1, late: 0 })
    stripe.account.refund(intent, 400, false)
    await stripe.deliveries.flush({ twice: 1, late: 0.5 })
    await eventually(
      () => see("pays"),
      ({ order }) => (order as Record<string, unknown>)["refundedMinor"] === 900
    )
  })

  it("24. that changes closes its link at once, and what was paid in the last moment buys nothing and is a case", async () => {
    await inCheckout("changes")
    const before = await link("changes")
    await ask("changes", { type: "set", sku: "MUG", quantity: 3 })
    await eventually(
      async () => statusOf(before.body["sessionId"]),
      (status) => status === "expired"
    )
    assert.equal((await link("changes")).body["code"], "no_checkout")
    await stripe.deliveries.flush({ twice: 0.5, late: 0.5 })
    await ask("changes", { type: "checkout" })
    const after = await link("changes")
    assert.equal(after.status, 200)
    assert.notEqual(after.body["sessionId"], before.body["sessionId"])

    await inCheckout("hurries")
    const { body } = await link("hurries")
    stripe.account.areRefundsPending = true
    await payAt(body["url"])
    await ask("hurries", { type: "set", sku: "MUG", quantity: 1 })
    await stripe.deliveries.flush()
    const cart = await eventually(
      () => see("hurries"),
      ({ strays }) => Array.isArray(strays)
    )
    assert.equal(cart["status"], "open")
    const [stray] = cart["strays"] as ReadonlyArray<Record<string, unknown>>
    assert.deepEqual([stray?.["reason"], stray?.["amountMinor"]], ["older_version", 1_900])
    const paymentId = String(stray?.["paymentId"])
    await eventually(
      () => see("hurries"),
      ({ strays }) => (strays as ReadonlyArray<Record<string, unknown>>)[0]?.["refund"] === "pending"
    )
    stripe.account.areRefundsPending = false
    for (const refund of refundsOf(paymentId)) stripe.account.finishRefund(refund.id, true)
    await stripe.deliveries.flush()
    await eventually(
      () => see("hurries"),
      ({ strays }) => strays === undefined
    )
    assert.equal(refundsOf(paymentId).length, 1)
    await ask("hurries", { type: "checkout" })
    assert.equal((await link("hurries")).status, 200, "after the refund it can be paid")
  })

  it("25. that was paid when its stock was gone is parked, an alert, and paid back once, also over kill -9", async () => {
    await http(hub, "POST", "/v1/stock/RARE/facts", { type: "receipt", mutationId: "rare", quantity: 1 })
    await ask("gone", { type: "add", sku: "RARE", quantity: 1, unitPriceMinor: 950, currency: "GBP" })
    await ask("gone", { type: "checkout" })
    const { body } = await link("gone")
    await payAt(body["url"])
    await ask("gone", { type: "cancel-checkout" })
    await http(hub, "POST", "/v1/stock/RARE/facts", { type: "sale", mutationId: "sold", quantity: 1 })
    stripe.account.areRefundsPending = true
    await stripe.deliveries.flush()
    const intents = () => [...stripe.account.intents.values()].filter((one) => one["amount"] === 950)
    const paymentId = String(intents()[0]?.id)
    await eventually(
      async () => refundsOf(paymentId),
      (refunds) => refunds.length === 1
    )
    await hub.crash()
    await eventually(
      () => orderSeen("gone"),
      (order) => order?.["refund"] === "pending",
      15_000
    )
    const pending = await http(hub, "GET", `/v1/payments/${paymentId}`)
    assert.deepEqual(
      [pending.body["phase"], pending.body["refundPendingMinor"], pending.body["cart"]],
      ["refund_pending", 950, "gone"]
    )
    await eventually(
      async () => alerts.join(),
      (text) => text.includes("The order gone:1 is paid and its stock is gone")
    )
    for (const refund of refundsOf(paymentId)) stripe.account.finishRefund(refund.id, true)
    await stripe.deliveries.flush({ twice: 1, late: 0.5 })
    const order = await eventually(
      () => orderSeen("gone"),
      (now) => now?.["state"] === "cancelled"
    )
    assert.deepEqual([order?.["refundedMinor"], refundsOf(paymentId).length], [950, 1])
    assert.equal((await http(hub, "POST", `/v1/payments/${paymentId}/refund`)).body["code"], "not_parked")
  }, 40_000)

  it("25. that nobody knows any more has its payment paid back, and somebody told", async () => {
    stripe.account.areRefundsPending = false
    const paymentId = await payForNobody("forgotten")
    await eventually(
      async () => refundsOf(paymentId),
      (refunds) => refunds.length === 1
    )
    await stripe.deliveries.flush()
    await eventually(
      async () => (await http(hub, "GET", `/v1/payments/${paymentId}`)).body["phase"],
      (phase) => phase === "refunded"
    )
    await eventually(
      async () => alerts.join(),
      (text) => text.includes("which nobody knows any more") && text.includes("for the cart forgotten is paid back")
    )
    const letters = await http(hub, "GET", "/v1/dead-letters")
    assert.match(JSON.stringify(letters.body), /payment-fact/)
  })

  it("25. whose order waits for goods by policy is paid back when somebody says so", async () => {
    await http(hub, "POST", "/v1/cart-policy", { mutationId: "waits", shortOrders: "wait" })
    await http(hub, "POST", "/v1/stock/LATE/facts", { type: "receipt", mutationId: "late", quantity: 1 })
    await ask("waits", { type: "add", sku: "LATE", quantity: 1, unitPriceMinor: 700, currency: "GBP" })
    await ask("waits", { type: "checkout" })
    await payAt((await link("waits")).body["url"])
    await ask("waits", { type: "cancel-checkout" })
    await http(hub, "POST", "/v1/stock/LATE/facts", { type: "sale", mutationId: "late-sold", quantity: 1 })
    await stripe.deliveries.flush()
    const order = await eventually(
      () => orderSeen("waits"),
      (now) => now?.["state"] === "short"
    )
    const paymentId = String(order?.["paymentId"])
    await new Promise((resolve) => setTimeout(resolve, 400))
    assert.equal(refundsOf(paymentId).length, 0)
    const asked = await http(hub, "POST", `/v1/payments/${paymentId}/refund`)
    assert.deepEqual([asked.status, asked.body["repayment"]], [200, "asked"])
    await eventually(
      () => orderSeen("waits"),
      (now) => now?.["state"] === "cancelled"
    )
    assert.equal((await http(hub, "GET", "/v1/payments/pi_nobody")).status, 404)
  })

  it("whose hold ends loses its link, also one that ended while the hub was dead", async () => {
    await inCheckout("late")
    await ask("late", { type: "cancel-checkout" })
    await ask("late", { type: "checkout", ttlMs: 400 })
    const short = await link("late")
    assert.equal(short.status, 200)
    await eventually(
      async () => statusOf(short.body["sessionId"]),
      (status) => status === "expired"
    )
    await inCheckout("dead")
    await ask("dead", { type: "checkout", ttlMs: 1_500 })
    const dead = await link("dead")
    stripe.faults.keepUp("error")
    await eventually(
      () => see("dead"),
      ({ status }) => status === "open"
    )
    await hub.crash()
    assert.equal(statusOf(dead.body["sessionId"]), "open")
    stripe.faults.keepUp(undefined)
    await eventually(
      async () => statusOf(dead.body["sessionId"]),
      (status) => status === "expired",
      15_000
    )
  })

  it("that cannot be paid gets no link, and the reason", async () => {
    await http(hub, "POST", "/v1/carts/open/requests", {
      mutationId: "o",
      type: "add",
      sku: "MUG",
      quantity: 1,
      unitPriceMinor: 1,
      currency: "GBP"
    })
    const wrong = [
      ["nobody", {}, 404, "unknown_cart"],
      ["open", {}, 409, "no_checkout"],
      ["open", { contents: 99 }, 409, "cart_changed"],
      ["open", { email: 7 }, 400, "invalid_request"],
      ["open", { contents: -1 }, 400, "invalid_request"],
      ["open", "[]", 400, "invalid_request"],
      ["open", "{", 400, "invalid_request"]
    ] as const
    for (const [cartId, body, status, code] of wrong) {
      const answer = await link(cartId, body)
      assert.deepEqual([answer.status, answer.body["code"]], [status, code], JSON.stringify(body))
    }
    assert.deepEqual(stripe.violations, [])
  })
})

describe("a hub with payments", () => {
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
