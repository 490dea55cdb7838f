/**
 * Goal: an offer that a message names is a code in the carts: made before the message goes, used once by its customer, ended
 * when it is passed on or its customer wants no more, also by a hub that is killed in between; and a day's offers cost no more
 * than the day's budget, however many customers leave at once.
 * Method: a real hub, whose carts are left after a second and whose first step may offer ten percent, and the local Twilio.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import type { IncentivePolicy } from "../../actors/recovery/incentive-rules.ts"
import type { RecoverySettings } from "../../actors/recovery/settings.ts"
import type { LocalTwilio } from "../../scripts/carriers/twilio/server.ts"
import type { SettingsView } from "../../src/recovery/protocol.ts"
import { eventually, http, type TestHub } from "../support/hub.ts"
import { startTextingHub } from "../support/texting-hub.ts"

const PATH = "/v1/recovery/settings"
const BUDGET_MINOR = 5_000
const COST_MINOR = 1_000
let twilio: LocalTwilio
let close: () => Promise<void>
let hub: TestHub
let count = 0

interface Seen {
  readonly orders: { readonly orders: number; readonly reduced: number }
  readonly offers: ReadonlyArray<{
    readonly code: string
    readonly state: string
    readonly reason?: string
    readonly orderId?: string
    readonly reservedMinor: number
  }>
  readonly offerReasons: ReadonlyArray<{
    readonly arm: string
    readonly offers: ReadonlyArray<{ readonly against: ReadonlyArray<{ readonly rule: string }> }>
  }>
}

const customer = async (customerId: string) =>
  (await http(hub, "GET", `/v1/customers/${customerId}`)).body as unknown as Seen

const say = async (path: string, body: object): Promise<Record<string, unknown>> => {
  const reply = await http(hub, "POST", path, { mutationId: `m${++count}`, ...body })
  assert.equal(reply.status, 200, JSON.stringify(reply.body))
  return reply.body
}

const cartOf = (customerId: string): string => `/v1/carts/cart-of-${customerId}/requests`
const phoneOf = (customerId: string): string => `+4477009${10_000 + Number(customerId.split("-")[1])}`

const leaveCart = async (customerId: string, cost: object = { unitCostMinor: 2_000 }): Promise<void> => {
  const path = `/v1/customers/${customerId}/requests`
  await say(path, { type: "point", channel: "sms", address: phoneOf(customerId), hasConsented: true })
  const goods = { sku: "MUG", name: "Mug", quantity: 1, unitPriceMinor: 10 * COST_MINOR, currency: "GBP" }
  await say(cartOf(customerId), { type: "add", ...goods, ...cost })
  await say(cartOf(customerId), { type: "sign-in", customerId })
}

const textTo = async (customerId: string): Promise<string> => {
  const [message] = await eventually(
    async () => twilio.sent(phoneOf(customerId)),
    (sent) => sent.length > 0,
    20_000
  )
  return message?.body ?? ""
}

const codeIn = (text: string): string | undefined => /BACK-\w{10}/.exec(text)?.[0]

const promotion = (code: string) => http(hub, "GET", `/v1/promotions/${code}`)

const ended = (customerId: string, reason: string) =>
  eventually(
    () => customer(customerId),
    ({ offers }) => offers[0]?.state === "closed" && offers[0].reason === reason,
    15_000
  )

/**
 * Customers who left at once, and those of them who got an offer. Not quite half of them are drawn one, by chance, and the budget
 * pays for five: so many that it is always spent.
 */
const all = Array.from({ length: 48 }, (_, index) => `shopper-${index}`)
let offered: Array<string> = []

/** Each test has one of them to itself. */
const next = (): string => {
  const customerId = offered.shift()
  assert.ok(customerId, "too few of them got an offer")
  return customerId
}

beforeAll(async () => {
  const offers = {
    currency: "GBP",
    zone: "Europe/London",
    shippingCostMinor: 0,
    dailyBudgetMinor: BUDGET_MINOR,
    catalogue: [{ offerKey: "10-percent", terms: { kind: "percentage", basisPoints: 1_000 } }]
  }
  const cartUrl = "https://shop.example/cart/{cart}?from={attempt}&code={offer}"
  const templates = { reminder: { text: "You left {items}. {offer} {link}" } }
  ;({ hub, twilio, close } = await startTextingHub({ cartUrl, templates, offers }))
  await http(hub, "POST", "/v1/stock/MUG/facts", { type: "receipt", mutationId: "r", quantity: 10_000 })
  const known = (await http(hub, "GET", "/v1/recovery/settings")).body["settings"] as RecoverySettings
  const [sequence] = known.sequences
  assert.ok(sequence)
  await say("/v1/recovery/settings", {
    expectedVersion: 1,
    by: "ann",
    settings: {
      ...known,
      sequences: [{ ...sequence, steps: sequence.steps.map((step) => ({ ...step, mayOffer: true })) }],
      contact: {
        ...known.contact,
        hours: { opensMinute: 0, closesMinute: 1_440, closedDays: [] },
        hoursByCountry: {},
        holdoutShare: 0
      }
    }
  })
}, 60_000)

afterAll(async () => {
  await close()
}, 30_000)

describe("a hub that makes offers", () => {
  it("names the code in the text and in the link, and makes no more offers than the day's budget pays for", async () => {
    await Promise.all(all.map((customerId) => leaveCart(customerId)))
    const texts = await Promise.all(all.map(textTo))
    offered = all.filter((_, index) => codeIn(texts[index] ?? "") !== undefined)
    assert.ok(offered.length * COST_MINOR <= BUDGET_MINOR && offered.length > 1, `${offered.length} offers`)
    const rules = new Set<string>()
    for (const [index, customerId] of all.entries()) {
      const text = texts[index] ?? ""
      const { offerReasons, offers } = await customer(customerId)
      for (const { against } of offerReasons[0]?.offers ?? []) for (const { rule } of against) rules.add(rule)
      if (!offered.includes(customerId)) {
        assert.deepEqual([offers, offerReasons[0]?.arm], [[], "none"])
        assert.match(text, /^You left Mug\. https:\/\/\S+&code=$/)
        continue
      }
      const [offer] = offers
      assert.deepEqual([offer?.state, offer?.reservedMinor], ["open", COST_MINOR])
      const code = offer?.code ?? ""
      assert.match(
        text,
        new RegExp(`^You left Mug\\. 10 % off with the code ${code} until .* https://\\S+&code=${code}$`)
      )
      const { body } = await promotion(code)
      assert.deepEqual([body["customerId"], body["usesMax"], body["uses"], body["isActive"]], [customerId, 1, 0, true])
    }
    assert.deepEqual([...rules], ["budget-spent"])
  }, 60_000)

  it("tells what each offer came to", async () => {
    const counts = { "10-percent": offered.length, none: all.length - offered.length }
    const told = await eventually(
      async () => {
        const { body } = await http(hub, "GET", "/v1/recovery/figures?by=offer")
        const groups = body["groups"] as ReadonlyArray<{ readonly group: string; readonly messages: number }>
        return Object.fromEntries(groups.map(({ group, messages }) => [group, messages]))
      },
      (groups) => groups["10-percent"] === offered.length && groups["none"] === all.length - offered.length,
      10_000
    )
    assert.deepEqual(told, counts)
  })

  it("takes the ten percent off for its customer, once, and knows that the order had it", async () => {
    const ann = next()
    const code = (await customer(ann)).offers[0]?.code ?? ""
    const reduced = await say(cartOf(ann), { type: "apply-code", code })
    assert.equal((reduced["totals"] as { readonly totalMinor: number }).totalMinor, 9 * COST_MINOR)
    assert.ok(!JSON.stringify(reduced).includes("unitCost"), "what goods cost the shop is nobody else's business")
    const { contents } = await say(cartOf(ann), { type: "checkout" })
    const facts = `/v1/carts/cart-of-${ann}/facts`
    const paid = { type: "paid", mutationId: "paid", contents, paymentId: "p", amountMinor: 9_000, currency: "GBP" }
    assert.equal((await http(hub, "POST", facts, paid)).status, 202)
    const seen = await eventually(
      () => customer(ann),
      ({ orders }) => orders.orders === 1
    )
    assert.deepEqual([seen.orders.reduced, seen.offers[0]?.orderId], [1, `cart-of-${ann}:${String(contents)}`])
    assert.equal((await promotion(code)).body["uses"], 1)
  }, 30_000)

  it("ends one that somebody else has tried, also when it is killed in that moment", async () => {
    const bob = next()
    const code = (await customer(bob)).offers[0]?.code ?? ""
    await say("/v1/carts/other/requests", { type: "sign-in", customerId: "mallory" })
    const tried = { type: "apply-code", mutationId: "tried", code }
    const reply = await http(hub, "POST", "/v1/carts/other/requests", tried)
    assert.deepEqual([reply.status, reply.body["reason"]], [409, "other_customer"])
    await hub.crash()
    await ended(bob, "revoked")
    assert.equal((await promotion(code)).status, 404)
    const own = await http(hub, "POST", cartOf(bob), { type: "apply-code", mutationId: "own", code })
    assert.deepEqual([own.status, own.body["code"]], [404, "unknown_code"])
    const again = await http(hub, "POST", "/v1/carts/other/requests", tried)
    assert.deepEqual([again.status, again.body["code"]], [409, "code_not_applicable"], "the first answer is the answer")
  }, 60_000)

  it("ends one whose customer wants no more messages; what is free again goes to the next", async () => {
    const cid = next()
    const code = (await customer(cid)).offers[0]?.code ?? ""
    const heard = await twilio.write(`${hub.url}/v1/outreach/texts/inbound`, phoneOf(cid), "STOP")
    assert.equal(heard.status, 200)
    await ended(cid, "opted-out")
    assert.equal((await promotion(code)).status, 404)
    const later = Array.from({ length: 12 }, (_, index) => `shopper-${100 + index}`)
    await Promise.all(later.map((customerId) => leaveCart(customerId)))
    await Promise.all(later.map(textTo))
    const everybody = await Promise.all([...all, ...later].map(customer))
    const held = everybody.flatMap(({ offers }) => offers.filter(({ state }) => state !== "closed"))
    assert.ok(held.length * COST_MINOR <= BUDGET_MINOR, `${held.length} offers`)
    const made = everybody.slice(all.length).flatMap(({ offers }) => offers)
    assert.ok(made.length >= 1, "two offers have ended, and nobody got what they gave back")
  }, 60_000)

  it("makes none where nobody knows what the goods cost", async () => {
    await leaveCart("shopper-200", {})
    assert.equal(codeIn(await textTo("shopper-200")), undefined)
    const { offerReasons } = await customer("shopper-200")
    assert.ok(offerReasons[0]?.offers[0]?.against.some(({ rule }) => rule === "below-margin"))
  }, 30_000)

  it("goes by rules that were saved meanwhile, and makes none any more once that is saved", async () => {
    const changed = async (change: (offers: IncentivePolicy) => IncentivePolicy | null): Promise<void> => {
      const { settings, version } = (await http(hub, "GET", PATH)).body as unknown as SettingsView
      assert.ok(settings.offers)
      await say(PATH, {
        expectedVersion: version,
        by: "ann",
        settings: { ...settings, offers: change(settings.offers) }
      })
    }
    await changed((offers) => ({
      ...offers,
      dailyBudgetMinor: 100 * COST_MINOR,
      catalogue: offers.catalogue.map((offer) => ({ ...offer, says: "Ten off: {code}" }))
    }))
    const later = Array.from({ length: 12 }, (_, index) => `shopper-${300 + index}`)
    await Promise.all(later.map((customerId) => leaveCart(customerId)))
    const texts = await Promise.all(later.map(textTo))
    const withCode = texts.filter((text) => codeIn(text) !== undefined)
    assert.ok(withCode.length > 0, "the budget is a hundred offers")
    for (const text of withCode) assert.match(text, /^You left Mug\. Ten off: BACK-\w{10} https:/)
    await changed(() => null)
    await leaveCart("shopper-400")
    assert.equal(codeIn(await textTo("shopper-400")), undefined)
    assert.deepEqual((await customer("shopper-400")).offerReasons, [])
    await hub.crash()
    assert.equal(((await http(hub, "GET", PATH)).body as unknown as SettingsView).settings.offers, null)
  }, 60_000)
})
