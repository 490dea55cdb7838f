/**
 * Goal: what a shop shows follows the rules that are set for it (buffers, caps, ring fences), bundles and their parts, and
 * what tills tell over NATS; and an operator learns what keeps a shop from being told.
 * Method: a real hub and two local social shops.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { jetstream } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { afterAll, beforeAll, describe, it } from "vitest"
import { SECRET, SocialMarketplace } from "../../scripts/marketplaces/social/marketplace.ts"
import { http, startHub, type TestHub } from "../support/hub.ts"
import { until } from "../support/shop.ts"

const directory = mkdtempSync(join(tmpdir(), "holdfast-channel-rules-"))
const shops: Array<SocialMarketplace> = []
let hub: TestHub
let count = 0

const mutationId = (): string => `rules-${count++}`
const post = (path: string, body: unknown) => http(hub, "POST", path, body)

const ask = async (sku: string, request: object): Promise<void> => {
  const reply = await post(`/v1/stock/${sku}/requests`, { mutationId: mutationId(), ...request })
  assert.equal(reply.status, 200, JSON.stringify(reply.body))
}
const fact = (sku: string, body: object) => post(`/v1/stock/${sku}/facts`, { mutationId: mutationId(), ...body })

const available = async (sku: string): Promise<unknown> =>
  (await http(hub, "GET", `/v1/stock/${sku}`)).body["available"]

const show = (listingId: string, ...quantities: ReadonlyArray<number>) =>
  until(
    () => shops.every((shop, index) => shop.shelf.quantity(listingId) === quantities[index]),
    () => [listingId, quantities, shops.map((shop) => shop.shelf.quantity(listingId))]
  )

beforeAll(async () => {
  for (let index = 0; index < 2; index++) shops.push(await SocialMarketplace.start())
  const pace = { limits: { windowMs: 5 }, heartbeatMs: 1_000 }
  const channels = shops.map((shop, index) => ({
    name: ["east", "west"][index],
    adapter: "signed-webhook",
    settings: { url: shop.url, secret: SECRET },
    ...pace
  }))
  const file = join(directory, "channels.json")
  writeFileSync(file, JSON.stringify({ channels }))
  hub = await startHub({ CHANNELS_FILE: file })
  for (const [index, shop] of shops.entries()) {
    const name = ["east", "west"][index]
    shop.callbackUrl = `${hub.url}/v1/channels/${name}/webhooks`
    for (const listingId of ["CUP", "POT", "SET"]) shop.shelf.put(listingId, listingId, 0)
    await post(
      `/v1/channels/${name}/mappings`,
      ["CUP", "POT", "SET"].map((sku) => ({ listingId: sku, sku }))
    )
  }
  await fact("CUP", { type: "receipt", quantity: 20 })
  await fact("POT", { type: "receipt", quantity: 10 })
}, 60_000)

afterAll(async () => {
  await hub.stop()
  for (const shop of shops) {
    assert.deepEqual(shop.violations, [])
    await shop.close()
  }
  rmSync(directory, { recursive: true, force: true })
})

describe("what each shop shows", () => {
  it("is what buffers, caps and ring fences leave it, from the moment they are set", async () => {
    await show("CUP", 20, 20)
    await ask("CUP", { type: "configure", buffers: { east: { buffer: 3 }, west: { cap: 5 } } })
    await show("CUP", 17, 5)
    await ask("CUP", { type: "configure", buffers: { west: { ringFenced: 8 } } })
    await show("CUP", 12, 20)
    await ask("CUP", { type: "configure", buffers: {} })
    await show("CUP", 20, 20)
  })

  it("of a bundle follows its parts, and a bundle sold there takes its parts off everywhere", async () => {
    const components = [
      { sku: "CUP", quantity: 4 },
      { sku: "POT", quantity: 1 }
    ]
    await ask("SET", { type: "configure", components })
    await show("SET", 5, 5)
    await fact("CUP", { type: "sale", quantity: 4 })
    await show("SET", 4, 4)
    await show("CUP", 16, 16)
    const [east] = shops
    assert.ok((await east?.sell([{ listingId: "SET", quantity: 2 }])) !== undefined)
    await show("SET", 2, 2)
    await show("CUP", 8, 8)
    await show("POT", 8, 8)
    assert.deepEqual([await available("CUP"), await available("POT"), await available("SET")], [8, 8, 2])
  })

  it("follows a till that tells over NATS, once however often it tells", async () => {
    const nats = await connect({ servers: hub.nats.url })
    const sale = {
      type: "sale",
      mutationId: "till-7:1",
      quantity: 3,
      channel: "till",
      occurredAt: "2026-11-01T10:00:00Z"
    }
    for (let time = 0; time < 3; time++) await jetstream(nats).publish("stock.fact.POT", JSON.stringify(sale))
    await nats.close()
    await show("POT", 5, 5)
    assert.equal(await available("POT"), 5)
  })
})

describe("a shop that does not let the hub in", () => {
  it("is named with what to do, called once a minute, and told everything when it is mended; the other is told at once", async () => {
    const [east, west] = shops as [SocialMarketplace, SocialMarketplace]
    east.faults.keepUp("unauthorized")
    await fact("POT", { type: "sale", quantity: 1 })
    const health = async () => {
      const { channels } = (await http(hub, "GET", "/v1/channels")).body as {
        readonly channels: ReadonlyArray<{ readonly state: string; readonly message?: string; readonly calls: object }>
      }
      return channels[0]
    }
    await until(
      async () => (await health())?.state === "suspended",
      () => hub.output().slice(-500)
    )
    assert.match((await health())?.message ?? "", /does not take the credentials/)
    for (let sale = 0; sale < 2; sale++) await fact("POT", { type: "sale", quantity: 1 })
    await until(
      () => west.shelf.quantity("POT") === 2,
      () => west.shelf.quantity("POT")
    )
    await until(
      () => hub.output().includes("The channel east waits for you"),
      () => hub.output().slice(-500)
    )
    assert.equal((await health())?.calls["unauthorized" as never], 1)
    east.faults.keepUp(undefined)
    assert.equal((await post("/v1/channels/east/resume", {})).status, 200)
    await show("POT", 2, 2)
  })
})
