/**
 * Goal: of a customer's number, address, name and words nothing stands plain anywhere while the hub works, and nothing can be
 * read anywhere once they are erased.
 * Method: one customer goes through everything that touches people (consent, a left cart, a text, an e-mail, answers,
 * callbacks, a checkout, a dead letter); then every byte of the streams, PostgreSQL, Redis and the log is searched.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, it } from "vitest"
import { Effect } from "effect"
import { isHeldOut } from "../../actors/recovery/holdout.ts"
import { POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import { noonZone } from "../../scripts/shoppers/hub-files.ts"
import { LocalMail } from "../../scripts/carriers/mail/server.ts"
import { ACCOUNT_SID, AUTH_TOKEN, LocalTwilio, NUMBER } from "../../scripts/carriers/twilio/server.ts"
import { SECRET_KEY, StripeServer, WEBHOOK_SECRET } from "../../scripts/stripe/server.ts"
import { freePort } from "../../src/servers/servers.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"
import { inFiles, inPostgres, inRedis, SEALED, withData } from "../support/stores.ts"

const PHONE = "+447700900789"
const EMAIL = "grace.hopper@customers.example"
const WORDS = "This is Grace Hopper of Yarnfield Lane, is it still there?"
/** As people, carriers and programs write them. */
const PLAIN = [
  "7700900789",
  "7700 900789",
  "grace.hopper",
  "grace%2Ehopper",
  "hopper@customers",
  "Grace Hopper",
  "Yarnfield"
]
const PLAIN_BYTES = [...PLAIN, ...[PHONE, EMAIL].map((text) => Buffer.from(text).toString("base64url").slice(0, -2))]

const directory = mkdtempSync(join(tmpdir(), "holdfast-everywhere-"))
let twilio: LocalTwilio
let mail: LocalMail
let stripe: StripeServer
let hub: TestHub
let count = 0

const customerId = (): string => {
  let id = "grace"
  while (isHeldOut(id, POLICY_DEFAULT)) id = `grace${++count}`
  return id
}
const grace = customerId()
const cart = "a-cart-of-somebody"

const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
  const reply = await http(hub, "POST", path, { mutationId: `m${++count}`, ...body })
  assert.ok(reply.status < 300, `${path}: ${JSON.stringify(reply.body)}`)
  return reply.body
}

beforeAll(async () => {
  ;[twilio, mail, stripe] = await Promise.all([LocalTwilio.start(), LocalMail.start(), StripeServer.start()])
  const port = String(await freePort())
  const url = `http://127.0.0.1:${port}`
  const [outreach, recovery] = [join(directory, "outreach.json"), join(directory, "recovery.json")]
  const texts = { accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, sms: { from: NUMBER }, apiUrl: twilio.url }
  const letters = { smtpUrl: mail.url, from: "shop@shop.example", unsubscribeSecret: "unsubscribe-secret-of-this-test" }
  const carriers = [
    { name: "texts", kind: "twilio", callMsMax: 5_000, settings: texts },
    { name: "letters", kind: "email", settings: letters }
  ]
  writeFileSync(outreach, JSON.stringify({ publicUrl: url, carriers }))
  writeFileSync(recovery, JSON.stringify({ cartUrl: "https://shop.example/cart/{cart}?from={attempt}" }))
  hub = await startHub({
    OUTREACH_FILE: outreach,
    RECOVERY_FILE: recovery,
    PORT: port,
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_URL: stripe.url,
    PUBLIC_URL: url,
    LOG_LEVEL: "debug"
  })
  hub = { ...hub, url }
  stripe.webhookUrl = `${url}/v1/payments/stripe/webhooks`
  await post("/v1/cart-policy", { idleCartMs: 1_000, leftCheckoutMs: 1_000 })
}, 60_000)

afterAll(async () => {
  await hub.stop()
  await Promise.all([twilio.close(), mail.close(), stripe.close()])
  rmSync(directory, { recursive: true, force: true })
}, 30_000)

/** Everything that touches a person, for one person. */
const live = async (): Promise<void> => {
  const path = `/v1/customers/${grace}/requests`
  const points = [
    ["sms", PHONE],
    ["whatsapp", PHONE],
    ["email", ` ${EMAIL.toUpperCase()} `]
  ] as const
  for (const [channel, address] of points) {
    await post(path, { type: "point", channel, address, hasConsented: channel !== "whatsapp" })
  }
  await post(path, { type: "name", name: "Grace Hopper" })
  await post(path, { type: "settings", zone: noonZone(), preferred: ["sms"] })
  await post("/v1/stock/MUG/facts", { type: "receipt", quantity: 9 })
  await post(`/v1/carts/${cart}/requests`, {
    type: "add",
    sku: "MUG",
    quantity: 1,
    unitPriceMinor: 950,
    currency: "GBP"
  })
  await post(`/v1/carts/${cart}/requests`, { type: "sign-in", customerId: grace })
  await eventually(
    async () => twilio.sent(PHONE),
    (sent) => sent.length > 0,
    15_000
  )
  await twilio.settle()
  const inbound = `${hub.url}/v1/outreach/texts/inbound`
  assert.equal((await twilio.write(inbound, PHONE, WORDS)).status, 200)
  assert.equal((await twilio.write(inbound, "+447700900788", WORDS)).status, 200, "of somebody whom nobody knows")
  await eventually(
    async () => (await http(hub, "GET", `/v1/customers/${grace}`)).body["recovery"] as { ended?: { reason: string } },
    ({ ended }) => ended?.reason === "replied"
  )
  await post(`/v1/carts/${cart}/requests`, { type: "checkout" })
  const link = await http(hub, "POST", `/v1/carts/${cart}/payment-link`, { email: EMAIL })
  assert.equal(link.status, 200)
  await fetch(String(link.body["url"]), {
    method: "POST",
    body: new URLSearchParams({ choice: "card" }),
    redirect: "manual"
  })
  await stripe.deliveries.flush()
  await eventually(
    async () => (await http(hub, "GET", `/v1/carts/${cart}`)).body["status"],
    (status) => status === "ordered"
  )
  // What cannot be taken, with the address in a place where none belongs.
  await http(hub, "POST", path, {
    mutationId: "wrong",
    type: "point",
    channel: "sms",
    address: `${PHONE} x`,
    hasConsented: true
  })
  await http(hub, "POST", path, {
    mutationId: "w2",
    type: "point",
    channel: "email",
    address: `${EMAIL},${EMAIL}`,
    hasConsented: true
  })
  await fetch(`${hub.url}/v1/outreach/texts/inbound`, {
    method: "POST",
    body: `From=${encodeURIComponent(PHONE)}&Body=x`
  })
}

const stores = {
  "the files": async () => inFiles(hub),
  PostgreSQL: () => inPostgres(hub),
  // What is derived may be a moment behind.
  Redis: () =>
    eventually(
      () => inRedis(hub),
      (text) => text.length > 0
    ),
  "the log": async () => hub.output()
} as const

const nothingPlain = async (): Promise<void> => {
  for (const [name, read] of Object.entries(stores)) {
    const text = await read()
    assert.ok(text.length > 0, name)
    for (const plain of PLAIN_BYTES) {
      const at = text.toLowerCase().indexOf(plain.toLowerCase())
      assert.equal(at, -1, `${plain} is in ${name}: ${JSON.stringify(text.slice(Math.max(0, at - 120), at + 60))}`)
    }
  }
}

describe("a customer who went through everything", () => {
  it("stands plain in no stream, no table, no cache and no log", async () => {
    await live()
    await nothingPlain()
    assert.ok(inFiles(hub).match(SEALED) !== null, "and is there, sealed")
    assert.ok(stripe.account.sessions.size > 0 && twilio.messages.length > 0)
  }, 60_000)

  it("is shown masked, exported whole to who says why, and every access is known", async () => {
    const shown = (await http(hub, "GET", `/v1/customers/${grace}`)).body
    assert.equal(shown["name"], "G••• H•••")
    assert.deepEqual(
      (shown["points"] as ReadonlyArray<Record<string, unknown>>).map(({ address }) => address),
      ["•••89", "•••89", "G•••@C•••"]
    )
    const path = `/v1/customers/${grace}/personal-data`
    assert.equal((await http(hub, "POST", `${path}/export`, { who: "ann" })).status, 400)
    const exported = await http(hub, "POST", `${path}/export`, { who: "ann", why: "asked for by letter" })
    const { accesses, carts, records } = exported.body as Record<string, ReadonlyArray<Record<string, unknown>>>
    const text = JSON.stringify(records)
    for (const plain of [PHONE, EMAIL.toUpperCase(), "Grace Hopper", "message-sent", "customer-replied"]) {
      assert.ok(text.includes(plain), plain)
    }
    assert.deepEqual(
      carts?.map((one) => [one["cart"], one["status"]]),
      [[cart, "ordered"]]
    )
    assert.ok(accesses?.some(({ action, why }) => action === "exported" && why === "asked for by letter"))
    assert.ok(accesses?.some(({ action, why }) => action === "opened" && String(why).startsWith("message r")))
    assert.equal(
      (await http(hub, "POST", "/v1/customers/nobody/personal-data/export", { who: "a", why: "b" })).status,
      404
    )
  })

  it("cannot be read from any of them after the erasure, what was answered neither", async () => {
    const path = `/v1/customers/${grace}/personal-data`
    const erased = await http(hub, "POST", `${path}/erase`, { who: "dpo", why: "asked for in writing" })
    assert.deepEqual([erased.status, erased.body["erased"]], [200, true])
    assert.equal((await http(hub, "GET", `/v1/customers/${grace}`)).body["name"], "•••")
    const { accesses } = (await http(hub, "GET", `${path}/accesses`)).body
    assert.equal((accesses as ReadonlyArray<Record<string, unknown>>).at(-1)?.["action"], "erased")
    await hub.crash()
    await nothingPlain()
    const found = [...new Set(`${inFiles(hub)}\n${await inPostgres(hub)}`.match(SEALED) ?? [])]
    assert.ok(found.some((one) => one.includes(".words.")) && found.some((one) => one.includes(".phone.")))
    for (const one of found) {
      const said = await withData(hub, (data) =>
        Effect.match(data.open(grace, one, { who: "test", why: "nothing" }), {
          onSuccess: () => "opened",
          onFailure: ({ reason }) => reason
        })
      )
      assert.equal(said, "erased")
    }
  }, 60_000)
})
