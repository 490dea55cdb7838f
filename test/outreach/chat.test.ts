/**
 * Goal: each message goes by the carrier of its channel, and the chat shows an attempt once.
 * Method: the port with a chat that a test holds, and no other carrier.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { describe, it } from "vitest"
import { NO_OUTREACH } from "../../config/outreach.ts"
import { buildOutreach } from "../../src/outreach/build.ts"
import { failureOf, messageTo } from "../support/outreach.ts"

const open = async (isOpen = true) => {
  const shown = new Map<string, string>()
  const { outreach } = await buildOutreach({
    config: NO_OUTREACH,
    nowMs: Date.now,
    random: () => 0.5,
    pushToChat: (customerId, { id, text }) =>
      Effect.sync(() => {
        if (isOpen) shown.set(`${customerId} ${id}`, text)
        return isOpen
      })
  })
  return { outreach, shown }
}

const message = () => messageTo("customer-1", { channel: "web-chat" })

describe("the outreach port", () => {
  it("hands a chat message over under its attempt, so that the same again is once", async () => {
    const { outreach, shown } = await open()
    const said = message()
    assert.equal((await Effect.runPromise(outreach.send(said))).state, "delivered")
    assert.equal(await Effect.runPromise(outreach.findSent({ ...said, intendedAtMs: 0 })), undefined)
    await Effect.runPromise(outreach.send(said))
    assert.deepEqual([...shown], [[`customer-1 ${said.attemptId}`, said.text]])
  })

  it("says that a customer is away, so that another channel is taken", async () => {
    const { outreach } = await open(false)
    const failure = await failureOf(outreach.send(message()))
    assert.deepEqual([failure.class, failure.code], ["refused", "away"])
  })

  it("refuses a channel that nobody carries, and an attempt that no address could hold", async () => {
    const { outreach } = await open()
    assert.deepEqual([outreach.channels, outreach.canLookUp("sms")], [["web-chat"], false])
    assert.equal((await failureOf(outreach.send(messageTo("+12025550101")))).code, "no_carrier")
    assert.equal((await failureOf(outreach.send({ ...message(), attemptId: "a b" }))).code, "bad_attempt")
    assert.equal((await failureOf(outreach.look(messageTo("+12025550101")))).code, "no_carrier")
  })
})
