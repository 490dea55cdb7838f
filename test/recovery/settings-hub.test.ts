/**
 * Goal: by what carts are won back is changed over HTTP, by several people without losing each other's work, kept over kill
 * -9, and what a customer gets is what was saved.
 * Method: a real hub, whose carts are left after a second, and the local Twilio.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import type { RecoverySettings } from "../../actors/recovery/settings.ts"
import type { LocalTwilio } from "../../scripts/carriers/twilio/server.ts"
import type { Preview, SettingsView, VersionsPage } from "../../src/recovery/protocol.ts"
import { eventually, http, type TestHub } from "../support/hub.ts"
import { startTextingHub } from "../support/texting-hub.ts"

const PATH = "/v1/recovery/settings"
let twilio: LocalTwilio
let close: () => Promise<void>
let hub: TestHub
let count = 0

const view = async (query = ""): Promise<SettingsView> => {
  const { body, status } = await http(hub, "GET", `${PATH}${query}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body as unknown as SettingsView
}

const save = (expectedVersion: number, settings: RecoverySettings, more: object = {}) =>
  http(hub, "POST", PATH, { mutationId: `m${++count}`, expectedVersion, by: "ann", settings, ...more })

const openAt = { opensMinute: 0, closesMinute: 1_440, closedDays: [] }

/** Anybody, at any hour: holdout and quiet hours are tested elsewhere. */
const reachable = ({ contact, ...settings }: RecoverySettings): RecoverySettings => ({
  ...settings,
  contact: { ...contact, hours: openAt, hoursByCountry: {}, holdoutShare: 0 }
})

const leaveCart = async (customerId: string, phone: string, segment?: string): Promise<void> => {
  const say = async (path: string, body: object) => {
    const reply = await http(hub, "POST", path, { mutationId: `m${++count}`, ...body })
    assert.equal(reply.status, 200, JSON.stringify(reply.body))
  }
  const customer = `/v1/customers/${customerId}/requests`
  await say(customer, { type: "point", channel: "sms", address: phone, hasConsented: true })
  const cart = `/v1/carts/cart-of-${customerId}/requests`
  await say(cart, { type: "add", sku: "MUG", name: "Mug", quantity: 1, unitPriceMinor: 950, currency: "GBP" })
  await say(cart, { type: "sign-in", customerId, ...(segment === undefined ? {} : { segment }) })
}

beforeAll(async () => {
  const templates = { reminder: { text: "From the file: {link}" } }
  ;({ hub, twilio, close } = await startTextingHub({ templates }))
}, 60_000)

afterAll(async () => {
  await close()
}, 30_000)

describe("the settings of recovery, over HTTP", () => {
  it("begin with the words of the recovery file, as version 1", async () => {
    const { by, isCurrent, settings, version } = await view()
    assert.deepEqual([version, by, isCurrent], [1, "holdfast", true])
    assert.equal(settings.templates["reminder"]?.text, "From the file: {link}")
    const read = await http(hub, "GET", `${PATH}?version=1`)
    assert.deepEqual(read.body["settings"], settings)
  })

  it("are changed from the version that was seen; a stale editor is told, and nobody's work is lost", async () => {
    const { settings } = await view()
    const mine = { ...settings, attributionMs: 86_400_000 }
    const first = { mutationId: "first", expectedVersion: 1, by: "ann", settings: mine, note: "A day is enough." }
    assert.deepEqual((await http(hub, "PUT", PATH, first)).body, { ok: true, changed: true, version: 2 })
    const again = await http(hub, "PUT", PATH, first)
    assert.deepEqual(again.body, { ok: true, changed: false, version: 2, replayed: true })
    const other = await http(hub, "PUT", PATH, { ...first, by: "ben" })
    assert.deepEqual([other.status, other.body["code"]], [409, "mutation_conflict"])
    const stale = await save(1, { ...settings, attributionMs: 3_600_000 })
    assert.deepEqual([stale.status, stale.body["code"], stale.body["version"]], [409, "version_conflict", 2])
    assert.match(String(stale.body["message"]), /version 2, and this was made from version 1.*expectedVersion 2/)
    assert.deepEqual((await save(2, mine)).body, { ok: true, changed: false, version: 2 })
    assert.equal((await view()).settings.attributionMs, 86_400_000)
    assert.equal((await http(hub, "GET", "/v1/recovery/figures")).body["windowDays"], 1)
  })

  it("that do not do are refused with everything that is wrong, and change nothing", async () => {
    const { settings, version } = await view()
    const templates = { ...settings.templates, reminder: { text: "no link", subject: "", approved: "a" } }
    const { body, status } = await save(version, { ...settings, templates, attributionMs: -1 })
    assert.deepEqual([status, body["code"]], [400, "invalid_request"])
    assert.deepEqual(
      (body["faults"] as ReadonlyArray<{ readonly path: string }>).map(({ path }) => path),
      ["settings.templates.reminder.subject", "settings.templates.reminder.text", "settings.attributionMs"]
    )
    assert.equal((await view()).version, version)
    assert.equal((await http(hub, "GET", `${PATH}?version=99`)).body["code"], "unknown_version")
    assert.equal((await http(hub, "GET", `${PATH}?version=x`)).status, 400)
  })

  it("say beforehand what each message would be, also by settings that nobody has saved", async () => {
    const { settings } = await view()
    const lines = [{ sku: "MUG", name: "Blue mug" }]
    const now = (await http(hub, "POST", "/v1/recovery/preview", { lines })).body as unknown as Preview
    assert.deepEqual([now.sequenceId, now.faults], ["default", []])
    const text = now.steps[0]?.messages.find(({ channel }) => channel === "sms")
    assert.match(text?.text ?? "", /^From the file: https:\/\/shop\.example\/cart\/preview\?from=r\w+-1$/)
    assert.deepEqual([text?.segments, text?.costClass], [1, "segment"])
    const templates = { ...settings.templates, reminder: { text: "{items} ¿? {nobody}", subject: "s", approved: "a" } }
    const draft = { settings: { ...settings, templates }, lines }
    const then = (await http(hub, "POST", "/v1/recovery/preview", draft)).body as unknown as Preview
    assert.equal(then.steps[0]?.messages.find(({ channel }) => channel === "sms")?.text, "Blue mug ¿? {nobody}")
    assert.equal(then.faults.length, 2)
    const unknown = await http(hub, "POST", "/v1/recovery/preview", { cart: "nobodys" })
    assert.deepEqual([unknown.status, unknown.body["code"]], [404, "unknown_cart"])
  })

  it("decide what a customer gets, by their segment; a recovery that runs goes on by its own, also after kill -9", async () => {
    const before = reachable((await view()).settings)
    assert.equal((await save((await view()).version, before)).status, 200)
    await leaveCart("ada", "+447700911001")
    const [first] = await eventually(
      async () => twilio.sent("+447700911001"),
      (sent) => sent.length > 0,
      15_000
    )
    assert.match(first?.body ?? "", /^From the file: /)
    const { settings, version } = await view()
    const [sequence] = settings.sequences
    assert.ok(sequence)
    const step = { delayMs: 0, channels: ["sms"], template: "vip", mayOffer: false }
    const vip = { ...sequence, sequenceId: "vip", fits: { segment: "vip" }, steps: [step] }
    const templates = { ...settings.templates, vip: { text: "For you: {link}", subject: "For you", approved: "vip" } }
    await save(version, { ...settings, templates, sequences: [vip, sequence] }, { by: "ben", note: "VIPs" })
    await hub.crash()
    assert.equal((await view()).settings.sequences[0]?.sequenceId, "vip")
    const { body } = await http(hub, "GET", `${PATH}/versions?limit=2`)
    const { items, next } = body as unknown as VersionsPage
    assert.deepEqual(
      items.map((item) => [item.version, item.by, item.note]),
      [
        [version + 1, "ben", "VIPs"],
        [version, "ann", undefined]
      ]
    )
    assert.equal(next, version)
    await leaveCart("kim", "+447700911002", "vip")
    const [second] = await eventually(
      async () => twilio.sent("+447700911002"),
      (sent) => sent.length > 0,
      15_000
    )
    assert.match(second?.body ?? "", /^For you: https:/)
    const shown = (await http(hub, "POST", "/v1/recovery/preview", { cart: "cart-of-kim" })).body as unknown as Preview
    assert.equal(shown.sequenceId, "vip")
    assert.match(shown.steps[0]?.messages[0]?.text ?? "", /^For you: https:.*cart-of-kim/)
    const sequenceOf = async (customer: string) =>
      ((await http(hub, "GET", `/v1/customers/${customer}`)).body["recovery"] as { readonly sequence: string }).sequence
    assert.deepEqual([await sequenceOf("ada"), await sequenceOf("kim")], [`default@${version}`, `vip@${version + 1}`])
  }, 60_000)
})
