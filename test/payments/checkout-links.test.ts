/**
 * Goal: a cart becomes a payable link that is exactly its total, once, whatever fails on the way, and never two.
 * Method: the links on a real JetStream against Stripe on this machine, which checks every call with Stripe's own
 * description, throttles, fails and forgets to answer.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as fc from "fast-check"
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest"
import { sessionParams, shareOut } from "../../src/payments/session-params.ts"
import { cart, linked, openTill, refusal, START_MS, type Till } from "../support/payments.ts"
import { runs } from "../support/runs.ts"

const MINUTE_MS = 60_000
const CREATE = "POST /v1/checkout/sessions"
const EXPIRE = "POST /v1/checkout/sessions/{session}/expire"

let till: Till

beforeAll(async () => {
  till = await openTill()
})

beforeEach(() => {
  till.nowMs = START_MS
  till.restart()
  for (const what of Object.keys(till.stripe.calls)) delete till.stripe.calls[what]
})

afterEach(() => {
  assert.deepEqual(till.stripe.violations.splice(0), [])
  till.stripe.faults.keepUp(undefined)
})

afterAll(() => till.close())

const session = (id: string) => till.stripe.account.sessions.get(id) ?? assert.fail(`no session ${id}`)
const openOf = (cartId: string): ReadonlyArray<string> =>
  till.stripe.openSessions().filter((id) => session(id)["client_reference_id"] === cartId)

describe("a cart", () => {
  it("becomes a session of exactly its total, for its customer, with what it is for, until its hold ends", async () => {
    const wanted = cart()
    const { sessionId, url, expiresAt } = await linked(till, wanted)
    const made = session(sessionId)
    assert.equal(made["amount_total"], 3_443)
    assert.equal(made["currency"], "gbp")
    assert.equal(made["customer_email"], "ada@example.com")
    assert.equal(made["client_reference_id"], wanted.cartId)
    assert.deepEqual(made["metadata"], {
      holdfast_cart: wanted.cartId,
      holdfast_cart_version: "3",
      holdfast_hold: wanted.holdId
    })
    assert.equal(made["expires_at"], wanted.holdExpiresAtMs / 1_000)
    assert.equal(expiresAt, new Date(wanted.holdExpiresAtMs).toISOString())
    assert.equal(url, made["url"])
  })

  it("whose hold is shorter than Stripe's half hour is closed by the hub when the hold ends", async () => {
    const wanted = cart({ holdExpiresAtMs: START_MS + 15 * MINUTE_MS })
    const { sessionId, expiresAt } = await linked(till, wanted)
    assert.equal(expiresAt, new Date(START_MS + 15 * MINUTE_MS).toISOString())
    assert.equal(session(sessionId)["expires_at"], (START_MS + 32 * MINUTE_MS) / 1_000)
    till.nowMs += 15 * MINUTE_MS
    assert.equal(await refusal(till, wanted), "hold_ended")
    assert.equal(await Effect.runPromise(till.payments.links.expire(wanted.cartId)), "expired")
    assert.equal(till.stripe.account.pay(sessionId, "card"), false)
    assert.equal(await Effect.runPromise(till.payments.links.expire(wanted.cartId)), "none")
  })

  it("24. that has changed cannot be paid by its old link", async () => {
    const wanted = cart()
    const before = await linked(till, wanted)
    const after = await linked(till, { ...wanted, cartVersion: 4, holdId: `cart:${wanted.cartId}:4` })
    assert.notEqual(after.sessionId, before.sessionId)
    assert.equal(till.stripe.account.pay(before.sessionId, "card"), false)
    assert.deepEqual(openOf(wanted.cartId), [after.sessionId])
    assert.equal(await refusal(till, wanted), "outdated_cart")
  })

  it("gets no new link while the old one may still be paid, nor when it was", async () => {
    const wanted = cart()
    const { sessionId } = await linked(till, wanted)
    till.stripe.faults.keepUp("throttle")
    assert.equal(await refusal(till, { ...wanted, cartVersion: 4 }), "throttled")
    till.stripe.faults.keepUp(undefined)
    assert.equal(till.stripe.account.pay(sessionId, "card"), true)
    assert.equal(await refusal(till, { ...wanted, cartVersion: 4 }), "already_paid")
    assert.equal(await Effect.runPromise(till.payments.links.expire(wanted.cartId)), "paid")
    assert.deepEqual(openOf(wanted.cartId), [])
  })

  it("that cannot be paid as it is is refused with the reason, and nothing is asked of Stripe", async () => {
    const line = { title: "Mug", quantity: 1, unitPriceMinor: 999, discountMinor: 0 }
    const wrong = [
      [{ totalMinor: 3_442 }, "amounts_differ"],
      [{ currency: "KWD" }, "currency_unsupported"],
      [{ lines: [] }, "invalid_cart"],
      [{ lines: [{ ...line, quantity: -1 }] }, "invalid_cart"],
      [{ lines: [{ ...line, discountMinor: 1_000 }] }, "invalid_cart"],
      [{ discountMinor: 999_999 }, "invalid_cart"],
      [
        { lines: [{ ...line, unitPriceMinor: 0 }], shipping: { label: "Free", amountMinor: 0 }, totalMinor: 0 },
        "nothing_to_pay"
      ]
    ] as const
    for (const [change, code] of wrong) assert.equal(await refusal(till, cart(change)), code, JSON.stringify(change))
    assert.deepEqual(till.stripe.calls, {})
  })

  it("that Stripe refuses is refused without the customer's address, and may be asked for again", async () => {
    const wanted = cart({ email: "not an address" })
    const failed = await till.link(wanted)
    assert.ok("code" in failed)
    assert.equal(failed.code, "refused")
    assert.match(failed.message, /email_invalid, customer_email/)
    assert.doesNotMatch(failed.message, /not an address/)
    assert.ok("url" in (await till.link({ ...wanted, email: "right@example.com" })))
  })
})

describe("asking again", () => {
  it("gives the same link, also at once and after a restart, and asks Stripe once", async () => {
    const wanted = cart()
    const links = await Promise.all(Array.from({ length: 5 }, () => linked(till, wanted)))
    till.restart()
    links.push(await linked(till, wanted))
    assert.equal(new Set(links.map(({ sessionId }) => sessionId)).size, 1)
    assert.equal(openOf(wanted.cartId).length, 1)
    const made = till.stripe.calls[CREATE] ?? 0
    await linked(till, wanted)
    assert.equal(till.stripe.calls[CREATE], made)
  })

  it("after Stripe carried it out and did not answer gives that session, by the same key", async () => {
    const wanted = cart()
    till.stripe.faults.ask("act-then-hang")
    const replays = till.stripe.keys.replays
    const { sessionId } = await linked(till, wanted)
    assert.equal(till.stripe.keys.replays, replays + 1)
    assert.deepEqual(openOf(wanted.cartId), [sessionId])
  })

  it("after the hub died between asking and writing down gives that session", async () => {
    const wanted = cart()
    till.stripe.faults.ask("act-then-hang", "hang", "hang", "hang")
    assert.equal(await refusal(till, wanted), "unavailable")
    const [lost] = openOf(wanted.cartId)
    till.restart()
    // Later: a time that was reckoned anew would be another content, and refused.
    till.nowMs += 90_000
    const { sessionId } = await linked(till, wanted)
    assert.equal(sessionId, lost)
  })

  it("when what was asked never came to Stripe and is too late by now, asks anew", async () => {
    const wanted = cart({ holdExpiresAtMs: START_MS + 25 * MINUTE_MS })
    till.stripe.faults.ask("hang", "hang", "hang", "hang")
    assert.equal(await refusal(till, wanted), "unavailable")
    till.nowMs += 5 * MINUTE_MS
    const { sessionId } = await linked(till, wanted)
    assert.deepEqual(openOf(wanted.cartId), [sessionId])
  })

  it("is patient with 429 and errors, and not for ever", async () => {
    till.stripe.faults.ask("throttle", "throttle")
    await linked(till, cart())
    assert.equal(till.stripe.calls[CREATE], 1)
    till.stripe.faults.ask("error", "error")
    await linked(till, cart())
    till.stripe.faults.counts.throttle = 0
    till.stripe.faults.keepUp("throttle")
    assert.equal(await refusal(till, cart()), "throttled")
    assert.equal(till.stripe.faults.counts.throttle, 4)
  })

  it("while the cart goes on leaves one link that can be paid: the newest", async () => {
    const wanted = cart()
    const versions = [3, 4, 5, 6].map((cartVersion) => ({ ...wanted, cartVersion, holdId: `h${cartVersion}` }))
    const answers = await Promise.all(versions.map((version) => till.link(version)))
    const last = answers.at(-1)
    assert.ok(last !== undefined && "url" in last)
    assert.deepEqual(openOf(wanted.cartId), [last.sessionId])
    assert.ok((till.stripe.calls[EXPIRE] ?? 0) <= 3)
  })
})

describe("Stripe on a bad day", () => {
  it("of faults before and after acting, by a seed, leaves each cart with one session that can be paid: its link's", async () => {
    const kinds = ["throttle", "error", "garbage", "act-then-hang"] as const
    till.stripe.faults.set({ seed: 7, share: 0.3, kinds })
    const carts = Array.from({ length: 24 }, () => cart())
    const insisted = async (wanted: ReturnType<typeof cart>): Promise<string> => {
      for (let tries = 0; tries < 10; tries++) {
        const link = await till.link(wanted)
        if ("url" in link) return link.sessionId
        assert.ok(["unavailable", "throttled"].includes(link.code), link.code)
      }
      return assert.fail("no link after ten tries")
    }
    const before = await Promise.all(carts.map(insisted))
    const changed = carts.map((one) => ({ ...one, cartVersion: 4, holdId: `${one.holdId}b` }))
    const after = await Promise.all(changed.map(insisted))
    const { counts } = till.stripe.faults
    till.stripe.faults.set({ seed: 1, share: 0, kinds: [] })
    for (const kind of kinds) assert.ok((counts[kind] ?? 0) > 0, `${kind} befell nobody`)
    for (const [index, { cartId }] of carts.entries()) {
      assert.deepEqual(openOf(cartId), [after[index]])
      assert.equal(till.stripe.account.pay(before[index] ?? "", "card"), false)
    }
  })
})

describe("amounts", () => {
  it("come to the cart's total to the penny, none negative, in at most 100 items, for any cart", () => {
    const line = fc.record({
      quantity: fc.integer({ min: 1, max: 30 }),
      unitPriceMinor: fc.integer({ min: 0, max: 50_000 }),
      off: fc.double({ min: 0, max: 1, noNaN: true })
    })
    const urls = { success: "https://hub.example/a", cancel: "https://hub.example/b" }
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 130 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(5_000),
        fc.nat(5_000),
        (drawn, off, shippingMinor, taxMinor) => {
          const lines = drawn.map(({ quantity, unitPriceMinor, off: part }) => ({
            title: "x",
            quantity,
            unitPriceMinor,
            discountMinor: Math.floor(part * quantity * unitPriceMinor)
          }))
          const goods = lines.reduce((sum, one) => sum + one.quantity * one.unitPriceMinor - one.discountMinor, 0)
          const discountMinor = Math.floor(off * goods)
          const totalMinor = goods - discountMinor + shippingMinor + taxMinor
          fc.pre(totalMinor > 0)
          const made = sessionParams(
            cart({ lines, discountMinor, taxMinor, totalMinor, shipping: { label: "s", amountMinor: shippingMinor } }),
            urls,
            START_MS
          )
          assert.ok(made.ok, JSON.stringify(made))
          const items = made.params.line_items ?? []
          assert.ok(items.length <= 100)
          const amounts = items.map((item) => (item.quantity ?? 0) * (item.price_data?.unit_amount ?? Number.NaN))
          assert.ok(amounts.every((amount) => amount >= 0))
          assert.equal(amounts.reduce((sum, amount) => sum + amount, 0) + shippingMinor, totalMinor)
        }
      ),
      runs(200)
    )
  })

  it("of a discount are shared out in proportion, the pennies that are left by remainder", () => {
    assert.deepEqual(shareOut(100, [100, 100, 100]), [34, 33, 33])
    assert.deepEqual(shareOut(10, [1, 999]), [0, 10])
    assert.deepEqual(shareOut(5, [0, 5]), [0, 5])
    assert.deepEqual(shareOut(0, [0, 0]), [0, 0])
  })
})
