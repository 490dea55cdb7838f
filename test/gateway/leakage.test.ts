/**
 * Goal: what late syncs cost can be asked of the hub: from assumptions, from its incidents, from its channels' latency.
 * Method: a real hub over HTTP, with an oversell that really happens.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

let hub: TestHub

beforeAll(async () => {
  hub = await startHub()
}, 60_000)

afterAll(() => hub.stop())

const shop = { ordersPerDay: 500, orderValueMinor: 1_500, lifetimeValueMinor: 8_000, churn: 0.3, currency: "EUR" }
const ask = (body: object) => http(hub, "POST", "/v1/leakage", body)

describe("leakage", () => {
  it("from assumptions: 500 orders a day, 2 % oversold, 1,500 an order, 8,000 a lifetime, churn 0.3 cost 39,000 a day", async () => {
    const { status, body } = await ask({ ...shop, oversellProbability: 0.02 })
    assert.equal(status, 200)
    assert.deepEqual(body["assumed"], {
      oversellProbability: 0.02,
      oversellsPerDay: 10,
      directLossMinor: 15_000,
      lifetimeLossMinor: 24_000,
      totalLossMinor: 39_000
    })
  })

  it("from the hub's own incidents, and from latency, which is nothing where no channel is behind", async () => {
    await http(hub, "POST", "/v1/stock/MUG/facts", { type: "receipt", mutationId: "r", quantity: 1 })
    await http(hub, "POST", "/v1/stock/MUG/facts", { type: "sale", mutationId: "s", quantity: 4 })
    const body = await eventually(
      async () => (await ask({ ...shop, windowDays: 1, salesPerDay: 100 })).body,
      (told) => (told["fromIncidents"] as { readonly incidents: number }).incidents === 1
    )
    const found = body["fromIncidents"] as Record<string, unknown>
    assert.deepEqual([found["windowDays"], found["unitsShort"], found["oversellsPerDay"]], [1, 3, 3])
    const measured = body["fromMeasuredLatency"] as Record<string, unknown>
    assert.deepEqual([measured["latencyMs"], measured["totalLossMinor"]], [0, 0])
  })

  it("what cannot be reckoned with is said with its field", async () => {
    const wrong: ReadonlyArray<readonly [body: object, path: string]> = [
      [{ ...shop, churn: 2 }, "churn"],
      [{ ...shop, ordersPerDay: "many" }, "ordersPerDay"],
      [{ ...shop, currency: "euros" }, "currency"],
      [{}, "ordersPerDay"]
    ]
    for (const [body, path] of wrong) {
      const reply = await ask({ oversellProbability: 0.1, ...body })
      assert.equal(reply.status, 400)
      assert.equal(reply.body["code"], "invalid_request")
      assert.equal(reply.body["path"], path)
    }
  })
})
