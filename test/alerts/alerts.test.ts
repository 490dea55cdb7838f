/**
 * Goal: what somebody should know of is told once when it begins and once when it is over, and not buried in noise.
 * Method: examples and properties of the pure parts.
 */
import assert from "node:assert/strict"
import * as fc from "fast-check"
import { describe, it } from "vitest"
import { type Alert, alertOf, type Condition, DIGEST_ABOVE, Episodes, plan } from "../../actors/alert/alert.ts"
import { readAlertSinks } from "../../config/alerts.ts"
import { sinksOf } from "../../src/alerts/sinks/sinks.ts"
import { runs } from "../support/runs.ts"

const alert = (episode: string, state: Alert["state"], n = 0): Alert => ({
  id: `${episode}:${state}:${n}`,
  kind: "low-stock",
  state,
  episode,
  subject: episode,
  severity: "warning",
  summary: `${episode} ${state}`,
  details: {},
  at: "2026-05-01T12:00:00.000Z"
})

const condition = (key: string): Condition => ({ key, severity: "warning", summary: key })

describe("what is sent of what waits", () => {
  it("raised and over meanwhile is not told; what is over without having waited is", () => {
    const waiting = [alert("a", "raised"), alert("b", "cleared"), alert("a", "cleared"), alert("c", "raised")]
    assert.deepEqual(
      plan(waiting).map((delivery) => delivery.type === "one" && delivery.alert.id),
      ["b:cleared:0", "c:raised:0"]
    )
  })

  it("a thousand alerts are one message", () => {
    const waiting = Array.from({ length: 1_000 }, (_, index) => alert(`e${index}`, "raised"))
    const deliveries = plan(waiting)
    assert.equal(deliveries.length, 1)
    assert.equal(deliveries[0]?.type === "digest" && deliveries[0].alerts.length, 1_000)
  })

  it("of each episode the last word is what is told, or it was over before anybody knew", () => {
    const events = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("raised", "cleared")), {
      maxLength: 30
    })
    fc.assert(
      fc.property(events, (told) => {
        const waiting = told.map(([episode, state], n) => alert(episode, state, n))
        const sent = plan(waiting).flatMap((one) => (one.type === "one" ? [one.alert] : one.alerts))
        for (const episode of ["a", "b", "c"]) {
          const last = waiting.findLast((one) => one.episode === episode)
          const lastSent = sent.findLast((one) => one.episode === episode)
          if (last?.state === "raised") assert.equal(lastSent?.state, "raised")
        }
        assert.ok(plan(waiting).length <= DIGEST_ABOVE)
      }),
      runs()
    )
  })
})

describe("episodes", () => {
  it("8. a figure that swings around its limit raises nothing until it stays, and then once", () => {
    const episodes = new Episodes(3)
    let raised = 0
    let cleared = 0
    const look = (isThere: boolean) => {
      const told = episodes.look(isThere ? [condition("x")] : [])
      raised += told.raised.length
      cleared += told.cleared.length
    }
    for (let swing = 0; swing < 20; swing++) look(swing % 2 === 0)
    assert.deepEqual([raised, cleared], [0, 0])
    for (let look_ = 0; look_ < 10; look_++) look(true)
    assert.deepEqual([raised, cleared], [1, 0])
    for (let swing = 0; swing < 20; swing++) look(swing % 2 === 0)
    assert.deepEqual([raised, cleared], [1, 0])
    for (let look_ = 0; look_ < 10; look_++) look(false)
    assert.deepEqual([raised, cleared], [1, 1])
  })

  it("is raised and cleared in turn, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), fc.integer({ min: 1, max: 4 }), (looks, steady) => {
        const episodes = new Episodes(steady)
        let open = false
        for (const isThere of looks) {
          const { raised, cleared } = episodes.look(isThere ? [condition("x")] : [])
          if (raised.length > 0) assert.equal(open, false)
          if (cleared.length > 0) assert.equal(open, true)
          open = raised.length > 0 || (open && cleared.length === 0)
        }
      }),
      runs()
    )
  })
})

describe("the journal's alerts", () => {
  it("low stock is one episode of its SKU; an incident and what became of it are one episode", () => {
    const at = "2026-05-01T12:00:00.000Z"
    const low = { type: "alert", sku: "A", version: 4, available: 2, safetyThreshold: 5 } as const
    const raised = alertOf({ ...low, state: "raised" }, at)
    const cleared = alertOf({ ...low, version: 6, state: "cleared" }, at)
    assert.equal(raised?.episode, cleared?.episode)
    assert.match(raised?.summary ?? "", /2 left, the threshold is 5/)
    const incident = alertOf(
      { type: "incident", kind: "oversell", sku: "A b", version: 9, locationId: "default", units: 3, mutationId: "m" },
      at
    )
    const resolution = alertOf(
      { type: "resolution", incidentId: String(incident?.details["incidentId"]), outcome: "refunded" },
      at
    )
    assert.equal(incident?.episode, resolution?.episode)
    assert.equal(resolution?.subject, "A b")
  })
})

describe("settings", () => {
  it("none set is none; half set is one sentence; no secret may be none", () => {
    assert.deepEqual(readAlertSinks({}), {})
    assert.throws(() => readAlertSinks({ ALERT_WEBHOOK_URL: "https://a.example" }), /ALERT_WEBHOOK_SECRET must be set/)
    assert.throws(() => readAlertSinks({ ALERT_EMAIL_TO: "ops@a.example" }), /ALERT_EMAIL_FROM must be set/)
    assert.throws(() => readAlertSinks({ ALERT_SLACK_URL: "http://a.example" }), /https/)
    const weak = readAlertSinks({ ALERT_WEBHOOK_URL: "https://a.example", ALERT_WEBHOOK_SECRET: "hunter2" })
    assert.throws(() => sinksOf(weak), /whsec_/)
  })
})
