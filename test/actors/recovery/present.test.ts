/**
 * Goal: whoever has the shop open and agreed to it is spoken to there first, and by another channel when they have gone.
 * Method: the deciders, told who is there.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { type Ask, look, start } from "../../../actors/recovery/decide.ts"
import type { RecoveryEvent } from "../../../actors/recovery/events.ts"
import { evolveContact, unknownContact } from "../../../actors/recovery/contact.ts"
import { withdraw } from "../../../actors/recovery/outcome.ts"
import { POLICY_DEFAULT } from "../../../actors/recovery/policy.ts"
import { evolve, type Recovery, startedBy } from "../../../actors/recovery/recovery.ts"
import { SEQUENCE_DEFAULT } from "../../../actors/recovery/sequence.ts"
import { phone, UK_PHONE } from "../../support/recovery.ts"

const NOON = Date.parse("2026-03-04T12:00:00Z")
const chat = (consentedAt: number | undefined = 0) =>
  ({ channel: "web-chat", address: "web-chat:ann", consentedAt, countries: [] }) as const

const asking = (isPresent: boolean, consentedAt?: number): Ask => ({
  at: NOON,
  cart: { cartVersion: 1, isEmpty: false, isBought: false, isSoldOut: false },
  contact: { ...unknownContact, preferred: ["sms"], points: [phone(UK_PHONE), chat(consentedAt)] },
  suppressions: new Map(),
  policy: { ...POLICY_DEFAULT, holdoutShare: 0 },
  isPresent
})

const abandonment = { abandonmentId: "a", cartId: "c", cartVersion: 1, at: NOON }
const begun = (ask: Ask) =>
  start({ recoveryId: "r1", customerId: "ann", previous: undefined, sequence: SEQUENCE_DEFAULT, abandonment, ask })

const folded = (events: ReturnType<typeof begun>): Recovery => {
  const [first, ...rest] = events as ReadonlyArray<RecoveryEvent>
  assert.ok(first?.type === "recovery-started")
  return rest.reduce(evolve, startedBy(first))
}
const channelOf = (events: ReadonlyArray<{ readonly type: string }>): unknown =>
  (events.find(({ type }) => type === "message-intended") as { readonly channel?: string } | undefined)?.channel

describe("a customer who left a cart", () => {
  it("and has the shop open is spoken to there, whatever they prefer elsewhere", () => {
    assert.equal(channelOf(begun(asking(true))), "web-chat")
  })

  it("and is not there, or has not agreed to that, gets what they prefer", () => {
    assert.equal(channelOf(begun(asking(false))), "sms")
    const withoutConsent = { ...asking(true), contact: { ...asking(true).contact, points: [phone(UK_PHONE)] } }
    assert.equal(channelOf(begun(withoutConsent)), "sms")
  })

  it("and closes the shop before anything was said gets a text instead, at once", () => {
    const recovery = folded(begun(asking(true)))
    const contact = (begun(asking(true)) as ReadonlyArray<RecoveryEvent>).reduce(
      (so, event) => (event.type === "message-intended" ? evolveContact(so, event) : so),
      asking(false).contact
    )
    const gone = { ...asking(false), contact }
    const skipped = withdraw(recovery, SEQUENCE_DEFAULT, gone)
    assert.deepEqual(
      skipped.map((event) => [event.type, "reason" in event && event.reason]),
      [["message-skipped", "not-present"]]
    )
    const now = skipped.reduce(evolve, recovery)
    const without = skipped.reduce(
      (so, event) => (event.type === "message-skipped" ? evolveContact(so, event) : so),
      contact
    )
    assert.equal(channelOf(look(now, SEQUENCE_DEFAULT, { ...gone, contact: without })), "sms")
  })
})
