/**
 * Goal: the link in a message leads to the payment of exactly that cart, holds nothing before a person presses, and says
 * what has happened when the cart cannot be bought any more.
 * Method: a real hub with the local Twilio and the local Stripe; the link is taken from the text as a customer gets it.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { isHeldOut } from "../../actors/recovery/holdout.ts"
import { POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import { readRecovery } from "../../config/recovery.ts"
import { noonZone } from "../../scripts/shoppers/hub-files.ts"
import { linkPage } from "../../src/recovery/link-page.ts"
import { linkKey, linkToken, readLinkToken } from "../../src/recovery/message-link.ts"
import { eventually, http } from "../support/hub.ts"
import { follow, pay, type PayingHub, startPayingHub } from "../support/paying-hub.ts"

describe("the address in a message", () => {
  const key = linkKey(Buffer.alloc(32, 1))
  const token = linkToken(key, "r1abcdefghijkl-2")

  it("is short, the same each time, ends in no dash, and names only the attempt", () => {
    assert.equal(token, linkToken(key, "r1abcdefghijkl-2"))
    assert.ok(token.length <= 35 && /\d$/.test(token))
    assert.equal(readLinkToken(key, token), "r1abcdefghijkl-2")
  })

  it("is nobody else's to make", () => {
    const foreign = linkToken(linkKey(Buffer.alloc(32, 2)), "r1abcdefghijkl-2")
    const wrong = [foreign, token.slice(1), `${token}9`, token.replace("-2", "-3"), "", "r1-1", `${"A".repeat(16)}r1-1`]
    for (const one of wrong) assert.equal(readLinkToken(key, one), undefined, one)
  })
})

describe("what a link leads to", () => {
  it("shows texts of the shop as texts", () => {
    const { html } = linkPage({ type: "sold-out", cartUrl: 'https://x/"><b>', missing: ["<script>"] }, "A & B")
    assert.ok(!html.includes("<script>") && !html.includes("<b>") && html.includes("A &#38; B"))
  })

  it("is decided by the recovery file, or by whether there are payments", () => {
    const file = (more: object) => JSON.stringify({ cartUrl: "https://shop.example/{cart}?{attempt}", ...more })
    assert.deepEqual([readRecovery(file({})).link, readRecovery(file({})).linkDays], [undefined, 7])
    assert.equal(readRecovery(file({ link: "cart", linkDays: 30, shopName: "Mugs" })).shopName, "Mugs")
    for (const wrong of [{ link: "shop" }, { linkDays: 0 }, { linkDays: 31 }, { shopName: "" }]) {
      assert.throws(() => readRecovery(file(wrong)), /The recovery file: /)
    }
  })
})

let paying: PayingHub
let count = 0

const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
  const reply = await http(paying.hub, "POST", path, { mutationId: `m${++count}`, ...body })
  assert.ok(reply.status < 300, JSON.stringify(reply.body))
  return reply.body
}
const ask = (cart: string, body: object) => post(`/v1/carts/${cart}/requests`, body)
const see = async (cart: string) => (await http(paying.hub, "GET", `/v1/carts/${cart}`)).body
const allocated = async (sku: string) => (await http(paying.hub, "GET", `/v1/stock/${sku}`)).body["allocated"]

/** Somebody leaves a cart; the link that they are sent, and their cart. */
const leftCart = async (sku: string, units = 5): Promise<{ cart: string; customerId: string; link: string }> => {
  let customerId = `left-${++count}`
  while (isHeldOut(customerId, POLICY_DEFAULT)) customerId = `left-${++count}`
  const phone = `+4477008${String(10_000 + count)}`
  const cart = `cart-of-${customerId}`
  await post(`/v1/stock/${sku}/facts`, { type: "receipt", quantity: units })
  await post(`/v1/customers/${customerId}/requests`, {
    type: "point",
    channel: "sms",
    address: phone,
    hasConsented: true
  })
  await post(`/v1/customers/${customerId}/requests`, { type: "settings", zone: noonZone() })
  await ask(cart, { type: "add", sku, name: `A <b>${sku}</b>`, quantity: 2, unitPriceMinor: 950, currency: "GBP" })
  await ask(cart, { type: "sign-in", customerId })
  const [message] = await eventually(
    async () => paying.twilio.sent(phone),
    (sent) => sent.length > 0,
    15_000
  )
  const link = /http\S+\/c\/\S+/.exec(message?.body ?? "")?.[0] ?? ""
  assert.ok(link.startsWith(`${paying.hub.url}/c/`), message?.body)
  assert.ok(!link.includes(customerId) && !link.includes(phone.slice(3)))
  return { cart, customerId, link }
}

beforeAll(async () => {
  paying = await startPayingHub({ shopName: "The Mug Shop" })
}, 60_000)

afterAll(async () => {
  await paying.close()
}, 30_000)

describe("a link in a message", () => {
  it("shows the cart and holds nothing, whoever looks; pressed, it holds the stock and leads to its payment", async () => {
    const { cart, customerId, link } = await leftCart("MUG")
    for (const method of ["GET", "HEAD", "GET"]) {
      const { headers, status, text } = await follow(link, method)
      assert.equal(status, 200)
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'.*frame-ancestors 'none'/)
      assert.equal(headers.get("referrer-policy"), "no-referrer")
      if (method === "GET") assert.match(text, /The Mug Shop.*2 × A &#60;b&#62;MUG.*£19\.00.*Go to payment/s)
    }
    assert.deepEqual([(await see(cart))["status"], await allocated("MUG")], ["open", 0])
    assert.equal(paying.stripe.account.sessions.size, 0)

    const pressed = await follow(link, "POST")
    assert.equal(pressed.status, 303)
    assert.ok(pressed.location?.startsWith(`${paying.stripe.url}/pay/`), pressed.location ?? "")
    assert.equal(await allocated("MUG"), 2)
    const again = await follow(link, "POST")
    assert.deepEqual([again.location, paying.stripe.account.sessions.size], [pressed.location, 1], "twice is once")
    const many = await Promise.all(Array.from({ length: 8 }, () => follow(link, "POST")))
    assert.ok(many.some(({ status }) => status === 429, "and not all the time"))
    const messages = (await http(paying.hub, "GET", `/v1/customers/${customerId}`)).body["messages"]
    assert.match(String((messages as ReadonlyArray<Record<string, unknown>>)[0]?.["followedAt"]), /^\d{4}-/)

    await pay(paying, pressed.location ?? "", cart)
    const after = await follow(link)
    assert.deepEqual([after.status, after.text.includes("Already bought")], [200, true])
  }, 40_000)

  it("works after the hub was killed, and when the hold of before has ended", async () => {
    const { cart, link } = await leftCart("CUP")
    await paying.hub.crash()
    assert.equal((await follow(link, "POST")).status, 303)
    await ask(cart, { type: "cancel-checkout" })
    await eventually(
      () => allocated("CUP"),
      (units) => units === 0
    )
    const renewed = await follow(link, "POST")
    assert.deepEqual([renewed.status, await allocated("CUP")], [303, 2])
    assert.equal(paying.stripe.openSessions().length, 1, "the session of before is closed")
  }, 40_000)

  it("sells nothing that has changed, is sold out, or has gone elsewhere, and says so", async () => {
    const changed = await leftCart("HAT")
    await ask(changed.cart, { type: "set", sku: "HAT", quantity: 1 })
    const sold = await leftCart("RUG", 2)
    await post("/v1/stock/RUG/facts", { type: "sale", quantity: 1 })
    const moved = await leftCart("BAG")
    await ask(moved.cart, { type: "remove", sku: "BAG" })
    const sessions = paying.stripe.account.sessions.size
    for (const [{ cart, link }, words] of [
      [changed, "Your cart has changed"],
      [sold, "Sold out"],
      [moved, "Your cart is empty"]
    ] as const) {
      for (const method of ["GET", "POST"]) {
        const { status, text } = await follow(link, method)
        assert.equal(status, 200)
        assert.ok(text.includes(words), text)
        assert.ok(text.includes(`https://shop.example/cart/${cart}?from=r`), text)
      }
      assert.equal((await see(cart))["status"], "open")
    }
    assert.equal(paying.stripe.account.sessions.size, sessions)
  }, 60_000)

  it("that is not whole or not ours leads nowhere", async () => {
    for (const path of ["/c/nothing", `/c/${"A".repeat(16)}r1-1`, "/c/%E0%A4%A"]) {
      for (const method of ["GET", "POST"]) assert.equal((await follow(`${paying.hub.url}${path}`, method)).status, 404)
    }
  })
})
