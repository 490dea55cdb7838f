/**
 * Goal: a cart has at most one link that can be paid, the same one for as long as nothing has changed.
 * Method: examples of each decision, given what has happened.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import {
  decideLink,
  evolveLinks,
  initialLinks,
  linkEnd,
  type LinkEvent,
  type LinkWish,
  sessionEnd
} from "../../../actors/payment/links.ts"

const MINUTE_MS = 60_000
const NOW_MS = Date.UTC(2026, 0, 1)

const wish: LinkWish = {
  cartVersion: 3,
  holdId: "cart:c:3",
  fingerprint: "f",
  holdExpiresAtMs: NOW_MS + 45 * MINUTE_MS
}
const intended: LinkEvent = { type: "link-intended", ordinal: 1, expiresAtMs: NOW_MS + 45 * MINUTE_MS, ...wish }
const made: LinkEvent = { type: "link-made", ordinal: 1, sessionId: "cs_1", url: "https://pay.example/cs_1" }

const given =
  (...events: ReadonlyArray<LinkEvent>) =>
  (change: Partial<LinkWish> = {}, nowMs = NOW_MS) =>
    decideLink(events.reduce(evolveLinks, initialLinks), { ...wish, ...change }, nowMs)

describe("a checkout link", () => {
  it("is intended when there is none, and has its own number", () => {
    assert.deepEqual(given()(), { type: "intend", event: intended })
    const again = given(intended, made, { type: "link-ended", ordinal: 1, how: "expired" })()
    assert.ok(again.type === "intend")
    assert.equal(again.event.ordinal, 2)
  })

  it("is reused while nothing has changed", () => {
    const decided = given(intended, made)()
    assert.ok(decided.type === "reuse")
    assert.equal(decided.link.sessionId, "cs_1")
    const renewed = given(intended, made)({ holdExpiresAtMs: NOW_MS + 50 * MINUTE_MS })
    assert.equal(renewed.type, "reuse", "also when its hold was renewed")
    assert.equal(given(intended, made, { type: "link-closing", ordinal: 1 })().type, "close")
  })

  it("24. of a cart that has changed is closed before another is made", () => {
    for (const change of [{ cartVersion: 4 }, { holdId: "other" }, { fingerprint: "g" }]) {
      assert.equal(given(intended, made)(change).type, "close", JSON.stringify(change))
    }
  })

  it("whose answer was lost is asked for again with the same contents, and dropped for others: nobody has it", () => {
    assert.equal(given(intended)().type, "resume")
    const other = given(intended)({ cartVersion: 4 })
    assert.ok(other.type === "intend")
    assert.equal(other.event.ordinal, 2)
  })

  it("is not made for an older version, a cart that is paid, or a hold that has ended", () => {
    assert.deepEqual(given(intended, made)({ cartVersion: 2 }), { type: "refuse", code: "outdated_cart" })
    const paid: LinkEvent = { type: "link-paid", paymentIntent: "pi_1" }
    assert.deepEqual(given(intended, made, paid)({ cartVersion: 4 }), { type: "refuse", code: "already_paid" })
    assert.deepEqual(given()({}, wish.holdExpiresAtMs), { type: "refuse", code: "hold_ended" })
  })

  it("can be made again when the payment went back whole", () => {
    const paid: LinkEvent = { type: "link-paid", paymentIntent: "pi_1" }
    const ended: LinkEvent = { type: "link-ended", ordinal: 1, how: "expired" }
    assert.equal(given(intended, made, ended, paid, { type: "link-refunded", paymentIntent: "pi_1" })().type, "intend")
    assert.equal(given(intended, made, ended, paid, { type: "link-refunded", paymentIntent: "pi_2" })().type, "refuse")
  })

  it("ends with its hold, and its session within Stripe's bounds", () => {
    const minutes = (holdMinutes: number) => (sessionEnd(NOW_MS + holdMinutes * MINUTE_MS, NOW_MS) - NOW_MS) / MINUTE_MS
    assert.equal(minutes(45), 45)
    assert.equal(minutes(15), 32)
    assert.equal(minutes(7 * 24 * 60), 24 * 60 - 2)
    assert.equal(linkEnd({ expiresAtMs: 32 }, 15), 15)
  })
})
