/**
 * Goal: somebody at the channels page sees how each channel is, what it did not take and what it told that waits, and can
 * put it right there.
 * Method: a real hub with a local shop, in the system's Chromium, by what a person reads and clicks.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { SECRET, SocialMarketplace } from "../../scripts/marketplaces/social/marketplace.ts"
import { http, startHub, type TestHub } from "../support/hub.ts"
import { openBrowser, openPage, type Profile } from "./browser.ts"

const directory = mkdtempSync(join(tmpdir(), "holdfast-channels-page-"))
const problems: Array<string> = []
let shop: SocialMarketplace
let hub: TestHub
let browser: Profile
let page: Page

beforeAll(async () => {
  shop = await SocialMarketplace.start()
  shop.shelf.put("L1", "A", 0)
  const settings = { url: shop.url, secret: SECRET }
  const channel = { name: "social", adapter: "signed-webhook", settings, heartbeatMs: 200 }
  const file = join(directory, "channels.json")
  writeFileSync(file, JSON.stringify({ channels: [channel] }))
  hub = await startHub({ CHANNELS_FILE: file })
  shop.callbackUrl = `${hub.url}/v1/channels/social/webhooks`
  await http(hub, "POST", "/v1/stock/A/facts", { type: "receipt", mutationId: "open", quantity: 9 })
  await http(hub, "POST", "/v1/channels/social/mappings", [
    { listingId: "L1", sku: "A" },
    { listingId: "GONE", sku: "A" }
  ])
  shop.shelf.put("NEW", "A", 5)
  await shop.sell([{ listingId: "NEW", quantity: 2 }])
  browser = await openBrowser({ width: 1280, height: 800 })
  page = await openPage(browser, problems)
  await page.goto(`${hub.url}/channels`)
}, 60_000)

afterAll(async () => {
  await browser.close()
  await hub.stop()
  await shop.close()
  rmSync(directory, { recursive: true, force: true })
})

describe("the channels page", () => {
  it("shows a channel, what it did not take and what waits for a mapping", async () => {
    await page.getByRole("button", { name: "social" }).waitFor()
    await page.getByText("The shop has no such listing.").first().waitFor()
    await page.getByText("No SKU stands behind the listing NEW.").first().waitFor()
  })

  it("maps a listing where it is told that one waits, and what was held is applied", async () => {
    const held = page.getByRole("region", { name: "Waits for somebody" })
    await held.getByLabel("SKU behind the listing NEW").fill("A")
    await held.getByRole("button", { name: "Map", exact: true }).click()
    await page.getByText("NEW is A from now on; 1 held happenings were applied.").waitFor()
    await page.getByText("Nothing: all that social told could be applied.").waitFor()
    const { body } = await http(hub, "GET", "/v1/stock/A")
    assert.equal(body["available"], 7)
  })

  it("shows what the shop lists without a SKU, and maps it by the shop's own SKUs", async () => {
    shop.shelf.put("OTHER", "A", 5)
    const unmapped = page.getByRole("region", { name: "Listings without a SKU" })
    await unmapped.getByRole("cell", { name: "OTHER", exact: true }).waitFor()
    await unmapped.getByRole("button", { name: /^Map by the channel/ }).click()
    await page.getByText("1 of 1 listings of social are mapped by its own SKUs.").waitFor()
    await unmapped.getByText("None: every listing that was seen on social has its SKU.").waitFor()
  })

  it("tries again what was given up, and takes it off the list when it is taken", async () => {
    shop.shelf.put("GONE", "A", 0)
    await page.getByRole("button", { name: "Try again", exact: true }).click()
    await page.getByText("1 tried again on social.").waitFor()
    await page.getByText("Nothing: every write was taken.").waitFor()
    assert.equal(shop.shelf.quantity("GONE"), 7)
  })

  it("reconciles at a click and says what it found, in words that a screen reader hears", async () => {
    shop.shelf.show("L1", 400)
    await page.getByRole("button", { name: "Reconcile now" }).click()
    await page.getByRole("status").getByText("4 listings compared, 1 differed and are put right.").waitFor()
    await page.getByText("In step").waitFor()
    assert.equal(shop.shelf.quantity("L1"), 7)
  })

  it("is reconciled from any page, by its name", async () => {
    await page.keyboard.press("Control+k")
    const palette = page.getByRole("dialog", { name: "Go to anything" })
    await page.keyboard.type("reconcile social")
    await palette.getByRole("option", { name: /^Reconcile social/ }).click()
    await palette.getByRole("status").getByText("social: 4 listings compared, 0 differed.").waitFor()
    await page.keyboard.press("Escape")
    await palette.waitFor({ state: "detached" })
  })

  it("shows the synchroniser's log as it goes on, by kind and by listing, and how soon writes were taken", async () => {
    const log = page.getByRole("region", { name: "Log of social" })
    await log.getByRole("row", { name: /Given up GONE 7/ }).waitFor()
    await log.getByRole("row", { name: /^\S+ Mapped NEW – – A$/ }).waitFor()
    await log.getByRole("button", { name: "Mapping" }).click()
    await log
      .getByRole("row", { name: /Given up/ })
      .first()
      .waitFor({ state: "detached" })
    await log.getByRole("button", { name: "Held" }).click()
    await log.getByRole("row", { name: /No longer held .* is applied$/ }).waitFor()
    await log.getByRole("button", { name: "Written" }).click()
    await log.getByLabel("Only of the listing").fill("L1")
    await http(hub, "POST", "/v1/stock/A/facts", { type: "receipt", mutationId: "more", quantity: 30 })
    await log.getByRole("row", { name: /Written L1 37 \d+/ }).waitFor()
    await page.getByRole("list", { name: "Writes by how long they took" }).getByText("up to 20 ms").waitFor()
  })

  it("has its stock listing by listing beside the hub's, which goes on as it changes", async () => {
    await page.goto(`${hub.url}/?by=channel`)
    await page.getByRole("row", { name: /^social In step 4 0 0 0/ }).waitFor()
    await page.getByRole("link", { name: "social" }).click()
    const listed = page.getByRole("region", { name: "On social" })
    await listed.getByRole("row", { name: /^A L1 37 37 37 In step/ }).waitFor()
    await http(hub, "POST", "/v1/stock/A/facts", { type: "receipt", mutationId: "still more", quantity: 3 })
    await listed.getByRole("row", { name: /^A L1 40 40 40 In step/ }).waitFor()
    await listed.getByRole("link", { name: "How the channel is" }).click()
    await page.getByRole("region", { name: "Log of social" }).waitFor()
  })

  it("takes again, at its dead letter, what was given up", async () => {
    await http(hub, "POST", "/v1/channels/social/mappings", [{ listingId: "LOST", sku: "A" }])
    await page.goto(`${hub.url}/dead-letters?kind=channel`)
    const letters = page.getByRole("listitem", { name: /The shop has no such listing/ })
    const lost = letters.filter({ hasText: "for LOST" })
    await lost.getByText("Write to a channel (social)").waitFor()
    await letters
      .filter({ hasText: "for GONE" })
      .getByRole("button", { name: /^Try again/ })
      .first()
      .click()
    await page.getByRole("status").getByText("GONE is not given up on social any more; let the letter be.").waitFor()
    shop.shelf.put("LOST", "A", 0)
    await lost.getByRole("button", { name: /^Try again/ }).click()
    await page
      .getByRole("status")
      .getByText(/^Letter \d+ was tried again, and taken\.$/)
      .waitFor()
    await lost.waitFor({ state: "detached" })
    assert.equal(shop.shelf.quantity("LOST"), 40)
  })

  it("is reached from the navigation, and had no error in the console", async () => {
    await page.getByRole("link", { name: "Live stock" }).click()
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Channels" }).click()
    await page.getByRole("button", { name: "social" }).waitFor()
    assert.deepEqual(
      problems.filter((problem) => !problem.includes("409")),
      []
    )
  })
})
