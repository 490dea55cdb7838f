/**
 * Goal: somebody at the pages around the stock finds why a number is what it is, and does what there is to be done, with what
 * the hub then has to show for it.
 * Method: a real hub with a few days' happenings on three SKUs, in the system's Chromium, by what a person reads and clicks.
 */
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { http, startHub, type TestHub } from "../support/hub.ts"
import { openBrowser, openPage, type Profile } from "./browser.ts"

const problems: Array<string> = []
let hub: TestHub
let browser: Profile
let page: Page

const post = async (path: string, body: unknown): Promise<void> => {
  const reply = await http(hub, "POST", path, body)
  assert.ok(reply.status < 300, `${path}: ${JSON.stringify(reply.body)}`)
}

const fact = (sku: string, mutationId: string, body: object) => post(`/v1/stock/${sku}/facts`, { mutationId, ...body })
const request = (sku: string, mutationId: string, body: object) =>
  post(`/v1/stock/${sku}/requests`, { mutationId, ...body })

beforeAll(async () => {
  hub = await startHub()
  await fact("MUG", "po-1", { type: "receipt", quantity: 20, locationId: "store", reference: "PO-77" })
  await fact("MUG", "move-1", { type: "transfer", quantity: 8, locationId: "store", toLocationId: "shop" })
  await fact("MUG", "till-1", { type: "sale", quantity: 3, channel: "till", locationId: "shop" })
  await request("MUG", "cart-1", { type: "reserve", holdId: "cart-1", quantity: 2, locationId: "store" })
  await fact("MUG", "count-1", { type: "count", quantity: 4, locationId: "shop", reason: "one was broken" })
  browser = await openBrowser({ width: 1280, height: 900 })
  page = await openPage(browser, problems)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await hub?.stop()
})

const region = (name: string | RegExp) => page.getByRole("region", { name })
const rowOf = (name: string | RegExp) => page.getByRole("row", { name })

describe("a SKU's history", () => {
  it("is reached from its row in live stock", async () => {
    await page.goto(`${hub.url}/?sku=MUG`)
    await page.getByRole("link", { name: "Whole history, and why" }).click()
    await region("Why is it 14?").getByText("then 14 at version 5").waitFor()
    await region("Where it is now").getByRole("row", { name: "store 12 2 10" }).waitFor()
    await region("Where it is now").getByText("1 holds were open: 2 for cart-1.").waitFor()
  })

  it("shows each change with its command, and what the SKU was when it was made", async () => {
    const changes = region("Changes")
    await changes.getByRole("row", { name: /Sale of 3 at shop by till .*−3 – 17 till-1/ }).waitFor()
    await changes.getByRole("button", { name: "Show version 2" }).click()
    await region("Where it was then").getByRole("row", { name: "shop 8 0 8" }).waitFor()
    await region("Where it was then").getByText("move-1").waitFor()
    await page.getByText("20 available at version 2").waitFor()
  })

  it("moves through time by the keyboard", async () => {
    await page.getByRole("slider").focus()
    await page.keyboard.press("Home")
    await region("Where it was then").getByRole("row", { name: "store 20 0 20" }).waitFor()
    assert.match((await page.getByRole("slider").getAttribute("aria-valuetext")) ?? "", /^20 available at version 1/)
    await page.keyboard.press("ArrowRight")
    await region("Where it was then").getByRole("row", { name: "shop 8 0 8" }).waitFor()
    await page.keyboard.press("End")
    await region("Where it is now").getByText("count-1").waitFor()
  })

  it("answers why a number is what it is, between two moments, down to each command", async () => {
    await page.getByRole("button", { name: "Show version 2" }).click()
    await page.getByRole("button", { name: "Compare from here" }).click()
    await page.getByRole("button", { name: "Now", exact: true }).click()
    const why = region("Why is it 14?")
    await why.getByText("At version 2 20 were available, then 14 at version 5").waitFor()
    await why.getByRole("row", { name: /^Sale by till −3 0 −3$/ }).waitFor()
    await why.getByRole("row", { name: /^Hold 0 \+2 −2$/ }).waitFor()
    await why.getByRole("row", { name: /^Count −1 0 −1$/ }).waitFor()
    await why.getByText("Every change between the two").click()
    await why.getByRole("row", { name: /Count of 4 at shop .* count-1 one was broken/ }).waitFor()
    assert.equal(await why.getByRole("button", { name: /^Show version/ }).count(), 3)
  })

  it("goes on while it is looked at, and can be sent to somebody by its address", async () => {
    const address = page.url()
    assert.match(address, /\/sku\?sku=MUG&from=2$/)
    await fact("MUG", "till-2", { type: "sale", quantity: 1, channel: "till", locationId: "shop" })
    await region("Why is it 13?")
      .getByRole("row", { name: /^Sales by till, 2 times −4 0 −4$/ })
      .waitFor()
    await rowOf(/till-2/).waitFor()
    await page.goto(address)
    await region("Why is it 13?").getByText("At version 2 20 were available").waitFor()
  })

  it("says so when the hub knows no such SKU, and offers those that changed last", async () => {
    await page.getByLabel("SKU", { exact: true }).fill("NOBODY")
    await page.keyboard.press("Enter")
    await page.getByRole("alert").getByText("NOBODY was not known then").waitFor()
    await page.goto(`${hub.url}/sku`)
    await page.getByRole("link", { name: "MUG" }).click()
    await region("Changes").waitFor()
  })

  it("had no error in the console but for the SKU that nobody knows", () => {
    assert.deepEqual(
      problems.filter((problem) => !problem.includes("404")),
      []
    )
  })
})
