/**
 * Goal: a package told over HTTP reaches the channel, and whoever told it learns what became of it.
 * Method: the question that HTTP asks, of a channel whose far side takes, refuses or is away.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { afterEach, describe, it } from "vitest"
import { type Adapter, failed, type Shipment, succeeded } from "../../src/channels/adapter.ts"
import { answer } from "../../src/channels/questions.ts"
import { stopAll } from "../support/open-shop.ts"
import { channelBetween, memoryLog, nowMs, PretendHub, settingsOf, Shop } from "../support/shop.ts"

afterEach(stopAll)

const PACKAGE = {
  orderId: "O-1",
  packageId: 1,
  carrier: "DHL",
  tracking: "T-1",
  shippedAt: "2026-05-01T13:00:00+02:00",
  lines: [{ lineId: "1", quantity: 2 }]
}

const asked = async (body: unknown, confirm?: NonNullable<Adapter["confirmShipment"]>) => {
  const adapter = { ...new Shop().adapter, ...(confirm === undefined ? {} : { confirmShipment: confirm }) }
  const channel = channelBetween(new PretendHub(), { adapter }, settingsOf("web"), await memoryLog())
  const ports = { channels: new Map([["web", channel]]), metrics: async () => "", nowMs }
  return Effect.runPromise(answer({ op: "ship", channel: "web", body }, ports))
}

describe("a shipment", () => {
  it("is told to the channel, in UTC", async () => {
    const told: Array<Shipment> = []
    const reply = await asked(PACKAGE, async (shipment) => {
      told.push(shipment)
      return succeeded({ type: "confirmed" })
    })
    assert.deepEqual(reply, { status: 200, body: { ok: true, orderId: "O-1", packageId: 1 } })
    assert.deepEqual(told, [{ ...PACKAGE, shippedAt: "2026-05-01T11:00:00.000Z" }])
  })

  it("that the channel refuses, or cannot take now, says which", async () => {
    const rejected = { type: "rejected", code: "400", message: "Shipped already." } as const
    const refusal = await asked(PACKAGE, async () => succeeded(rejected))
    assert.deepEqual(refusal, {
      status: 409,
      body: { ok: false, code: "shipment_refused", message: "Shipped already.", reason: "400" }
    })
    const away = await asked(PACKAGE, async () => failed({ kind: "unavailable", message: "503" }))
    assert.equal(away.status, 503)
  })

  it("that cannot be one, or for a channel that takes none, is refused with the field", async () => {
    const wrong: ReadonlyArray<readonly [unknown, string]> = [
      [{ ...PACKAGE, shippedAt: "soon" }, "shippedAt"],
      [{ ...PACKAGE, packageId: 0 }, "packageId"],
      [{ ...PACKAGE, lines: [] }, "lines"],
      [{ ...PACKAGE, lines: [{ lineId: "1", quantity: 0.5 }] }, "lines[0].quantity"],
      [null, ""]
    ]
    for (const [body, path] of wrong) {
      const reply = await asked(body, async () => succeeded({ type: "confirmed" }))
      assert.deepEqual([reply.status, (reply.body as { readonly path?: string }).path], [400, path])
    }
    assert.match(JSON.stringify((await asked(PACKAGE)).body), /told of no shipments/)
  })
})
