/**
 * Goal: what somebody decides about a low-stock alert holds for that alert, as long as it was meant to.
 * Method: given what was decided before, when somebody acts, then how it stands.
 */
import assert from "node:assert/strict"
import { describe, it } from "vitest"
import { type AlertAct, type AlertDecision, decideAlert, type LowStock, standOf } from "../../../actors/alert/desk.ts"

const HOUR_MS = 3_600_000
const alert: LowStock = { sku: "MUG", version: 7, available: 3 }
const by = { version: 7, by: "kim", at: 1_000 }

const decided = (act: AlertAct, newest?: AlertDecision): AlertDecision | undefined => {
  const outcome = decideAlert(alert, newest, act)
  assert.ok(outcome.ok)
  return outcome.event
}

describe("an alert's desk", () => {
  it("takes note of who acknowledged it, and the same again is once", () => {
    const event = decided({ ...by, act: "acknowledge", note: "on order" })
    assert.deepEqual(standOf(alert, event, 2_000), { state: "acknowledged", by: event })
    assert.equal(decided({ ...by, act: "acknowledge", note: "on order", at: 3_000 }, event), undefined)
  })

  it("is open again once the stock has recovered and fallen anew", () => {
    const event = decided({ ...by, act: "acknowledge" })
    assert.deepEqual(standOf({ ...alert, version: 19 }, event, 2_000), { state: "open" })
  })

  it("sleeps until the time that was said, or until it is sold out after all", () => {
    const event = decided({ ...by, act: "snooze", until: HOUR_MS })
    assert.equal(standOf(alert, event, HOUR_MS - 1).state, "snoozed")
    assert.equal(standOf(alert, event, HOUR_MS).state, "open")
    assert.equal(standOf({ ...alert, available: 0 }, event, 2_000).state, "open")
  })

  it("lets a SKU that was sold out already be snoozed", () => {
    const soldOut = { ...alert, available: 0 }
    const outcome = decideAlert(soldOut, undefined, { ...by, act: "snooze", until: HOUR_MS })
    assert.ok(outcome.ok)
    assert.equal(standOf(soldOut, outcome.event, 2_000).state, "snoozed")
  })

  it("is opened again by hand", () => {
    const event = decided({ ...by, act: "acknowledge" })
    assert.equal(standOf(alert, decided({ ...by, act: "reopen" }, event), 2_000).state, "open")
    assert.equal(decided({ ...by, act: "reopen" }), undefined)
  })

  it("refuses what is about an alert that is over, and a snooze that is none or never ends", () => {
    const codeOf = (of: LowStock | undefined, act: AlertAct) => {
      const outcome = decideAlert(of, undefined, act)
      return outcome.ok ? "" : outcome.code
    }
    assert.equal(codeOf(undefined, { ...by, act: "acknowledge" }), "version_conflict")
    assert.equal(codeOf({ ...alert, version: 9 }, { ...by, act: "acknowledge" }), "version_conflict")
    assert.equal(codeOf(alert, { ...by, act: "snooze", until: 500 }), "invalid_request")
    assert.equal(codeOf(alert, { ...by, act: "snooze" }), "invalid_request")
    assert.equal(codeOf(alert, { ...by, act: "snooze", until: 31 * 24 * HOUR_MS }), "invalid_request")
  })
})
