/**
 * Goal: an outreach file that does not do is said in one sentence; texts are counted as carriers bill them; addresses do
 * not get into what is logged.
 * Method: files as people write them, and texts at the limits.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { readOutreach } from "../../config/outreach.ts"
import { buildOutreach } from "../../src/outreach/build.ts"
import { masked } from "../../src/outreach/masking.ts"
import { segmentsOf } from "../../src/outreach/segments.ts"

const twilio = {
  name: "texts",
  kind: "twilio",
  settings: {
    accountSid: "AC00000000000000000000000000000000",
    authToken: { env: "TOKEN" },
    sms: { from: "+15005550006" }
  }
}
const email = {
  name: "letters",
  kind: "email",
  settings: { smtpUrl: "smtp://localhost", from: "a@shop.example", unsubscribeSecret: "sixteen letters and more" }
}
const messenger = {
  name: "page",
  kind: "messenger",
  settings: { pageId: "1", accessToken: "a", appSecret: "b", verifyToken: "c" }
}
const publicUrl = "https://hub.shop.example/"
const file = (...carriers: ReadonlyArray<unknown>): string => JSON.stringify({ publicUrl, carriers })
const read = (text: string) => readOutreach(text, { TOKEN: "secret" })
const build = (text: string) => buildOutreach({ config: read(text), nowMs: () => 0, random: () => 0 })
const changed = (carrier: { readonly settings: object }, settings: object) =>
  file({ ...carrier, settings: { ...carrier.settings, ...settings } })

describe("the outreach file", () => {
  it("fills in defaults and secrets, and its carriers can be built", async () => {
    const { publicUrl: url, carriers } = read(file(twilio, email, messenger))
    assert.equal(url, "https://hub.shop.example")
    assert.deepEqual(carriers[0]?.settings, { ...twilio.settings, authToken: "secret" })
    assert.deepEqual([carriers[0]?.concurrencyMax, carriers[0]?.graceMs], [8, 60_000])
    const { outreach } = await build(file(twilio, email, messenger))
    assert.deepEqual(outreach.channels, ["sms", "email", "messenger"])
  })

  it("says what is wrong, and where", () => {
    const wrong: ReadonlyArray<readonly [text: string, said: RegExp]> = [
      ["{", /no JSON/],
      ["[]", /must be an object/],
      [JSON.stringify({ publicUrl }), /"carriers" as an array/],
      [JSON.stringify({ carriers: [] }), /needs publicUrl/],
      [JSON.stringify({ carriers: [], publicUrl: "http://hub.shop.example" }), /https address/],
      [JSON.stringify({ carriers: [], publicUrl: "https://hub.shop.example/?a" }), /needs publicUrl/],
      [file({ ...twilio, name: "My texts" }), /Carrier 1: name must be/],
      [file({ ...twilio, kind: "pigeon" }), /texts: kind must be one of twilio, messenger, email/],
      [file(twilio, twilio), /two carriers named texts/],
      [changed(twilio, { authToken: { env: "MISSING" } }), /texts: the variable MISSING is not set/],
      [file({ ...twilio, graceMs: -1 }), /graceMs must be a number/],
      [file({ ...twilio, backoff: { patience: 1 } }), /backoff has no patience/]
    ]
    for (const [text, said] of wrong) assert.throws(() => read(text), said, text)
  })

  it("names the carrier and the setting that does not do", async () => {
    const wrong: ReadonlyArray<readonly [text: string, said: RegExp]> = [
      [changed(twilio, { accountSid: "AC1" }), /texts: The setting accountSid must be AC and 32/],
      [changed(twilio, { authToken: "" }), /texts: The setting authToken/],
      [changed(twilio, { sms: undefined }), /one of sms and whatsapp/],
      [
        changed(twilio, { sms: { from: "+1", messagingServiceSid: "MG" } }),
        /needs one of from and messagingServiceSid/
      ],
      [changed(twilio, { whatsapp: { from: "Shop" } }), /from of whatsapp is no sender/],
      [changed(twilio, { templates: { left: "HX1" } }), /The setting left must be HX/],
      [changed(twilio, { apiUrl: "http://api.twilio.example" }), /apiUrl must be an https address/],
      [changed(email, { smtpUrl: "localhost" }), /letters: The setting smtpUrl/],
      [changed(email, { from: "Shop" }), /The setting from must be an address/],
      [changed(email, { unsubscribeSecret: "short" }), /at least 16 characters/],
      [changed(email, { whenLost: "shrug" }), /"leave" or "resend"/],
      [changed(messenger, { pageId: "shop" }), /page: The setting pageId/],
      [changed(messenger, { version: "23" }), /The setting version/],
      [file(twilio, { ...twilio, name: "more" }), /sms is carried by both texts and more/]
    ]
    for (const [text, said] of wrong) await assert.rejects(build(text), said, text)
  })
})

describe("segments", () => {
  it("are counted as carriers bill them", () => {
    const counts: ReadonlyArray<readonly [text: string, segments: number]> = [
      ["", 1],
      ["a".repeat(160), 1],
      ["a".repeat(161), 2],
      ["a".repeat(306), 2],
      ["a".repeat(307), 3],
      ["€".repeat(80), 1],
      ["€".repeat(81), 2],
      // 153 would tear the last euro apart.
      [`${"a".repeat(152)}${"€".repeat(5)}`, 2],
      [`${"a".repeat(152)}€${"a".repeat(152)}`, 3],
      ["ä".repeat(160), 1],
      ["а".repeat(70), 1],
      ["а".repeat(71), 2],
      ["😀".repeat(35), 1],
      ["😀".repeat(36), 2]
    ]
    for (const [text, segments] of counts)
      assert.equal(segmentsOf(text), segments, `${text.length} of ${text.slice(0, 2)}`)
  })
})

describe("masking", () => {
  it("leaves no number, address or token, and an error code readable", () => {
    const text =
      "21211: the number +1 (202) 555-0101 of ada.love@shop.example.com and +447700900123 with sk_live_0123456789abcdefghijk"
    const safe = masked(text)
    assert.equal(safe, "21211: the number ***01 of a***@*** and ***23 with ***")
  })
})
