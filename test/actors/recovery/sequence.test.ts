/**
 * Goal: what somebody writes into the editor is either a sequence or a list of what is wrong with it; who is left alone,
 * how often one is written to and what a text costs is reckoned right.
 * Method: examples by hand.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { cappedBy } from "../../../actors/recovery/caps.ts"
import { readIncentives } from "../../../actors/recovery/read-incentives.ts"
import { INCENTIVES_DEFAULT, type IncentivePolicy } from "../../../actors/recovery/incentive-rules.ts"
import { type ContactPolicy, POLICY_DEFAULT } from "../../../actors/recovery/policy.ts"
import { contactFaults, incentiveFaults } from "../../../actors/recovery/settings-faults.ts"
import { drawOf, isHeldOut } from "../../../actors/recovery/holdout.ts"
import { faultsOf, published, SEQUENCE_DEFAULT, type SequenceDraft } from "../../../actors/recovery/sequence.ts"
import { costOf } from "../../../actors/recovery/text-cost.ts"
import { DAY, HOUR } from "../../support/recovery.ts"

const templates = new Set(["reminder", "still-there", "last-call"])
const draft = (more: Partial<SequenceDraft>): SequenceDraft => ({ ...SEQUENCE_DEFAULT, ...more })
const step = { delayMs: 0, channels: ["sms"], template: "reminder", mayOffer: false }
const paths = (more: Partial<SequenceDraft>) => faultsOf(draft(more), templates).map(({ path }) => path)

describe("a draft of a sequence", () => {
  it("without faults becomes that version", () => {
    assert.deepEqual(faultsOf(draft({}), templates), [])
    assert.deepEqual(published(draft({}), 1), SEQUENCE_DEFAULT)
    assert.deepEqual(published(draft({ gapMs: 1 }), 2), { ...SEQUENCE_DEFAULT, gapMs: 1, version: 2 })
  })

  it.each([
    ["no name", { sequenceId: "" }, ["sequenceId"]],
    ["no steps", { steps: [] }, ["steps"]],
    ["eleven steps", { steps: Array.from({ length: 11 }, (_, index) => ({ ...step, delayMs: index })) }, ["steps"]],
    ["a step without channels", { steps: [{ ...step, channels: [] }] }, ["steps[0].channels"]],
    ["a channel that there is not", { steps: [{ ...step, channels: ["fax"] }] }, ["steps[0].channels"]],
    ["a channel twice", { steps: [{ ...step, channels: ["sms", "sms"] }] }, ["steps[0].channels"]],
    ["a template that there is not", { steps: [{ ...step, template: "x" }] }, ["steps[0].template"]],
    ["a delay that is not above the one before", { steps: [step, step] }, ["steps[1].delayMs"]],
    ["a delay beyond the end", { steps: [{ ...step, delayMs: 8 * DAY }] }, ["steps[0].delayMs"]],
    ["a negative delay", { steps: [{ ...step, delayMs: -5 }] }, ["steps[0].delayMs", "steps[0].delayMs"]],
    ["a gap of a fraction", { gapMs: 0.5 }, ["gapMs"]],
    ["no end", { expiresMs: Number.POSITIVE_INFINITY }, ["expiresMs"]]
  ] as const)("with %s is told so, by its field", (_name, more, expected) => {
    assert.deepEqual(paths(more), expected)
  })
})

describe("settings", () => {
  const contact = (more: Partial<ContactPolicy>) =>
    contactFaults({ ...POLICY_DEFAULT, ...more }).map(({ path }) => path)
  const usual = { ...INCENTIVES_DEFAULT, currency: "GBP", zone: "Europe/London", shippingCostMinor: 350 }
  const offers = (more: Partial<IncentivePolicy>) => incentiveFaults({ ...usual, ...more }).map(({ path }) => path)
  const open = { opensMinute: 480, closesMinute: 1200, closedDays: [] }

  it("that come with the hub are without faults", () => {
    assert.deepEqual(contact({}), [])
    assert.deepEqual(offers({}), [])
  })

  it.each([
    ["hours that close before they open", { hours: { ...open, opensMinute: 1200, closesMinute: 480 } }, ["hours"]],
    ["hours beyond midnight", { hours: { ...open, closesMinute: 1441 } }, ["hours"]],
    ["no day that is open", { hours: { ...open, closedDays: [0, 1, 2, 3, 4, 5, 6] } }, ["hours.closedDays"]],
    ["an eighth day", { hours: { ...open, closedDays: [7] } }, ["hours.closedDays"]],
    ["a country by its name", { hoursByCountry: { France: open } }, ["hoursByCountry.France"]],
    ["a zone that there is not", { zoneWhenUnknown: "Europe/Londn" }, ["zoneWhenUnknown"]],
    ["a cap of minus one", { caps: [{ messagesMax: -1, windowMs: 1 }] }, ["caps[0].messagesMax"]],
    ["a cap over a year", { caps: [{ messagesMax: 1, windowMs: 366 * DAY }] }, ["caps[0].windowMs"]],
    ["a holdout of ten", { holdoutShare: 10 }, ["holdoutShare"]],
    ["no number at all", { holdoutShare: Number.NaN, patienceMs: Number.NaN }, ["patienceMs", "holdoutShare"]]
  ] as const)("of contact with %s are told so", (_name, more, expected) => {
    assert.deepEqual(contact(more), expected)
  })

  const percent = (basisPoints: number) => ({ kind: "percentage", basisPoints }) as const
  it.each([
    [
      "two offers of one name",
      { catalogue: [1, 2].map((points) => ({ offerKey: "a", terms: percent(points) })) },
      ["catalogue"]
    ],
    ["an offer called none", { catalogue: [{ offerKey: "none", terms: percent(1) }] }, ["catalogue[0].offerKey"]],
    ["more than everything off", { catalogue: [{ offerKey: "a", terms: percent(10_001) }] }, ["catalogue[0].terms"]],
    ["half a penny", { dailyBudgetMinor: 0.5 }, ["dailyBudgetMinor"]],
    ["a margin of 101 %", { marginFloorBasisPoints: 10_100 }, ["marginFloorBasisPoints"]],
    ["a share above one", { returnShareMax: 40 }, ["returnShareMax"]],
    ["a currency in words", { currency: "pounds" }, ["currency"]]
  ] as const)("of offers with %s are told so", (_name, more, expected) => {
    assert.deepEqual(offers(more), expected)
  })
})

describe("the rules of offers as somebody writes them", () => {
  const needed = { currency: "GBP", zone: "Europe/London", shippingCostMinor: 0 }

  it("are put together with the usual ones", () => {
    const read = readIncentives({ ...needed, dailyBudgetMinor: 5_000 })
    assert.deepEqual(read, { ok: true, policy: { ...INCENTIVES_DEFAULT, ...needed, dailyBudgetMinor: 5_000 } })
  })

  it.each([
    ["a list", [], [""]],
    ["nothing", {}, ["currency", "zone", "shippingCostMinor"]],
    ["a budget in words", { ...needed, dailyBudgetMinor: "much" }, ["dailyBudgetMinor"]],
    ["a rule that there is not", { ...needed, luck: 7 }, ["luck"]],
    ["a catalogue that is none", { ...needed, catalogue: {} }, ["catalogue"]],
    ["a thing for an offer", { ...needed, catalogue: ["10 %"] }, ["catalogue[0]"]],
    [
      "an offer of nothing",
      { ...needed, catalogue: [{ offerKey: "a", terms: { kind: "gift" } }] },
      ["catalogue[0].terms"]
    ],
    [
      "words without the code",
      { ...needed, catalogue: [{ offerKey: "a", terms: { kind: "free-shipping" }, says: "Free!" }] },
      ["catalogue[0].says"]
    ],
    ["an offer of half a second", { ...needed, offerTtlMs: 500 }, ["offerTtlMs"]]
  ] as const)("and %s is told so, by its field", (_name, value, expected) => {
    const read = readIncentives(value)
    assert.deepEqual(read.ok ? [] : read.faults.map(({ path }) => path), expected)
  })
})

describe("a cap", () => {
  const sent = (...hours: ReadonlyArray<number>) =>
    hours.map((hour) => ({ attemptId: `${hour}`, channel: "sms" as const, abandonmentId: "a", at: hour * HOUR }))
  const two = [{ messagesMax: 2, windowMs: 24 * HOUR }]

  it("rolls: what is older than its window counts no more, at the millisecond", () => {
    assert.equal(cappedBy(two, sent(1, 5), { channel: "email", at: 25 * HOUR - 1 })?.until, 25 * HOUR)
    assert.equal(cappedBy(two, sent(1, 5), { channel: "email", at: 25 * HOUR }), undefined)
  })

  it("of a channel counts that channel; the one that lasts longest is named", () => {
    const caps = [...two, { channel: "sms" as const, messagesMax: 1, windowMs: 48 * HOUR }]
    assert.equal(cappedBy(caps, sent(1, 5), { channel: "email", at: 6 * HOUR })?.until, 25 * HOUR)
    assert.equal(cappedBy(caps, sent(1, 5), { channel: "sms", at: 6 * HOUR })?.until, 53 * HOUR)
  })

  it("of none never ends", () => {
    assert.equal(cappedBy([{ messagesMax: 0, windowMs: HOUR }], [], { channel: "sms", at: 0 })?.until, Infinity)
  })
})

describe("the holdout", () => {
  it("is a tenth of the customers, the same ones each time, and others with another salt", () => {
    const policy = { holdoutShare: 0.1, holdoutSalt: "one" }
    const customers = Array.from({ length: 50_000 }, (_, index) => `customer-${index}`)
    const held = customers.filter((customer) => isHeldOut(customer, policy))
    // Four standard deviations of a binomial share: sqrt(0.1 * 0.9 / 50,000) is 0.00134.
    assert.ok(Math.abs(held.length / customers.length - 0.1) < 0.0054, `${held.length}`)
    assert.deepEqual(
      held,
      customers.filter((customer) => isHeldOut(customer, policy))
    )
    const both = held.filter((customer) => isHeldOut(customer, { ...policy, holdoutSalt: "two" }))
    assert.ok(Math.abs(both.length / held.length - 0.1) < 0.02, "one draw says nothing about another")
  })

  it("is drawn evenly", () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let index = 0; index < 20_000; index++) {
      const tenth = Math.floor(drawOf(`+4479111${index}`, "salt") * 10)
      tenths[tenth] = (tenths[tenth] ?? 0) + 1
    }
    const chiSquare = tenths.reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0)
    assert.ok(chiSquare < 27.9, `${chiSquare} is beyond the 0.1 % point of nine degrees of freedom`)
  })
})

describe("what a text costs", () => {
  it("goes by the country, and by the dearest where it may be one of several", () => {
    const prices = {
      currency: "USD",
      microMinorByCountry: { US: 830_000, GB: 4_000_000 },
      microMinorElsewhere: 9_000_000
    }
    assert.deepEqual(costOf(2, ["US"], prices), { currency: "USD", microMinor: 1_660_000 })
    assert.equal(costOf(1, ["GB", "JE"], prices).microMinor, 9_000_000)
    assert.equal(costOf(1, [], prices).microMinor, 9_000_000)
  })
})
