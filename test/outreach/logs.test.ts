/**
 * Goal: no number, address, name, text or secret of the outreach is ever written to a log or an error.
 * Method: everything is sent and refused by every carrier while all that is printed and logged is caught.
 */
import assert from "node:assert/strict"
import { Effect, Logger, References } from "effect"
import { afterEach, beforeEach, describe, it } from "vitest"
import { LocalMail } from "../../scripts/carriers/mail/server.ts"
import * as Messenger from "../../scripts/carriers/messenger/server.ts"
import * as Twilio from "../../scripts/carriers/twilio/server.ts"
import { readOutreach } from "../../config/outreach.ts"
import type { Fault } from "../../scripts/marketplaces/marketplace.ts"
import { buildOutreach } from "../../src/outreach/build.ts"
import { Door } from "../../src/outreach/door.ts"
import type { OutboundMessage, Outreach } from "../../src/outreach/outreach.ts"
import { messageTo } from "../support/outreach.ts"

const [PHONE, PSID, MAIL] = ["+12025550187", "6789012345678901", "ada.lovelace@customers.example"]
const SAID = "a very private sentence"
const SECRETS = {
  TWILIO: Twilio.AUTH_TOKEN,
  PAGE: Messenger.ACCESS_TOKEN,
  APP: Messenger.APP_SECRET,
  VERIFY: Messenger.VERIFY_TOKEN,
  LEAVE: "unsubscribe-secret-of-this-machine"
}

let servers: readonly [Twilio.LocalTwilio, Messenger.LocalMessenger, LocalMail]
const written: Array<string> = []
const kept = { out: process.stdout.write, err: process.stderr.write }

beforeEach(async () => {
  servers = await Promise.all([Twilio.LocalTwilio.start(), Messenger.LocalMessenger.start(), LocalMail.start()])
  const take = ((chunk: string | Uint8Array): boolean => {
    written.push(chunk.toString())
    return true
  }) as typeof process.stdout.write
  process.stdout.write = take
  process.stderr.write = take
})

afterEach(async () => {
  process.stdout.write = kept.out
  process.stderr.write = kept.err
  await Promise.all(servers.map((server) => server.close()))
})

const build = () => {
  const [twilio, messenger, mail] = servers
  const env = (name: string) => ({ env: name })
  const carriers = [
    {
      name: "texts",
      kind: "twilio",
      settings: {
        accountSid: Twilio.ACCOUNT_SID,
        authToken: env("TWILIO"),
        sms: { from: Twilio.NUMBER },
        apiUrl: twilio.url
      }
    },
    {
      name: "page",
      kind: "messenger",
      settings: {
        pageId: Messenger.PAGE_ID,
        accessToken: env("PAGE"),
        appSecret: env("APP"),
        verifyToken: env("VERIFY"),
        graphUrl: messenger.url
      }
    },
    {
      name: "letters",
      kind: "email",
      settings: { smtpUrl: mail.url, from: "a@shop.example", unsubscribeSecret: env("LEAVE") }
    }
  ].map((carrier) => ({
    ...carrier,
    backoff: { baseMs: 1, maxMs: 2, retriesMax: 1 },
    throttledMsMax: 0,
    lookAfterMs: 1
  }))
  const config = readOutreach(JSON.stringify({ publicUrl: "http://localhost:1", carriers }), SECRETS)
  return buildOutreach({ config, nowMs: Date.now, random: Math.random })
}

const messages = (): ReadonlyArray<OutboundMessage> => {
  const change = { text: SAID, subject: SAID, lastInboundAtMs: Date.now() }
  return [
    messageTo(PHONE, change),
    messageTo(PSID, { ...change, channel: "messenger" }),
    messageTo(MAIL, { ...change, channel: "email" })
  ]
}

const logged: Array<string> = []
const everything = Logger.layer([
  Logger.make(({ message, cause }) => void logged.push(`${JSON.stringify(message)} ${JSON.stringify(cause)}`))
])

const run = <Value, Failure>(effect: Effect.Effect<Value, Failure>) =>
  Effect.runPromise(
    Effect.result(effect).pipe(Effect.provide(everything), Effect.provideService(References.MinimumLogLevel, "All"))
  )

const sendAll = async (outreach: Outreach): Promise<void> => {
  for (const message of messages()) {
    const sent = await run(outreach.send(message))
    if (sent._tag === "Failure") written.push(JSON.stringify(sent.failure), String(sent.failure), sent.failure.message)
    const found = await run(outreach.findSent(message))
    if (found._tag === "Failure") written.push(JSON.stringify(found.failure), String(found.failure.stack))
  }
}

describe("what is logged", () => {
  it("holds no number, address, text or secret, whatever happens", async () => {
    const [twilio, messenger, mail] = servers
    process.env["TWILIO_LOG_LEVEL"] = "debug"
    const { carriers, outreach } = await build()
    await sendAll(outreach)
    twilio.refusals.set(PHONE, 21_211)
    messenger.refusals.set(PSID, { status: 400, code: 100, message: `No user ${PSID}` })
    mail.refusals.set(MAIL, `550 5.1.1 <${MAIL}> unknown`)
    await sendAll(outreach)
    const faults: ReadonlyArray<Fault> = [
      "throttle",
      "error",
      "unauthorized",
      "garbage",
      "act-then-error",
      "act-then-cut"
    ]
    for (const fault of faults) {
      twilio.faults.ask(fault, fault)
      messenger.faults.ask(fault, fault)
      await sendAll(outreach)
    }
    delete process.env["TWILIO_LOG_LEVEL"]
    const door = new Door(carriers, () => Effect.fail(`disk full at ${PHONE}, for ${MAIL}`))
    const body = `From=${encodeURIComponent(PHONE)}&Body=${SAID}`
    for (const what of ["inbound", "status", "unsubscribe"] as const) {
      const path = `/v1/outreach/texts/${what}`
      const request = { path, search: "", headers: {}, body: Buffer.from(body), receivedAtMs: 0 }
      for (const method of ["get", "post"] as const) {
        for (const name of ["texts", "page", "letters"]) {
          written.push(JSON.stringify(await run(door.receive(name, what, { ...request, method }))))
        }
      }
    }
    const signature = (await import("../../scripts/carriers/twilio/signing.ts")).formSignature
    const pairs = [
      ["AccountSid", Twilio.ACCOUNT_SID],
      ["Body", SAID],
      ["From", PHONE],
      ["MessageSid", `SM${"0".repeat(32)}`]
    ] as const
    const url = "http://localhost:1/v1/outreach/texts/inbound"
    const answer = await run(
      door.receive("texts", "inbound", {
        method: "post",
        path: "/v1/outreach/texts/inbound",
        search: "",
        headers: { "x-twilio-signature": signature(Twilio.AUTH_TOKEN, url, pairs) },
        body: Buffer.from(
          new URLSearchParams(pairs.map(([name, value]) => [name, value] as [string, string])).toString()
        ),
        receivedAtMs: 0
      })
    )
    written.push(JSON.stringify(answer))
    assert.ok(logged.some((line) => line.includes("could not be kept")))
    const all = [...written, ...logged].join("\n")
    const secrets = Object.values(SECRETS)
    for (const secret of [...secrets, "2025550187", PSID, MAIL, "lovelace", SAID]) {
      const at = all.indexOf(secret)
      assert.equal(at, -1, all.slice(Math.max(0, at - 200), at + 200))
    }
  }, 60_000)
})
