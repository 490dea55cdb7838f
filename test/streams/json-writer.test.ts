/**
 * Goal: what is written byte by byte is what `JSON.stringify` would have written, whatever the text and the numbers.
 * Method: texts and records by chance, with everything that JSON escapes and UTF-8 widens; read back and compared.
 */
import * as fc from "fast-check"
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import type { JournalRecord } from "../../actors/sku/events.ts"
import { writeAnswer } from "../../src/gateway/answer-text.ts"
import { Outgoing } from "../../src/gateway/outgoing.ts"
import type { Answer } from "../../src/gateway/protocol.ts"
import { fragment, JsonWriter } from "../../streams/json-writer.ts"
import { writeRecord } from "../../streams/record-text.ts"
import { runs } from "../support/runs.ts"

const written = (write: (writer: JsonWriter) => void, capacityBytes = 8): string => {
  const writer = new JsonWriter(capacityBytes)
  write(writer)
  return Buffer.from(writer.bytes()).toString("utf8")
}

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 130 }),
  fc.constantFrom("", '"', "\\", "\u0000", "\u007f", "é", "\u2028", "😀", "\ud800", "a\udc00b")
)
const anyInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(0, -0, 9, 10, 999_999_999, 1_000_000_000, 1_000_000_001, -1_000_000_000, 2 ** 53 - 1, 1 - 2 ** 53)
)

const maybe = <A>(of: fc.Arbitrary<A>) => fc.option(of, { nil: undefined })
const optional = { scope: maybe(anyText), hash: maybe(anyText), safetyThreshold: maybe(anyInteger) }
const numbered = { sku: anyText, version: anyInteger, mutationId: anyText, physical: anyInteger, allocated: anyInteger }
const change = { ...numbered, ...optional, quantity: anyInteger, channel: maybe(anyText) }
const split = maybe(fc.array(fc.tuple(anyText, anyInteger), { minLength: 2, maxLength: 3 }))

const anyRecord = fc.oneof(
  fc.record({
    type: fc.constant("reserve"),
    ...change,
    holdId: anyText,
    expiresAt: anyInteger,
    locationId: maybe(anyText),
    holder: maybe(anyText),
    split
  }),
  fc.record({ type: fc.constantFrom("commit", "release", "expiry"), ...change, holdId: anyText }),
  fc.record({
    type: fc.constantFrom("sale", "receipt", "return", "count", "adjustment", "transfer"),
    ...change,
    locationId: maybe(anyText),
    toLocationId: maybe(anyText),
    occurredAt: maybe(anyText),
    reference: maybe(anyText),
    reason: maybe(anyText)
  }),
  fc.record({
    type: fc.constant("lines"),
    act: fc.constantFrom("reserve", "commit", "release", "expiry"),
    sku: maybe(anyText),
    holdId: anyText,
    mutationId: anyText,
    hash: maybe(anyText),
    expiresAt: maybe(anyInteger),
    holder: maybe(anyText),
    legs: fc.array(anyText, { maxLength: 3 }),
    asked: fc.array(anyText, { maxLength: 3 }),
    elsewhere: maybe(fc.array(fc.record({ sku: anyText, version: anyInteger }), { maxLength: 2 }))
  }),
  fc.record({ type: fc.constant("answered"), mutationId: anyText, hash: anyText, answer: fc.object() }),
  fc.record({ type: fc.constant("configure"), ...numbered, settings: fc.object() })
)

const numbers = {
  sku: anyText,
  version: anyInteger,
  available: anyInteger,
  physical: anyInteger,
  allocated: anyInteger
}
const replayed = maybe(fc.constant(true))
const anyAnswer = fc.oneof(
  fc.record({
    ok: fc.constant(true),
    ...numbers,
    safetyThreshold: anyInteger,
    locations: maybe(fc.array(fc.record({ locationId: anyText, physical: anyInteger, allocated: anyInteger }))),
    holdId: maybe(anyText),
    expiresAt: maybe(anyText),
    replayed
  }),
  fc.record({
    ok: fc.constant(true),
    holdId: anyText,
    expiresAt: maybe(anyText),
    lines: fc.array(fc.record(numbers), { maxLength: 4 }),
    replayed
  }),
  fc.record({ ok: fc.constant(false), code: anyText, message: anyText, available: maybe(anyInteger) })
)

describe("the JSON writer", () => {
  it("writes every text and every number as JSON.stringify does", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyText, anyInteger, fc.double()), { maxLength: 12 }), (values) => {
        const text = written((writer) => {
          for (const value of values) {
            if (typeof value === "string") writer.text(value)
            else writer.integer(value)
            writer.fragment(fragment("\n"))
          }
        })
        assert.equal(text, values.map((value) => `${JSON.stringify(value)}\n`).join(""))
      }),
      runs()
    )
  })

  it("writes every record so that it reads back the same", () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const text = written((writer) => writeRecord(writer, record as unknown as JournalRecord))
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(record)))
      }),
      runs()
    )
  })

  it("writes every answer so that it reads back the same", () => {
    fc.assert(
      fc.property(anyAnswer, (answer) => {
        const text = written((writer) => writeAnswer(writer, answer as unknown as Answer))
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(answer)))
      }),
      runs()
    )
  })

  it("gives bytes that later writing does not touch", () => {
    const writer = new JsonWriter(4)
    writer.text("first")
    const first = writer.bytes()
    writer.text("other")
    assert.equal(Buffer.from(first).toString(), '"first"')
  })
})

describe("what is said to a socket in one round", () => {
  it("is one message as it is, several as an array, and begins anew once it is taken", () => {
    const outgoing = new Outgoing()
    const taken = () => Buffer.from(outgoing.take()).toString()
    outgoing.next().raw("1")
    assert.equal(taken(), "1")
    outgoing.next().raw("2")
    outgoing.next().raw("3")
    assert.equal(taken(), "[2,3]")
    assert.ok(outgoing.isEmpty)
    assert.equal(taken(), "")
  })
})
