/**
 * Goal: what Stripe tells is believed when it is signed, counted once, and means the same in any order; a customer who
 * comes back is no second order.
 * Method: Stripe on this machine sends signed events late, twice and shuffled by seed to payments on a real JetStream.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest"
import type { PaymentFact } from "../../actors/payment/payment.ts"
import { moneyOfPayment, phaseOf } from "../../actors/payment/payment.ts"
import type { StripeEvent } from "../../scripts/stripe/account.ts"
import { stripeSignature } from "../../scripts/stripe/deliveries.ts"
import { WEBHOOK_SECRET } from "../../scripts/stripe/server.ts"
import { readPayments } from "../../config/payments.ts"
import { paymentSubject } from "../../streams/subjects.ts"
import { readSubject } from "../../streams/nats/subject-reader.ts"
import { PAYMENTS } from "../../streams/subjects.ts"
import { cart, linked, openTill, START_MS, type Till, wayBack } from "../support/payments.ts"

const LOOK_UP = "GET /v1/checkout/sessions/{session}"

let till: Till

beforeAll(async () => {
  till = await openTill()
})

beforeEach(() => {
  till.nowMs = START_MS
  till.facts.length = 0
  till.stripe.deliveries.waiting.length = 0
  till.restart()
  delete till.stripe.calls[LOOK_UP]
})

afterEach(() => assert.deepEqual(till.stripe.violations.splice(0), []))
afterAll(() => till.close())

const idsOf = (facts: ReadonlyArray<PaymentFact>): ReadonlyArray<string> => [...new Set(facts.map(({ id }) => id))]
const kindsOf = (facts: ReadonlyArray<PaymentFact>): ReadonlyArray<string> => [
  ...new Map(facts.map((fact) => [fact.id, fact.kind])).values()
]

const intentOf = (sessionId: string): string => String(till.stripe.account.sessions.get(sessionId)?.["payment_intent"])

const webhook = (body: string, signature: string) =>
  Effect.runPromise(till.payments.webhook({ "stripe-signature": signature }, Buffer.from(body)))

const returned = (query: URLSearchParams) => Effect.runPromise(till.payments.returned(query))

/** A link that was paid, its events not yet sent. */
const paid = async (change: Parameters<typeof cart>[0] = {}): Promise<string> => {
  const { sessionId } = await linked(till, cart(change))
  assert.ok(till.stripe.account.pay(sessionId, "card"))
  return sessionId
}

const event = (type: string): StripeEvent =>
  till.stripe.deliveries.waiting.find((one) => one.type === type) ?? assert.fail(`no ${type} was told`)

describe("a delivery", () => {
  it("that is not signed by Stripe, for another body, too old, or of another mode is refused and changes nothing", async () => {
    await paid()
    const body = JSON.stringify(event("checkout.session.completed"))
    const right = stripeSignature(body, WEBHOOK_SECRET, till.nowMs)
    const refused = [
      [body, ""],
      [body, "t=1,v1=00"],
      [body, stripeSignature(body, "whsec_of_another", till.nowMs)],
      [`${body} `, right],
      [body, stripeSignature(body, WEBHOOK_SECRET, till.nowMs - 301_000)],
      [body, stripeSignature(body, WEBHOOK_SECRET, till.nowMs + 310_000)],
      [body, right.replace("v1=", "v0=")]
    ] as const
    for (const [text, signature] of refused) {
      const answer = await webhook(text, signature)
      assert.ok(answer.type === "refused" && answer.status === 401, signature)
    }
    for (const other of ["no json", JSON.stringify({ ...event("checkout.session.completed"), livemode: true })]) {
      const answer = await webhook(other, stripeSignature(other, WEBHOOK_SECRET, till.nowMs))
      assert.ok(answer.type === "refused" && answer.status === 400)
    }
    assert.deepEqual(till.facts, [])
    assert.equal((await webhook(body, right)).type, "taken")
  })

  it("of what is no payment is taken and ignored", async () => {
    for (const object of [
      { object: "customer", id: "cus_1" },
      { object: "charge", id: "ch_1", payment_intent: null }
    ]) {
      const body = JSON.stringify({ id: "evt_1", type: "x", livemode: false, data: { object } })
      assert.equal((await webhook(body, stripeSignature(body, WEBHOOK_SECRET, till.nowMs))).type, "ignored")
    }
  })

  it("that comes twenty times at the same moment is stored once", async () => {
    const intent = intentOf(await paid())
    await till.stripe.deliveries.deliverAtOnce(event("payment_intent.succeeded"), 20)
    const stored = await readSubject(till.nats, PAYMENTS, paymentSubject(intent))
    assert.equal(stored.length, 1)
    assert.deepEqual(idsOf(till.facts), [`${intent}:paid`])
  })

  it("is answered when its facts are taken: what the hub could not hand over before it died comes again", async () => {
    const intent = intentOf(await paid())
    const told = event("payment_intent.succeeded")
    const body = JSON.stringify(told)
    till.refusals.push(true)
    assert.equal((await webhook(body, stripeSignature(body, WEBHOOK_SECRET, till.nowMs))).type, "unavailable")
    till.restart()
    assert.equal((await webhook(body, stripeSignature(body, WEBHOOK_SECRET, till.nowMs))).type, "taken")
    assert.deepEqual(
      till.facts.map(({ id }) => id),
      [`${intent}:paid`]
    )
  })
})

describe("a payment's events", () => {
  it("27. in any order, late and twice, by a dozen seeds, come to the same facts and the same money", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      till.facts.length = 0
      const { sessionId } = await linked(till, cart())
      const { account, deliveries } = till.stripe
      account.pay(sessionId, "declined")
      account.pay(sessionId, "card")
      const intent = intentOf(sessionId)
      const first = account.refund(intent, 1_000, false)
      const second = account.refund(intent, 500, true)
      assert.ok(first !== undefined && second !== undefined)
      account.finishRefund(second.id, seed % 2 === 0)
      if (seed % 3 === 0) till.restart()
      await deliveries.flush({ twice: 0.5, late: 0.3 })
      const state = await Effect.runPromise(till.payments.read(intent))
      assert.deepEqual(moneyOfPayment(state), {
        receivedMinor: 3_443,
        refundedMinor: seed % 2 === 0 ? 1_500 : 1_000,
        refundPendingMinor: 0,
        refundFailedMinor: seed % 2 === 0 ? 0 : 500
      })
      assert.equal(phaseOf(state), "partly_refunded")
      const last = till.facts.findLast(({ kind }) => kind === "refunded")
      assert.ok(last?.kind === "refunded")
      assert.equal(last.refundedMinor, seed % 2 === 0 ? 1_500 : 1_000)
      assert.equal(till.facts.filter(({ kind }) => kind === "paid").length, 1)
    }
  })

  it("of a bank that takes days are processing, and paid or failed when it has decided", async () => {
    for (const isPaid of [true, false]) {
      till.facts.length = 0
      const { sessionId } = await linked(till, cart())
      till.stripe.account.pay(sessionId, "later")
      await till.stripe.deliveries.flush()
      assert.deepEqual(till.facts, [])
      assert.equal(phaseOf(await Effect.runPromise(till.payments.read(intentOf(sessionId)))), "processing")
      till.stripe.account.settle(sessionId, isPaid)
      await till.stripe.deliveries.flush({ twice: 1, late: 0.5 })
      assert.deepEqual(kindsOf(till.facts), isPaid ? ["paid"] : ["payment-failed"])
    }
  })

  it("tell that a link expired, with the cart and version it was for", async () => {
    const wanted = cart()
    const { sessionId } = await linked(till, wanted)
    till.nowMs += 46 * 60_000
    assert.deepEqual(till.stripe.openSessions(), [])
    await till.stripe.deliveries.flush({ twice: 1, late: 0 })
    const { cartId, cartVersion, holdId } = wanted
    assert.deepEqual(till.facts, [
      { kind: "expired", id: `${sessionId}:expired`, sessionId, cartId, cartVersion, holdId }
    ])
  })

  it("24. for a cart that has changed since name the version that was paid", async () => {
    const wanted = cart()
    const { sessionId } = await linked(till, wanted)
    till.stripe.account.pay(sessionId, "card")
    await till.stripe.deliveries.flush()
    const [fact] = till.facts
    assert.ok(fact?.kind === "paid")
    assert.deepEqual([fact.cartVersion, fact.amountMinor, fact.currency], [3, 3_443, "GBP"])
    const links = await Effect.runPromise(till.payments.links.state(wanted.cartId))
    assert.equal(links.paidBy, fact.paymentIntent)
  })

  it("allow the cart to be paid again when all of it went back", async () => {
    const wanted = cart()
    const { sessionId } = await linked(till, wanted)
    till.stripe.account.pay(sessionId, "card")
    await till.stripe.deliveries.flush()
    assert.ok("code" in (await till.link({ ...wanted, cartVersion: 4 })))
    till.stripe.account.refund(intentOf(sessionId), undefined, false)
    await till.stripe.deliveries.flush()
    // The old session is complete: it cannot be closed, and need not be.
    const again = await till.link({ ...wanted, cartVersion: 4 })
    assert.ok("url" in again, JSON.stringify(again))
  })
})

describe("a customer who comes back", () => {
  it("26. before the webhook, after it, or at the same moment makes one fact that it is paid", async () => {
    const orders: ReadonlyArray<(sessionId: string) => Promise<unknown>> = [
      async (id) => [await returned(wayBack(till, id)), await till.stripe.deliveries.flush()],
      async (id) => [await till.stripe.deliveries.flush(), await returned(wayBack(till, id))],
      (id) => Promise.all([returned(wayBack(till, id)), till.stripe.deliveries.flush(), returned(wayBack(till, id))])
    ]
    for (const [index, inOrder] of orders.entries()) {
      till.facts.length = 0
      delete till.stripe.calls[LOOK_UP]
      const sessionId = await paid()
      await inOrder(sessionId)
      assert.deepEqual(idsOf(till.facts), [`${intentOf(sessionId)}:paid`])
      const answer = await returned(wayBack(till, sessionId))
      assert.ok(answer.type === "known")
      assert.equal(answer.state, "paid")
      const lookUps = till.stripe.calls[LOOK_UP] ?? 0
      // Told by the webhook first, nothing is asked; two at once may both have asked.
      assert.ok(lookUps <= [1, 0, 2][index]!, `${lookUps} look-ups`)
    }
  })

  it("is not asked about again at every reload, and told that it is not paid yet", async () => {
    const { sessionId } = await linked(till, cart())
    for (let reload = 0; reload < 10; reload++) {
      const answer = await returned(wayBack(till, sessionId))
      assert.ok(answer.type === "known")
      assert.equal(answer.state, "open")
    }
    assert.equal(till.stripe.calls[LOOK_UP], 1)
    assert.deepEqual(till.facts, [])
  })

  it("by an address that is not ours, changed, of another session or too old is refused", async () => {
    const mine = await paid()
    const others = await paid()
    const address = wayBack(till, mine)
    const changed = (name: string, value: string): URLSearchParams => {
      const copy = new URLSearchParams(address)
      copy.set(name, value)
      return copy
    }
    const statusOf = async (query: URLSearchParams): Promise<number> => {
      const answer = await returned(query)
      return answer.type === "refused" ? answer.status : 200
    }
    assert.equal(await statusOf(changed("version", "4")), 401)
    assert.equal(await statusOf(changed("cart", "another")), 401)
    assert.equal(await statusOf(changed("signature", "")), 401)
    assert.equal(await statusOf(changed("session", others)), 404)
    assert.equal(await statusOf(changed("session", "../../v1/balance")), 400)
    assert.equal(await statusOf(new URLSearchParams()), 400)
    assert.equal(await statusOf(address), 200)
    till.nowMs += 3 * 86_400_000
    assert.equal(await statusOf(address), 410)
  })

  it("while Stripe does not answer is not kept waiting for ever, and not told a lie", async () => {
    const sessionId = await paid()
    till.stripe.faults.keepUp("error")
    const answer = await returned(wayBack(till, sessionId))
    till.stripe.faults.keepUp(undefined)
    assert.equal(answer.type, "unknown")
    assert.equal((await returned(wayBack(till, sessionId))).type, "known")
  })
})

describe("the settings", () => {
  const right = {
    STRIPE_SECRET_KEY: "sk_test_1234567890",
    STRIPE_WEBHOOK_SECRET: "whsec_1234567890",
    PUBLIC_URL: "https://hub.example/"
  }

  it("are none, or all that is needed", () => {
    assert.equal(readPayments({}), undefined)
    assert.equal(readPayments(right)?.publicUrl, "https://hub.example")
    assert.deepEqual(readPayments(right)?.api, { host: "api.stripe.com", port: 443, protocol: "https" })
  })

  it("that are half or wrong are said in a sentence with the variable's name and without its value", () => {
    const wrong = [
      [{ ...right, STRIPE_WEBHOOK_SECRET: "" }, "STRIPE_WEBHOOK_SECRET"],
      [{ ...right, STRIPE_SECRET_KEY: "pk_live_abcdefgh" }, "STRIPE_SECRET_KEY"],
      [{ ...right, STRIPE_WEBHOOK_SECRET: "whsec_a,whsec_b" }, "STRIPE_WEBHOOK_SECRET"],
      [{ ...right, PUBLIC_URL: "http://hub.example" }, "PUBLIC_URL"],
      [{ ...right, STRIPE_SECRET_KEY: "sk_live_1234567890", STRIPE_API_URL: "http://localhost:1" }, "STRIPE_API_URL"],
      [{ ...right, STRIPE_API_URL: "ftp://x" }, "STRIPE_API_URL"],
      [{ ...right, STRIPE_TIMEOUT_MS: "5" }, "STRIPE_TIMEOUT_MS"],
      [{ STRIPE_API_URL: "http://localhost:1" }, "STRIPE_API_URL"]
    ] as const
    for (const [environment, name] of wrong) {
      assert.throws(
        () => readPayments(environment),
        (error: Error) =>
          error.name === "WrongPayments" && error.message.includes(name) && !/abcdefgh|1234567890/.test(error.message),
        name
      )
    }
  })
})
