/**
 * Goal: what a schema refuses is told in a sentence that says what to send, at the place where it is wrong.
 * Method: bodies and queries of the document, each with one thing wrong.
 */
import assert from "node:assert/strict"
import { Schema } from "effect"
import { describe, it } from "vitest"
import { decodeBySchema, faultsBySchema } from "../../src/gateway/decode-by-schema.ts"
import { NewUser, PasswordChange } from "../../src/gateway/openapi/access-bodies.ts"
import { CartRequest } from "../../src/gateway/openapi/carts.ts"
import { Discard, Mappings, Shipment } from "../../src/gateway/openapi/channel-bodies.ts"
import { LinesRequest } from "../../src/gateway/openapi/stock-bodies.ts"
import { AlertDecision, Resolution } from "../../src/gateway/openapi/work-bodies.ts"
import { LowStockQuery } from "../../src/gateway/openapi/work.ts"
import { readQuery } from "../../src/gateway/read-query.ts"

const refusalOf = <A>(schema: Schema.Codec<A>, body: unknown): ReadonlyArray<string | undefined> => {
  const decoded = decodeBySchema(schema, body)
  assert.ok(!decoded.ok)
  return [decoded.refusal.path, decoded.refusal.message]
}

const pack = { orderId: "o", packageId: 1, carrier: "c", tracking: "t", shippedAt: "2026-01-31T12:00:00Z" }

const WRONG: ReadonlyArray<readonly [Schema.Codec<unknown>, body: unknown, path: string, message: string]> = [
  [Resolution, null, "", "Send a JSON object."],
  [Resolution, {}, "outcome", "Send outcome as one of refunded, backordered, restocked, dismissed."],
  [Resolution, { outcome: "refunded", note: 7 }, "note", "Send note as a string of at most 1024 characters."],
  [AlertDecision, { act: "snooze", version: 2 }, "until", "Send until as an ISO 8601 time: until when it is snoozed."],
  [
    AlertDecision,
    { act: "reopen", version: 2, until: "soon" },
    "until",
    "Send until as an ISO 8601 time, as 2026-01-31T12:00:00Z."
  ],
  [
    Mappings,
    [{ listingId: "1", sku: "A" }, { listingId: "2" }],
    "[1].sku",
    "Send [1].sku as a string of 1 to 128 characters, or null to take the mapping away."
  ],
  [Mappings, { sku: "A" }, "listingId", "Send listingId as a string of 1 to 512 characters."],
  [Discard, { reason: " " }, "reason", "Send reason as why it is let be, in 1 to 1024 characters."],
  [Shipment, { ...pack, lines: [] }, "lines", "Send lines as an array of 1 to 500 items."],
  [
    Shipment,
    { ...pack, lines: [{ lineId: "l", quantity: 0.5 }] },
    "lines[0].quantity",
    "Send lines[0].quantity as an integer from 1 to 2147483647."
  ],
  [
    NewUser,
    { name: "ann", roles: ["king"] },
    "roles[0]",
    "Send roles[0] as one of viewer, operator, marketing, admin, auditor."
  ],
  [
    PasswordChange,
    { password: "the same for both", newPassword: "the same for both" },
    "newPassword",
    "Choose a new password of 12 characters or more."
  ],
  [
    PasswordChange,
    { password: "the first", newPassword: "short" },
    "newPassword",
    "Choose a new password of 12 to 256 characters."
  ],
  [
    LinesRequest,
    { type: "reserve", mutationId: "\ud800" },
    "mutationId",
    "It holds half a character (a lone surrogate)."
  ]
]

describe("what is refused by a schema", () => {
  it.each(WRONG)("is told with its place: %#", (schema, body, path, message) => {
    assert.deepEqual(refusalOf(schema, body), [path, message])
  })

  it("names all that may be meant where a message is of no known type, and else what is missing of its type", () => {
    const [path, message] = refusalOf(CartRequest, { type: "fly" })
    assert.equal(path, "type")
    assert.match(message ?? "", /^Send type as one of add, set, .*, checkout, read\.$/)
    assert.deepEqual(refusalOf(CartRequest, { type: "remove-code", mutationId: "m" }).slice(0, 1), ["code"])
  })

  it("is told whole where all of it is asked for", () => {
    const faults = faultsBySchema(Shipment, { ...pack, carrier: "", lines: [{}] })
    assert.deepEqual(
      faults.map(({ path }) => path),
      ["carrier", "lines[0].lineId", "lines[0].quantity"]
    )
  })

  it("may be a key that other objects have from birth", () => {
    const numbers = Schema.Record(Schema.String, Schema.Int)
    const decoded = decodeBySchema(numbers, JSON.parse('{"__proto__":3}'))
    assert.ok(decoded.ok && Object.hasOwn(decoded.value, "__proto__"))
    assert.deepEqual(refusalOf(numbers, JSON.parse('{"__proto__":{"a":1}}')).slice(0, 1), ["__proto__"])
  })
})

describe("what stands behind the question mark", () => {
  const read = (search: string) => readQuery(LowStockQuery, new URLSearchParams(search))

  it("is read as numbers where the schema has numbers", () => {
    assert.deepEqual(read("limit=2&after=7&leadDays=0"), { ok: true, value: { limit: 2, after: "7", leadDays: 0 } })
    assert.deepEqual(read("unknown=1"), { ok: true, value: {} })
  })

  it("is refused with its name", () => {
    for (const text of ["", "x", "1.5", "366", "-1"]) {
      const decoded = read(`leadDays=${text}`)
      assert.ok(!decoded.ok, text)
      assert.equal(decoded.refusal.path, "leadDays")
      assert.equal(decoded.refusal.message, "Send leadDays as an integer from 0 to 365.")
    }
  })
})
