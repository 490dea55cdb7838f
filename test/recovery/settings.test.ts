/**
 * Goal: settings that do not do are refused with everything that is wrong, each by its path; and what a message would say
 * is what it will say.
 * Method: settings as an editor sends them, without a hub.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { INCENTIVES_DEFAULT } from "../../actors/recovery/incentive-rules.ts"
import { SettingsHistory } from "../../actors/recovery/settings-history.ts"
import { settingsWith } from "../../actors/recovery/settings.ts"
import { BUILT_IN_TEMPLATES, readRecovery } from "../../config/recovery.ts"
import { decodePreview, decodeSettingsChange } from "../../src/recovery/decode-settings-change.ts"
import { readSettings } from "../../src/recovery/decode-settings.ts"
import { previewOf } from "../../src/recovery/preview.ts"
import { seedOf } from "../../src/recovery/seed.ts"

const built = settingsWith(BUILT_IN_TEMPLATES)
const sent = JSON.parse(JSON.stringify(built)) as Record<string, unknown>
const change = (settings: unknown, more: object = {}) =>
  decodeSettingsChange(
    JSON.parse(JSON.stringify({ mutationId: "m", expectedVersion: 1, by: "ann", settings, ...more }))
  )

const refusalOf = (settings: unknown, more?: object) => {
  const decoded = change(settings, more)
  assert.ok(!decoded.ok)
  return decoded.refusal
}

describe("settings as they are sent", () => {
  it("read back as they were, when nothing is wrong with them", () => {
    const decoded = change(sent)
    assert.ok(decoded.ok)
    assert.equal(JSON.stringify(decoded.value.settings), JSON.stringify(built))
  })

  it("are refused with everything that is wrong, each by its path", () => {
    const [sequence] = built.sequences
    const steps = [{ delayMs: "soon", channels: ["fax"], template: "reminder", mayOffer: 1 }]
    const contact = { ...built.contact, caps: "none", hours: { opensMinute: 480, closesMinute: 60, closedDays: [] } }
    const { faults, message, path } = refusalOf({
      ...sent,
      sequences: [{ ...sequence, steps, fits: { reason: "bored" } }],
      contact
    })
    assert.deepEqual(
      faults?.map((fault) => fault.path),
      [
        "settings.sequences[0].steps[0].delayMs",
        "settings.sequences[0].steps[0].mayOffer",
        "settings.sequences[0].fits.reason",
        "settings.contact.caps",
        "settings.sequences[0].steps[0].channels",
        "settings.contact.hours"
      ]
    )
    assert.equal(path, "settings.sequences[0].steps[0].delayMs")
    assert.match(message, /Send a number\. 5 more: see faults\./)
    for (const fault of faults ?? []) assert.match(fault.message, /[a-z].*\.$/)
  })

  it.each([
    ["nothing", undefined, "settings"],
    ["a list", [], "settings"],
    ["no rules of contact", { ...sent, contact: undefined }, "settings.contact"],
    ["too many sequences", { ...sent, sequences: Array.from({ length: 17 }) }, "settings.sequences"],
    ["a template that is a text", { ...sent, templates: { reminder: "Hi {link}" } }, "settings.templates.reminder"]
  ])("that are %s are told so, and no more is said of what was not read", (_name, settings, path) => {
    assert.equal(refusalOf(settings).path, path)
  })

  it("need to say who changes them, and from which version", () => {
    assert.equal(refusalOf(sent, { by: undefined }).path, "by")
    assert.equal(refusalOf(sent, { by: "holdfast" }).path, "by")
    assert.equal(refusalOf(sent, { expectedVersion: -1 }).path, "expectedVersion")
    assert.equal(refusalOf(sent, { mutationId: "" }).path, "mutationId")
  })

  it("of a hundred thousand faults are told in no time", () => {
    const steps = Array.from({ length: 5_000 }, () => ({}))
    const { faults } = readSettings({ ...sent, sequences: Array.from({ length: 16 }, () => ({ steps })) })
    assert.ok(faults.length < 200)
  })
})

describe("the rules of offers among the settings", () => {
  const offers = { ...INCENTIVES_DEFAULT, currency: "GBP", zone: "Europe/London", shippingCostMinor: 350 }

  it("read back as they were, and null is none", () => {
    const decoded = change({ ...sent, offers })
    assert.ok(decoded.ok)
    assert.deepEqual(decoded.value.settings.offers, offers)
    assert.equal(sent["offers"], null)
  })

  it("are the same text in whatever order they come, without what there is not", () => {
    const turned = Object.fromEntries(Object.entries({ ...offers, luck: 7 }).toReversed())
    const [one, other] = [change({ ...sent, offers }), change({ ...sent, offers: turned })]
    assert.ok(one.ok && other.ok)
    assert.equal(JSON.stringify(other.value.settings), JSON.stringify(one.value.settings))
  })

  it("are all of them: what is left out is asked for, except what nobody may know", () => {
    const { dailyBudgetMinor: _budget, offerTtlMs: _ttl, ...some } = offers
    const { faults = [] } = refusalOf({ ...sent, offers: some })
    assert.deepEqual(
      faults.map(({ path }) => path),
      ["settings.offers.dailyBudgetMinor", "settings.offers.offerTtlMs"]
    )
    assert.equal(
      refusalOf({ ...sent, offers: { ...offers, costBasisPoints: null } }).path,
      "settings.offers.costBasisPoints"
    )
  })

  it.each([
    ["left out", undefined, ["settings.offers"]],
    ["a list", [], ["settings.offers"]],
    ["of a currency in words", { ...offers, currency: "pounds" }, ["settings.offers.currency"]],
    [
      "without a budget, and with an offer of nothing",
      { ...offers, dailyBudgetMinor: null, catalogue: [{ offerKey: "a", terms: { kind: "percentage" } }] },
      ["settings.offers.dailyBudgetMinor", "settings.offers.catalogue[0].terms"]
    ]
  ])("that are %s are refused, by the field", (_name, wrong, paths) => {
    const { faults = [] } = refusalOf({ ...sent, offers: wrong })
    assert.deepEqual(
      faults.map(({ path }) => path),
      paths
    )
    for (const { message } of faults) assert.match(message, /^(Send|Write|Name|Say|The rules|Offers) .*\.$/)
  })

  it("are refused where no message could carry a code, with what to do", () => {
    const decoded = decodeSettingsChange(
      { mutationId: "m", expectedVersion: 1, by: "ann", settings: { ...sent, offers } },
      false
    )
    assert.ok(!decoded.ok)
    assert.equal(decoded.refusal.path, "settings.offers")
    assert.match(decoded.refusal.message, /cartUrl has no \{offer\} in it.*add it/)
    assert.ok(decodeSettingsChange({ mutationId: "m", expectedVersion: 1, by: "ann", settings: sent }, false).ok)
  })
})

describe("the recovery file", () => {
  const file = {
    cartUrl: "https://shop.example/{cart}?from={attempt}&code={offer}",
    templates: { reminder: { text: "Hello {link}" } }
  }
  const config = readRecovery(JSON.stringify(file))
  const needed = { currency: "GBP", zone: "Europe/London", shippingCostMinor: 350 }
  const offering = (more: object = {}) => readRecovery(JSON.stringify({ ...file, offers: { ...needed, ...more } }))

  it("is the first version, and the next when it was changed and nobody else has saved", () => {
    const history = new SettingsHistory()
    const save = (more: object = {}) => {
      const seed = seedOf(history, config)
      if (seed !== undefined) history.apply({ version: history.current.version + 1, at: 0, ...seed, ...more })
      return seed
    }
    assert.equal(save()?.settings.templates["reminder"]?.text, "Hello {link}")
    assert.equal(save(), undefined)
    assert.equal(seedOf(history, undefined)?.settings.templates["reminder"]?.text, BUILT_IN_TEMPLATES["reminder"]?.text)
    history.apply({ version: 2, at: 0, by: "ann", settings: built })
    assert.equal(save(), undefined)
  })

  it("has the rules of offers of the first version, as long as nobody else has saved", () => {
    const history = new SettingsHistory()
    const first = seedOf(history, offering())
    assert.deepEqual(first?.settings.offers, { ...INCENTIVES_DEFAULT, ...needed })
    history.apply({ version: 1, at: 0, by: "holdfast", settings: first.settings })
    assert.equal(seedOf(history, offering()), undefined)
    assert.equal(seedOf(history, offering({ dailyBudgetMinor: 1 }))?.settings.offers?.dailyBudgetMinor, 1)
    assert.equal(seedOf(history, config)?.settings.offers, null)
    history.apply({ version: 2, at: 0, by: "ann", settings: { ...first.settings, offers: null } })
    assert.equal(seedOf(history, offering()), undefined)
  })

  it("with rules of offers that do not do is told so in one sentence", () => {
    assert.throws(
      () => seedOf(new SettingsHistory(), offering({ currency: 5 })),
      /The recovery file: offers\.currency: Offers are made in one currency/
    )
    assert.throws(
      () => seedOf(new SettingsHistory(), { ...config, offers: [] }),
      /The recovery file: offers: The rules/
    )
  })

  it("with words that do not do is told so in one sentence", () => {
    const templates = { ...BUILT_IN_TEMPLATES, reminder: { ...config.templates["reminder"], text: "{name} {link}" } }
    assert.throws(
      () => seedOf(new SettingsHistory(), { ...config, templates } as typeof config),
      /The recovery file: templates\.reminder\.text: \{name\} is no place/
    )
  })
})

describe("a preview", () => {
  const ask = {
    settings: built,
    sequenceId: undefined,
    cartId: "c1",
    lines: [{ sku: "MUG", name: "Blue mug" }, { sku: "TIN" }],
    left: { reason: "left-checkout", totalMinor: 100 },
    linkOf: (cartId: string, attemptId: string, code = "") =>
      `https://shop.example/cart/${cartId}?from=${attemptId}&code=${code}`,
    at: Date.parse("2026-07-01T11:00:00Z")
  } as const

  it("says what each step says on each of its channels, and what kind of cost that is", () => {
    const { sequenceId, steps } = previewOf(ask)
    assert.equal(sequenceId, "default")
    assert.deepEqual(
      steps.map(({ messages }) => messages.map(({ channel, costClass, form }) => `${channel} ${form} ${costClass}`)),
      [
        [
          "web-chat free none",
          "whatsapp template template",
          "whatsapp free conversation",
          "sms free segment",
          "messenger free none",
          "email free mail"
        ],
        [
          "email free mail",
          "whatsapp template template",
          "whatsapp free conversation",
          "messenger free none",
          "sms free segment"
        ],
        [
          "email free mail",
          "whatsapp template template",
          "whatsapp free conversation",
          "messenger free none",
          "sms free segment"
        ]
      ]
    )
    const text = steps[0]?.messages.find(({ channel }) => channel === "sms")
    assert.match(
      text?.text ?? "",
      /^You left Blue mug and 1 more in your cart.*\/cart\/c1\?from=r[0-9a-z]+-1&code= Reply STOP/
    )
    assert.deepEqual([text?.segments, text?.alphabet, text?.characters], [1, "GSM", text?.text?.length])
    const template = steps[0]?.messages.find(({ form }) => form === "template")?.template
    assert.deepEqual([template?.name, template?.variables["1"]], ["reminder", "Blue mug and 1 more"])
    assert.equal(steps[1]?.messages[0]?.subject, "Still thinking about it?")
  })

  it("shows an example of an offer where one may go, marked as one: the longest there is", () => {
    const catalogue = [
      { offerKey: "10", terms: { kind: "percentage", basisPoints: 1_000 } },
      {
        offerKey: "post",
        terms: { kind: "free-shipping" },
        says: "We send it for nothing, with {code}, until {until}."
      },
      { offerKey: "5", terms: { kind: "amount", amountMinor: 500 } }
    ] as const
    const offers = { ...INCENTIVES_DEFAULT, currency: "GBP", zone: "Europe/London", shippingCostMinor: 0, catalogue }
    const { steps } = previewOf({ ...ask, settings: { ...built, offers } })
    const example = { offerKey: "post", code: "BACK-EXAMPLE111" }
    assert.deepEqual(
      steps.map((step) => [step.mayOffer, step.example]),
      built.sequences[0]?.steps.map(({ mayOffer }) => [mayOffer, mayOffer ? example : undefined])
    )
    const offered = steps.find(({ mayOffer }) => mayOffer)
    const text = offered?.messages.find(({ channel }) => channel === "sms")?.text ?? ""
    assert.match(
      text,
      /We send it for nothing, with BACK-EXAMPLE111, until 3 July at 12:00 BST\. https:.*&code=BACK-EXAMPLE111/
    )
    assert.ok(steps.some(({ mayOffer }) => mayOffer) && steps.some(({ mayOffer }) => !mayOffer))
    const none = previewOf({ ...ask, settings: { ...built, offers: { ...offers, catalogue: [] } } })
    assert.ok([...none.steps, ...previewOf(ask).steps].every((step) => step.example === undefined))
  })

  it("counts the segments of a text that is long, or that the alphabet of texts has not", () => {
    const saying = (text: string) => {
      const templates = { ...BUILT_IN_TEMPLATES, reminder: { text, subject: "s", approved: "a" } }
      const { steps } = previewOf({ ...ask, settings: { ...built, templates } })
      const { alphabet, segments } = steps[0]?.messages.find(({ channel }) => channel === "sms") ?? {}
      return [alphabet, segments]
    }
    assert.deepEqual(saying(`${"a".repeat(160)} {link}`), ["GSM", 2])
    assert.deepEqual(saying("🛒 {link}"), ["UCS-2", 1])
    assert.deepEqual(saying(`🛒 ${"a".repeat(20)} {link}`), ["UCS-2", 2])
  })

  it("is of the sequence that is asked for, or of none where none is for the cart", () => {
    const [sequence] = built.sequences
    const settings = {
      ...built,
      sequences: [{ ...sequence, sequenceId: "vip", fits: { segment: "vip" } }]
    } as typeof built
    assert.deepEqual(previewOf({ ...ask, settings }), { steps: [] })
    assert.equal(previewOf({ ...ask, settings, sequenceId: "vip" }).steps.length, 3)
    assert.deepEqual(previewOf({ ...ask, settings, sequenceId: "other" }), { steps: [] })
  })

  it("is asked for in words that are checked", () => {
    const wrong: ReadonlyArray<readonly [body: unknown, path: string]> = [
      [{ reason: "bored" }, "reason"],
      [{ totalMinor: 1.5 }, "totalMinor"],
      [{ lines: [{}] }, "lines[0].sku"],
      [{ lines: "mug" }, "lines"],
      [{ cart: "" }, "cart"]
    ]
    for (const [body, path] of wrong) {
      const decoded = decodePreview(body)
      assert.equal(decoded.ok ? undefined : decoded.refusal.path, path)
    }
    const decoded = decodePreview({ settings: { ...sent, attributionMs: 0 } })
    assert.ok(decoded.ok)
    assert.deepEqual(
      decoded.value.draft?.faults.map(({ path }) => path),
      ["settings.attributionMs"]
    )
  })
})
