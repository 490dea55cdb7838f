/**
 * Goal: a recovery file that does not do is said in one sentence, before anybody is written to.
 * Method: files as people write them.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { readRecovery } from "../../config/recovery.ts"

const cartUrl = "https://shop.example/cart/{cart}?from={attempt}"
const file = (templates: unknown, url: unknown = cartUrl): string => JSON.stringify({ cartUrl: url, templates })

describe("the recovery file", () => {
  it("has words of its own for every step, and takes others", () => {
    const { templates } = readRecovery(file({ reminder: { text: "Come back: {link}", approved: "cart_left" } }))
    assert.deepEqual(Object.keys(templates), ["reminder", "still-there", "last-call"])
    assert.deepEqual([templates["reminder"]?.text, templates["reminder"]?.approved], ["Come back: {link}", "cart_left"])
    assert.equal(readRecovery(JSON.stringify({ cartUrl, graceMs: 5_000 })).graceMs, 5_000)
    assert.match(templates["last-call"]?.text ?? "", /\{link\}/)
  })

  it("says what is wrong, and where", () => {
    const wrong: ReadonlyArray<readonly [text: string, said: RegExp]> = [
      ["{", /recovery file is no JSON/],
      ["[]", /must be an object/],
      [file({}, null), /needs cartUrl/],
      [file({}, "http://shop.example/{cart}?{attempt}"), /https address/],
      [file({}, "https://shop.example/{cart}"), /\{attempt\} in it/],
      [JSON.stringify({ cartUrl, offers: {} }), /cartUrl needs \{offer\} in it/],
      [file({ goodbye: {} }), /no template goodbye; there are reminder/],
      [JSON.stringify({ cartUrl, graceMs: 10 }), /graceMs must be a number from 1000/],
      [file({ reminder: { text: "Come back" } }), /reminder: text must have \{link\}/],
      [file({ reminder: { subject: "" } }), /reminder: subject must be a text/],
      [file({ reminder: { text: `{link}${"a".repeat(1_000)}` } }), /at most 1000/]
    ]
    for (const [text, said] of wrong) assert.throws(() => readRecovery(text), said, text)
  })
})
