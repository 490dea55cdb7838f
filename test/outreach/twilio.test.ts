/**
 * Goal: a message goes once by Twilio, whatever breaks on the way, and each of Twilio's errors does to the number and the
 * message what it should.
 * Method: Twilio's own client over real HTTP against the local Twilio, which checks every call with Twilio's description.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, it } from "vitest"
import { ACCOUNT_SID, AUTH_TOKEN, LocalTwilio, NUMBER, SERVICE_SID } from "../../scripts/carriers/twilio/server.ts"
import { twilioCarrier } from "../../src/outreach/carriers/twilio/carrier.ts"
import type { Carrier, FailureClass } from "../../src/outreach/outreach.ts"
import { patient, type PatientCarrier } from "../../src/outreach/persist.ts"
import { type Endpoint, failureOf, messageTo, openEndpoint, patience, PHONE, settled } from "../support/outreach.ts"

const TEMPLATE = "HX0123456789abcdef0123456789abcdef"

let twilio: LocalTwilio
let endpoint: Endpoint
let carrier: Carrier
let outreach: PatientCarrier
let nowMs = Date.now()

beforeEach(async () => {
  nowMs = Date.now()
  twilio = await LocalTwilio.start({ nowMs: () => nowMs, templates: { [TEMPLATE]: "Hello {{1}}, your cart: {{2}}" } })
  endpoint = await openEndpoint()
  carrier = make()
  endpoint.carrier = carrier
  outreach = patient(carrier, { patience, nowMs: () => nowMs, random: () => 0.5 })
})

afterEach(async () => {
  assert.deepEqual(twilio.violations, [])
  await endpoint.close()
  await twilio.close()
})

const make = (change: object = {}): Carrier =>
  twilioCarrier({
    name: "texts",
    settings: {
      accountSid: ACCOUNT_SID,
      authToken: AUTH_TOKEN,
      sms: { from: NUMBER },
      whatsapp: { from: NUMBER },
      templates: { left: TEMPLATE },
      apiUrl: twilio.url,
      ...change
    },
    publicUrl: endpoint.url,
    nowMs: () => nowMs,
    callMsMax: 250
  })

const sent = async (effect: ReturnType<PatientCarrier["send"]>) => Effect.runPromise(effect)

describe("the local Twilio", () => {
  it("takes no request that Twilio's description does not have", async () => {
    const authorization = `Basic ${Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString("base64")}`
    const path = `/2010-04-01/Accounts/${ACCOUNT_SID}/Messages.json`
    const post = (body: Record<string, string>) =>
      fetch(`${twilio.url}${path}`, { method: "POST", headers: { authorization }, body: new URLSearchParams(body) })
    const wrong = [
      {},
      { To: PHONE, Body: "a" },
      { To: PHONE, From: NUMBER },
      { To: PHONE, From: NUMBER, Body: "a", Foo: "1" }
    ]
    for (const body of [...wrong, { To: PHONE, From: NUMBER, Body: "a", StatusCallback: "nowhere" }]) {
      assert.equal((await post(body)).status, 400, JSON.stringify(body))
    }
    const listed = await fetch(`${twilio.url}${path}?PageSize=5000`, { headers: { authorization } })
    assert.equal(listed.status, 400)
    assert.equal((await fetch(`${twilio.url}/2010-04-01/Nothing.json`, { headers: { authorization } })).status, 400)
    assert.deepEqual([twilio.violations.length, twilio.sent().length], [9, 0])
    twilio.violations.length = 0
    assert.equal((await post({ To: PHONE, From: NUMBER, Body: "a" })).status, 201)
  })
})

describe("a text", () => {
  it("goes with its attempt in its callback, and tells segments and cost when it has them", async () => {
    const message = messageTo(PHONE)
    const receipt = await sent(outreach.send(message))
    assert.deepEqual(receipt, {
      messageId: twilio.sent()[0]?.sid,
      attemptId: message.attemptId,
      channel: "sms",
      state: "accepted",
      segments: 1
    })
    await twilio.settle()
    assert.deepEqual(
      endpoint.told.map((fact) => fact.kind === "status" && [fact.state, fact.attemptId, fact.messageId]),
      [
        ["sent", message.attemptId, receipt.messageId],
        ["delivered", message.attemptId, receipt.messageId]
      ]
    )
    const account = await Effect.runPromise(carrier.account?.(receipt.messageId) ?? Effect.die("none"))
    assert.deepEqual(account, { state: "delivered", segments: 1, cost: { microMinor: 790_000, currency: "USD" } })
  })

  it("goes by a messaging service, which chooses the sender later", async () => {
    carrier = make({ sms: { messagingServiceSid: SERVICE_SID } })
    const receipt = await Effect.runPromise(carrier.send(messageTo(PHONE, { text: "é".repeat(200) })))
    assert.deepEqual([receipt.state, receipt.segments, twilio.sent()[0]?.from], ["accepted", 2, null])
  })

  it("is refused before it goes when the number is none or the text is too long", async () => {
    const wrong = await failureOf(outreach.send(messageTo("0171 555")))
    assert.deepEqual([wrong.class, wrong.code], ["permanent", "no_number"])
    const long = await failureOf(outreach.send(messageTo(PHONE, { text: "a".repeat(1_601) })))
    assert.deepEqual([long.class, long.code, twilio.calls], ["refused", "too_long", 0])
  })
})

describe("WhatsApp", () => {
  it("takes free text inside of the window, and only a template outside", async () => {
    const message = messageTo(PHONE, {
      channel: "whatsapp",
      template: { name: "left", variables: { "1": "Ada", "2": "https://shop.example/c/1" } }
    })
    await twilio.write(`${endpoint.url}/v1/outreach/texts/inbound`, `whatsapp:${PHONE}`, "hi")
    await sent(outreach.send({ ...message, lastInboundAtMs: nowMs }))
    nowMs += 24 * 3_600_000
    await sent(outreach.send({ ...message, lastInboundAtMs: nowMs - 24 * 3_600_000 }))
    await sent(outreach.send(message))
    assert.deepEqual(
      twilio.sent(`whatsapp:${PHONE}`).map(({ body }) => body),
      [message.text, ...Array<string>(2).fill("Hello Ada, your cart: https://shop.example/c/1")]
    )
    const { template: _none, ...bare } = message
    assert.equal((await failureOf(outreach.send(bare))).code, "outside_window")
    const unknown = { ...message, template: { name: "other", variables: {} } }
    assert.equal((await failureOf(outreach.send(unknown))).code, "unknown_template")
  })

  it("that went outside of the window all the same has failed, and not for good", async () => {
    await sent(outreach.send(messageTo(PHONE, { channel: "whatsapp", lastInboundAtMs: nowMs })))
    await twilio.settle()
    const last = endpoint.told.at(-1)
    assert.deepEqual(last?.kind === "status" && last.failure, { class: "refused", code: "63016" })
  })
})

describe("errors", () => {
  const refusals: ReadonlyArray<readonly [code: number, is: FailureClass]> = [
    [21211, "permanent"],
    [21610, "permanent"],
    [21614, "permanent"],
    [21635, "permanent"],
    [21408, "refused"],
    [21612, "refused"],
    [21617, "refused"],
    [99999, "refused"]
  ]
  it.each(refusals)("%i at once is %s, asked once, and says no number", async (code, is) => {
    twilio.refusals.set(PHONE, code)
    const failure = await failureOf(outreach.send(messageTo(PHONE)))
    assert.deepEqual([failure.class, failure.code, twilio.calls], [is, String(code), 1])
    assert.ok(!failure.message.includes("2025550101"), failure.message)
  })

  const failures: ReadonlyArray<readonly [code: number, is: FailureClass]> = [
    [30003, "refused"],
    [30004, "permanent"],
    [30005, "permanent"],
    [30006, "permanent"],
    [30007, "refused"],
    [30008, "temporary"],
    [30001, "throttled"],
    [12345, "refused"]
  ]
  it.each(failures)("%i on the way is %s", async (code, is) => {
    twilio.failures.set(PHONE, code)
    await sent(outreach.send(messageTo(PHONE)))
    await twilio.settle()
    const last = endpoint.told.at(-1)
    assert.deepEqual(last?.kind === "status" && last.failure, { class: is, code: String(code) })
  })

  it("503 is tried again, a 401 in the end given back as temporary, and credentials are never told", async () => {
    twilio.faults.ask("error", "error")
    await sent(outreach.send(messageTo(PHONE)))
    assert.equal(twilio.sent().length, 1)
    twilio.faults.keepUp("unauthorized")
    const failure = await failureOf(outreach.send(messageTo(PHONE)))
    assert.deepEqual([failure.class, failure.code], ["temporary", "20003"])
    assert.ok(!JSON.stringify(failure).includes(AUTH_TOKEN))
  })

  it("a Twilio that is not there is temporary: the request never left", async () => {
    carrier = make({ apiUrl: "http://127.0.0.1:1" })
    const failure = await failureOf(carrier.send(messageTo(PHONE)))
    assert.deepEqual([failure.class, failure.code], ["temporary", "unreachable"])
  })
})

describe("too many", () => {
  it("429 is waited for as long as Twilio says, without end for nobody", async () => {
    twilio.retryAfterSeconds = 0.05
    twilio.faults.ask(...Array<"throttle">(20).fill("throttle"))
    const live = patient(carrier, { patience, nowMs: Date.now, random: Math.random })
    const messages = Array.from({ length: 12 }, () => messageTo(PHONE))
    const startedMs = performance.now()
    await Effect.runPromise(
      Effect.forEach(messages, (message) => live.send(message), { concurrency: "unbounded", discard: true })
    )
    assert.equal(twilio.sent().length, 12)
    assert.equal(new Set(twilio.sent().map(({ body }) => body)).size, 12)
    assert.ok(performance.now() - startedMs >= 50)
    twilio.faults.keepUp("throttle")
    const impatient = patient(carrier, {
      patience: { ...patience, throttledMsMax: 200 },
      nowMs: Date.now,
      random: Math.random
    })
    const failure = await failureOf(impatient.send(messageTo(PHONE)))
    assert.equal(failure.class, "throttled")
    assert.ok((failure.retryAfterMs ?? 0) > 0)
  })
})

describe("a message whose outcome is lost", () => {
  const faults = ["act-then-hang", "act-then-error", "act-then-cut"] as const
  it.each(faults)("by %s is found, and not sent twice", async (fault) => {
    twilio.faults.ask(fault)
    const receipt = await sent(outreach.send(messageTo(PHONE)))
    assert.deepEqual([twilio.sent().length, twilio.sent()[0]?.sid], [1, receipt.messageId])
  })

  it("that never was is sent again only after the grace time", async () => {
    twilio.faults.ask("hang")
    const message = messageTo(PHONE, { intendedAtMs: nowMs })
    const failure = await failureOf(outreach.send(message))
    assert.deepEqual([failure.class, failure.retryAfterMs], ["unknown", patience.graceMs])
    const soon = await failureOf(outreach.findSent(message))
    assert.deepEqual([soon.class, soon.code], ["unknown", "too_soon"])
    nowMs += patience.graceMs
    assert.equal(await Effect.runPromise(outreach.findSent(message)), undefined)
  })

  it("is found by who comes after a kill, also while it waits at Twilio without a date", async () => {
    const message = messageTo(PHONE)
    twilio.faults.ask("act-then-hang")
    await failureOf(carrier.send(message))
    const successor = patient(make(), { patience, nowMs: () => nowMs, random: () => 0.5 })
    assert.equal(twilio.sent()[0]?.sentMs, undefined)
    const found = await Effect.runPromise(successor.findSent(message))
    assert.equal(found?.messageId, twilio.sent()[0]?.sid)
    assert.deepEqual([found?.attemptId, twilio.sent().length], [message.attemptId, 1])
  })

  it("is not taken for an earlier one to the same number, nor for what the customer wrote", async () => {
    const text = "The same words"
    const { link: _none, ...first } = messageTo(PHONE, { text, intendedAtMs: nowMs })
    await sent(outreach.send(first))
    await twilio.write(`${endpoint.url}/v1/outreach/texts/inbound`, PHONE, text)
    nowMs += 7_200_000
    const second = { ...first, attemptId: "second", intendedAtMs: nowMs }
    nowMs += patience.graceMs
    assert.equal(await Effect.runPromise(outreach.findSent(second)), undefined)
    const other = messageTo(PHONE)
    assert.equal((await failureOf(outreach.findSent({ ...other, intendedAtMs: nowMs }))).code, "too_soon")
  })

  it("is not taken for another whose link begins with the same characters", async () => {
    const to = (link: string, attemptId: string) => messageTo(PHONE, { link, attemptId, text: `Here: ${link}.` })
    await sent(outreach.send(to("https://shop.example/c/10", "ten")))
    nowMs += patience.graceMs
    const intendedAtMs = nowMs - patience.graceMs
    const one = { ...to("https://shop.example/c/1", "one"), intendedAtMs }
    const ten = { ...to("https://shop.example/c/10", "ten"), intendedAtMs }
    assert.equal(await Effect.runPromise(outreach.findSent(one)), undefined)
    assert.equal((await Effect.runPromise(outreach.findSent(ten)))?.attemptId, "ten")
  })

  it("a template is known by its variables when it has no link", async () => {
    const { link: _none, ...message } = messageTo(PHONE, {
      channel: "whatsapp",
      template: { name: "left", variables: { "1": "Ada", "2": "code-7" } }
    })
    twilio.faults.ask("act-then-cut")
    const receipt = await sent(outreach.send(message))
    assert.equal(receipt.messageId, twilio.sent()[0]?.sid)
  })

  it("a list that cannot be had is no answer", async () => {
    const message = messageTo(PHONE)
    nowMs += patience.graceMs
    for (const fault of ["error", "throttle", "unauthorized", "garbage", "hang"] as const) {
      twilio.faults.ask(fault)
      const result = await settled(outreach.findSent(message))
      assert.equal(result._tag, "Failure", fault)
    }
  })

  it("under a hundred faults on a seed no number gets two, and who was told that it went has one", async () => {
    twilio.faults.set({ seed: 11, share: 0.5, kinds: ["error", "act-then-error", "act-then-cut", "throttle"] })
    const live = patient(carrier, { patience: { ...patience, graceMs: 0 }, nowMs: Date.now, random: Math.random })
    let again = 0
    for (let one = 0; one < 100; one++) {
      const to = `+1202555${String(one).padStart(4, "0")}`
      const message = messageTo(to)
      let isSent = (await settled(live.send(message)))._tag === "Success"
      for (let round = 0; !isSent && round < 20; round++) {
        again++
        const found = await settled(live.findSent(message))
        if (found._tag === "Failure") continue
        isSent = found.success !== undefined || (await settled(live.send(message)))._tag === "Success"
      }
      assert.ok(isSent)
      assert.equal(twilio.sent(to).length, 1)
    }
    assert.ok(again > 0)
    twilio.faults.set({ seed: 1, share: 0, kinds: [] })
  }, 60_000)
})
