/**
 * Goal: what reads what strangers send gives an answer to everything, and throws at nothing.
 * Method: a seeded fuzz of each: texts with pieces of what it looks for, and JSON of every shape.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { bodyTarget } from "../../src/access/body-target.ts"
import { bearerOf, isLoopbackHost, isOwnOrigin, sessionTokenOf } from "../../src/access/credentials.ts"
import { readKey } from "../../src/access/secrets.ts"
import { decodeCartFact, decodeCartRequest } from "../../src/carts/decode.ts"
import { decodeFact, decodeJson, decodeLines, decodeRequest } from "../../src/gateway/decode.ts"
import { decodeBySchema } from "../../src/gateway/decode-by-schema.ts"
import { type Description, isText, type Shape } from "../../src/gateway/openapi/description.ts"
import { PARTS } from "../../src/gateway/openapi/parts.ts"
import { readRequests } from "../../src/gateway/read-requests.ts"
import { callerOf } from "../../src/gateway/serving.ts"
import { readHave, readTopics } from "../../src/gateway/socket-topics.ts"
import { decodeCustomerAsk } from "../../src/recovery/decode.ts"
import { decodeSku, skuOfSubject } from "../../streams/subjects.ts"
import { runs } from "../support/runs.ts"

/** Of every address that takes JSON. */
const BODIES: ReadonlyArray<Shape> = PARTS.flatMap(({ addresses }) =>
  Object.values<Description>(addresses).flatMap(({ body }) => (body === undefined || isText(body) ? [] : [body]))
)

const PIECES = [
  "Bearer ",
  "hf_",
  "holdfast_session=",
  ";",
  "=",
  "%",
  "%2E",
  "%zz",
  "..",
  "/",
  "stock.",
  "stock.*",
  "cart.",
  "__proto__",
  "constructor",
  "\u0000",
  "\ud800",
  "\uffff",
  "é",
  ",",
  "127.0.0.1",
  "[::1]:",
  "http://",
  "null",
  '{"op":"request","id":"',
  '","sku":"',
  '","body":{"type":"reserve","mutationId":"m","holdId":"h","quantity":',
  "9".repeat(40),
  "1e999",
  "-0",
  "}}"
]
const anyText = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string(), fc.string({ unit: "binary" })))
  .map((parts) => parts.join(""))
const fields = [
  "type",
  "mutationId",
  "holdId",
  "quantity",
  "lines",
  "sku",
  "locationId",
  "ttlMs",
  "buffers",
  "components",
  "name",
  "roles",
  "password",
  "newPassword",
  "expiresAt",
  "overlapMs",
  "tenant",
  "channels",
  "actions",
  "channel",
  "destination",
  "prices",
  "__proto__",
  "constructor"
]
const words = [
  "reserve",
  "commit",
  "configure",
  "read",
  "sale",
  "transfer",
  "add",
  "ship-to",
  "sign-in",
  "point",
  "admin"
]
const anyJson = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.integer(), anyText, fc.constantFrom(...words)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom(...fields), fc.string()), tie("value")), { maxLength: 8 })
      .map((entries) =>
        // Through JSON, so that `__proto__` is a key like any other.
        JSON.parse(
          `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? "null"}`).join(",")}}`
        )
      )
  )
})).value

describe("what strangers send", () => {
  it("as JSON of any shape is taken or refused with a sentence by every reader of bodies", () => {
    const readers: ReadonlyArray<
      (body: unknown) => { readonly ok: boolean; readonly refusal?: { readonly message: string } }
    > = [
      (body) => decodeRequest("A", body),
      decodeLines,
      (body) => decodeFact("A", body),
      (body) => decodeCartRequest("C", body),
      (body) => decodeCartFact("C", body),
      (body) => decodeCustomerAsk("c", body),
      ...BODIES.map((schema) => (body: unknown) => decodeBySchema(schema, body))
    ]
    fc.assert(
      fc.property(anyJson, (body) => {
        for (const read of readers) {
          const decoded = read(body)
          assert.ok(decoded.ok || (decoded.refusal?.message.length ?? 0) > 10)
        }
        for (const name of bodyTarget(body, true).names) assert.equal(typeof name, "string")
        readTopics(body)
        readHave(body)
      }),
      runs(2_000)
    )
  })

  it("as bytes of any kind is read as plain requests, or left to the reader that refuses", () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      anyText.map((text) => new TextEncoder().encode(text)),
      anyJson.map((value) => new TextEncoder().encode(JSON.stringify(value) ?? ""))
    )
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const read = readRequests(Uint8Array.from(bytes).buffer)
        const decoded = decodeJson(bytes, 1_024 * 1_024)
        assert.ok(read === undefined || decoded.ok, "nothing is read straight that is no JSON")
      }),
      runs(2_000)
    )
  })

  it("as text where a header, a cookie, a token or a name ought to be is that, or nothing", () => {
    fc.assert(
      fc.property(anyText, anyText, (text, other) => {
        const headers = { authorization: text, cookie: other, origin: text, host: other, "sec-fetch-site": text }
        bearerOf(headers)
        assert.match(sessionTokenOf(headers) ?? "x".repeat(43), /^[\w-]{43}$/)
        isOwnOrigin(headers)
        isLoopbackHost(text)
        const key = readKey(text)
        assert.ok(key === undefined || text === `hf_${key.id}_${key.secret}`)
        assert.ok(callerOf("192.0.2.1", text, 2).length <= 64)
        decodeSku(text)
        skuOfSubject(text)
        readTopics([text, other])
      }),
      runs(2_000)
    )
  })
})
