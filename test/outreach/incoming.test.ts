/**
 * Goal: what comes in from Twilio is believed only when Twilio signed it, for this account, this address and these very
 * parameters; and what is told twice or out of order does no harm.
 * Method: Twilio's published example, bodies as Twilio sends them, and each way of getting a signature wrong.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { describe, it } from "vitest"
import { formSignature, jsonSignature } from "../../scripts/carriers/twilio/signing.ts"
import { DELIVERY_STATES, type DeliveryState, furthest, isFurther } from "../../actors/outreach/delivery.ts"
import { twilioCarrier } from "../../src/outreach/carriers/twilio/carrier.ts"
import { Door } from "../../src/outreach/door.ts"
import type { Incoming, IncomingRequest, OutreachFact } from "../../src/outreach/outreach.ts"

const ACCOUNT = "AC00000000000000000000000000000000"
const TOKEN = "12345"
const PUBLIC = "https://hub.shop.example"

/** Bodies as Twilio sends them, with people who do not exist. */
const SMS =
  "ToCountry=US&ToState=NJ&SmsMessageSid=SM00000000000000000000000000000001&NumMedia=0&ToCity=FAIRFIELD&FromZip=08817&SmsSid=SM00000000000000000000000000000001&FromState=NJ&SmsStatus=received&FromCity=NEW+BRUNSWICK&Body=Do+you+have+the+blue+one%3F%0AThanks&FromCountry=US&To=%2B15005550006&ToZip=07004&NumSegments=1&ReferralNumMedia=0&MessageSid=SM00000000000000000000000000000001&AccountSid=AC00000000000000000000000000000000&From=%2B12025550101&ApiVersion=2010-04-01"
const EMPTY_GEO =
  "ToCountry=US&ToState=&SmsMessageSid=SM00000000000000000000000000000002&NumMedia=0&ToCity=&FromZip=&SmsSid=SM00000000000000000000000000000002&FromState=&SmsStatus=received&FromCity=&Body=STOP&FromCountry=GB&To=%2B15005550006&MessagingServiceSid=MG00000000000000000000000000000000&ToZip=&NumSegments=1&MessageSid=SM00000000000000000000000000000002&AccountSid=AC00000000000000000000000000000000&From=%2B447700900123&ApiVersion=2010-04-01"
const WHATSAPP =
  "SmsMessageSid=SM00000000000000000000000000000003&NumMedia=0&ProfileName=Test+Person&MessageType=text&SmsSid=SM00000000000000000000000000000003&WaId=12025550101&SmsStatus=received&Body=Ol%C3%A1&To=whatsapp%3A%2B15005550006&NumSegments=1&ReferralNumMedia=0&MessageSid=SM00000000000000000000000000000003&AccountSid=AC00000000000000000000000000000000&From=whatsapp%3A%2B12025550101&ApiVersion=2010-04-01"

const carrier = twilioCarrier({
  name: "texts",
  settings: { accountSid: ACCOUNT, authToken: TOKEN, nextAuthToken: "67890", sms: { from: "+15005550006" } },
  publicUrl: PUBLIC,
  nowMs: Date.now
})

const request = (path: string, search: string, body: string, signature: string | undefined): IncomingRequest => ({
  method: "post",
  path,
  search,
  headers: signature === undefined ? {} : { "x-twilio-signature": signature },
  body: Buffer.from(body),
  receivedAtMs: 1_000
})

const pairs = (body: string) => [...new URLSearchParams(body)]
const addressOf = (what: string, search = "") =>
  `${PUBLIC}/v1/outreach/texts/${what}${search === "" ? "" : `?${search}`}`

const signed = (what: Incoming, body: string, { search = "", token = TOKEN } = {}): IncomingRequest =>
  request(`/v1/outreach/texts/${what}`, search, body, formSignature(token, addressOf(what, search), pairs(body)))

const facts = (what: Incoming, given: IncomingRequest): ReadonlyArray<OutreachFact> => {
  const received = carrier.receive(what, given)
  assert.equal(received.type, "facts", JSON.stringify(received))
  return received.type === "facts" ? received.facts : []
}

const refusal = (what: Incoming, given: IncomingRequest): number | undefined => {
  const received = carrier.receive(what, given)
  return received.type === "refused" ? received.status : undefined
}

describe("Twilio's signature", () => {
  it("is the one of Twilio's own example", () => {
    const parameters =
      "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
    const url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert.equal(formSignature("12345", url, pairs(parameters)), "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
  })

  it("is taken over every parameter that came, also empty ones", () => {
    const [fact] = facts("inbound", signed("inbound", SMS))
    assert.deepEqual(fact, {
      kind: "reply",
      id: "texts:SM00000000000000000000000000000001",
      carrier: "texts",
      channel: "sms",
      messageId: "SM00000000000000000000000000000001",
      from: "+12025550101",
      text: "Do you have the blue one?\nThanks",
      mediaCount: 0,
      atMs: 1_000
    })
    const [stop] = facts("inbound", signed("inbound", EMPTY_GEO))
    assert.ok(stop?.kind === "reply" && stop.text === "STOP")
    const [whatsapp] = facts("inbound", signed("inbound", WHATSAPP))
    assert.ok(whatsapp?.kind === "reply")
    assert.deepEqual([whatsapp.channel, whatsapp.from, whatsapp.text], ["whatsapp", "+12025550101", "Olá"])
  })

  it("is taken with the next token too, while tokens are changed, and says what Twilio did about STOP", () => {
    const [fact] = facts("inbound", signed("inbound", `${EMPTY_GEO}&OptOutType=STOP`, { token: "67890" }))
    assert.equal(fact?.kind === "reply" && fact.optOut, "stop")
  })

  it("covers a JSON body by its hash in the address", () => {
    const body = JSON.stringify(Object.fromEntries(pairs(SMS)))
    const { url, signature } = jsonSignature(TOKEN, addressOf("inbound"), body)
    const search = url.split("?")[1] ?? ""
    const path = "/v1/outreach/texts/inbound"
    const [fact] = facts("inbound", request(path, search, body, signature))
    assert.equal(fact?.kind === "reply" && fact.from, "+12025550101")
    assert.equal(refusal("inbound", request(path, search, `${body} `, signature)), 401)
    assert.equal(refusal("inbound", request(path, search.replace(/.$/, "0"), body, signature)), 401)
  })

  it("of another account, address, parameter or none at all is refused", () => {
    const right = signed("inbound", SMS)
    assert.equal(refusal("inbound", signed("inbound", SMS, { token: "another" })), 401)
    assert.equal(refusal("inbound", { ...right, headers: {} }), 401)
    assert.equal(refusal("inbound", { ...right, search: "a=1" }), 401)
    assert.equal(refusal("inbound", { ...right, body: Buffer.from(`${SMS}&More=1`) }), 401)
    assert.equal(refusal("inbound", { ...right, body: Buffer.from(SMS.replace("blue", "red")) }), 401)
    // Caught on the way and played to another address.
    assert.equal(refusal("status", { ...right, path: "/v1/outreach/texts/status" }), 401)
    assert.equal(refusal("inbound", signed("inbound", SMS.replace(ACCOUNT, "AC11111111111111111111111111111111"))), 403)
    assert.equal(refusal("inbound", { ...right, method: "get" }), 405)
    assert.equal(refusal("unsubscribe", right), 404)
  })

  it("does not make sense of what has none", () => {
    const status = `MessageSid=SM00000000000000000000000000000001&AccountSid=${ACCOUNT}`
    assert.equal(refusal("inbound", signed("inbound", `AccountSid=${ACCOUNT}`)), 400)
    assert.equal(refusal("status", signed("status", status)), 400)
    assert.equal(refusal("status", signed("status", `${status}&MessageStatus=__proto__`)), 400)
    const [fact] = facts("status", signed("status", `${status}&MessageStatus=sent`, { search: "attempt=%3Cscript%3E" }))
    assert.equal(fact?.kind === "status" && fact.attemptId, undefined)
  })
})

describe("statuses", () => {
  it("never go back, in whatever order and however often they come", () => {
    const told: ReadonlyArray<DeliveryState> = ["accepted", "sent", "delivered", "read"]
    const orders = (states: ReadonlyArray<DeliveryState>): ReadonlyArray<ReadonlyArray<DeliveryState>> =>
      states.length === 0
        ? [[]]
        : states.flatMap((one, at) => orders(states.filter((_, index) => index !== at)).map((rest) => [one, ...rest]))
    for (const order of orders([...told, "sent"])) {
      let known: DeliveryState | undefined
      for (const state of order) {
        const next: DeliveryState = furthest(known, state)
        assert.ok(known === undefined || next === known || isFurther(known, next))
        known = next
      }
      assert.equal(known, "read")
    }
    assert.equal(furthest("failed", "sent"), "failed")
    assert.equal(furthest("delivered", "failed"), "delivered")
    for (const state of DELIVERY_STATES) assert.equal(isFurther(state, state), false)
  })

  it("carry the attempt, the error and the cost when they have it", () => {
    const body = `MessageSid=SM00000000000000000000000000000001&MessageStatus=undelivered&ErrorCode=30005&AccountSid=${ACCOUNT}&To=%2B12025550101&NumSegments=2&Price=-0.0158&PriceUnit=USD`
    const [fact] = facts("status", signed("status", body, { search: "attempt=attempt-7" }))
    assert.deepEqual(fact, {
      kind: "status",
      id: "texts:SM00000000000000000000000000000001:undelivered",
      carrier: "texts",
      channel: "sms",
      messageId: "SM00000000000000000000000000000001",
      attemptId: "attempt-7",
      to: "+12025550101",
      state: "failed",
      failure: { class: "permanent", code: "30005" },
      segments: 2,
      cost: { microMinor: 1_580_000, currency: "USD" },
      atMs: 1_000
    })
  })
})

describe("the door", () => {
  const open = () => {
    const taken: Array<string> = []
    let isBroken = false
    const door = new Door([carrier], (given) =>
      isBroken ? Effect.fail("disk full") : Effect.sync(() => void taken.push(...given.map(({ id }) => id)))
    )
    const receive = (given: IncomingRequest, name = "texts") =>
      Effect.runPromise(door.receive(name, given.path.endsWith("status") ? "status" : "inbound", given))
    return { taken, receive, breakIt: (broken: boolean) => void (isBroken = broken) }
  }

  it("keeps before it answers, asks again for what it could not keep, and keeps once what comes twice", async () => {
    const { taken, receive, breakIt } = open()
    breakIt(true)
    assert.equal((await receive(signed("inbound", SMS))).status, 503)
    breakIt(false)
    const answers = [await receive(signed("inbound", SMS)), await receive(signed("inbound", SMS))]
    assert.deepEqual(
      answers.map((answer) => answer.status === 200 && answer.answer.body),
      ["<Response/>", "<Response/>"]
    )
    assert.deepEqual(taken, ["texts:SM00000000000000000000000000000001"])
  })

  it("knows no carrier that is not configured", async () => {
    const { receive } = open()
    const answer = await receive(signed("inbound", SMS), "another")
    assert.equal(answer.status, 404)
    assert.equal(answer.status === 404 && /no carrier/.test(answer.message), true)
  })
})
