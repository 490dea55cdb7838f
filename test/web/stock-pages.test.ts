/**
 * Goal: somebody at the pages around the stock finds why a number is what it is, and does what there is to be done, with what
 * the hub then has to show for it.
 * Method: a real hub with a few days' happenings on three SKUs, in the system's Chromium, by what a person reads and clicks.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { binaries, startRedis } from "../../src/servers/servers.ts"
import { http, startHub, type TestHub } from "../support/hub.ts"
import { openBrowser, openPage, type Profile } from "./browser.ts"

const problems: Array<string> = []
let hub: TestHub
let nats: NatsConnection
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
  await request("TEA", "low", { type: "configure", safetyThreshold: 10 })
  await fact("TEA", "po-2", { type: "receipt", quantity: 12 })
  await fact("TEA", "till-3", { type: "sale", quantity: 8, channel: "till" })
  await fact("TIN", "till-4", { type: "sale", quantity: 2, channel: "web", reference: "ORDER-9" })
  nats = await connect({ servers: hub.nats.url })
  nats.publish("stock.fact.MUG", JSON.stringify({ type: "receipt", mutationId: "po-3", quantity: "six" }))
  nats.publish("stock.fact.MUG", "neither this nor that")
  browser = await openBrowser({ width: 1280, height: 900 })
  page = await openPage(browser, problems)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await nats?.close()
  await hub?.stop()
})

const region = (name: string | RegExp) => page.getByRole("region", { name })
const rowOf = (name: string | RegExp) => page.getByRole("row", { name })

describe("live stock", () => {
  it("is shown by location, and one location SKU by SKU, with the way to a SKU's history", async () => {
    await page.goto(`${hub.url}/`)
    await page.getByRole("link", { name: "Locations" }).click()
    const places = region("By location")
    await places.getByRole("row", { name: "shop 1 0 4 0 4" }).waitFor()
    await places.getByRole("row", { name: "default 2 1 2 0 2" }).waitFor()
    await places.getByRole("link", { name: "default" }).click()
    const there = region("At default")
    await there.getByRole("row", { name: "TEA 4 0 4" }).waitFor()
    await there.getByRole("row", { name: "TIN −2 0 −2" }).waitFor()
    await there.getByLabel("Search by SKU at default").fill("te")
    await there.getByRole("row", { name: /TIN/ }).waitFor({ state: "detached" })
    await page.reload()
    await there.getByRole("link", { name: "TIN" }).click()
    await region("Where it is now").getByRole("link", { name: "default" }).click()
    await page.getByRole("link", { name: "All locations" }).click()
    await places.getByRole("row", { name: "store 1 0 12 2 10" }).waitFor()
  })

  it("says of a location that holds nothing, and of channels where there are none, that it is so", async () => {
    await page.goto(`${hub.url}/?by=location&location=nowhere`)
    await page.getByText("Nothing was ever there.").waitFor()
    await page.getByRole("navigation", { name: "Live stock by" }).getByRole("link", { name: "Channels" }).click()
    await page.getByText("No sales channel is set up").waitFor()
  })
})

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
})

describe("the alert centre", () => {
  it("shows what is low, how it sells, and what to order with the arithmetic", async () => {
    await page.goto(`${hub.url}/`)
    await page.getByRole("link", { name: "Low stock" }).click()
    const low = page.getByRole("listitem").filter({ hasText: "TEA" })
    await low.getByText("4 of 10").waitFor()
    await low.getByRole("img", { name: "Sold on each of the last 1 days: 8" }).waitFor()
    await low.getByText("Order 174").click()
    await low.getByText("Sold 8 in 1 day: 8 a day.").waitFor()
    await page.getByRole("spinbutton", { name: "Lead time days" }).fill("2")
    await low.getByText("Order 134").waitFor()
    assert.match(page.url(), /\/alerts\?lead=2$/)
  })

  it("saves lead time and cover for all SKUs, and for one of its own", async () => {
    await page.getByRole("button", { name: "Save for all SKUs" }).click()
    await page.getByRole("status").getByText("2 days of lead time and 14 of cover are saved for all SKUs.").waitFor()
    await page.goto(`${hub.url}/alerts`)
    const low = page.getByRole("listitem").filter({ hasText: "TEA" })
    await low.getByText("Order 134").click()
    await low.getByRole("spinbutton", { name: "Cover of TEA" }).fill("4")
    await low.getByRole("button", { name: "Save", exact: true }).click()
    await page.getByRole("status").getByText("TEA: 2 days of lead time and 4 of cover are saved.").waitFor()
    await low.getByText("Order 54").waitFor()
    await low.getByRole("spinbutton", { name: "Cover of TEA" }).fill("")
    await low.getByRole("button", { name: "Save", exact: true }).click()
    await low.getByText("Order 134").waitFor()
  })

  it("takes an acknowledgement with a note, in somebody's name, and shows it until it is opened again", async () => {
    await page.getByLabel("Your name").fill("kim")
    await page.getByLabel("Note on TEA").fill("on order")
    await page.getByRole("button", { name: "Acknowledge", exact: true }).click()
    await page.getByRole("status").getByText("TEA is acknowledged.").waitFor()
    await page.getByText("None of the 1 that are low is open.").waitFor()
    await page.getByRole("button", { name: "Acknowledged", exact: true }).click()
    await page.getByText(/^Acknowledged by kim, .*: on order$/).waitFor()
    await page.getByRole("button", { name: "Open again" }).click()
    await page.getByRole("button", { name: "Open", exact: true }).click()
    await page.getByLabel("Snooze TEA").selectOption({ index: 3 })
    await page.getByRole("status").getByText("TEA is snoozed.").waitFor()
    await page.getByRole("button", { name: "Snoozed" }).click()
    await page.getByText(/^Snoozed until .* by kim/).waitFor()
  })

  it("saves the proposals as a file that a spreadsheet reads", async () => {
    const saved = page.waitForEvent("download")
    await page.getByRole("button", { name: "Save proposals as CSV" }).click()
    const file = await saved
    assert.match(file.suggestedFilename(), /^order-proposals-\d{4}-\d\d-\d\d\.csv$/)
    const text = await readFile(await file.path(), "utf8")
    assert.match(text, /^sku,quantity,available.*\r\n"TEA",134,4,10,8,0\.5\r\n$/)
  })
})

describe("the incidents", () => {
  it("are dealt with by an outcome and a note, and lead to why the stock is short", async () => {
    await page.getByRole("link", { name: "Incidents" }).click()
    await page.getByRole("row", { name: /TIN 2 Sold twice default web ORDER-9/ }).waitFor()
    await page.getByLabel("Outcome of the incident of TIN, version 1").selectOption("backordered")
    await page.getByLabel("Note on the incident of TIN, version 1").fill("told the customer")
    await page.getByRole("button", { name: "Resolve" }).click()
    await page.getByRole("status").getByText("2 of TIN: back-ordered.").waitFor()
    await page.getByRole("heading", { name: "No incident is open" }).waitFor()
    await page.getByRole("button", { name: "Dealt with" }).click()
    await page.getByText(/^Back-ordered, .*: told the customer$/).waitFor()
    await page.getByRole("link", { name: "TIN" }).click()
    await region("Why is it −2?")
      .getByRole("row", { name: /^Sale by web −2 0 −2$/ })
      .waitFor()
  })
})

describe("the dead letters", () => {
  const letterOf = (name: RegExp) => page.getByRole("listitem", { name })

  it("of a fact is mended and applied", async () => {
    await page.getByRole("link", { name: "Dead letters" }).click()
    const letter = letterOf(/quantity/)
    const text = letter.getByRole("textbox", { name: /^Fact of letter/ })
    await text.fill("{")
    await letter.getByRole("button", { name: "Apply" }).click()
    await letter
      .getByRole("alert")
      .getByText(/^That is no JSON/)
      .waitFor()
    await text.fill('{"type":"receipt","mutationId":"po-3","quantity":6}')
    await letter.getByRole("button", { name: "Apply" }).click()
    await page
      .getByRole("status")
      .getByText(/^Letter \d+ is applied to MUG\.$/)
      .waitFor()
    await letter.waitFor({ state: "detached" })
    assert.equal((await http(hub, "GET", "/v1/stock/MUG")).body["physical"], 21)
  })

  it("that is of no use is let be, and both are found among the settled", async () => {
    const letter = page.getByRole("listitem").filter({ has: page.getByRole("textbox", { name: /^Why letter/ }) })
    await letter.getByLabel(/^Why letter/).fill("a test of the till")
    await letter.getByRole("button", { name: "Discard" }).click()
    await page.getByRole("heading", { name: "No letter is open" }).waitFor()
    await page.getByRole("button", { name: "Settled" }).click()
    await page.getByText(/^Tried again and taken by kim, .* as po-3\.$/).waitFor()
    await page.getByText(/^Let be by kim, .*: a test of the till$/).waitFor()
    await page.getByText("neither this nor that").waitFor()
  })
})

describe("a list in pages", () => {
  it("is shown from its beginning when something else of it is asked for", async () => {
    const [letters, next] = [page.getByRole("list", { name: "Dead letters" }), "Next page"]
    for (let nth = 0; nth < 21; nth++) nats.publish("stock.fact.MUG", `of no use ${nth}`)
    await page.getByRole("button", { name: "Open", exact: true }).click()
    await page.getByRole("button", { name: next }).click()
    await letters.getByText("of no use 20", { exact: true }).waitFor()
    assert.equal(await letters.getByRole("listitem").count(), 1)
    await page.getByRole("button", { name: "Settled" }).click()
    await letters.getByText("neither this nor that").waitFor()
    assert.equal(await page.getByRole("button", { name: next }).count(), 0)
  })
})

describe("the system page", () => {
  it("shows that the servers answer, what each kind of actors does, and the last minutes in words", async () => {
    await page.getByRole("link", { name: "System" }).click()
    await region("Servers")
      .getByRole("row", { name: /^NATS the journal Answers \d/ })
      .waitFor()
    await region("Servers")
      .getByRole("row", { name: /^Redis the register Answers \d/ })
      .waitFor()
    await region("Servers")
      .getByRole("row", { name: /^PostgreSQL the ledger Answers \d/ })
      .waitFor()
    await region("Actors")
      .getByRole("row", { name: /^stock 1 3 \d+ \d+ \d+ \d+ Takes turns$/ })
      .waitFor()
    await region("From a command to its answer")
      .getByText(/^p50 [\d.]+ ms, at most [\d.]+ ms; p95/)
      .waitFor()
    await page.getByText("all servers answer").waitFor()
  })

  it("says which server is away, and that it is there again", async () => {
    await hub.redis.stop()
    await region("Servers")
      .getByRole("row", { name: /^Redis the register Away Redis does not answer/ })
      .waitFor()
    await page.getByText("1 of 3 servers do not answer").waitFor()
    const directory = await mkdtemp(join(tmpdir(), "holdfast-redis-"))
    const redis = await startRedis({ binaries: binaries(), directory, port: Number(new URL(hub.redis.url).port) })
    try {
      await region("Servers")
        .getByRole("row", { name: /^Redis the register Answers \d/ })
        .waitFor()
      await page.getByText("all servers answer").waitFor()
    } finally {
      await redis.stop()
      await rm(directory, { recursive: true, force: true })
    }
  })
})

describe("the console", () => {
  it("had no error in the console but for the SKU that nobody knows", () => {
    assert.deepEqual(
      problems.filter((problem) => !problem.includes("404")),
      []
    )
  })
})
