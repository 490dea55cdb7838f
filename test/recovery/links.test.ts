/**
 * Goal: the link in a message leads to the payment of exactly that cart, holds nothing before a person presses, and says
 * what has happened when the cart cannot be bought any more.
 * Method: a real hub with the local Twilio and the local Stripe; the link is taken from the text as a customer gets it.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, it } from "vitest"
import { isHeldOut } from "../../actors/recovery/holdout.ts"
import { POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import { readRecovery } from "../../config/recovery.ts"
import { noonZone } from "../../scripts/shoppers/hub-files.ts"
import { ACCOUNT_SID, AUTH_TOKEN, LocalTwilio, NUMBER } from "../../scripts/carriers/twilio/server.ts"
import { SECRET_KEY, StripeServer, WEBHOOK_SECRET } from "../../scripts/stripe/server.ts"
import { linkPage } from "../../src/recovery/link-page.ts"
import { linkKey, linkToken, readLinkToken } from "../../src/recovery/message-link.ts"
import { freePort } from "../../src/servers/servers.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

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

const directory = mkdtempSync(join(tmpdir(), "holdfast-links-"))
let twilio: LocalTwilio
let stripe: StripeServer
let hub: TestHub
let count = 0

const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
  const reply = await http(hub, "POST", path, { mutationId: `m${++count}`, ...body })
  assert.ok(reply.status < 300, JSON.stringify(reply.body))
  return reply.body
}
const ask = (cart: string, body: object) => post(`/v1/carts/${cart}/requests`, body)
const see = async (cart: string) => (await http(hub, "GET", `/v1/carts/${cart}`)).body
const allocated = async (sku: string) => (await http(hub, "GET", `/v1/stock/${sku}`)).body["allocated"]

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
    async () => twilio.sent(phone),
    (sent) => sent.length > 0,
    15_000
  )
  const link = /http\S+\/c\/\S+/.exec(message?.body ?? "")?.[0] ?? ""
  assert.ok(link.startsWith(`${hub.url}/c/`), message?.body)
  assert.ok(!link.includes(customerId) && !link.includes(phone.slice(3)))
  return { cart, customerId, link }
}

const open = async (link: string, method = "GET") => {
  const reply = await fetch(link, { method, redirect: "manual" })
  return {
    status: reply.status,
    text: await reply.text(),
    location: reply.headers.get("location"),
    headers: reply.headers
  }
}

beforeAll(async () => {
  twilio = await LocalTwilio.start()
  stripe = await StripeServer.start()
  const port = String(await freePort())
  const url = `http://127.0.0.1:${port}`
  const [outreach, recovery] = [join(directory, "outreach.json"), join(directory, "recovery.json")]
  const settings = { accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, sms: { from: NUMBER }, apiUrl: twilio.url }
  writeFileSync(
    outreach,
    JSON.stringify({ publicUrl: url, carriers: [{ name: "texts", kind: "twilio", callMsMax: 5_000, settings }] })
  )
  writeFileSync(
    recovery,
    JSON.stringify({ cartUrl: "https://shop.example/cart/{cart}?from={attempt}", shopName: "The Mug Shop" })
  )
  hub = await startHub({
    OUTREACH_FILE: outreach,
    RECOVERY_FILE: recovery,
    PORT: port,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_URL: stripe.url,
    PUBLIC_URL: url
  })
  hub = { ...hub, url }
  stripe.webhookUrl = `${url}/v1/payments/stripe/webhooks`
  await post("/v1/cart-policy", { idleCartMs: 1_000, leftCheckoutMs: 60_000 })
}, 60_000)

afterAll(async () => {
  assert.deepEqual([twilio.violations, stripe.violations], [[], []])
  await hub.stop()
  await twilio.close()
  await stripe.close()
  rmSync(directory, { recursive: true, force: true })
}, 30_000)

describe("a link in a message", () => {
  it("shows the cart and holds nothing, whoever looks; pressed, it holds the stock and leads to its payment", async () => {
    const { cart, customerId, link } = await leftCart("MUG")
    for (const method of ["GET", "HEAD", "GET"]) {
      const { headers, status, text } = await open(link, method)
      assert.equal(status, 200)
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/)
      assert.equal(headers.get("referrer-policy"), "no-referrer")
      if (method === "GET") assert.match(text, /The Mug Shop.*2 × A &#60;b&#62;MUG.*£19\.00.*Go to payment/s)
    }
    assert.deepEqual([(await see(cart))["status"], await allocated("MUG")], ["open", 0])
    assert.equal(stripe.account.sessions.size, 0)

    const pressed = await open(link, "POST")
    assert.equal(pressed.status, 303)
    assert.ok(pressed.location?.startsWith(`${stripe.url}/pay/`), pressed.location ?? "")
    assert.equal(await allocated("MUG"), 2)
    const again = await open(link, "POST")
    assert.deepEqual([again.location, stripe.account.sessions.size], [pressed.location, 1], "twice is once")
    const many = await Promise.all(Array.from({ length: 8 }, () => open(link, "POST")))
    assert.ok(many.some(({ status }) => status === 429, "and not all the time"))
    const messages = (await http(hub, "GET", `/v1/customers/${customerId}`)).body["messages"]
    assert.match(String((messages as ReadonlyArray<Record<string, unknown>>)[0]?.["followedAt"]), /^\d{4}-/)

    const paid = await fetch(pressed.location ?? "", { method: "POST", body: new URLSearchParams({ choice: "card" }) })
    assert.equal(paid.status, 200)
    await stripe.deliveries.flush()
    await eventually(
      () => see(cart),
      ({ order }) => (order as { readonly state?: string } | undefined)?.state === "placed"
    )
    const after = await open(link)
    assert.deepEqual([after.status, after.text.includes("Already bought")], [200, true])
  }, 40_000)

  it("works after the hub was killed, and when the hold of before has ended", async () => {
    const { cart, link } = await leftCart("CUP")
    await hub.crash()
    assert.equal((await open(link, "POST")).status, 303)
    await ask(cart, { type: "cancel-checkout" })
    await eventually(
      () => allocated("CUP"),
      (units) => units === 0
    )
    const renewed = await open(link, "POST")
    assert.deepEqual([renewed.status, await allocated("CUP")], [303, 2])
    assert.equal(stripe.openSessions().length, 1, "the session of before is closed")
  }, 40_000)

  it("sells nothing that has changed, is sold out, or has gone elsewhere, and says so", async () => {
    const changed = await leftCart("HAT")
    await ask(changed.cart, { type: "set", sku: "HAT", quantity: 1 })
    const sold = await leftCart("RUG", 2)
    await post("/v1/stock/RUG/facts", { type: "sale", quantity: 1 })
    const moved = await leftCart("BAG")
    await ask(moved.cart, { type: "remove", sku: "BAG" })
    const sessions = stripe.account.sessions.size
    for (const [{ cart, link }, words] of [
      [changed, "Your cart has changed"],
      [sold, "Sold out"],
      [moved, "Your cart is empty"]
    ] as const) {
      for (const method of ["GET", "POST"]) {
        const { status, text } = await open(link, method)
        assert.equal(status, 200)
        assert.ok(text.includes(words), text)
        assert.ok(text.includes(`https://shop.example/cart/${cart}?from=r`), text)
      }
      assert.equal((await see(cart))["status"], "open")
    }
    assert.equal(stripe.account.sessions.size, sessions)
  }, 60_000)

  it("that is not whole or not ours leads nowhere", async () => {
    for (const path of ["/c/nothing", `/c/${"A".repeat(16)}r1-1`, "/c/%E0%A4%A"]) {
      for (const method of ["GET", "POST"]) assert.equal((await open(`${hub.url}${path}`, method)).status, 404)
    }
  })
})
