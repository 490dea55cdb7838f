/**
 * Goal: whoever behaves is told everything in order and in the end the newest of it, whatever others do that never read, flood the
 * hub with garbage or vanish; and the hub is there for all of them afterwards.
 * Method: a real hub, hundreds of sockets with mixed topics, and ill clients that come back whenever they are thrown out.
 */
import { assert, afterAll, beforeAll, describe, it } from "vitest"
import { Audience } from "../../scripts/bench-sockets/audience.ts"
import { IllClients } from "../../scripts/bench-sockets/ill-clients.ts"
import { changesAt, socketUrlOf } from "../../scripts/bench-sockets/subjects.ts"
import { eventually, http, startHub, type TestHub } from "../support/hub.ts"

const LOAD = { changesPerSecond: 400, skus: 100 }
const LISTENERS = 300
const OF_EACH_ILLNESS = 10
const CHANGING_MS = 3_000

let hub: TestHub

beforeAll(async () => {
  hub = await startHub()
})

afterAll(() => hub.stop())

describe("a crowd of sockets, some of them ill", () => {
  it("is told everything in order, and in the end the newest of it", async () => {
    const { start, stop, end } = await changesAt(hub.url, LOAD)
    const audience = new Audience()
    const ill = new IllClients()
    try {
      await audience.open(socketUrlOf(hub.url), LISTENERS, LOAD.skus)
      ill.start(socketUrlOf(hub.url), OF_EACH_ILLNESS, LOAD.skus)
      start()
      await new Promise((resolve) => setTimeout(resolve, CHANGING_MS))
      const versions = await stop()
      await eventually(
        async () => audience.untold(versions),
        (untold) => untold === 0
      )
      assert.equal(audience.disordered, 0)
      assert.isAbove(ill.ended, 0)
      assert.isAbove(Math.max(...versions.values()), 2)
    } finally {
      ill.close()
      audience.close()
      end()
    }
    const { status } = await http(hub, "GET", "/readyz")
    assert.equal(status, 200)
  })
})
