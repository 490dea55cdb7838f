/**
 * Goal: a turn's answers to one socket are what they would have been one by one, in frames that the contract allows.
 * Method: answers of all sizes, staged and read back.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { FRAME_BYTES_MAX } from "../../config/limits.ts"
import type { Answer } from "../../src/gateway/protocol.ts"
import { SocketAnswers } from "../../src/gateway/staged-answers.ts"

interface Sent {
  readonly frames: ReadonlyArray<Uint8Array>
  readonly answers: number
}

/** Stages and sends; `before`: what had been sent until then. */
const sent = (answers: ReadonlyArray<Answer>): Sent & { readonly before: number } => {
  const calls: Array<Sent> = []
  const staged = new SocketAnswers((frames, count) => void calls.push({ frames, answers: count }))
  for (const [index, answer] of answers.entries()) staged.stage(`r${index}`, answer)
  const before = calls.length
  staged.send()
  assert.equal(calls.length, 1)
  return { ...(calls[0] as Sent), before }
}

const messagesOf = (frames: ReadonlyArray<Uint8Array>): ReadonlyArray<unknown> =>
  frames.flatMap((frame) => JSON.parse(Buffer.from(frame).toString("utf8")) as ReadonlyArray<unknown>)

const held = (version: number): Answer => ({
  ok: true,
  sku: "a",
  version,
  available: 5,
  physical: 9,
  allocated: 4,
  safetyThreshold: 0,
  holdId: `h${version}`
})

const refused = (length: number): Answer => ({ ok: false, code: "insufficient_stock", message: "é".repeat(length) })

describe("staged answers", () => {
  it("are sent when they are told to be, as one frame, in their order", () => {
    const answers = [held(1), refused(3), held(2)]
    const { answers: count, before, frames } = sent(answers)
    assert.equal(before, 0)
    assert.equal(count, answers.length)
    assert.equal(frames.length, 1)
    assert.deepEqual(
      messagesOf(frames),
      answers.map((body, index) => ({ op: "answer", id: `r${index}`, body }))
    )
  })

  it("of which there is one are no array", () => {
    const { frames } = sent([held(1)])
    assert.deepEqual(JSON.parse(Buffer.from(frames[0] as Uint8Array).toString("utf8")), {
      op: "answer",
      id: "r0",
      body: held(1)
    })
  })

  it("are spread over frames that a client has to take", () => {
    const answers = Array.from({ length: 40 }, () => refused(20_000))
    const { frames } = sent(answers)
    assert.ok(frames.length > 1)
    for (const frame of frames) assert.ok(frame.length <= FRAME_BYTES_MAX)
    assert.equal(messagesOf(frames).length, answers.length)
  })
})
