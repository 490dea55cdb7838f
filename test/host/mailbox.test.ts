/**
 * Goal: looks at what is due, which the hub asks for many times a second, do not pile up while no turn is taken.
 * Method: the mailbox alone.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { Mailbox } from "../../src/host/mailbox.ts"

describe("a look at what is due", () => {
  it("waits once, however often it is asked for, and again as soon as it was taken", () => {
    const mailbox = new Mailbox(() => 1)
    for (let asked = 0; asked < 1_000; asked++) assert.equal(mailbox.offer({ kind: "due" }), true)
    mailbox.offer({ kind: "skipped", factSequence: 1 })
    assert.deepEqual(
      mailbox.take(64).map(({ kind }) => kind),
      ["due", "skipped"]
    )
    mailbox.offer({ kind: "due" })
    assert.equal(mailbox.length, 1)
  })

  it("that a turn had no room for goes on waiting alone", () => {
    const mailbox = new Mailbox(({ kind }) => (kind === "due" ? 1 : 2 ** 30))
    mailbox.offer({ kind: "skipped", factSequence: 1 })
    mailbox.offer({ kind: "due" })
    assert.equal(mailbox.take(64).length, 1)
    mailbox.offer({ kind: "due" })
    assert.equal(mailbox.length, 1)
  })
})
