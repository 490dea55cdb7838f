/**
 * Goal: what carriers tell a hub is kept once before they are answered, also over a kill -9, and nobody else is believed.
 * Method: a real hub whose outreach file names the local Twilio, and Twilio's callbacks over HTTP.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, it } from "vitest"
import { ACCOUNT_SID, AUTH_TOKEN, LocalTwilio, NUMBER } from "../../scripts/carriers/twilio/server.ts"
import { unsubscribeToken } from "../../src/outreach/carriers/email/unsubscribe.ts"
import { openFact, type StoredOutreachFact } from "../../src/outreach/stored-facts.ts"
import { freePort } from "../../src/servers/servers.ts"
import { OUTREACH } from "../../streams/subjects.ts"
import { startHub, type TestHub } from "../support/hub.ts"
import { withData } from "../support/stores.ts"
import { PHONE } from "../support/outreach.ts"

const SECRET = "unsubscribe-secret-of-this-machine"
const directory = mkdtempSync(join(tmpdir(), "holdfast-outreach-"))
let twilio: LocalTwilio
let hub: TestHub

beforeAll(async () => {
  twilio = await LocalTwilio.start()
  const port = String(await freePort())
  const path = join(directory, "outreach.json")
  const carriers = [
    {
      name: "texts",
      kind: "twilio",
      settings: {
        accountSid: ACCOUNT_SID,
        authToken: { env: "TWILIO_TOKEN" },
        sms: { from: NUMBER },
        apiUrl: twilio.url
      }
    },
    {
      name: "letters",
      kind: "email",
      settings: { smtpUrl: "smtp://127.0.0.1:1", from: "a@shop.example", unsubscribeSecret: { env: "LEAVE_SECRET" } }
    }
  ]
  writeFileSync(path, JSON.stringify({ publicUrl: `http://127.0.0.1:${port}`, carriers }))
  hub = await startHub({ OUTREACH_FILE: path, TWILIO_TOKEN: AUTH_TOKEN, LEAVE_SECRET: SECRET, PORT: port })
  hub = { ...hub, url: `http://127.0.0.1:${port}` }
}, 60_000)

afterAll(async () => {
  assert.deepEqual(twilio.violations, [])
  await hub.stop()
  await twilio.close()
  rmSync(directory, { recursive: true, force: true })
}, 30_000)

const facts = async (): Promise<ReadonlyArray<StoredOutreachFact>> => {
  const connection = await connect({ servers: hub.nats.url })
  const manager = await jetstreamManager(connection)
  const { state } = await manager.streams.info(OUTREACH)
  const read: Array<StoredOutreachFact> = []
  for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
    const message = await manager.streams.getMessage(OUTREACH, { seq })
    if (message !== null) read.push(message.json<StoredOutreachFact>())
  }
  await connection.close()
  return read
}

const address = (what: string, carrier = "texts") => `${hub.url}/v1/outreach/${carrier}/${what}`

/** As whoever reads it for the hub does. */
const wordsOf = (fact: StoredOutreachFact | undefined): Promise<string> =>
  withData(hub, (data) => {
    assert.ok(fact?.kind === "reply" && !JSON.stringify(fact).includes(PHONE.slice(2)))
    return Effect.map(openFact(data, fact), (heard) => (heard.kind === "reply" ? heard.text : ""))
  })

/** As the outreach port sends it. */
const sendText = async (attemptId: string) => {
  const authorization = `Basic ${Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString("base64")}`
  const form = { To: PHONE, From: NUMBER, Body: attemptId, StatusCallback: `${address("status")}?attempt=${attemptId}` }
  const path = `/2010-04-01/Accounts/${ACCOUNT_SID}/Messages.json`
  await fetch(`${twilio.url}${path}`, { method: "POST", headers: { authorization }, body: new URLSearchParams(form) })
}

describe("a hub that carriers call", () => {
  it("keeps each reply and status once, also when it is told again after a kill -9", async () => {
    await sendText("attempt-1")
    await twilio.settle()
    assert.deepEqual(await twilio.write(address("inbound"), PHONE, "Is it still there?"), {
      status: 200,
      body: "<Response/>"
    })
    const [message] = twilio.sent()
    assert.ok(message !== undefined)
    assert.equal((await twilio.tellStatus(message))?.status, 200)
    await hub.crash()
    assert.equal((await twilio.tellStatus(message))?.status, 200)
    const kept = await facts()
    assert.deepEqual(
      kept.map((fact) => (fact.kind === "status" ? [fact.attemptId, fact.state] : [fact.kind])),
      [["attempt-1", "sent"], ["attempt-1", "delivered"], ["reply"]]
    )
    assert.equal(await wordsOf(kept[2]), "Is it still there?")
  })

  it("takes Twilio's JSON too, whose body is signed by its hash", async () => {
    const before = (await facts()).length
    assert.equal((await twilio.write(address("inbound"), PHONE, "as JSON", { asJson: true })).status, 200)
    const kept = await facts()
    assert.equal(kept.length, before + 1)
    assert.equal(await wordsOf(kept.at(-1)), "as JSON")
  })

  it("refuses what is not signed, in words, and knows nobody else", async () => {
    const before = (await facts()).length
    const post = async (url: string, signature: string, body = "Body=hi") => {
      const headers = { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature }
      const response = await fetch(url, { method: "POST", headers, body })
      return {
        status: response.status,
        ...((await response.json()) as { readonly code: string; readonly message: string })
      }
    }
    const foreign = await post(address("inbound"), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    assert.deepEqual([foreign.status, foreign.code], [401, "unauthorized"])
    assert.match(foreign.message, /X-Twilio-Signature.*publicUrl/)
    assert.equal((await post(address("inbound", "nobody"), "")).status, 404)
    assert.equal((await post(address("inbound"), "", "a".repeat(1024 * 1024 + 1))).status, 413)
    assert.equal((await fetch(address("inbound"))).status, 405)
    assert.equal((await facts()).length, before)
  })

  it("unsubscribes at one click, and shows a page that asks to whoever only looks", async () => {
    const token = unsubscribeToken(SECRET, { customerId: "customer-9", attemptId: "attempt-9" })
    const url = `${address("unsubscribe", "letters")}?token=${token}`
    const page = await fetch(url)
    assert.deepEqual([page.status, page.headers.get("referrer-policy")], [200, "no-referrer"])
    assert.match(page.headers.get("content-type") ?? "", /text\/html/)
    const body = new URLSearchParams({ "List-Unsubscribe": "One-Click" })
    assert.equal((await fetch(url, { method: "POST", body })).status, 200)
    assert.equal((await fetch(url, { method: "POST", body })).status, 200)
    const left = (await facts()).filter(({ kind }) => kind === "unsubscribed")
    assert.deepEqual(
      left.map((fact) => fact.kind === "unsubscribed" && [fact.customerId, fact.attemptId]),
      [["customer-9", "attempt-9"]]
    )
    assert.equal((await fetch(`${url}x`, { method: "POST", body })).status, 403)
  })

  it("has logged no number, no text and no secret", () => {
    const output = hub.output()
    assert.ok(output.includes("ready http://"))
    for (const secret of [PHONE.slice(2), "still there", AUTH_TOKEN, SECRET])
      assert.ok(!output.includes(secret), secret)
  })

  it("does not start with a carrier that is wrong, and says which", async () => {
    const path = join(directory, "wrong.json")
    writeFileSync(
      path,
      JSON.stringify({ publicUrl: hub.url, carriers: [{ name: "texts", kind: "twilio", settings: {} }] })
    )
    await assert.rejects(startHub({ OUTREACH_FILE: path }), /The carrier texts: Twilio needs one of sms and whatsapp/)
  }, 30_000)
})
