/**
 * Goal: never a message twice, never silence: what is done about a message whose outcome was lost.
 * Method: each situation by hand; then a hub that is killed at any moment of a send, against a provider that lists late
 * and is sometimes down.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { FATE_POLICY_DEFAULT, type FateQuestion, fateOf } from "../../../actors/recovery/attempt-fate.ts"
import { runs } from "../../support/runs.ts"

const { graceMs, lookUpEveryMs, giveUpMs } = FATE_POLICY_DEFAULT

const question = (more: Partial<FateQuestion>): FateQuestion => ({
  at: 1_000,
  attempt: { intendedAt: 0 },
  call: "nobody-knows",
  heardOf: undefined,
  looked: undefined,
  lookFailedAt: undefined,
  canLookUp: true,
  policy: FATE_POLICY_DEFAULT,
  ...more
})

describe("a message without an outcome", () => {
  it("is called if this process knows that it was not, and waited for while it is", () => {
    assert.deepEqual(fateOf(question({ call: "not-made" })), { do: "call" })
    assert.deepEqual(fateOf(question({ call: "under-way" })), { do: "wait", until: 1_000 + lookUpEveryMs })
  })

  it("was sent if the provider told of it, or has it in its list", () => {
    assert.deepEqual(fateOf(question({ heardOf: "SM1" })), { do: "record-sent", receipt: "SM1" })
    assert.deepEqual(fateOf(question({ looked: { at: 900, receipt: "SM2" } })), { do: "record-sent", receipt: "SM2" })
    assert.deepEqual(fateOf(question({ heardOf: "SM1", call: "not-made" })), { do: "record-sent", receipt: "SM1" })
  })

  it("is looked for at once, and again until the grace time is over", () => {
    assert.deepEqual(fateOf(question({})), { do: "look-up" })
    const absent = { at: 1_000, receipt: undefined }
    assert.deepEqual(fateOf(question({ looked: absent })), { do: "wait", until: 1_000 + lookUpEveryMs })
    assert.deepEqual(fateOf(question({ at: 1_000 + lookUpEveryMs, looked: absent })), { do: "look-up" })
  })

  it("is called again only when a list read after the grace time does not have it", () => {
    const before = { at: graceMs - 1, receipt: undefined }
    assert.deepEqual(fateOf(question({ at: 2 * graceMs, looked: before })), { do: "look-up" })
    const after = { at: graceMs, receipt: undefined }
    assert.deepEqual(fateOf(question({ at: graceMs + 1, looked: after })), { do: "call-again" })
  })

  it("is given up when the provider cannot be asked for too long, or has no list", () => {
    const down = { at: giveUpMs, lookFailedAt: giveUpMs - 1 }
    assert.deepEqual(fateOf(question(down)), { do: "give-up", code: "fate-unknown" })
    assert.deepEqual(
      fateOf(question({ at: giveUpMs * 9 })),
      { do: "look-up" },
      "after a long rest it is asked at least once"
    )
    assert.deepEqual(fateOf(question({ canLookUp: false })), { do: "wait", until: graceMs })
    assert.deepEqual(fateOf(question({ canLookUp: false, at: graceMs })), { do: "give-up", code: "fate-unknown" })
  })

  it("comes to one outcome whenever the hub is killed, and arrives at most once", () => {
    const world = fc.record({
      killedAt: fc.constantFrom("before-call", "after-call"),
      downMs: fc.integer({ min: 0, max: 3 * giveUpMs }),
      // A call that the dead hub had made may take this long to be taken and listed; less than the grace time.
      listedAfterMs: fc.integer({ min: 0, max: graceMs - 1 }),
      listFails: fc.array(fc.boolean(), { maxLength: 200 })
    })
    fc.assert(
      fc.property(world, ({ killedAt, downMs, listedAfterMs, listFails }) => {
        const listedAt = killedAt === "after-call" ? listedAfterMs : Infinity
        let arrivals = killedAt === "after-call" ? 1 : 0
        let state: Pick<FateQuestion, "at" | "looked" | "lookFailedAt"> = {
          at: downMs,
          looked: undefined,
          lookFailedAt: undefined
        }
        let outcome: string | undefined
        for (let round = 0; outcome === undefined && round < 1_000; round++) {
          const fate = fateOf(question(state))
          if (fate.do === "wait") {
            assert.ok(fate.until > state.at, "waiting for what is over")
            state = { ...state, at: fate.until }
          } else if (fate.do === "look-up") {
            const { at } = state
            const receipt = listedAt <= at ? "SM1" : undefined
            state =
              listFails[round % Math.max(1, listFails.length)] === true
                ? { ...state, lookFailedAt: at }
                : { at, looked: { at, receipt }, lookFailedAt: undefined }
          } else {
            outcome = fate.do
            if (fate.do === "call-again") arrivals++
          }
        }
        assert.ok(outcome !== undefined, "never an outcome")
        assert.ok(arrivals <= 1, "arrived twice")
        if (outcome !== "give-up") assert.equal(arrivals, 1, "silence")
      }),
      runs(500)
    )
  })
})
