/**
 * Goal: nothing that somebody changes in the editor is lost: not to somebody else who saves, not to a hub that does not
 * answer; and what two versions differ in is told in words.
 * Method: the editor's own modules over a hub of a few lines; what a browser shows of it is `sequences.test.ts`.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { INCENTIVES_DEFAULT } from "../../actors/recovery/incentive-rules.ts"
import { type RecoverySettings, settingsWith } from "../../actors/recovery/settings.ts"
import { BUILT_IN_TEMPLATES } from "../../config/recovery.ts"
import { amountOf, amountText, minorOf } from "../../src/web/recovery/amount.ts"
import { changesBetween } from "../../src/web/recovery/described.ts"
import { clockOf, minuteOf, spoken, unitOf } from "../../src/web/recovery/duration.ts"
import {
  addedSequence,
  addedStep,
  movedStep,
  renamedTemplate,
  restored,
  withField
} from "../../src/web/recovery/edit.ts"
import { type EditorServices, SettingsEditor } from "../../src/web/recovery/editor.ts"
import { merged } from "../../src/web/recovery/merge.ts"
import { Refused } from "../../src/web/hub/http.ts"

const HOUR = 3_600_000
const DAY = 24 * HOUR
const plain = settingsWith(BUILT_IN_TEMPLATES)
const [sequence] = plain.sequences
assert.ok(sequence)

interface Sent {
  readonly mutationId: string
  readonly expectedVersion: number
  readonly by: string
  readonly settings: RecoverySettings
}

class FewLinesHub {
  versions: Array<{ readonly by: string; readonly settings: RecoverySettings }> = [{ by: "holdfast", settings: plain }]
  readonly sent: Array<Sent> = []
  isDown = false
  /** It saves, and its answer is lost. */
  losesAnswer = false

  save(by: string, settings: RecoverySettings): void {
    this.versions.push({ by, settings })
  }

  readonly get = (async (path: string): Promise<unknown> => {
    if (this.isDown) throw new Error("no answer")
    const version = this.versions.length
    const { by, settings } = this.versions[version - 1] as (typeof this.versions)[number]
    const view = { ok: true, version, at: "2026-07-01T12:00:00Z", by, isCurrent: true, settings }
    return path.includes("/versions") ? { items: [view] } : view
  }) as EditorServices["get"]

  readonly post = (async (_path: string, { body: sent }: { readonly body: Sent }): Promise<unknown> => {
    if (this.isDown) throw new Error("no answer")
    const isAgain = this.sent.some(({ mutationId }) => mutationId === sent.mutationId)
    this.sent.push(sent)
    if (!isAgain) {
      if (sent.expectedVersion !== this.versions.length) throw new Refused("Somebody was faster.", "version_conflict")
      this.save(sent.by, sent.settings)
    }
    if (this.losesAnswer) throw new Error("no answer")
    return { ok: true, version: this.versions.length }
  }) as EditorServices["post"]
}

const opened = async () => {
  const hub = new FewLinesHub()
  let ids = 0
  const editor = new SettingsEditor({ get: hub.get, post: hub.post, newId: () => `id${++ids}`, isHidden: () => false })
  await editor.look()
  return { hub, editor }
}

const shorter = { ...plain, attributionMs: DAY }
const rare = { ...plain, contact: { ...plain.contact, holdoutShare: 0.2 } }

describe("the editor", () => {
  it("saves from the version that it began with, and goes on from what it saved", async () => {
    const { editor, hub } = await opened()
    editor.change(shorter)
    assert.ok(editor.isChanged)
    await editor.save("ann", "")
    assert.deepEqual([hub.versions.length, editor.state().base?.version, editor.isChanged], [2, 2, false])
    assert.match(editor.state().notice?.text ?? "", /Saved as version 2/)
  })

  it("shows what somebody else saved when nothing is changed here", async () => {
    const { editor, hub } = await opened()
    hub.save("ben", shorter)
    await editor.look()
    assert.deepEqual([editor.state().base?.version, editor.state().theirs], [2, undefined])
    assert.equal(editor.state().draft?.attributionMs, DAY)
  })

  it("keeps what is changed here when somebody else saves, and brings both together", async () => {
    const { editor, hub } = await opened()
    editor.change(rare)
    hub.save("ben", shorter)
    await editor.save("ann", "")
    assert.equal(editor.state().notice?.tone, "bad")
    assert.deepEqual([editor.state().theirs?.by, editor.state().draft], ["ben", rare])
    editor.bringTogether()
    await editor.save("ann", "more holdout")
    assert.deepEqual(hub.versions[2]?.settings, { ...shorter, contact: rare.contact })
  })

  it("drops what is changed here only when it is told to", async () => {
    const { editor, hub } = await opened()
    editor.change(rare)
    hub.save("ben", shorter)
    await editor.look()
    assert.equal(editor.state().draft, rare)
    editor.discard()
    assert.deepEqual([editor.state().draft, editor.state().base?.version], [shorter, 2])
  })

  it("loses nothing to a hub that does not answer, and saves once what it sends twice", async () => {
    const { editor, hub } = await opened()
    editor.change(shorter)
    hub.isDown = true
    await editor.save("ann", "")
    await editor.look()
    assert.deepEqual([editor.state().isOffline, editor.state().draft], [true, shorter])
    hub.isDown = false
    hub.losesAnswer = true
    await editor.save("ann", "")
    hub.losesAnswer = false
    await editor.save("ann", "")
    assert.deepEqual(
      hub.sent.map(({ mutationId }) => mutationId),
      ["id1", "id1"]
    )
    assert.deepEqual([hub.versions.length, editor.state().base?.version], [2, 2])
  })

  it("that gets no answer at first says so, and tries again", async () => {
    const hub = new FewLinesHub()
    hub.isDown = true
    const editor = new SettingsEditor({ get: hub.get, post: hub.post, newId: () => "id", isHidden: () => false })
    await editor.look()
    assert.equal(editor.state().phase, "failed")
    hub.isDown = false
    await editor.look()
    assert.equal(editor.state().phase, "ready")
  })
})

describe("two people's changes", () => {
  it("are both kept; of what both changed, the second one's", () => {
    const base = { a: 1, b: [1, 2], c: { d: 1, e: 1 }, gone: 1 }
    const theirs = { a: 2, b: [1, 3], c: { d: 2, e: 1 }, gone: 1 }
    const mine = { a: 3, b: [4, 2], c: { d: 1, e: 5 } }
    assert.deepEqual(merged<unknown>(base, theirs, mine), { a: 3, b: [4, 3], c: { d: 2, e: 5 } })
    assert.deepEqual(merged([1, 2], [1, 2, 3], [2, 1]), [2, 1])
    assert.deepEqual(merged([1, 2], [1, 2, 3], [1, 2]), [1, 2, 3])
  })
})

describe("an edit", () => {
  it("moves a message and leaves the moments where they are", () => {
    const steps = movedStep(sequence.steps, 2, -1)
    assert.deepEqual(
      steps.map(({ delayMs, template }) => [delayMs / HOUR, template]),
      [
        [0, "reminder"],
        [22, "last-call"],
        [46, "still-there"]
      ]
    )
    assert.equal(movedStep(sequence.steps, 0, -1).length, 3)
    assert.equal(addedStep(sequence.steps, "reminder")[3]?.delayMs, 70 * HOUR)
  })

  it("puts a new sequence before the one that takes every cart", () => {
    const { index, settings } = addedSequence(plain, sequence)
    assert.deepEqual([index, settings.sequences.map(({ sequenceId }) => sequenceId)], [0, ["new", "default"]])
    assert.equal(addedSequence(settings, sequence).settings.sequences[1]?.sequenceId, "new-2")
  })

  it("renames a text together with the steps that say it, and never onto another", () => {
    const renamed = renamedTemplate(plain, "reminder", "hello")
    assert.equal(renamed.sequences[0]?.steps[0]?.template, "hello")
    assert.deepEqual(Object.keys(renamed.templates), ["hello", "still-there", "last-call"])
    assert.equal(renamedTemplate(plain, "reminder", "last-call"), plain)
  })

  it("that brings back a version from before offers were among the settings leaves them as they are", () => {
    const { offers: _offers, ...before } = plain
    const now = { ...plain, offers: { ...INCENTIVES_DEFAULT, currency: "GBP", zone: "UTC", shippingCostMinor: 0 } }
    assert.deepEqual(restored(now, before).offers, now.offers)
    assert.equal(restored(now, plain).offers, null)
  })

  it("of an empty wish is none", () => {
    assert.deepEqual(withField({ segment: "vip" } as { segment?: string }, "segment", ""), {})
  })
})

describe("settings in words", () => {
  it("differ in the lines that differ", () => {
    const vip = { ...sequence, sequenceId: "vip", fits: { segment: "vip", minimumMinor: 5_000, currency: "JPY" } }
    const contact = { ...plain.contact, hours: { opensMinute: 540, closesMinute: 1_440, closedDays: [0] } }
    const changes = changesBetween(plain, { ...plain, contact, sequences: [{ ...vip, steps: [] }, sequence] })
    assert.deepEqual(
      changes.map(({ after, before, name }) => [name, before, after]),
      [
        ["Order of the sequences", "default", "vip, default"],
        ["Hours", "08:00 to 20:00", "09:00 to 00:00, not on Sun"],
        ["Sequence vip, for", undefined, "segment vip, from 5000 JPY"],
        ["Sequence vip, gap between messages", undefined, "4 h"],
        ["Sequence vip, ends after", undefined, "7 d"]
      ]
    )
    assert.deepEqual(changesBetween(plain, plain), [])
    const made = { ...INCENTIVES_DEFAULT, currency: "GBP", zone: "Europe/London", shippingCostMinor: 350 }
    const dearer = { ...made, dailyBudgetMinor: 5_000, catalogue: made.catalogue.slice(1) }
    assert.deepEqual(changesBetween({ ...plain, offers: made }, { ...plain, offers: dearer }).map(Object.values), [
      ["Offer free-shipping", "free shipping"],
      ["Offers, budget of a day", "200.00 GBP, Europe/London", "50.00 GBP, Europe/London"]
    ])
    const [off] = changesBetween({ ...plain, offers: made }, plain)
    assert.deepEqual(off, { name: "Offers", before: "made", after: "none" })
  })

  it("tell times and amounts as people do", () => {
    assert.deepEqual([0, 5_000, 90_000, 46 * HOUR, 7 * DAY].map(spoken), ["0 min", "5 s", "1.5 min", "1 d 22 h", "7 d"])
    assert.deepEqual([0, 90_000, 46 * HOUR, 7 * DAY].map(unitOf), ["hours", "minutes", "hours", "days"])
    assert.deepEqual(
      [clockOf(480), clockOf(1_440), minuteOf("00:00", true), minuteOf("00:00", false)],
      ["08:00", "00:00", 1_440, 0]
    )
    assert.ok(Number.isNaN(minuteOf("", false)))
    assert.deepEqual(
      [amountText(1_950, "GBP"), amountText(1_950, "JPY"), amountText(5, undefined), amountText(Number.NaN, "GBP")],
      ["19.50 GBP", "1950 JPY", "0.05", "?"]
    )
    assert.deepEqual(
      [minorOf(19.99, "GBP"), minorOf(Number.NaN, "GBP"), amountOf(1_999, "GBP")],
      [1_999, undefined, 19.99]
    )
  })
})
