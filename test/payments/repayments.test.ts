/**
 * Goal: what bought nothing goes back once, by what it is at Stripe, and counts as back when Stripe says so.
 * Method: repayments on a real JetStream against Stripe on this machine, which fails before and after it has done what it was
 * asked, and is asked again by a hub that knows only what was stored.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { afterAll, afterEach, beforeAll, describe, it } from "vitest"
import { phaseOf } from "../../actors/payment/payment.ts"
import { decideRepayment, evolveRepayment, initialRepayment } from "../../actors/payment/repayment.ts"
import { cart, linked, openTill, type Till } from "../support/payments.ts"

let till: Till

beforeAll(async () => {
  till = await openTill()
})
afterEach(() => {
  assert.deepEqual(till.stripe.violations.splice(0), [])
  till.stripe.faults.keepUp(undefined)
  till.stripe.account.areRefundsPending = false
})
afterAll(() => till.close())

const REFUND = "POST /v1/refunds"
const wish = (cartId: string) => ({ cartId, reason: "older_version" })

/** A paid session; answers its cart and its PaymentIntent. */
const paid = async () => {
  const wanted = cart()
  const { sessionId } = await linked(till, wanted)
  assert.ok(till.stripe.account.pay(sessionId, "card"))
  await till.stripe.deliveries.flush()
  const intent = String(till.stripe.account.sessions.get(sessionId)?.["payment_intent"])
  return { cartId: wanted.cartId, intent }
}
const repay = (intent: string, cartId: string, isAgain = false) =>
  Effect.runPromise(Effect.orElseSucceed(till.repayments.repay(intent, wish(cartId), isAgain), () => "later" as const))
const refundsOf = (intent: string) =>
  [...till.stripe.account.refunds.values()].filter((refund) => refund["payment_intent"] === intent)
const phase = async (intent: string) => phaseOf(await Effect.runPromise(till.payments.read(intent)))
const kinds = (cartId: string) => till.facts.filter((fact) => fact.cartId === cartId).map(({ kind }) => kind)

describe("a payment that bought nothing", () => {
  it("25. is refunded once, however often it is asked for, and the webhooks that follow change nothing", async () => {
    const { cartId, intent } = await paid()
    assert.equal(await repay(intent, cartId), "asked")
    assert.equal(await phase(intent), "refunded")
    till.restart()
    assert.deepEqual([await repay(intent, cartId), await repay(intent, cartId, true)], ["settled", "settled"])
    await till.stripe.deliveries.flush({ twice: 1, late: 0.5 })
    assert.deepEqual([refundsOf(intent).length, await phase(intent)], [1, "refunded"])
    assert.deepEqual(new Set(kinds(cartId)), new Set(["paid", "refunded"]))
  })

  it("25. goes back once when Stripe fails before or after it did it, and the hub dies in between", async () => {
    for (const fault of ["error", "act-then-error", "act-then-hang"] as const) {
      const { cartId, intent } = await paid()
      till.stripe.faults.ask("none", fault)
      // What Stripe answered is stored, and the hub dies before the cart is told and the outcome is written down.
      till.refusals.push(true)
      assert.equal(await repay(intent, cartId), "later", fault)
      till.restart()
      assert.equal(await repay(intent, cartId), "settled", fault)
      // Without Stripe's telling again; what was told before is told again under the id that it had.
      assert.deepEqual([...new Set(kinds(cartId))], ["paid", "refunded"], fault)
      await till.stripe.deliveries.flush()
      const told = [...new Set(kinds(cartId))]
      assert.deepEqual([refundsOf(intent).length, told], [1, ["paid", "refunded"]], fault)
    }
  })

  it("25. is asked for under the same key by a hub that does not know what became of it", async () => {
    const { cartId, intent } = await paid()
    till.stripe.faults.ask("none", ...Array.from({ length: 4 }, () => "act-then-cut" as const))
    assert.equal(await repay(intent, cartId), "later")
    till.restart()
    assert.deepEqual([await phase(intent), refundsOf(intent).length], ["paid", 1])
    assert.equal(await repay(intent, cartId), "asked")
    assert.deepEqual([await phase(intent), refundsOf(intent).length], ["refunded", 1])
  })

  it("is refund_pending until Stripe confirms it, and a person may ask again when it came to nothing", async () => {
    const { cartId, intent } = await paid()
    till.stripe.account.areRefundsPending = true
    assert.equal(await repay(intent, cartId), "asked")
    assert.deepEqual([await phase(intent), kinds(cartId)], ["refund_pending", ["paid", "refund-pending"]])
    await till.stripe.deliveries.flush({ twice: 0.5, late: 0.5 })
    assert.equal(await phase(intent), "refund_pending")
    const [refund] = refundsOf(intent)
    till.stripe.account.finishRefund(refund?.id ?? "", false)
    await till.stripe.deliveries.flush()
    assert.deepEqual([await phase(intent), kinds(cartId).at(-1)], ["paid", "refund-failed"])
    assert.equal(await repay(intent, cartId), "asked", "nobody has asked again")
    assert.equal(refundsOf(intent).length, 1)
    assert.equal(await repay(intent, cartId, true), "asked")
    till.stripe.account.finishRefund(refundsOf(intent)[1]?.id ?? "", true)
    await till.stripe.deliveries.flush({ twice: 1, late: 0.5 })
    assert.deepEqual([await phase(intent), refundsOf(intent).length], ["refunded", 2])
  })

  it("of which a part went back by hand gets the rest, and nothing when all of it did", async () => {
    const { cartId, intent } = await paid()
    till.stripe.account.refund(intent, 443, false)
    assert.equal(await repay(intent, cartId), "asked")
    assert.deepEqual(
      refundsOf(intent).map((refund) => refund["amount"]),
      [443, 3_000]
    )
    const other = await paid()
    till.stripe.account.refund(other.intent, undefined, false)
    assert.equal(await repay(other.intent, other.cartId), "needless", "its webhook is still to come")
    assert.equal(refundsOf(other.intent).length, 1)
  })

  it("and was not captured is voided", async () => {
    const wanted = cart()
    const { sessionId } = await linked(till, wanted)
    const intent = till.stripe.account.authorize(sessionId) ?? ""
    await till.stripe.deliveries.flush()
    assert.equal(await phase(intent), "authorized")
    const before = till.stripe.calls[REFUND]
    till.stripe.faults.ask("none", "act-then-error")
    assert.equal(await repay(intent, wanted.cartId), "asked")
    assert.deepEqual([await phase(intent), till.stripe.calls[REFUND]], ["canceled", before])
    await till.stripe.deliveries.flush({ twice: 1, late: 0.5 })
    assert.deepEqual([await phase(intent), await repay(intent, wanted.cartId)], ["canceled", "asked"])
  })

  it("is left alone when it is another cart's, or none that Stripe has told of", async () => {
    const { intent } = await paid()
    assert.deepEqual([await repay(intent, "another"), await repay("pi_unknown", "another")], ["foreign", "foreign"])
    assert.equal(refundsOf(intent).length, 0)
  })
})

describe("another try", () => {
  const intended = { type: "repayment-intended", ordinal: 1, ...wish("c") } as const
  const open = evolveRepayment(initialRepayment, intended)
  const asked = evolveRepayment(open, { type: "repayment-asked", ordinal: 1, act: "refund", objectId: "re" })
  const refused = evolveRepayment(open, { type: "repayment-refused", ordinal: 1, code: "charge_disputed" })

  it("is made only when somebody asks for it and the one before failed", () => {
    const decided = (state: typeof open, isAgain: boolean, hasFailed: boolean) =>
      decideRepayment(state, wish("c"), { isAgain, hasFailed }).type
    assert.equal(decided(initialRepayment, false, false), "intend")
    assert.equal(decided(open, true, true), "resume")
    assert.deepEqual([decided(asked, false, true), decided(asked, true, false)], ["done", "done"])
    assert.deepEqual([decided(asked, true, true), decided(refused, true, false)], ["intend", "intend"])
    assert.equal(decided(refused, false, false), "done")
    const again = decideRepayment(asked, wish("c"), { isAgain: true, hasFailed: true })
    assert.equal(again.type === "intend" && again.event.ordinal, 2)
    assert.equal(evolveRepayment(asked, { type: "repayment-refused", ordinal: 7, code: "x" }), asked)
  })
})
