/**
 * Goal: a message that was decided goes once, wherever the hub is killed; what changed a moment before it goes is heeded;
 * and every message comes to an outcome that is written down.
 * Method: the reactor between the real deciders, over a book in memory, and Twilio's own client against the local Twilio.
 */
import assert from "node:assert/strict"
import { afterEach, beforeEach, describe, it } from "vitest"
import { LocalMail } from "../../scripts/carriers/mail/server.ts"
import { ACCOUNT_SID, AUTH_TOKEN, LocalTwilio, NUMBER } from "../../scripts/carriers/twilio/server.ts"
import type { FatePolicy } from "../../actors/recovery/attempt-fate.ts"
import type { Channel } from "../../actors/recovery/channel.ts"
import { readOutreach } from "../../config/outreach.ts"
import { Random } from "../../scripts/simulate/random.ts"
import { buildOutreach } from "../../src/outreach/build.ts"
import type { Outreach } from "../../src/outreach/outreach.ts"
import { oneStep, PretendBook } from "../support/recovery-desk.ts"
import { until } from "../support/shop.ts"

const PHONE = "+447700900123"

let twilio: LocalTwilio
let mail: LocalMail
let book: PretendBook

beforeEach(async () => {
  twilio = await LocalTwilio.start()
  mail = await LocalMail.start()
})

afterEach(async () => {
  await book.kill()
  assert.deepEqual(twilio.violations, [])
  await twilio.close()
  await mail.close()
})

const outreachOf = async (callMsMax = 300): Promise<Outreach> => {
  const patience = {
    backoff: { baseMs: 5, maxMs: 20, retriesMax: 2 },
    lookAfterMs: 1,
    throttledMsMax: 5_000,
    callMsMax
  }
  const carriers = [
    {
      name: "texts",
      kind: "twilio",
      settings: { accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, sms: { from: NUMBER }, apiUrl: twilio.url }
    },
    {
      name: "letters",
      kind: "email",
      settings: { smtpUrl: mail.url, from: "a@shop.example", unsubscribeSecret: "sixteen letters and more" }
    }
  ].map((carrier) => ({ ...carrier, ...patience }))
  const config = readOutreach(JSON.stringify({ publicUrl: "http://127.0.0.1:1", carriers }), {})
  return (await buildOutreach({ config, nowMs: Date.now, random: Math.random })).outreach
}

const open = async (
  channels: ReadonlyArray<Channel> = ["sms"],
  callMsMax?: number,
  fate: Partial<FatePolicy> = {}
): Promise<PretendBook> => {
  book = new PretendBook({ outreach: await outreachOf(callMsMax), sequence: oneStep(channels), fate })
  return book
}

const text = { channel: "sms", address: PHONE } as const
const letter = { channel: "email", address: "ada@customers.example" } as const

const settled = (count: number) =>
  until(
    async () => {
      book.tick()
      const outcomes = [...book.ofType("message-sent"), ...book.ofType("message-skipped")]
      const failures = book.ofType("message-failed")
      return outcomes.length + failures.length >= count
    },
    () => `${count} outcomes; ${book.events.map(({ type }) => type).join(", ")}`
  )

describe("a message that was decided", () => {
  it("goes, and its receipt is written down", async () => {
    await open()
    book.leave("ada", [text])
    await settled(1)
    assert.deepEqual(
      book.ofType("message-sent").map(({ receipt }) => receipt),
      [twilio.sent(PHONE)[0]?.sid]
    )
    assert.deepEqual([twilio.sent().length, book.carried, book.recovery("ada")?.ended?.reason], [1, 0, "completed"])
  })

  it("20. is not sent to who has bought a moment before it goes", async () => {
    await open()
    book.onCompose = ({ customerId }) => book.buy(customerId)
    book.leave("ada", [text])
    await settled(1)
    assert.deepEqual([book.ofType("message-skipped")[0]?.reason, twilio.calls], ["bought", 0])
    assert.equal(book.recovery("ada")?.ended?.reason, "bought")
  })

  it("21. is not sent to who opts out while it waits for the carrier's limit", async () => {
    await open()
    twilio.retryAfterSeconds = 0.2
    twilio.faults.ask("throttle")
    book.leave("ada", [text])
    await until(
      async () => twilio.faults.counts.throttle === 1,
      () => "a 429"
    )
    book.stop("ada", text)
    await settled(1)
    assert.deepEqual([book.ofType("message-skipped")[0]?.reason, twilio.sent().length], ["opted-out", 0])
  })

  it("goes by another channel when its number is dead, and the number is never tried again", async () => {
    await open(["sms", "email"])
    twilio.refusals.set(PHONE, 21_211)
    book.leave("ada", [text, letter])
    await settled(2)
    assert.deepEqual([book.suppression(PHONE), mail.mails.length], ["undeliverable", 1])
    book.leave("eve", [text])
    assert.equal(book.ofType("recovery-withheld")[0]?.reason, "nothing-to-reach")
  })

  it("is not held up by a channel that hangs", async () => {
    await open(["sms", "email"], 3_000)
    twilio.faults.keepUp("hang")
    for (let one = 0; one < 50; one++) book.leave(`t${one}`, [{ ...text, address: `+4477009${String(10_000 + one)}` }])
    book.leave("ada", [letter])
    await settled(1)
    assert.equal(mail.mails.length, 1)
    twilio.faults.keepUp(undefined)
  })
})

/** From now on messages stand still on their way. */
const holdUp = () => {
  const way = { held: 0, release: () => undefined as void }
  const released = new Promise<void>((resolve) => (way.release = resolve))
  twilio.onTheWay = () => {
    way.held++
    return released
  }
  return way
}

describe("a call that the hub has given up", () => {
  it("and that arrives within the grace time counted from then is found, and not made again", async () => {
    await open(["sms"], 50)
    const way = holdUp()
    book.leave("ada", [text])
    await until(
      () => twilio.calls > 3,
      () => "looks that find nothing"
    )
    way.release()
    await settled(1)
    assert.deepEqual([way.held, twilio.sent().length, book.ofType("message-sent").length], [1, 1, 1])
  })

  it("and that arrives after it goes twice: this is the whole window, and why the grace time is long", async () => {
    await open(["sms"], 50, { graceMs: 200 })
    const way = holdUp()
    book.leave("ada", [text])
    await until(
      () => way.held === 2,
      () => "the same message once more"
    )
    assert.equal(book.ofType("message-retried").length, 1)
    way.release()
    await settled(1)
    assert.equal(twilio.sent().length, 2)
  })
})

describe("a hub that is killed", () => {
  it("before the call: the message goes, once the grace time has shown that it had not", async () => {
    await open()
    await book.kill()
    book.leave("ada", [text])
    const intendedAt = Date.now()
    book.startReactor()
    await settled(1)
    assert.ok(Date.now() - intendedAt >= 1_000)
    assert.deepEqual([twilio.sent().length, book.ofType("message-retried").length], [1, 1])
  })

  it("during the call: the message is found, and does not go again", async () => {
    await open(["sms"], 5_000)
    twilio.faults.ask("act-then-hang")
    book.leave("ada", [text])
    await until(
      async () => twilio.sent().length === 1,
      () => "the message at Twilio"
    )
    await book.kill()
    book.startReactor()
    await settled(1)
    assert.deepEqual([twilio.sent().length, book.ofType("message-sent")[0]?.receipt], [1, twilio.sent()[0]?.sid])
  })

  it("after the answer and before it is written down: the same", async () => {
    await open()
    book.isStalled = true
    book.leave("ada", [text])
    await until(
      async () => twilio.sent().length === 1,
      () => "the message at Twilio"
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    await book.kill()
    book.isStalled = false
    book.startReactor()
    await settled(1)
    assert.deepEqual([twilio.sent().length, book.ofType("message-sent").length], [1, 1])
  })

  it("in the middle of a call that had waited long for its turn: what arrives after the start is found all the same", async () => {
    await open()
    await book.kill()
    book.leave("ada", [text])
    const intendedAt = Date.now()
    await until(
      () => Date.now() - intendedAt > 1_000,
      () => "the grace time, counted from the intent"
    )
    book.startReactor()
    await until(
      () => twilio.calls > 0,
      () => "a first look, which finds nothing"
    )
    const link = `https://shop.example/c/${book.recovery("ada")?.attempt?.attemptId}`
    const authorization = `Basic ${Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString("base64")}`
    const body = new URLSearchParams({ To: PHONE, From: NUMBER, Body: `You left something: ${link}` })
    const address = `${twilio.url}/2010-04-01/Accounts/${ACCOUNT_SID}/Messages.json`
    assert.equal((await fetch(address, { method: "POST", headers: { authorization }, body })).status, 201)
    await settled(1)
    assert.deepEqual([twilio.sent(PHONE).length, book.ofType("message-sent").length], [1, 1])
  })

  it("while the message is on its way: one that arrives within the grace time is found, and does not go again", async () => {
    await open(["sms"], 5_000)
    const way = holdUp()
    book.leave("ada", [text])
    await until(
      () => way.held === 1,
      () => "the message on its way"
    )
    await book.kill()
    book.startReactor()
    await until(
      () => twilio.calls > 2,
      () => "looks that find nothing"
    )
    assert.equal(twilio.sent().length, 0)
    way.release()
    await settled(1)
    assert.deepEqual([twilio.sent().length, book.ofType("message-retried").length], [1, 0])
  })

  it("and then ordered from before the message is found missing: it does not go at all", async () => {
    await open()
    await book.kill()
    book.leave("ada", [text])
    book.startReactor()
    book.buy("ada")
    await settled(1)
    assert.deepEqual([twilio.sent().length, book.ofType("message-skipped")[0]?.reason], [0, "bought"])
  })

  it("is told by the carrier's callback what became of the message, without asking for it", async () => {
    await open()
    await book.kill()
    book.leave("ada", [text])
    book.startReactor()
    const calls = twilio.calls
    const attemptId = book.recovery("ada")?.attempt?.attemptId ?? ""
    book.heard(attemptId, "SM00000000000000000000000000000001")
    await settled(1)
    assert.equal(book.ofType("message-sent")[0]?.receipt, "SM00000000000000000000000000000001")
    assert.ok(twilio.calls - calls <= 1)
  })

  it("loses no e-mail's outcome: it counts as sent after the grace time", async () => {
    await open(["email"])
    await book.kill()
    book.leave("ada", [letter])
    book.startReactor()
    await settled(1)
    const [failed] = book.ofType("message-failed")
    assert.deepEqual([failed?.code, failed?.isUnsent, mail.mails.length], ["fate-unknown", false, 0])
  })

  it("again and again, over faults on a seed: nobody gets two, and every message has its outcome", async () => {
    // Calls are given up after a tenth of a second here, and on a busy machine arrive much later: see the two tests above.
    await open(["sms"], 100, { graceMs: 3_000 })
    const random = new Random(23)
    twilio.faults.set({
      seed: 23,
      share: 0.35,
      kinds: ["error", "act-then-error", "act-then-cut", "act-then-hang", "throttle"]
    })
    twilio.retryAfterSeconds = 0.02
    const customers = 200
    for (let one = 0; one < customers; one++) {
      book.leave(`c${one}`, [{ ...text, address: `+4477009${String(10_000 + one)}` }])
    }
    for (let kill = 0; kill < 15; kill++) {
      await new Promise((resolve) => setTimeout(resolve, random.integer(5, 60)))
      await book.kill()
      book.startReactor()
    }
    twilio.faults.set({ seed: 1, share: 0, kinds: [] })
    await until(
      async () => {
        book.tick()
        return [...Array(customers).keys()].every((one) => book.recovery(`c${one}`)?.ended !== undefined)
      },
      () => `every recovery's end; ${book.carried} are carried`,
      60_000
    )
    const counts = [...Array(customers).keys()].map((one) => twilio.sent(`+4477009${10_000 + one}`).length)
    assert.deepEqual(counts, Array<number>(customers).fill(1))
    assert.equal(book.ofType("message-sent").length, customers)
    assert.ok(book.ofType("message-retried").length > 0)
  }, 90_000)
})
