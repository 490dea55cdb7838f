/**
 * Goal: payments, promotions, policies, the settings of recovery and the alert centre are had over GraphQL as over HTTP.
 * Method: a real hub with a local Stripe; what is done by the one is looked at by the other.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { ask } from "../support/graphql.ts"
import { eventually, http } from "../support/hub.ts"
import { pay, type PayingHub, startPayingHub } from "../support/paying-hub.ts"

let paying: PayingHub
beforeAll(async () => {
  paying = await startPayingHub()
}, 60_000)
afterAll(() => paying.close())

const told = async (query: string, variables?: object): Promise<Record<string, Record<string, unknown>>> => {
  const { data, errors } = await ask(paying.hub, query, variables)
  assert.equal(errors, undefined, JSON.stringify(errors))
  return data as Record<string, Record<string, unknown>>
}

const itemsOf = (page: Readonly<Record<string, unknown>> | undefined) =>
  (page?.["items"] ?? []) as ReadonlyArray<{ readonly sku: string; readonly version: number }>

const refusalOf = async (query: string, variables?: object): Promise<Readonly<Record<string, unknown>>> => {
  const { errors = [] } = await ask(paying.hub, query, variables)
  assert.equal(errors.length, 1, JSON.stringify(errors))
  return { message: errors[0]?.message, ...errors[0]?.extensions }
}

const overHttp = async (path: string) => (await http(paying.hub, "GET", path)).body

describe("payments over GraphQL", () => {
  it("have a link, are seen once they are paid, and do not go back when they bought something", async () => {
    await told(
      `mutation { recordFacts(sku: "MUG", facts: [{ type: receipt, mutationId: "f", quantity: 5 }]) { accepted } }`
    )
    await told(`mutation {
      addToCart(cart: "ann", mutationId: "a", sku: "MUG", quantity: 2, unitPriceMinor: 500, currency: "GBP") { version }
    }`)
    await told(`mutation { checkout(cart: "ann", mutationId: "b") { status } }`)
    const { createPaymentLink: link } = await told(
      `mutation { createPaymentLink(cart: "ann", email: "ann@example.com") { cart contents url expiresAt } }`
    )
    assert.equal(link?.["cart"], "ann")
    await pay(paying, String(link["url"]), "ann")
    const { cart } = await told(`{ cart(cart: "ann") { order { paymentId paidMinor } } }`)
    const { paymentId = "" } = (cart?.["order"] ?? {}) as { readonly paymentId?: string }
    const { payment } = await told(
      `query ($id: String!) { payment(paymentId: $id) { paymentId phase currency receivedMinor cart } }`,
      { id: paymentId }
    )
    const { phase } = await overHttp(`/v1/payments/${paymentId}`)
    assert.deepEqual(payment, { paymentId, phase, currency: "GBP", receivedMinor: 1_000, cart: "ann" })
    const refused = await refusalOf(`mutation ($id: String!) { refundPayment(paymentId: $id) { repayment } }`, {
      id: paymentId
    })
    assert.equal(refused["code"], "not_parked")
    assert.equal((await refusalOf(`{ payment(paymentId: "pi_none") { phase } }`))["code"], "unknown_payment")
  })
})

describe("promotions and the policy over GraphQL", () => {
  it("are set and read, and refused with HTTP's words", async () => {
    const set = `mutation ($promotion: PromotionInput!) { setPromotion(code: "TEN", promotion: $promotion) { ok } }`
    const promotion = { mutationId: "p", kind: "percentage", basisPoints: 1_000, endsAt: "2099-01-01T00:00:00.000Z" }
    assert.deepEqual((await told(set, { promotion }))["setPromotion"], { ok: true })
    const { promotion: seen } = await told(`{ promotion(code: "TEN") { kind basisPoints endsAt isActive uses } }`)
    const { endsAt, kind } = promotion
    assert.deepEqual(seen, { kind, basisPoints: 1_000, endsAt, isActive: true, uses: 0 })
    const wrong = { promotion: { mutationId: "q", kind: "amount", amountMinor: 100 } }
    assert.deepEqual(await refusalOf(set, wrong), {
      message: "Send currency as three capital letters (ISO 4217), as GBP.",
      code: "invalid_request",
      path: "currency"
    })
    const policy = { mutationId: "r", idleCartMs: 2_000, tax: [{ country: "GB", basisPoints: 2_000, region: null }] }
    await told(`mutation ($policy: CartPolicyInput!) { setCartPolicy(policy: $policy) { ok } }`, { policy })
    const { cartPolicy } = await told(
      `{ cartPolicy { idleCartMs tax { country basisPoints isIncluded } shipping { method } } }`
    )
    assert.deepEqual(cartPolicy, {
      idleCartMs: 2_000,
      tax: [{ country: "GB", basisPoints: 2_000, isIncluded: false }],
      shipping: []
    })
  })
})

describe("the settings of recovery over GraphQL", () => {
  it("are read and changed whole, once, from the version that was seen", async () => {
    const { recoverySettings: seen } = await told(`{ recoverySettings { version isCurrent settings } }`)
    assert.ok(seen !== undefined)
    assert.deepEqual(seen["settings"], (await overHttp("/v1/recovery/settings"))["settings"])
    const change = `mutation ($expected: Int!, $settings: Json!, $id: String!) {
      setRecoverySettings(mutationId: $id, expectedVersion: $expected, by: "ann", settings: $settings) { changed version }
    }`
    const settings = { ...(seen["settings"] as object), attributionMs: 86_400_000 }
    const expected = Number(seen["version"])
    const { setRecoverySettings: done } = await told(change, { expected, settings, id: "s1" })
    assert.deepEqual(done, { changed: true, version: expected + 1 })
    const { recoverySettingsVersions: versions } = await told(
      `{ recoverySettingsVersions(limit: 1) { items { version by } } }`
    )
    assert.deepEqual(versions?.["items"], [{ version: expected + 1, by: "ann" }])
    assert.equal(
      (await refusalOf(change, { expected, settings: { ...settings, attributionMs: 90_000 }, id: "s2" }))["code"],
      "version_conflict"
    )
    const { faults, path } = await refusalOf(change, { expected: expected + 1, settings: {}, id: "s3" })
    assert.equal(path, "settings.sequences")
    assert.ok((faults as ReadonlyArray<unknown>).length > 3)
  })
})

describe("the alert centre over GraphQL", () => {
  it("lists what is low, and keeps what somebody decided", async () => {
    await told(`mutation { configureStock(sku: "MUG", mutationId: "c", safetyThreshold: 9) { sku } }`)
    const list = `{ lowStock(leadDays: 3) { items { sku version available stand { state } proposal { quantity } } } }`
    const { lowStock } = await eventually(
      () => told(list),
      (data) => itemsOf(data["lowStock"]).length > 0
    )
    const [low] = itemsOf(lowStock)
    assert.equal(low?.sku, "MUG")
    const decide = `mutation ($version: SafeInt!, $act: String!) {
      decideAlert(sku: "MUG", act: $act, version: $version, note: "ordered") { sku stand { state note } }
    }`
    const version = low?.version
    const { decideAlert } = await told(decide, { version, act: "acknowledge" })
    assert.deepEqual(decideAlert, { sku: "MUG", stand: { state: "acknowledged", note: "ordered" } })
    assert.equal((await refusalOf(decide, { version, act: "snooze" }))["path"], "until")
    assert.equal((await refusalOf(`{ lowStock(leadDays: 400) { next } }`))["path"], "leadDays")
  })
})
