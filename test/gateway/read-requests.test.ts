/**
 * Goal: the reader of plain requests makes of a frame exactly what the general way makes of it, or leaves it alone.
 * Method: frames by chance, as clients write them and spoiled byte by byte; both ways are asked and compared.
 */
import * as fc from "fast-check"
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { decodeJson, decodeLines, decodeRequest, wrongSku } from "../../src/gateway/decode.ts"
import { readRequests } from "../../src/gateway/read-requests.ts"
import { runs } from "../support/runs.ts"

const bytesOf = (text: string | Uint8Array): ArrayBuffer => Uint8Array.from(Buffer.from(text)).buffer

/** What the general way makes of one message; `undefined` where it refuses something. */
const generally = (message: unknown): unknown => {
  const { op, id, sku, cart, body } = message as Record<string, unknown>
  if (op !== "request" || typeof id !== "string" || id.length === 0 || id.length > 128 || cart !== undefined) return
  if (sku !== undefined && (typeof sku !== "string" || wrongSku(sku) !== undefined)) return
  const decoded = sku === undefined ? decodeLines(body) : decodeRequest(sku as string, body)
  return decoded.ok ? { id, sku, command: decoded.value } : undefined
}

const check = (frame: ArrayBuffer): boolean => {
  const read = readRequests(frame)
  if (read === undefined) return false
  const decoded = decodeJson(frame, 1024 * 1024)
  assert.ok(decoded.ok, "read what is no JSON")
  const messages = Array.isArray(decoded.value) ? (decoded.value as ReadonlyArray<unknown>) : [decoded.value]
  assert.deepEqual(read, messages.map(generally))
  return true
}

const id = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20 }),
  fc.constantFrom("é", "a".repeat(128), "a".repeat(129), "")
)
const plainId = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/)
const quantity = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(0, -1, 2 ** 31 - 1, 2 ** 31, 1.5, 1e21))
const ttlMs = fc.constantFrom(100, 99, 3_600_000, 7 * 86_400_000 + 1, "100")
const maybe = <A>(of: fc.Arbitrary<A>) => fc.option(of, { nil: undefined })
const holdFields = { ttlMs: maybe(ttlMs), channel: maybe(id), holder: maybe(id) }
const line = fc.record({ sku: id, quantity, locationId: maybe(id) })

const anyBody = fc.oneof(
  fc.record({
    type: fc.constant("reserve"),
    mutationId: id,
    holdId: id,
    quantity,
    locationId: maybe(id),
    ...holdFields
  }),
  fc.record({ type: fc.constantFrom("commit", "release", "read", "configure"), mutationId: id, holdId: id }),
  fc.record({
    type: fc.constant("reserve"),
    mutationId: id,
    holdId: id,
    lines: fc.array(line, { maxLength: 4 }),
    ...holdFields
  })
)
const anyMessage = fc.record({
  op: fc.constantFrom("request", "request", "request", "ping"),
  id,
  sku: maybe(id),
  body: anyBody
})
const plainMessage = fc.oneof(
  fc.record({
    op: fc.constant("request"),
    id: plainId,
    sku: plainId,
    body: fc.record({
      type: fc.constant("reserve"),
      mutationId: plainId,
      holdId: plainId,
      quantity: fc.integer({ min: 1, max: 99 })
    })
  }),
  fc.record({
    op: fc.constant("request"),
    id: plainId,
    sku: maybe(plainId),
    body: fc.record({ type: fc.constantFrom("commit", "release"), mutationId: plainId, holdId: plainId })
  }),
  fc.record({
    op: fc.constant("request"),
    id: plainId,
    body: fc.record({
      type: fc.constant("reserve"),
      mutationId: plainId,
      holdId: plainId,
      ttlMs: fc.integer({ min: 100, max: 604_800_000 }),
      lines: fc.array(fc.record({ sku: plainId, quantity: fc.integer({ min: 1, max: 99 }) }), {
        minLength: 1,
        maxLength: 5
      })
    })
  })
)

describe("the reader of plain requests", () => {
  it("reads what a client writes as the general way does", () => {
    fc.assert(
      fc.property(fc.oneof(plainMessage, fc.array(plainMessage, { minLength: 1, maxLength: 5 })), (frame) => {
        assert.ok(check(bytesOf(JSON.stringify(frame))), "a plain frame was left alone")
      }),
      runs()
    )
  })

  it("never makes anything else of a frame than the general way", () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 4 }), (frame) => void check(bytesOf(JSON.stringify(frame)))),
      runs()
    )
  })

  it("never makes anything else of a spoiled frame either", () => {
    const spoiled = fc.tuple(
      fc.array(plainMessage, { minLength: 1, maxLength: 2 }),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom("put", "insert", "cut")
    )
    fc.assert(
      fc.property(spoiled, ([frame, where, byte, how]) => {
        const whole = Buffer.from(JSON.stringify(frame))
        const at = where % whole.length
        const rest = whole.subarray(how === "insert" ? at : at + 1)
        const middle = how === "cut" ? Buffer.alloc(0) : Buffer.from([byte])
        check(bytesOf(Buffer.concat([whole.subarray(0, at), middle, rest])))
      }),
      runs(2_000)
    )
  })

  it("leaves alone what it does not know", () => {
    const body = '{"type":"reserve","mutationId":"m","holdId":"h","quantity":1}'
    for (const text of [
      "",
      "[]",
      `{"op":"request","id":"1","sku":"A","sku":"B","body":${body}}`,
      `{"op":"request","id":"1","sku":"A","cart":"c","body":${body}}`,
      `{"op":"request","id":"1","sku":"A","body":{"type":"reserve","type":"commit","mutationId":"m","holdId":"h"}}`,
      `{"op":"request","id":"1","sku":"\\u0041","body":${body}}`,
      `{ "op":"request","id":"1","sku":"A","body":${body}}`,
      `{"op":"request","id":"1","sku":"A","body":${body.replace("1}", "01}")}}`,
      `{"op":"request","id":"1","sku":"A","body":${body.replace("1}", "1e0}")}}`,
      `{"op":"request","id":"1","sku":"A","body":${body}}]`,
      `[{"op":"request","id":"1","sku":"A","body":${body}}`,
      `{"op":"request","id":"1","sku":"A","body":${body.replace("}", ',"__proto__":1}')}}`
    ]) {
      assert.equal(readRequests(bytesOf(text)), undefined, text)
    }
  })
})
