/**
 * Goal: the link in a message that has an offer leads to a payment with the offer in it, and to one without it, said first, when
 * the offer has ended; nothing is held or entered before a person presses; an offer whose time is over is refused with the
 * reason, and the budget has it back.
 * Method: a real hub with the local Twilio and the local Stripe, whose first step may offer ten percent; the link is taken from
 * the text as a customer gets it.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import type { IncentivePolicy } from "../../actors/recovery/incentive-rules.ts"
import type { BudgetView } from "../../src/recovery/figures-protocol.ts"
import type { SettingsView } from "../../src/recovery/protocol.ts"
import { eventually, http } from "../support/hub.ts"
import { follow, pay, type PayingHub, startPayingHub } from "../support/paying-hub.ts"

const PRICE_MINOR = 10_000
const OFF_MINOR = 1_000
const SETTINGS = "/v1/recovery/settings"
let paying: PayingHub
let count = 0

interface Left {
  readonly cart: string
  readonly customerId: string
  readonly link: string
  readonly code: string
}

const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
  const reply = await http(paying.hub, "POST", path, { mutationId: `m${++count}`, ...body })
  assert.ok(reply.status < 300, JSON.stringify(reply.body))
  return reply.body
}
const get = async (path: string) => (await http(paying.hub, "GET", path)).body
const see = (cart: string) => get(`/v1/carts/${cart}`)
const ofCart = async (cart: string) => {
  const { codes, status, totals } = await see(cart)
  return [codes, status, (totals as { readonly totalMinor: number }).totalMinor]
}

const save = async (change: (settings: SettingsView["settings"]) => SettingsView["settings"]): Promise<void> => {
  const { settings, version } = (await get(SETTINGS)) as unknown as SettingsView
  await post(SETTINGS, { expectedVersion: version, by: "ann", settings: change(settings) })
}

const leaves = async (): Promise<Omit<Left, "code"> & { readonly code: string | undefined }> => {
  const customerId = `shopper-${++count}`
  const [cart, phone] = [`cart-of-${customerId}`, `+4477009${30_000 + count}`]
  const path = `/v1/customers/${customerId}/requests`
  await post(path, { type: "point", channel: "sms", address: phone, hasConsented: true })
  const goods = { sku: "MUG", name: "Mug", quantity: 1, unitPriceMinor: PRICE_MINOR, currency: "GBP" }
  await post(`/v1/carts/${cart}/requests`, { type: "add", ...goods, unitCostMinor: 2_000 })
  await post(`/v1/carts/${cart}/requests`, { type: "sign-in", customerId })
  const [message] = await eventually(
    async () => paying.twilio.sent(phone),
    (sent) => sent.length > 0,
    15_000
  )
  const link = /http\S+\/c\/\S+/.exec(message?.body ?? "")?.[0] ?? ""
  assert.ok(link.startsWith(`${paying.hub.url}/c/`) && !link.includes("BACK-"), message?.body)
  return { cart, customerId, link, code: /BACK-\w{10}/.exec(message?.body ?? "")?.[0] }
}

const spare: Array<Left> = []

/** Who gets an offer is drawn: customers leave until some have one. */
const offered = async (): Promise<Left> => {
  for (let round = 0; spare.length === 0 && round < 10; round++) {
    const left = await Promise.all(Array.from({ length: 4 }, leaves))
    for (const { code, ...one } of left) if (code !== undefined) spare.push({ ...one, code })
  }
  const found = spare.shift()
  assert.ok(found, "forty customers left, and none got an offer")
  return found
}

beforeAll(async () => {
  paying = await startPayingHub({
    cartUrl: "https://shop.example/cart/{cart}?from={attempt}&code={offer}",
    templates: { reminder: { text: "You left {items}. {offer} {link}" } },
    offers: {
      currency: "GBP",
      zone: "Europe/London",
      shippingCostMinor: 0,
      dailyBudgetMinor: 1_000_000,
      catalogue: [{ offerKey: "10-percent", terms: { kind: "percentage", basisPoints: 1_000 } }]
    }
  })
  await post("/v1/stock/MUG/facts", { type: "receipt", quantity: 1_000 })
  await save((settings) => ({
    ...settings,
    sequences: settings.sequences.map((one) => ({
      ...one,
      steps: one.steps.map((step) => ({ ...step, mayOffer: true }))
    })),
    contact: {
      ...settings.contact,
      hours: { opensMinute: 0, closesMinute: 1_440, closedDays: [] },
      hoursByCountry: {},
      holdoutShare: 0
    }
  }))
}, 60_000)

afterAll(async () => {
  await paying.close()
}, 30_000)

describe("a link in a message that has an offer", () => {
  it("shows what it comes to and changes nothing; pressed, it leads to the payment of just that", async () => {
    const { cart, code, customerId, link } = await offered()
    const sessions = paying.stripe.account.sessions.size
    const seen = await follow(link)
    assert.match(seen.text, /1 × Mug.*With our offer, £10\.00 off:.*£90\.00.*name="total" value="9000".*Go to payment/s)
    assert.ok(seen.text.includes(`&#38;code=${code}`), "the way to the shop has the code")
    assert.deepEqual(await ofCart(cart), [[], "open", PRICE_MINOR])
    assert.equal(paying.stripe.account.sessions.size, sessions)

    const pressed = await follow(link, "POST", PRICE_MINOR - OFF_MINOR)
    assert.equal(pressed.status, 303, pressed.text)
    assert.deepEqual(await ofCart(cart), [[code], "checkout", PRICE_MINOR - OFF_MINOR])
    const again = await follow(link, "POST", PRICE_MINOR - OFF_MINOR)
    assert.deepEqual([again.location, paying.stripe.account.sessions.size], [pressed.location, sessions + 1])
    const { recovery } = await get(`/v1/customers/${customerId}`)
    assert.equal((recovery as { readonly ended?: unknown }).ended, undefined, "a code of ours is no change of theirs")

    const order = (await pay(paying, pressed.location ?? "", cart)) as { readonly paidMinor: number }
    assert.equal(order.paidMinor, PRICE_MINOR - OFF_MINOR)
    const told = await eventually(
      () => get(`/v1/customers/${customerId}`),
      ({ orders }) => (orders as { readonly orders: number }).orders === 1
    )
    const [offer] = told["offers"] as ReadonlyArray<{ readonly orderId?: string }>
    assert.match(offer?.orderId ?? "", new RegExp(`^${cart}:`))
    assert.equal((await get(`/v1/promotions/${code}`))["uses"], 1)
    assert.match((await follow(link)).text, /Already bought/)
  }, 60_000)

  it("does not take a total that was not shown, and goes on after kill -9 in the middle", async () => {
    const { cart, code, link } = await offered()
    const other = await follow(link, "POST", PRICE_MINOR)
    assert.deepEqual([other.status, other.location], [200, null])
    assert.match(other.text, /With our offer, £10\.00 off:.*£90\.00/s)
    assert.deepEqual(await ofCart(cart), [[], "open", PRICE_MINOR])
    // As a hub that was killed between the code and the checkout has left it.
    await post(`/v1/carts/${cart}/requests`, { type: "apply-code", code })
    await paying.hub.crash()
    const pressed = await follow(link, "POST", PRICE_MINOR - OFF_MINOR)
    assert.equal(pressed.status, 303, pressed.text)
    assert.deepEqual(await ofCart(cart), [[code], "checkout", PRICE_MINOR - OFF_MINOR])
  }, 60_000)

  it("says that the offer was ended meanwhile, and leads to payment without it once that was shown", async () => {
    const { cart, code, link } = await offered()
    await post("/v1/carts/others/requests", { type: "sign-in", customerId: "mallory" })
    const tried = { type: "apply-code", mutationId: "tried", code }
    assert.equal((await http(paying.hub, "POST", "/v1/carts/others/requests", tried)).status, 409)
    for (const shown of [undefined, PRICE_MINOR - OFF_MINOR]) {
      const { location, status, text } = await follow(link, "POST", shown)
      assert.deepEqual([status, location], [200, null])
      assert.match(text, /The offer in our message has ended.*£100\.00.*value="10000"/s)
      assert.deepEqual(await ofCart(cart), [[], "open", PRICE_MINOR])
    }
    await eventually(
      () => follow(link, "POST", PRICE_MINOR),
      ({ status }) => status !== 429
    ).then(({ location, text }) => assert.ok(location?.startsWith(`${paying.stripe.url}/pay/`), text))
    assert.deepEqual(await ofCart(cart), [[], "checkout", PRICE_MINOR])
  }, 60_000)
})

describe("an offer whose time is over", () => {
  it("is refused with the reason, also where it was entered in time; the budget has it back, and everybody is told why", async () => {
    const short = (offers: IncentivePolicy | null | undefined) => (offers ? { ...offers, offerTtlMs: 6_000 } : null)
    await save((settings) => ({ ...settings, offers: short(settings.offers) }))
    spare.length = 0
    const { cart, code, customerId, link } = await offered()
    const budget = async () => ((await get("/v1/recovery/budget?days=1")) as unknown as BudgetView).days[0]
    const before = await budget()
    await post(`/v1/carts/${cart}/requests`, { type: "apply-code", code })
    assert.deepEqual(await ofCart(cart), [[code], "open", PRICE_MINOR - OFF_MINOR])

    const over = await eventually(
      () => get(`/v1/customers/${customerId}`),
      ({ offers }) => (offers as ReadonlyArray<{ readonly state: string }>)[0]?.state === "closed",
      20_000
    )
    const [offer] = over["offers"] as ReadonlyArray<{ readonly reason?: string; readonly reservedMinor: number }>
    assert.deepEqual([offer?.reason, offer?.reservedMinor], ["expired", OFF_MINOR])
    assert.ok(((await budget())?.reservedMinor ?? 0) <= (before?.reservedMinor ?? 0) - OFF_MINOR)
    const mine = await http(paying.hub, "POST", `/v1/carts/${cart}/requests`, { type: "checkout", mutationId: "late" })
    assert.deepEqual([mine.status, mine.body["code"]], [409, "cart_changed"])
    assert.deepEqual((await see(cart))["notes"], [{ type: "code-ended", code, reason: "ended" }])
    await post(`/v1/carts/${cart}/requests`, { type: "remove-code", code })
    const late = { type: "apply-code", mutationId: "too-late", code }
    const refused = await http(paying.hub, "POST", `/v1/carts/${cart}/requests`, late)
    assert.deepEqual([refused.status, refused.body["code"]], [404, "unknown_code"])
    assert.match(String(refused.body["message"]), new RegExp(`The offer ${code} has ended`))

    const { items } = await eventually(
      () => get(`/v1/customers/${customerId}/timeline`),
      ({ items: told }) => JSON.stringify(told).includes("offer-closed")
    )
    const ends = (items as ReadonlyArray<Record<string, unknown>>).filter(({ type }) =>
      /^offer-(ending|closed)/.test(String(type))
    )
    assert.deepEqual(
      ends.map(({ offerId, reason, type }) => [type, reason, offerId]),
      [
        ["offer-closed", "expired", code],
        ["offer-ending", "expired", code]
      ]
    )
    const seen = await follow(link)
    assert.match(seen.text, /The offer in our message has ended.*£100\.00/s)
    const pressed = await follow(link, "POST", PRICE_MINOR)
    assert.equal(pressed.status, 303, pressed.text)
    const order = (await pay(paying, pressed.location ?? "", cart)) as { readonly paidMinor: number }
    assert.equal(order.paidMinor, PRICE_MINOR)
  }, 90_000)
})
