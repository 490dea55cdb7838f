/**
 * Goal: an operator sees and mends channels from the command line, and a program can tell from the exit code how it went.
 * Method: the compiled command line in processes of its own, against a real hub and a local shop.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, it } from "vitest"
import { SECRET, SocialMarketplace } from "../../scripts/marketplaces/social/marketplace.ts"
import { projectRoot } from "../../src/servers/servers.ts"
import { http, startHub, type TestHub } from "../support/hub.ts"
import { until } from "../support/shop.ts"

const directory = mkdtempSync(join(tmpdir(), "holdfast-channels-command-"))
let shop: SocialMarketplace
let hub: TestHub

beforeAll(async () => {
  shop = await SocialMarketplace.start()
  for (const [listingId, sku] of [
    ["L1", "A"],
    ["L2", "B"]
  ] as const)
    shop.shelf.put(listingId, sku, 0)
  const channel = {
    name: "social",
    adapter: "signed-webhook",
    settings: { url: shop.url, secret: { env: "SHOP_SECRET" } }
  }
  const file = join(directory, "channels.json")
  writeFileSync(file, JSON.stringify({ channels: [channel] }))
  hub = await startHub({ CHANNELS_FILE: file, SHOP_SECRET: SECRET })
  shop.callbackUrl = `${hub.url}/v1/channels/social/webhooks`
  for (const sku of ["A", "B"]) {
    await http(hub, "POST", `/v1/stock/${sku}/facts`, { type: "receipt", mutationId: `open-${sku}`, quantity: 9 })
  }
}, 60_000)

afterAll(async () => {
  await hub.stop()
  await shop.close()
  rmSync(directory, { recursive: true, force: true })
})

const run = (...args: ReadonlyArray<string>): Promise<{ readonly code: number | null; readonly output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(projectRoot(), "dist", "scripts", "cli.js"), "channels", ...args], {
      env: { ...process.env, HOLDFAST_HOME: hub.home }
    })
    let output = ""
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
    child.on("exit", (code) => resolve({ code, output }))
  })

const csv = (text: string): string => {
  const file = join(directory, "mapping.csv")
  writeFileSync(file, text)
  return file
}

describe("holdfast channels", () => {
  it("maps listings from a file, tells of rows that do not do, and shows the channel in step", async () => {
    const mapped = await run("map", "social", csv("sku,listingId\nA,L1\nB,L2\nC,\n"))
    assert.deepEqual([mapped.code, mapped.output.includes("2 mapped")], [1, true], mapped.output)
    assert.match(mapped.output, /:4: no listingId/)
    await until(
      () => shop.shelf.quantity("L2") === 9,
      () => shop.shelf.listings()
    )
    const shown = await run()
    assert.equal(shown.code, 0, shown.output)
    assert.match(shown.output, /^social\s+ok\s+2\s+0\s/m)
  })

  it("lists what was given up, tries it again, and lets it be only with a reason", async () => {
    await run("map", "social", csv("listingId,sku\nGONE,A\n"))
    await until(
      async () => (await run("dead-letters", "social")).code === 1,
      () => "given up"
    )
    assert.match((await run("dead-letters", "social")).output, /GONE\s+A\s+9\s+1\s.*unknown_listing/)
    assert.match((await run("redrive", "social", "GONE")).output, /1 tried again/)
    await until(
      async () => (await run("dead-letters", "social")).code === 1,
      () => "given up again"
    )
    assert.equal((await run("discard", "social", "GONE")).code, 2)
    assert.equal((await run("discard", "social", "GONE", "--reason", "not sold there")).code, 0)
    assert.equal((await run("dead-letters", "social")).code, 0)
  })

  it("shows what is held, and lets it be", async () => {
    shop.shelf.put("NEW", "X", 5)
    const order = await shop.sell([{ listingId: "NEW", quantity: 1 }])
    const held = await run("held", "social")
    assert.deepEqual([held.code, held.output.includes("No SKU stands behind the listing NEW")], [1, true], held.output)
    const id = `order.created:${String(order?.id)}:1`
    assert.equal((await run("discard", "social", "--held", id, "--reason", "a test")).code, 0)
    assert.equal((await run("held", "social")).code, 0)
  })

  it("compares without correcting, then corrects", async () => {
    shop.shelf.show("L1", 500)
    const dry = await run("reconcile", "social", "--dry-run")
    assert.deepEqual(
      [dry.code, dry.output.includes("L1 (A) shows 500, ought to show 9: edited_on_channel")],
      [1, true],
      dry.output
    )
    assert.equal(shop.shelf.quantity("L1"), 500)
    assert.equal((await run("reconcile", "social")).code, 1)
    await until(
      () => shop.shelf.quantity("L1") === 9,
      () => shop.shelf.listings()
    )
    assert.equal((await run("reconcile", "social", "--dry-run")).code, 0)
  })

  it("shows what the shop lists without a SKU, and maps it by the shop's own SKUs", async () => {
    shop.shelf.put("L3", "B", 1)
    shop.shelf.put("L4", "UNHEARD-OF", 1)
    const dry = await run("map", "social", "--by-sku", "--dry-run")
    assert.match(dry.output, /L4: the hub knows no SKU UNHEARD-OF\n3 had no SKU, 1 would be mapped/)
    assert.match((await run("unmapped", "social")).output, /^L3\s+B\s+1\s/m)
    assert.match((await run("map", "social", "--by-sku")).output, /3 had no SKU, 1 are mapped/)
    await until(
      () => shop.shelf.quantity("L3") === 9,
      () => shop.shelf.listings()
    )
    const left = await run("unmapped", "social")
    assert.deepEqual([left.code, left.output.includes("L4"), left.output.includes("L3")], [1, true, false])
    assert.equal((await run("map", "social")).code, 2)
  })

  it("says what is wrong with a channel that is not there", async () => {
    const nowhere = await run("dead-letters", "nowhere")
    assert.deepEqual(
      [nowhere.code, nowhere.output.trim()],
      [2, "holdfast channels: There is no channel nowhere; there are: social."]
    )
  })
})
