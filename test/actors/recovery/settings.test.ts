/**
 * Goal: which sequence a cart gets is what its settings say; a change is made to what its maker has seen or not at all; and a
 * recovery goes on by the settings that it began with, over starts and snapshots.
 * Method: examples by hand, with the real book and the real deciders.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { CustomerBook, settingsRecord } from "../../../actors/customer/book.ts"
import type { OfCustomers } from "../../../actors/customer/commands.ts"
import { type Circumstances, decideCustomers, decideDueCustomer } from "../../../actors/customer/decide.ts"
import type { CustomerEvent } from "../../../actors/customer/customer.ts"
import { INCENTIVES_DEFAULT } from "../../../actors/recovery/incentive-rules.ts"
import type { Abandonment } from "../../../actors/recovery/may-reach.ts"
import {
  type Fits,
  type RecoverySettings,
  sequenceFor,
  settingsFaults,
  settingsWith
} from "../../../actors/recovery/settings.ts"
import { decideSettings, SettingsHistory, VERSIONS_MAX } from "../../../actors/recovery/settings-history.ts"
import { BUILT_IN_TEMPLATES } from "../../../config/recovery.ts"
import { DAY, HOUR } from "../../support/recovery.ts"

const plain = settingsWith(BUILT_IN_TEMPLATES)
const [built] = plain.sequences
assert.ok(built)
const named = (sequenceId: string, fits: Fits) => ({ ...built, sequenceId, fits })
const settings = (more: Partial<RecoverySettings>): RecoverySettings => ({ ...plain, ...more })
const paths = (more: Partial<RecoverySettings>) => settingsFaults(settings(more)).map(({ path }) => path)

describe("settings of recovery", () => {
  const template = { text: "Back: {link}", subject: "Your cart", approved: "back" }
  const words = (more: Partial<typeof template>) => ({
    templates: { ...BUILT_IN_TEMPLATES, back: { ...template, ...more } }
  })

  it("that come with the hub are without faults", () => {
    assert.deepEqual(settingsFaults(plain), [])
  })

  it.each([
    ["no sequence", { sequences: [] }, ["sequences"]],
    ["two of one name", { sequences: [named("a", { segment: "vip" }), named("a", {})] }, ["sequences[1].sequenceId"]],
    ["one that no cart comes to", { sequences: [named("a", {}), named("b", { segment: "x" })] }, ["sequences[1].fits"]],
    ["an amount of nothing", { sequences: [named("a", { minimumMinor: 1 })] }, ["sequences[0].fits.currency"]],
    [
      "amounts that cross",
      { sequences: [named("a", { minimumMinor: 5, belowMinor: 5, currency: "GBP" })] },
      ["sequences[0].fits.belowMinor"]
    ],
    ["a wrong step", { sequences: [{ ...built, steps: [], fits: {} }] }, ["sequences[0].steps"]],
    ["a text without a link", words({ text: "Come back" }), ["templates.back.text"]],
    ["a place that nobody fills in", words({ text: "{name}: {link}" }), ["templates.back.text"]],
    ["a subject of two lines", words({ subject: "One\r\nBcc: two" }), ["templates.back.subject"]],
    ["a name in words", { templates: { ...BUILT_IN_TEMPLATES, "my text": template } }, ["templates.my text"]],
    ["no end to what is put down to a message", { attributionMs: Infinity }, ["attributionMs"]],
    [
      "a wrong rule of offers",
      { offers: { ...INCENTIVES_DEFAULT, currency: "GBP", zone: "London", shippingCostMinor: 0 } },
      ["offers.zone"]
    ],
    ["a wrong rule of contact", { contact: { ...plain.contact, holdoutShare: 2 } }, ["contact.holdoutShare"]],
    ["an endless salt", { contact: { ...plain.contact, holdoutSalt: "s".repeat(129) } }, ["contact.holdoutSalt"]]
  ] as const)("with %s are told so, by the field", (_name, more, expected) => {
    assert.deepEqual(paths(more), expected)
  })

  it("give a cart the first sequence that is for it, by reason, segment and total, or none", () => {
    const version = {
      version: 7,
      settings: settings({
        sequences: [
          named("idle", { reason: "idle-cart" }),
          named("vip", { segment: "vip" }),
          named("dear", { minimumMinor: 10_000, currency: "GBP" }),
          named("cheap", { belowMinor: 1_000, currency: "GBP" })
        ]
      })
    }
    const left = { reason: "left-checkout", totalMinor: 5_000, currency: "GBP" } as const
    const idOf = (more: object) => sequenceFor(version, { ...left, ...more })?.sequenceId
    assert.equal(idOf({ reason: "idle-cart", segment: "vip" }), "idle")
    assert.equal(idOf({ segment: "vip", totalMinor: 20_000 }), "vip")
    assert.equal(idOf({ totalMinor: 10_000 }), "dear")
    assert.equal(idOf({ totalMinor: 10_000, currency: "EUR" }), undefined)
    assert.equal(idOf({ totalMinor: 999 }), "cheap")
    assert.equal(idOf({}), undefined)
    assert.equal(sequenceFor(version, undefined), undefined)
    assert.equal(sequenceFor(version, { ...left, totalMinor: 10_000 })?.version, 7)
  })
})

describe("a change of the settings", () => {
  const change = (expectedVersion: number, more: Partial<RecoverySettings> = {}) =>
    ({ expectedVersion, by: "ann", settings: settings(more) }) as const

  it("is made to the version that its maker has seen, or not at all", () => {
    const history = new SettingsHistory()
    const first = decideSettings(history, change(0), 5)
    assert.ok(first !== undefined && first !== "conflict")
    history.apply(first)
    history.apply(first)
    assert.deepEqual([history.all.length, history.current.version, history.current.at], [1, 1, 5])
    assert.equal(decideSettings(history, change(0, { attributionMs: DAY }), 6), "conflict")
    assert.equal(decideSettings(history, change(0), 6), undefined, "what is there already is no new version")
    const second = decideSettings(history, { ...change(1, { attributionMs: DAY }), note: "shorter" }, 7)
    assert.ok(second !== undefined && second !== "conflict")
    history.apply(second)
    assert.deepEqual(
      history.all.map(({ at, by, note, version }) => [version, at, by, note]),
      [
        [2, 7, "ann", "shorter"],
        [1, 5, "ann", undefined]
      ]
    )
    assert.equal(history.find(1)?.settings.attributionMs, 7 * DAY)
  })

  it("forgets the oldest of very many", () => {
    const history = new SettingsHistory()
    for (let version = 1; version <= VERSIONS_MAX + 5; version++) {
      history.apply({ version, at: version, by: "ann", settings: plain })
    }
    assert.deepEqual([history.all.length, history.find(5), history.find(6)?.at], [VERSIONS_MAX, undefined, 6])
    assert.equal(history.of({ sequenceVersion: 2 }).version, 6)
  })
})

class Shop {
  book = new CustomerBook()
  at = Date.parse("2026-07-01T12:00:00Z")
  private count = 0

  save(more: Partial<RecoverySettings>): void {
    const change = { expectedVersion: this.book.settings.current.version, by: "ann", settings: settings(more) }
    const decided = decideSettings(this.book.settings, change, this.at)
    assert.ok(decided !== undefined && decided !== "conflict")
    this.book.apply(settingsRecord(decided))
  }

  leave(customerId: string, left?: Abandonment["left"]): ReadonlyArray<CustomerEvent> {
    const on = { customerId, mutationId: `m${++this.count}` }
    const point = { channel: "email", address: customerId, countries: [] } as const
    this.take({ type: "point", ...on, point, hasConsented: true, sealed: customerId })
    const abandonment: Abandonment = {
      abandonmentId: `${customerId}-left`,
      cartId: customerId,
      cartVersion: 1,
      at: this.at,
      ...(left === undefined ? {} : { left })
    }
    return this.take({ type: "abandoned", ...on, abandonment })
  }

  take(command: OfCustomers): ReadonlyArray<CustomerEvent> {
    const happened = decideCustomers(this.book, command, this.given())
    for (const { customerId, events, sealed } of happened) this.keep(customerId, events, sealed)
    return happened.flatMap(({ events }) => events)
  }

  /** The carrier takes what was intended. */
  send(customerId: string): void {
    const attemptId = this.book.find(customerId)?.recovery?.attempt?.attemptId ?? ""
    const on = { customerId, mutationId: `m${++this.count}` }
    this.take({ type: "outcome", ...on, attemptId, outcome: { type: "sent", receipt: "R" } })
  }

  due(customerId: string): ReadonlyArray<CustomerEvent> {
    const events = decideDueCustomer(this.book, customerId, this.given())
    this.keep(customerId, events)
    return events
  }

  /** As a hub that starts from a snapshot. */
  restart(): void {
    const book = new CustomerBook()
    for (const name of this.book.names()) book.restore(name, this.book.packed(name) ?? "")
    for (const record of this.book.spanningRecords()) {
      book.apply(JSON.parse(JSON.stringify(record)) as Parameters<CustomerBook["apply"]>[0])
    }
    this.book = book
  }

  private keep(customerId: string, events: ReadonlyArray<CustomerEvent>, sealed?: readonly [string, string]): void {
    if (events.length === 0) return
    const version = (this.book.find(customerId)?.version ?? 0) + 1
    this.book.apply({ customerId, version, mutationId: "m", events, ...(sealed === undefined ? {} : { sealed }) })
  }

  private given(): Circumstances {
    const cartNow = () => ({ cartVersion: 1, isEmpty: false, isBought: false, isSoldOut: false })
    return { at: this.at, cartNow, isPresent: () => false, offering: undefined }
  }
}

describe("a recovery", () => {
  const contact = { ...plain.contact, holdoutShare: 0 }
  const templates = { ...BUILT_IN_TEMPLATES, other: { text: "{link}", subject: "Other", approved: "other" } }
  const step = { delayMs: 0, channels: ["email"], template: "other", mayOffer: false }
  const other = { contact, templates, sequences: [{ ...built, steps: [step], fits: {} }] }

  it("goes on by the version that it began with; one that begins after a change goes by the new one", () => {
    const shop = new Shop()
    shop.save({ contact })
    shop.leave("ann")
    shop.send("ann")
    shop.save(other)
    shop.restart()
    shop.at += 22 * HOUR
    const next = shop.due("ann").find((event) => event.type === "message-intended")
    assert.equal(next?.template, "still-there")
    assert.equal(shop.book.find("ann")?.recovery?.sequenceVersion, 1)
    const intended = shop.leave("ben").find((event) => event.type === "message-intended")
    assert.deepEqual([intended?.template, shop.book.find("ben")?.recovery?.sequenceVersion], ["other", 2])
    shop.send("ben")
    assert.equal(shop.book.find("ben")?.recovery?.ended?.reason, "completed")
    assert.equal(shop.book.find("ann")?.recovery?.ended, undefined)
  })

  it("is held to the caps that hold now, whatever it began with", () => {
    const shop = new Shop()
    shop.save({ contact })
    shop.leave("ann")
    shop.send("ann")
    shop.save({ contact: { ...contact, caps: [{ messagesMax: 1, windowMs: 30 * DAY }] } })
    shop.at += 22 * HOUR
    const skipped = shop.due("ann").find((event) => event.type === "step-skipped")
    assert.equal(skipped?.refused.find(({ channel }) => channel === "email")?.reason, "too-late")
  })

  it("is not begun for a cart that no sequence is for, and the customer's record says so", () => {
    const shop = new Shop()
    shop.save({ contact, sequences: [named("dear", { minimumMinor: 5_000, currency: "GBP" })] })
    const left = { reason: "idle-cart", totalMinor: 4_999, currency: "GBP" } as const
    assert.deepEqual(
      shop.leave("ann", left).map(({ type }) => type),
      ["recovery-withheld"]
    )
    assert.equal(shop.book.find("ann")?.withheld?.reason, "no-sequence")
    assert.equal(shop.leave("ben", { ...left, totalMinor: 5_000 })[0]?.type, "recovery-started")
  })
})
