/**
 * Goal: however a channel says how long to wait, it is waited for so long, and never for ever.
 * Method: answers as channels send them, by a stand-in for the network.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { callChannel } from "../../src/channels/http-call.ts"

const waitOf = async (status: number, headers: Readonly<Record<string, string>>): Promise<number | undefined> => {
  const network = async () => new Response("{}", { status, headers })
  const result = await callChannel(network as typeof fetch, {
    method: "GET",
    url: "https://shop.example/x",
    signal: new AbortController().signal
  })
  assert.ok(!result.ok && result.failure.kind !== "unauthorized")
  return result.failure.retryAfterMs
}

describe("how long a channel says to wait", () => {
  it("is read in seconds, with a fraction, or as a date by the channel's own clock", async () => {
    const date = "Fri, 01 May 2026 12:00:00 GMT"
    assert.equal(await waitOf(429, { "retry-after": "3" }), 3_000)
    assert.equal(await waitOf(429, { "retry-after": "2.5" }), 2_500)
    assert.equal(await waitOf(503, { "retry-after": "Fri, 01 May 2026 12:00:07 GMT", date }), 7_000)
  })

  it("is not known when it says nothing that makes sense, and is an hour at most", async () => {
    assert.equal(await waitOf(429, {}), undefined)
    assert.equal(await waitOf(429, { "retry-after": "soon" }), undefined)
    assert.equal(await waitOf(429, { "retry-after": "-5" }), undefined)
    assert.equal(await waitOf(429, { "retry-after": "Fri, 01 May 2026 12:00:07 GMT" }), undefined)
    assert.equal(await waitOf(429, { "retry-after": "999999999" }), 3_600_000)
  })
})
