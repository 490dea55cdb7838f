/**
 * What went wrong in other systems, at the hub's doors. Each name is what happened there.
 */
import assert from "node:assert/strict"
import { afterAll, beforeAll, describe, it } from "vitest"
import { eventually, http, startHub, type TestHub, TestSocket } from "../support/hub.ts"

let hub: TestHub
beforeAll(async () => void (hub = await startHub()))
afterAll(() => hub.stop())

const fact = (sku: string, body: unknown) => http(hub, "POST", `/v1/stock/${sku}/facts`, body)
const stock = async (sku: string) => (await http(hub, "GET", `/v1/stock/${sku}`)).body

describe("a webhook", () => {
  it("delivered twice at the same moment has one effect", async () => {
    await fact("twice", { type: "receipt", mutationId: "opening", quantity: 10 })
    const sale = { type: "sale", mutationId: "order-1", quantity: 3, channel: "shop" }
    const replies = await Promise.all(Array.from({ length: 8 }, () => fact("twice", sale)))
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([202]))
    assert.deepEqual(
      ["version", "physical"].map((name) =>
        replies.map(({ body }) => body[name]).every((value, _, all) => value === all[0])
      ),
      [true, true]
    )
    const { version, physical } = await stock("twice")
    assert.deepEqual([version, physical], [2, 7])
  })

  it("whose worker is killed after the effect and before the acknowledgement has no second effect when it comes again", async () => {
    await fact("killed", { type: "receipt", mutationId: "opening", quantity: 10 })
    const sale = { type: "sale", mutationId: "order-1", quantity: 3, channel: "shop" }
    // Nobody waits for this one's acknowledgement.
    const lost = fact("killed", sale).catch(() => undefined)
    await eventually(
      () => stock("killed"),
      ({ version }) => version === 2
    )
    await hub.crash()
    await lost
    assert.equal((await fact("killed", sale)).status, 202)
    const { version, physical } = await stock("killed")
    assert.deepEqual([version, physical], [2, 7])
  })
})

describe("a dashboard that reconnects", () => {
  it("while stock changes never sees a version go back, and loses no change made before its snapshot", async () => {
    const sku = "again"
    await fact(sku, { type: "receipt", mutationId: "opening", quantity: 100 })
    let isTrading = true
    const trade = (async () => {
      for (let sale = 0; isTrading; sale++) await fact(sku, { type: "sale", mutationId: `s${sale}`, quantity: 1 })
    })()
    const seen: Array<number> = []
    let have = 0
    for (let visit = 0; visit < 20; visit++) {
      const socket = await TestSocket.open(hub)
      socket.send({ op: "subscribe", topics: [`stock.${sku}`], ...(have === 0 ? {} : { have: { [sku]: have } }) })
      await socket.next(({ op, version }) => op === "stock" && Number(version) > have)
      const versions = socket.messages.filter(({ op }) => op === "stock").map(({ version }) => Number(version))
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
        "a version went back"
      )
      assert.equal(new Set(versions).size, versions.length, "a version came twice")
      // After the snapshot every version comes: a gap would be a change that was lost.
      for (const [index, version] of versions.entries())
        if (index > 0) assert.equal(version, (versions[index - 1] ?? 0) + 1)
      seen.push(...versions)
      have = Math.max(...seen)
      socket.close()
    }
    isTrading = false
    await trade
    const last = await TestSocket.open(hub)
    last.send({ op: "subscribe", topics: [`stock.${sku}`] })
    const { version } = await last.next(({ op }) => op === "stock")
    assert.equal(version, (await stock(sku))["version"])
    last.close()
  })
})
