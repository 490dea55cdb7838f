/**
 * Goal: no shopper who leaves is forgotten and none is pestered: one sequence, at lawful hours, ended by whatever the
 * customer does.
 * Method: a shopper with a clock, days long, in his own zone; what went wrong elsewhere first.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { evolveContact, unknownContact } from "../../../actors/recovery/contact.ts"
import { joinRecoveries } from "../../../actors/recovery/decide.ts"
import { failed, sent } from "../../../actors/recovery/outcome.ts"
import { isRunning } from "../../../actors/recovery/recovery.ts"
import { SEQUENCE_DEFAULT, type Sequence } from "../../../actors/recovery/sequence.ts"
import { DAY, HOUR, mail, MINUTE, phone, Shopper, UK_PHONE, US_PHONE } from "../../support/recovery.ts"

const NEW_YORK = "America/New_York"
const textsOnly: Sequence = {
  ...SEQUENCE_DEFAULT,
  steps: SEQUENCE_DEFAULT.steps.map((step) => ({ ...step, channels: ["sms"] }))
}

describe("what went wrong elsewhere", () => {
  it("20. Bought by another way one second before the message goes: no message", () => {
    const shopper = new Shopper("2026-07-01T03:50:00Z", { zone: NEW_YORK }).leaves()
    shopper.until("2026-07-01T11:59:59Z").buysUnheard().until("2026-07-09T00:00:00Z")
    assert.deepEqual(shopper.sent, [])
    assert.deepEqual(
      shopper.all("recovery-ended").map(({ reason }) => reason),
      ["bought"]
    )
  })

  it("20. Bought between the intent and the call: the message is skipped, with the reason", () => {
    const shopper = new Shopper("2026-07-01T15:00:00Z", {
      zone: NEW_YORK,
      answer: () => ({ class: "temporary", retryMs: 1_000 })
    })
    shopper.leaves().buys().until("2026-07-09T00:00:00Z")
    assert.deepEqual(shopper.sent, [])
    assert.deepEqual(
      shopper.all("message-skipped").map(({ reason }) => reason),
      ["bought"]
    )
    assert.deepEqual(shopper.contact.sent, [], "and counts against no cap")
  })

  it("21. Opt-out between scheduling and sending: nothing goes", () => {
    const shopper = new Shopper("2026-07-01T03:50:00Z", { zone: NEW_YORK, points: [phone(US_PHONE), mail()] }).leaves()
    assert.equal(shopper.recovery?.planned?.channel, "sms")
    shopper.until("2026-07-01T11:59:59Z").saysStop().until("2026-07-20T00:00:00Z")
    assert.deepEqual(shopper.sent, [])
    assert.equal(shopper.recovery?.ended?.reason, "opted-out")
    assert.deepEqual([...shopper.suppressions.keys()].sort(), [US_PHONE, "ann@example.com"].sort())
  })

  it('21. "STOP PLEASE" and other words for it stop at once, in WhatsApp too; what is about the order does not', () => {
    const points = [phone(UK_PHONE, "whatsapp"), mail()]
    for (const text of ["STOP PLEASE", "please dont text me again", "Unsubscribe."]) {
      const shopper = new Shopper("2026-07-01T23:50:00Z", { points, preferred: ["whatsapp"] }).leaves()
      shopper.says(text, UK_PHONE, "whatsapp").until("2026-07-20T00:00:00Z")
      assert.deepEqual(shopper.sent, [], text)
      assert.equal(shopper.recovery?.ended?.reason, "opted-out", text)
    }
    const shopper = new Shopper("2026-07-01T23:50:00Z", { points, preferred: ["whatsapp"] }).leaves()
    shopper.says("don't stop the order", UK_PHONE, "whatsapp")
    assert.equal(shopper.recovery?.ended?.reason, "replied")
    assert.equal(shopper.suppressions.size, 0)
  })

  it("21. Opt-out on another number: it holds for all numbers and channels of the customer, and for whoever gives them", () => {
    const points = [phone(US_PHONE), phone(US_PHONE, "whatsapp"), mail()]
    const shopper = new Shopper("2026-07-01T15:00:00Z", { zone: NEW_YORK, points })
    shopper.saysStop("+13105550199", "whatsapp").leaves().until("2026-07-09T00:00:00Z")
    assert.equal(shopper.all("recovery-withheld")[0]?.reason, "opted-out")
    const other = new Shopper("2026-07-01T15:00:00Z", { zone: NEW_YORK, points })
    for (const [address, entry] of shopper.suppressions) other.suppressions.set(address, entry)
    other.leaves().until("2026-07-09T00:00:00Z")
    assert.equal(other.all("recovery-withheld")[0]?.reason, "nothing-to-reach")
    assert.deepEqual(
      other.all("recovery-withheld")[0]?.refused.map(({ reason }) => reason),
      ["no-address", "suppressed", "suppressed", "no-address", "suppressed"]
    )
  })

  it("22. Abandoned at 23:50 in the customer's zone, a US number: one text at 08:00, none after 48 hours", () => {
    const shopper = new Shopper("2026-07-02T03:50:00Z", { zone: NEW_YORK, sequence: textsOnly }).leaves()
    assert.deepEqual(
      shopper.all("step-decided").map(({ at, sendAt }) => [at, sendAt]),
      [[Date.parse("2026-07-02T03:55:00Z"), Date.parse("2026-07-02T12:00:00Z")]],
      "decided five minutes after, for eight in the morning"
    )
    shopper.until("2026-08-01T00:00:00Z")
    assert.deepEqual(shopper.sent, ["sms 2026-07-02T12:00:00.000Z"])
    assert.deepEqual(
      shopper.all("step-skipped").map(({ step, refused }) => [step, refused[0]?.reason]),
      [
        [1, "text-already-sent"],
        [2, "text-already-sent"]
      ]
    )
  })

  it("22. A text that could not go within 48 hours never goes", () => {
    const answer = () => ({ class: "throttled" as const, retryMs: 12 * HOUR })
    const shopper = new Shopper("2026-07-02T03:50:00Z", { zone: NEW_YORK, sequence: textsOnly, answer }).leaves()
    shopper.until("2026-08-01T00:00:00Z")
    assert.deepEqual(shopper.sent, [])
    assert.ok(shopper.all("message-postponed").every(({ at }) => at < Date.parse("2026-07-04T03:50:00Z")))
    assert.equal(shopper.all("message-skipped")[0]?.reason, "too-late")
  })

  it("22. A text that the caps hold back beyond 48 hours is not waited for", () => {
    const shopper = new Shopper("2026-07-02T15:00:00Z", { zone: NEW_YORK, sequence: textsOnly })
    for (const days of [1, 2]) {
      const sms = {
        attemptId: `t${days}`,
        channel: "sms" as const,
        abandonmentId: "other",
        at: shopper.at - days * DAY
      }
      shopper.contact = { ...shopper.contact, sent: [...shopper.contact.sent, sms] }
    }
    shopper.leaves()
    assert.deepEqual(
      shopper.all("recovery-withheld").map(({ reason, refused }) => [reason, refused[0]?.reason]),
      [["nothing-to-reach", "too-late"]]
    )
  })

  it("22. The cart is checked again then: changed, emptied or sold out in the night, and nothing goes", () => {
    for (const [happens, reason] of [
      [(shopper: Shopper) => shopper.changes(), "cart-changed"],
      [(shopper: Shopper) => shopper.sellsOut(), "sold-out"],
      [(shopper: Shopper) => shopper.empties(), "cart-empty"]
    ] as const) {
      const shopper = new Shopper("2026-07-02T03:50:00Z", { zone: NEW_YORK }).leaves().until("2026-07-02T11:00:00Z")
      happens(shopper)
      shopper.until("2026-07-20T00:00:00Z")
      assert.deepEqual(shopper.sent, [], reason)
      assert.equal(shopper.recovery?.ended?.reason, reason)
    }
  })
})

describe("a sequence", () => {
  it("goes through its steps in their time, the first within five minutes of leaving", () => {
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points: [phone(UK_PHONE), mail()], preferred: ["sms"] })
    shopper.leaves().until("2026-07-20T00:00:00Z")
    assert.deepEqual(shopper.sent, [
      "sms 2026-07-01T09:05:00.000Z",
      "sms 2026-07-02T07:00:00.000Z",
      "email 2026-07-03T07:00:00.000Z"
    ])
    assert.equal(shopper.recovery?.ended?.reason, "completed")
  })

  it("takes other channels after the one text in the United States", () => {
    const shopper = new Shopper("2026-07-01T15:00:00Z", {
      points: [phone(US_PHONE), mail()],
      preferred: ["sms"],
      zone: NEW_YORK
    })
    shopper.leaves().until("2026-07-20T00:00:00Z")
    assert.deepEqual(
      shopper.sent.map((one) => one.split(" ")[0]),
      ["sms", "email", "email"]
    )
  })

  it("ends when the customer replies or changes the cart, and a cart left again has one of its own", () => {
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points: [phone(UK_PHONE)] }).leaves()
    shopper.replies().until("2026-07-05T00:00:00Z")
    assert.equal(shopper.recovery?.ended?.reason, "replied")
    assert.equal(shopper.sent.length, 1)
    shopper.changes().leaves().until("2026-07-06T00:00:00Z")
    assert.ok(isRunning(shopper.recovery))
    assert.equal(shopper.sent.length, 2)
    shopper.changes().until("2026-07-20T00:00:00Z")
    assert.equal(shopper.recovery?.ended?.reason, "cart-changed")
    assert.equal(shopper.sent.length, 2)
  })

  it("is started once for an abandonment, and none beside one that runs", () => {
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points: [phone(UK_PHONE)] }).leaves().leaves(true)
    assert.equal(shopper.all("recovery-started").length, 1)
    assert.deepEqual(shopper.all("recovery-withheld"), [])
    shopper.cart = { ...shopper.cart, cartVersion: 2 }
    shopper.leaves()
    assert.equal(shopper.all("recovery-withheld")[0]?.reason, "already-running")
    const ended = new Shopper("2026-07-01T09:00:00Z", { points: [phone(UK_PHONE)] }).leaves().replies().leaves(true)
    assert.equal(ended.all("recovery-started").length, 1, "not again after it ended either")
  })

  it("is withheld from the holdout, last of all reasons", () => {
    const policy = { holdoutShare: 1 }
    const reachable = new Shopper("2026-07-01T09:00:00Z", { policy }).leaves()
    assert.equal(reachable.all("recovery-withheld")[0]?.reason, "holdout")
    const noConsent = new Shopper("2026-07-01T09:00:00Z", {
      policy,
      points: [phone(US_PHONE, "sms", Number.NaN)]
    }).leaves()
    assert.equal(noConsent.all("recovery-withheld")[0]?.reason, "nothing-to-reach")
  })

  it("waits for the morning on the preferred channel, and takes another one if that is shut for longer than a night", () => {
    const points = [phone("+33612345678"), mail()]
    const night = new Shopper("2026-07-01T22:00:00Z", { points, preferred: ["sms"] }).leaves()
    assert.deepEqual(night.recovery?.planned, { channel: "sms", sendAt: Date.parse("2026-07-02T06:00:00Z") })
    const saturday = new Shopper("2026-07-04T18:30:00Z", { points, preferred: ["sms"] }).leaves()
    assert.deepEqual(saturday.sent, ["email 2026-07-04T18:35:00.000Z"], "no texts in France before Monday")
    assert.equal(saturday.all("step-decided")[0]?.refused[0]?.reason, "quiet-hours")
  })

  it("keeps a gap after a message that had to wait", () => {
    const sequence: Sequence = {
      ...textsOnly,
      steps: [
        { delayMs: 0, channels: ["sms"], template: "reminder", mayOffer: false },
        { delayMs: HOUR, channels: ["email"], template: "still-there", mayOffer: false }
      ]
    }
    const policy = { caps: [] }
    const shopper = new Shopper("2026-07-01T22:00:00Z", {
      points: [phone(UK_PHONE), mail()],
      sequence,
      policy
    }).leaves()
    shopper.until("2026-07-20T00:00:00Z")
    assert.deepEqual(shopper.sent, ["sms 2026-07-02T07:00:00.000Z", "email 2026-07-02T11:00:00.000Z"])
  })
})

describe("a message that does not go", () => {
  const points = [phone(UK_PHONE), mail()]
  const preferred = ["sms"] as const

  it("to a number that is dead is sent by another channel, and the number is suppressed", () => {
    const answer = (channel: string) => (channel === "sms" ? ({ class: "permanent" } as const) : "sent")
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points, preferred, answer }).leaves()
    shopper.until(shopper.at)
    assert.deepEqual(shopper.sent, ["email 2026-07-01T09:05:00.000Z"])
    assert.equal(shopper.suppressions.get(UK_PHONE)?.reason, "undeliverable")
    assert.equal(shopper.contact.sent.length, 1, "what nobody got counts for nothing")
  })

  it("is tried four times while the provider fails, then by another channel", () => {
    const answer = (channel: string) => (channel === "sms" ? ({ class: "temporary" } as const) : "sent")
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points, preferred, answer }).leaves()
    shopper.until("2026-07-01T10:00:00Z")
    assert.equal(shopper.all("message-postponed").length, 3)
    assert.deepEqual(shopper.sent, ["email 2026-07-01T09:08:00.000Z"])
  })

  it("waits for a limit as often as need be, without a call used up", () => {
    const answer = (_channel: string, nth: number) => (nth <= 9 ? ({ class: "throttled" } as const) : "sent")
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points, preferred, answer }).leaves()
    shopper.until("2026-07-01T10:00:00Z")
    assert.deepEqual(shopper.sent, ["sms 2026-07-01T09:14:00.000Z"])
  })

  it("and waits into the night goes in the morning", () => {
    const answer = (_channel: string, nth: number) =>
      nth === 1 ? ({ class: "temporary", retryMs: 2 * HOUR } as const) : "sent"
    const shopper = new Shopper("2026-07-01T18:30:00Z", { points, preferred, answer }).leaves()
    shopper.until("2026-07-02T10:00:00Z")
    assert.deepEqual(shopper.sent, ["sms 2026-07-02T07:00:00.000Z"])
  })

  it("and whose fate nobody knows counts as sent, and the sequence goes on", () => {
    const answer = (_channel: string, nth: number) => (nth === 1 ? "lost" : "sent")
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points, preferred, answer }).leaves()
    assert.equal(shopper.contact.sent.length, 1)
    shopper.until("2026-07-03T00:00:00Z")
    assert.deepEqual(shopper.sent, ["sms 2026-07-02T07:00:00.000Z"])
    assert.deepEqual(
      shopper.contact.sent.map(({ isAssumed }) => isAssumed),
      [true, undefined]
    )
  })

  it("that was on its way when the line broke is written down as assumed", () => {
    const event = { type: "message-sent", at: 5, customerId: "ann", recoveryId: "r", receipt: "<r-1@shop>" } as const
    const message = { attemptId: "r-1", channel: "email", abandonmentId: "a", at: 1 } as const
    const contact = { ...unknownContact, sent: [message] }
    const told = { ...event, attemptId: "r-1", isAssumed: true, lookAt: undefined } as const
    assert.deepEqual(evolveContact(contact, told).sent, [{ ...message, at: 5, isAssumed: true }])
  })

  it("whose answer was lost is looked for: it arrived, and is not sent again", () => {
    const answer = () => ({ class: "unknown" as const, hasArrived: true })
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points, preferred, answer }).leaves()
    assert.ok(shopper.recovery?.attempt, "what is unknown is found out first")
    shopper.until("2026-07-01T10:00:00Z")
    assert.deepEqual(shopper.sent, ["sms 2026-07-01T09:05:00.000Z"])
    assert.equal(shopper.arrived.length, 1)
  })

  it("whose answer was lost and which never arrived is sent after the grace time, if it still may", () => {
    const answer = (_channel: string, nth: number) =>
      nth === 1 ? ({ class: "unknown", hasArrived: false } as const) : ("sent" as const)
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points, preferred, answer }).leaves()
    shopper.until("2026-07-01T10:00:00Z")
    assert.deepEqual(shopper.sent, ["sms 2026-07-01T09:07:00.000Z"])
    const bought = new Shopper("2026-07-01T09:00:00Z", { points, preferred, answer }).leaves().buys()
    bought.until("2026-07-01T10:00:00Z")
    assert.deepEqual(bought.sent, [])
    assert.equal(bought.all("message-skipped")[0]?.reason, "bought", "found out also after the end")
  })

  it("has one outcome: what is told twice or of another attempt changes nothing", () => {
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points, preferred }).leaves()
    assert.ok(shopper.recovery)
    const { at, recovery } = shopper
    const attemptId = shopper.all("message-sent")[0]?.attemptId ?? ""
    assert.deepEqual(sent(recovery, SEQUENCE_DEFAULT, { at, attemptId, receipt: "SM9" }), [])
    assert.deepEqual(failed(recovery, { at, attemptId: "other", class: "permanent", code: "x", retryAt: at }), [])
  })
})

describe("consent", () => {
  it("that was not given, or was taken back, is not there", () => {
    const points = [phone(UK_PHONE, "sms", Number.NaN), { ...mail(), consentedAt: undefined }]
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points }).leaves()
    const reasons = shopper.all("recovery-withheld")[0]?.refused.map(({ channel, reason }) => `${channel} ${reason}`)
    assert.ok(reasons?.includes("sms no-consent"))
    assert.ok(reasons?.includes("email no-consent"))
  })

  it("START opens the address that said it, and nothing else", () => {
    const points = [phone(UK_PHONE), phone(UK_PHONE, "whatsapp"), mail()]
    const shopper = new Shopper("2026-07-01T09:00:00Z", { points })
    shopper.saysStop(UK_PHONE).saysStop(UK_PHONE)
    assert.equal(shopper.all("opted-out").length, 1, "said twice is said once")
    shopper.saysStart(UK_PHONE)
    assert.deepEqual([...shopper.suppressions.keys()], ["ann@example.com"])
    shopper.leaves().until(shopper.at + 30 * DAY)
    assert.ok(shopper.sent.length > 0)
    assert.ok(shopper.sent.every((one) => one.startsWith("sms")))
  })
})

describe("a customer who signs in", () => {
  const left = (
    at: string,
    more: { readonly points?: ReadonlyArray<ReturnType<typeof phone>>; readonly customerId?: string } = {}
  ) => new Shopper(at, { points: [phone(UK_PHONE)], ...more }).leaves()

  it("has one recovery from then on, the one that began first", () => {
    const [first, second] = [left("2026-07-01T09:00:00Z"), left("2026-07-01T10:00:00Z", { customerId: "browser" })]
    const events = joinRecoveries([first.recovery, second.recovery], second.at)
    assert.deepEqual(
      events.map((event) => ("customerId" in event ? [event.type, event.customerId] : [])),
      [["recovery-ended", "browser"]]
    )
    assert.deepEqual(joinRecoveries([second.recovery, first.recovery], second.at), events)
    assert.deepEqual(joinRecoveries([first.recovery, undefined], second.at), [])
    assert.deepEqual(joinRecoveries([first.replies().recovery, second.recovery], second.at), [])
  })

  it("was written to as often as both were, and opted out if either had", () => {
    const known = left("2026-07-01T09:00:00Z").replies()
    const browser = left("2026-07-01T10:00:00Z", { customerId: "browser" })
    const theirs = { ...browser.contact, sent: browser.contact.sent.map((one) => ({ ...one, attemptId: "r9-1" })) }
    known.take([{ type: "contact-joined", at: browser.at, other: { ...theirs, zone: "Europe/London" } }])
    assert.deepEqual(
      known.contact.sent.map(({ at }) => new Date(at).toISOString()),
      ["2026-07-01T09:05:00.000Z", "2026-07-01T10:05:00.000Z"]
    )
    assert.equal(known.contact.zone, "Europe/London")
    assert.equal(known.contact.points.length, 1)
    browser.saysStop(UK_PHONE)
    known
      .take([{ type: "contact-joined", at: browser.at, other: browser.contact }])
      .changes()
      .leaves()
    assert.equal(known.all("recovery-withheld")[0]?.reason, "opted-out")
  })
})

describe("a conversation", () => {
  it("on Messenger needs the customer's word of the last day; WhatsApp takes a template without it", () => {
    const points = [
      phone(UK_PHONE, "whatsapp"),
      { channel: "messenger" as const, address: "psid", consentedAt: 0, countries: [] }
    ]
    const silent = new Shopper("2026-07-01T09:00:00Z", {
      points,
      preferred: ["messenger"],
      zone: "Europe/London"
    }).leaves()
    assert.equal(silent.all("message-intended")[0]?.form, "template")
    assert.equal(silent.all("step-decided")[0]?.refused[0]?.reason, "no-conversation")
    const spoke = new Shopper("2026-07-01T09:00:00Z", { points, preferred: ["messenger"], zone: "Europe/London" })
    spoke.take([{ type: "customer-wrote", at: spoke.at - MINUTE, channel: "messenger" }]).leaves()
    assert.deepEqual(
      spoke.all("message-intended").map(({ channel, form }) => `${channel} ${form}`),
      ["messenger free"]
    )
  })
})
