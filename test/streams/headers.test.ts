/**
 * Goal: headers that are sent arrive as they were given, and none can bring another.
 * Method: a nats-server of the test's own, and the client's reader at the other end.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { headersOf } from "../../streams/nats/headers.ts"
import { type OwnNats, startOwnNats } from "../support/own-nats.ts"

let own: OwnNats

beforeAll(async () => void (own = await startOwnNats()))
afterAll(() => own.stop())

describe("headers", () => {
  it("arrive as they were given, beside the message", async () => {
    const fields = { "Nats-Msg-Id": "a%20b:1", "Holdfast-From": "12", "X-Name": "K\u00e4se: 3 \u2603" }
    const { connection } = own.nats
    const inbox = connection.subscribe("headers", { max: 1 })
    connection.publish("headers", "body", { headers: headersOf(fields) })
    for await (const message of inbox) {
      const arrived = Object.fromEntries(Object.keys(fields).map((name) => [name, message.headers?.get(name)]))
      assert.deepEqual(arrived, fields)
      assert.equal(message.headers?.keys().length, 3)
      assert.equal(message.string(), "body")
    }
  })

  it("with a line break are refused, which would be two", () => {
    for (const value of ["a\r\nNats-Rollup: all", "a\n", "\r"]) {
      assert.throws(() => headersOf({ "Nats-Msg-Id": value }), /Nats-Msg-Id has a line break/)
    }
  })
})
