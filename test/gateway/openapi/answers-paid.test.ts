/**
 * Goal: what the hub answers of payments is what its document says.
 * Method: a real hub with a local Stripe; each answer is held against the document.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { Documented } from "../../support/documented.ts"
import { http } from "../../support/hub.ts"
import { pay, type PayingHub, startPayingHub } from "../../support/paying-hub.ts"

let paying: PayingHub
let documented: Documented
beforeAll(async () => {
  paying = await startPayingHub()
  documented = await Documented.of(paying.hub)
}, 60_000)
afterAll(() => paying.close())

const cart = { names: { cart: "c" } }
const request = (body: object) => http(paying.hub, "POST", "/v1/carts/c/requests", body)

describe("what is answered about payments", () => {
  it("is as documented from the link to what does not go back", async () => {
    await http(paying.hub, "POST", "/v1/stock/MUG/facts", { type: "receipt", mutationId: "f", quantity: 5 })
    await documented.ask("post", "/v1/carts/{cart}/payment-link", cart)
    await request({ type: "add", mutationId: "a", sku: "MUG", quantity: 1, unitPriceMinor: 500, currency: "GBP" })
    await documented.ask("post", "/v1/carts/{cart}/payment-link", cart)
    await request({ type: "checkout", mutationId: "b" })
    await documented.ask("post", "/v1/carts/{cart}/payment-link", { ...cart, body: { email: "" } })
    const { body } = await documented.ask("post", "/v1/carts/{cart}/payment-link", cart)
    const order = (await pay(paying, String(body["url"]), "c")) as { readonly paymentId: string }
    await documented.ask("post", "/v1/carts/{cart}/payment-link", cart)
    const payment = { names: { payment: order.paymentId } }
    await documented.ask("get", "/v1/payments/{payment}", payment)
    await documented.ask("post", "/v1/payments/{payment}/refund", payment)
    await documented.ask("get", "/v1/payments/{payment}", { names: { payment: "pi_none" } })
    for (const code of ["unknown_cart", "no_checkout", "invalid_request", "unknown_payment", "not_parked"]) {
      assert.ok(documented.codes.has(code), `${code} is not among ${[...documented.codes].join(", ")}`)
    }
    assert.ok(documented.answered.has("get /v1/payments/{payment}"))
  })
})
