/**
 * Goal: what is said by Messenger is said once and within its 24 hours, and what comes from there is believed only when it
 * is signed.
 * Method: the carrier over real HTTP against the local Messenger.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, it } from "vitest"
import {
  ACCESS_TOKEN,
  APP_SECRET,
  LocalMessenger,
  PAGE_ID,
  VERIFY_TOKEN
} from "../../scripts/carriers/messenger/server.ts"
import { messengerCarrier } from "../../src/outreach/carriers/messenger/carrier.ts"
import type { FailureClass, OutboundMessage } from "../../src/outreach/outreach.ts"
import { patient, type PatientCarrier } from "../../src/outreach/persist.ts"
import { type Endpoint, failureOf, messageTo, openEndpoint, patience } from "../support/outreach.ts"

const PSID = "6789012345678901"

let messenger: LocalMessenger
let endpoint: Endpoint
let outreach: PatientCarrier
let address = ""

beforeEach(async () => {
  messenger = await LocalMessenger.start()
  endpoint = await openEndpoint()
  address = `${endpoint.url}/v1/outreach/page/inbound`
  const carrier = messengerCarrier({
    name: "page",
    settings: {
      pageId: PAGE_ID,
      accessToken: ACCESS_TOKEN,
      appSecret: APP_SECRET,
      verifyToken: VERIFY_TOKEN,
      graphUrl: messenger.url
    },
    publicUrl: endpoint.url,
    nowMs: Date.now,
    callMsMax: 1_000
  })
  endpoint.carrier = carrier
  outreach = patient(carrier, { patience: { ...patience, graceMs: 0 }, nowMs: Date.now, random: () => 0.5 })
})

afterEach(async () => {
  assert.deepEqual(messenger.violations, [])
  await endpoint.close()
  await messenger.close()
})

const note = (change: Partial<OutboundMessage> = {}) =>
  messageTo(PSID, { channel: "messenger", lastInboundAtMs: Date.now(), ...change })

describe("Messenger", () => {
  it("carries a message, whose echo and delivery come back with its attempt", async () => {
    const message = note()
    const receipt = await Effect.runPromise(outreach.send(message))
    const [sent] = messenger.sent(PSID)
    assert.ok(sent !== undefined)
    assert.deepEqual([receipt.messageId, sent.text, sent.metadata], [sent.mid, message.text, message.attemptId])
    assert.equal(await messenger.echo(address, sent), 200)
    assert.equal(await messenger.deliver(address, sent), 200)
    assert.deepEqual(
      endpoint.told.map((fact) => fact.kind === "status" && [fact.state, fact.messageId, fact.attemptId]),
      [
        ["sent", sent.mid, message.attemptId],
        ["delivered", sent.mid, undefined]
      ]
    )
  })

  it("says nothing after the 24 hours, to nobody's id, or at too great a length", async () => {
    const late = await failureOf(outreach.send(note({ lastInboundAtMs: Date.now() - 24 * 3_600_000 })))
    const wrong = await failureOf(outreach.send({ ...note(), to: "not a number" }))
    const long = await failureOf(outreach.send(note({ text: "a".repeat(2_001) })))
    assert.deepEqual(
      [late.code, wrong.code, wrong.class, long.code],
      ["outside_window", "no_recipient", "permanent", "too_long"]
    )
    assert.equal(messenger.calls, 0)
  })

  const refusals: ReadonlyArray<readonly [code: number, subcode: number | undefined, is: FailureClass]> = [
    [100, 2_018_001, "permanent"],
    [100, undefined, "refused"],
    [10, 2_018_278, "refused"],
    [551, undefined, "refused"],
    [190, undefined, "temporary"],
    [200, undefined, "temporary"],
    [1_200, undefined, "temporary"],
    [613, undefined, "throttled"]
  ]
  it.each(refusals)("error %i, %s is %s", async (code, subcode, is) => {
    const message = `(#${code}) about ${PSID}`
    messenger.refusals.set(PSID, { status: 400, code, message, ...(subcode === undefined ? {} : { subcode }) })
    const hurried = patient(endpoint.carrier as NonNullable<Endpoint["carrier"]>, {
      patience: { ...patience, throttledMsMax: 0, backoff: { ...patience.backoff, retriesMax: 0 } },
      nowMs: Date.now,
      random: () => 0.5
    })
    const failure = await failureOf(hurried.send(note()))
    assert.equal(failure.class, is)
    assert.ok(!failure.message.includes(PSID))
  })

  it.each(["act-then-hang", "act-then-error", "act-then-cut"] as const)(
    "what is lost by %s is found, and not said twice",
    async (fault) => {
      messenger.faults.ask(fault)
      const receipt = await Effect.runPromise(outreach.send(note()))
      assert.deepEqual([messenger.sent(PSID).length, messenger.sent(PSID)[0]?.mid], [1, receipt.messageId])
    }
  )

  it("what was never said is not found", async () => {
    messenger.faults.ask("hang")
    const message = note()
    assert.equal((await failureOf(outreach.send(message))).class, "unknown")
    assert.equal(await Effect.runPromise(outreach.findSent(message)), undefined)
  })

  it("shakes hands with who knows the token, and with nobody else", async () => {
    assert.deepEqual(await messenger.handshake(address, VERIFY_TOKEN), { status: 200, body: "1158201444" })
    assert.equal((await messenger.handshake(address, "another")).status, 403)
  })

  it("tells what a customer writes", async () => {
    assert.equal(await messenger.write(address, PSID, "Do you have it in blue?"), 200)
    const [fact] = endpoint.told
    assert.ok(fact?.kind === "reply")
    assert.deepEqual(
      [fact.from, fact.text, fact.channel, fact.id],
      [PSID, "Do you have it in blue?", "messenger", "page:m_1"]
    )
  })

  it("a foreign signature, a changed body and another page are refused, and say why", async () => {
    const { createHmac } = await import("node:crypto")
    const body = JSON.stringify({ object: "page", entry: [{ id: PAGE_ID, messaging: [] }] })
    const other = JSON.stringify({ object: "page", entry: [{ id: "1", messaging: [] }] })
    const sign = (secret: string, text: string) => `sha256=${createHmac("sha256", secret).update(text).digest("hex")}`
    const post = async (signature: string | undefined, text: string) => {
      const headers = signature === undefined ? {} : { "x-hub-signature-256": signature }
      const response = await fetch(address, { method: "POST", headers, body: text })
      return [response.status, await response.text()] as const
    }
    assert.deepEqual(await post(sign(APP_SECRET, body), body), [200, "EVENT_RECEIVED"])
    assert.deepEqual((await post(sign("another", body), body))[0], 401)
    assert.deepEqual((await post(undefined, body))[0], 401)
    const [status, said] = await post(sign(APP_SECRET, body), `${body} `)
    assert.equal(status, 401)
    assert.match(said, /X-Hub-Signature-256/)
    assert.match((await post(sign(APP_SECRET, other), other))[1], /another page/)
    assert.equal((await post(sign(APP_SECRET, "[]"), "[]"))[0], 400)
    assert.deepEqual(endpoint.told, [])
  })
})
