/**
 * Goal: a cart is paid by its link and becomes an order; a link of before the cart changed buys nothing, though it is paid.
 * Method: a real hub with Stripe on this machine, which checks every call and signs its webhooks.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { SECRET_KEY, StripeServer, WEBHOOK_SECRET } from "../../scripts/stripe/server.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

let stripe: StripeServer
let hub: TestHub
let count = 0

beforeAll(async () => {
  stripe = await StripeServer.start()
  hub = await startHub({
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_URL: stripe.url,
    PUBLIC_URL: "http://127.0.0.1"
  })
  stripe.webhookUrl = `${hub.url}/v1/payments/stripe/webhooks`
}, 60_000)
afterAll(async () => {
  await hub.stop()
  await stripe.close()
})

const ask = (cart: string, body: Record<string, unknown>) =>
  http(hub, "POST", `/v1/carts/${cart}/requests`, { mutationId: `m${++count}`, ...body })
const linkOf = (cart: string) => http(hub, "POST", `/v1/carts/${cart}/payment-link`)
const pay = (url: unknown) =>
  fetch(String(url), { method: "POST", body: new URLSearchParams({ choice: "card" }), redirect: "manual" })
const see = async (cart: string) => (await http(hub, "GET", `/v1/carts/${cart}`)).body
const orderOf = async (cart: string) =>
  (await see(cart))["order"] as { state: string; refundedMinor: number } | undefined

const held = async (cart: string, sku: string): Promise<void> => {
  await http(hub, "POST", `/v1/stock/${sku}/facts`, { type: "receipt", mutationId: `r${++count}`, quantity: 5 })
  await ask(cart, { type: "add", sku, quantity: 2, unitPriceMinor: 1_250, currency: "GBP", name: "A mug" })
  assert.equal((await ask(cart, { type: "checkout" })).status, 200)
}

describe("a payment link", () => {
  it("is refused without a checkout, given again while nothing changes, and makes an order when it is paid", async () => {
    await ask("none", { type: "add", sku: "x", quantity: 1, unitPriceMinor: 1, currency: "GBP" })
    assert.deepEqual([(await linkOf("none")).status, (await linkOf("none")).body["code"]], [409, "no_checkout"])
    assert.equal((await linkOf("nobody")).status, 404)
    await held("buyer", "mug")
    const link = await linkOf("buyer")
    assert.deepEqual([link.status, link.body["contents"]], [200, 1])
    assert.equal((await linkOf("buyer")).body["url"], link.body["url"])
    assert.equal((await pay(link.body["url"])).status, 303)
    await stripe.deliveries.flush({ twice: 1, late: 0.5 })
    const order = await eventually(
      () => orderOf("buyer"),
      (now) => now?.state === "placed"
    )
    assert.equal(order?.state, "placed")
    assert.deepEqual((await see("buyer"))["strays"], undefined)
    const stock = (await http(hub, "GET", "/v1/stock/mug")).body
    assert.deepEqual([stock["physical"], stock["allocated"]], [3, 0])
  })

  it("scenario 24: of before the cart changed is closed, and cannot buy the old contents", async () => {
    await held("fickle", "lamp")
    const old = (await linkOf("fickle")).body["url"]
    await ask("fickle", { type: "set", sku: "lamp", quantity: 1 })
    const closed = await eventually(
      async () => (await fetch(String(old))).status,
      (status) => status === 410
    )
    assert.deepEqual([closed, (await pay(old)).status], [410, 410])
    assert.equal((await orderOf("fickle"))?.state, undefined)
    await ask("fickle", { type: "checkout" })
    const fresh = await linkOf("fickle")
    assert.notEqual(fresh.body["url"], old)
    assert.equal((await pay(fresh.body["url"])).status, 303)
    await hub.crash()
    await stripe.deliveries.flush({ twice: 0, late: 0 })
    await eventually(
      () => orderOf("fickle"),
      (now) => now?.state === "placed"
    )
    assert.equal((await orderOf("fickle"))?.state, "placed")
  }, 30_000)
})
