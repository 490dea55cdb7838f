/**
 * Goal: an e-mail goes once, can be left with one click, and a mail server's refusal does to the address what it should.
 * Method: the carrier over real SMTP against the local mail server; unsubscribing over real HTTP.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, it } from "vitest"
import { LocalMail } from "../../scripts/carriers/mail/server.ts"
import { emailCarrier } from "../../src/outreach/carriers/email/carrier.ts"
import { readUnsubscribeToken, unsubscribeToken } from "../../src/outreach/carriers/email/unsubscribe.ts"
import type { Carrier, FailureClass } from "../../src/outreach/outreach.ts"
import { patient, type PatientCarrier } from "../../src/outreach/persist.ts"
import { type Endpoint, failureOf, messageTo, openEndpoint, patience } from "../support/outreach.ts"

const TO = "ada@customers.example"
const SECRET = "unsubscribe-secret-of-this-machine"

let mail: LocalMail
let endpoint: Endpoint

beforeEach(async () => {
  mail = await LocalMail.start()
  endpoint = await openEndpoint()
  endpoint.carrier = make()
})

afterEach(async () => {
  await endpoint.close()
  await mail.close()
})

const make = (change: object = {}): Carrier =>
  emailCarrier({
    name: "letters",
    settings: { smtpUrl: mail.url, from: "Shop <hello@shop.example>", unsubscribeSecret: SECRET, ...change },
    publicUrl: endpoint.url,
    nowMs: Date.now,
    callMsMax: 2_000
  })

const patiently = (carrier: Carrier, graceMs = 0): PatientCarrier =>
  patient(carrier, { patience: { ...patience, graceMs }, nowMs: Date.now, random: () => 0.5 })

const letter = (to = TO) =>
  messageTo(to, { channel: "email", subject: "Your cart\r\nBcc: x@y.example", html: "<p>Hi</p>" })

const linkIn = (header: string | undefined): string => /^<(.+)>$/.exec(header ?? "")?.[1] ?? ""

describe("an e-mail", () => {
  it("goes with its attempt as Message-ID, and with the headers of one-click unsubscribing", async () => {
    const message = letter()
    const receipt = await Effect.runPromise(patiently(make()).send(message))
    const [kept] = mail.mails
    assert.ok(kept !== undefined)
    assert.deepEqual([kept.to, kept.headers.get("message-id")], [[TO], receipt.messageId])
    assert.equal(kept.headers.get("subject"), "Your cart Bcc: x@y.example")
    assert.equal(kept.headers.has("bcc"), false)
    assert.equal(kept.headers.get("list-unsubscribe-post"), "List-Unsubscribe=One-Click")
    assert.ok(
      linkIn(kept.headers.get("list-unsubscribe")).startsWith(`${endpoint.url}/v1/outreach/letters/unsubscribe?token=`)
    )
    assert.ok(!kept.headers.get("list-unsubscribe")?.includes(TO))
    assert.match(kept.raw, /multipart\/alternative/)
  })

  const refusals: ReadonlyArray<readonly [reply: string, is: FailureClass]> = [
    ["550 5.1.1 No such user", "permanent"],
    ["550 No such user here", "permanent"],
    ["550 5.7.1 Blocked by policy", "refused"],
    ["552 5.2.2 Mailbox full", "refused"],
    ["450 4.7.28 Too many messages", "throttled"],
    ["451 4.3.0 Try again", "temporary"]
  ]
  it.each(refusals)("to %s is %s, and the address is not told", async (reply, is) => {
    mail.refusals.set(TO, reply)
    const failure = await failureOf(make().send(letter()))
    assert.equal(failure.class, is)
    assert.ok(!JSON.stringify(failure).includes(TO))
  })

  it("that is refused for what it says is not sent again, and its address stays", async () => {
    mail.ask("refuse-data")
    const failure = await failureOf(patiently(make()).send(letter()))
    assert.deepEqual([failure.class, failure.code, mail.mails.length], ["refused", "5.7.1", 0])
  })

  it("to what is no address never leaves", async () => {
    for (const to of ["ada", "ada@", "a b@c.example", "ada@c.example, eve@c.example", "ada@c.example>"]) {
      assert.deepEqual((await failureOf(make().send(letter(to)))).code, "no_address", to)
    }
  })

  it("is tried again when the line broke before it began to go, and nobody is there is temporary", async () => {
    mail.ask("cut-before")
    await Effect.runPromise(patiently(make()).send(letter()))
    assert.equal(mail.mails.length, 1)
    const failure = await failureOf(make({ smtpUrl: "smtp://127.0.0.1:1" }).send(letter()))
    assert.deepEqual([failure.class, failure.code], ["temporary", "unreachable"])
  })

  it("that was cut off after it had gone is not sent twice, and is said to be assumed", async () => {
    mail.ask("cut-after")
    const receipt = await Effect.runPromise(patiently(make()).send(letter()))
    assert.deepEqual([mail.mails.length, receipt.isAssumed], [1, true])
  })

  it("is sent again, under the same Message-ID, where that was chosen", async () => {
    mail.ask("cut-after")
    const outreach = patiently(make({ whenLost: "resend" }))
    const message = letter()
    assert.equal((await failureOf(outreach.send(message))).class, "unknown")
    assert.equal(await Effect.runPromise(outreach.findSent(message)), undefined)
    await Effect.runPromise(outreach.send(message))
    assert.equal(new Set(mail.mails.map(({ headers }) => headers.get("message-id"))).size, 1)
  })
})

describe("unsubscribing", () => {
  const post = async (url: string, body = "List-Unsubscribe=One-Click") => {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: { "content-type": "application/x-www-form-urlencoded" }
    })
    return [response.status, await response.text()] as const
  }

  it("takes one POST to the link of the e-mail; looking at it only shows a button", async () => {
    const message = letter()
    await Effect.runPromise(make().send(message))
    const link = linkIn(mail.mails[0]?.headers.get("list-unsubscribe"))
    const page = await fetch(link)
    assert.match(await page.text(), /<button>Unsubscribe/)
    assert.equal(endpoint.told.length, 0)
    assert.equal((await post(link))[0], 200)
    const fact = endpoint.told.at(0)
    assert.ok(fact?.kind === "unsubscribed")
    assert.deepEqual([fact.customerId, fact.attemptId], [message.customerId, message.attemptId])
  })

  it("takes no token but ours, and no POST that is none of RFC 8058", async () => {
    const token = unsubscribeToken(SECRET, { customerId: "customer-1", attemptId: "a" })
    const link = (given: string) => `${endpoint.url}/v1/outreach/letters/unsubscribe?token=${given}`
    const foreign = unsubscribeToken("another secret of sixteen", { customerId: "customer-1", attemptId: "a" })
    const forged = `${Buffer.from('["customer-2","a"]').toString("base64url")}.${token.split(".")[1]}`
    for (const given of ["", "a.b", foreign, forged, `${token}x`, `${token}.x`, token.slice(0, -1)]) {
      const [status, said] = await post(link(given))
      assert.equal(status, 403, given)
      assert.match(said, /not one of ours/)
    }
    assert.equal((await post(link(token), "")).at(0), 400)
    assert.deepEqual(endpoint.told, [])
    assert.deepEqual(readUnsubscribeToken(SECRET, token), { customerId: "customer-1", attemptId: "a" })
  })
})
