/**
 * Goal: somebody at the recovery page sees what is due, what it earns beyond what would have been bought anyway, who is not
 * written to, and one customer's whole story, by mouse, by keyboard, on a phone and in the dark.
 * Method: a real hub with recoveries by the local Twilio, in the system's Chromium; weeks that have passed already are put
 * into its tables.
 */
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { INCENTIVES_DEFAULT } from "../../actors/recovery/incentive-rules.ts"
import { isHeldOut } from "../../actors/recovery/holdout.ts"
import { POLICY_DEFAULT } from "../../actors/recovery/policy.ts"
import { noonZone } from "../../scripts/shoppers/hub-files.ts"
import type { LocalTwilio } from "../../scripts/carriers/twilio/server.ts"
import type { BudgetView } from "../../src/recovery/figures-protocol.ts"
import type { SettingsView } from "../../src/recovery/protocol.ts"
import { eventually, http, type TestHub } from "../support/hub.ts"
import { startTextingHub } from "../support/texting-hub.ts"
import { openBrowser, openPage, type Profile } from "./browser.ts"
import { addPastWeeks } from "./past-weeks.ts"

const problems: Array<string> = []
let twilio: LocalTwilio
let close: () => Promise<void>
let hub: TestHub
let browser: Profile
let page: Page
let count = 0

const post = async (path: string, body: object): Promise<void> => {
  const reply = await http(hub, "POST", path, { mutationId: `m${++count}`, ...body })
  assert.equal(reply.status, 200, JSON.stringify(reply.body))
}

const phoneOf = (index: number): string => `+44770090${String(1_000 + index)}`

/** Somebody who is not held out leaves a cart and is written to. */
const leaves = async (customerId: string, index: number): Promise<void> => {
  const path = `/v1/customers/${customerId}/requests`
  await post(path, { type: "point", channel: "sms", address: phoneOf(index), hasConsented: true })
  await post(path, { type: "settings", zone: noonZone() })
  const cart = `/v1/carts/cart-${customerId}/requests`
  await post(cart, { type: "add", sku: "MUG", name: "Blue mug", quantity: 1, unitPriceMinor: 950, currency: "GBP" })
  await post(cart, { type: "sign-in", customerId })
  await eventually(
    async () => twilio.sent(phoneOf(index)),
    (sent) => sent.length === 1,
    15_000
  )
}

/** A tenth off, with the first message. */
const makeOffers = async (): Promise<void> => {
  const view = (await http(hub, "GET", "/v1/recovery/settings")).body as unknown as SettingsView
  const { sequences } = view.settings
  const offers = {
    ...INCENTIVES_DEFAULT,
    currency: "GBP",
    zone: "Europe/London",
    shippingCostMinor: 0,
    costBasisPoints: 1_000,
    dailyBudgetMinor: 5_000,
    goodsMinimumMinor: 0,
    catalogue: INCENTIVES_DEFAULT.catalogue.filter(({ offerKey }) => offerKey === "10-percent")
  }
  const offering = sequences.map((one) => ({ ...one, steps: one.steps.map((step) => ({ ...step, mayOffer: true })) }))
  const settings = { ...view.settings, offers, sequences: offering }
  await post("/v1/recovery/settings", { expectedVersion: view.version, by: "ann", settings })
  const receipt = { type: "receipt", mutationId: "receipt", quantity: 1_000 }
  assert.equal((await http(hub, "POST", "/v1/stock/MUG/facts", receipt)).status, 202)
}

beforeAll(async () => {
  const cartUrl = "https://shop.example/cart/{cart}?from={attempt}&code={offer}"
  ;({ hub, twilio, close } = await startTextingHub({ cartUrl }))
  browser = await openBrowser({ width: 1280, height: 900 })
  page = await openPage(browser, problems, (problem) => problem.includes("503"))
  await page.goto(`${hub.url}/recovery`)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await close()
})

const names = Array.from({ length: 40 }, (_, index) => `shopper-${index}`).filter(
  (customerId) => !isHeldOut(customerId, POLICY_DEFAULT)
)
const [ada = "", kim = ""] = names
const region = (name: string) => page.getByRole("region", { name })

describe("the recovery page", () => {
  it("says what there would be while there is nothing", async () => {
    await region("Queue").getByText("Nothing is due: no recovery is running.").waitFor()
    await region("What became of carts left").getByText("No known customer has left a cart").waitFor()
    await region("Not written to").getByText("Nobody has said that they want no more").waitFor()
    await region("Revenue over time").getByText("Nothing to draw yet").waitFor()
    await region("Budget of offers").getByText("No offers are made: there are no rules of offers").waitFor()
    await page.getByText("not enough yet").first().waitFor()
  })

  it("shows a recovery by itself as it goes on, and its customer's story with the reasons", async () => {
    await leaves(ada, 1)
    const row = region("Queue").getByRole("row", { name: new RegExp(ada) })
    await row.getByText("waits for its step").waitFor()
    await row.getByRole("button", { name: ada }).click()
    const story = region("One customer")
    await story.getByText(`Left cart cart-${ada}; recovery begun by default v1`).waitFor()
    await story.getByText(/Message decided: reminder by text to •••\d\d/).waitFor()
    await story
      .getByText(/Not by WhatsApp: no address/)
      .first()
      .waitFor()
    assert.equal(new URL(page.url()).searchParams.get("customer"), ada)
    assert.ok(!(await page.content()).includes(phoneOf(1)))
  })

  it("shows who said STOP, and that their recovery ended for it", async () => {
    await leaves(kim, 2)
    await twilio.write(`${hub.url}/v1/outreach/texts/inbound`, phoneOf(2), "STOP")
    await region("Not written to").getByText("they want no more").waitFor()
    await page.getByLabel("Customer", { exact: true }).fill(kim)
    await page.keyboard.press("Enter")
    await region("One customer").getByText("Recovery ended: they want no more").waitFor()
    await page.getByLabel("Customer", { exact: true }).fill("nobody")
    await page.keyboard.press("Enter")
    await region("One customer").getByRole("alert").getByText("No customer nobody is known.").waitFor()
  })

  it("shows the day's budget of offers as it is spoken for", async () => {
    await makeOffers()
    const budget = region("Budget of offers")
    await budget.getByText("Nothing was offered in the last 14 days.").waitFor()
    const today = (name: string) =>
      budget.getByRole("definition").nth(["limit", "spent", "reserved", "left"].indexOf(name))
    assert.deepEqual(
      await Promise.all(["limit", "spent", "reserved", "left"].map((name) => today(name).textContent())),
      ["£50.00", "£0.00", "£0.00", "£50.00"]
    )
    let held = 0
    let who = ""
    // Who gets one is drawn: of sixteen, some do.
    for (let index = 2; held === 0 && index < 18; index++) {
      who = names[index] ?? ""
      await leaves(who, index + 1)
      const { body } = await http(hub, "GET", "/v1/recovery/budget?days=2")
      held = (body as unknown as BudgetView).days[0]?.reservedMinor ?? 0
    }
    assert.equal(held, 95)
    await budget.getByRole("row", { name: /£50\.00 £0\.00 £0\.95/ }).waitFor()
    assert.equal(await today("left").textContent(), "£49.05")
    await page.getByLabel("Customer", { exact: true }).fill(who)
    await page.keyboard.press("Enter")
    await region("One customer")
      .getByText(/^Offered 10-percent: BACK-\w{10}, at most £0\.95, until \d\d \w+, \d\d:\d\d/)
      .waitFor()
    const wrong = await http(hub, "GET", "/v1/recovery/budget?days=63")
    assert.deepEqual([wrong.status, wrong.body["path"]], [400, "days"])
  }, 60_000)

  it("draws what was bought over what would have been bought anyway, for eyes, keys and screen readers", async () => {
    await addPastWeeks(hub)
    await page.reload()
    const revenue = region("Revenue over time")
    await revenue.getByText("More of those who were written to bought than of those who were not.").waitFor()
    const plot = revenue.getByRole("slider")
    assert.match((await plot.getAttribute("aria-valuetext")) ?? "", /£[\d,.]+ by 1,\d+ written to; anyway about £/)
    const last = await plot.getAttribute("aria-valuenow")
    await plot.focus()
    await page.keyboard.press("ArrowLeft")
    assert.equal(Number(await plot.getAttribute("aria-valuenow")), Number(last) - 1)
    await page.getByRole("button", { name: "step", exact: true }).click()
    await page.getByText("only the total has a lift").waitFor()
    await page.getByRole("button", { name: "channel", exact: true }).click()
    await region("What brought it in")
      .getByRole("cell", { name: /% \(.*% to .*%\)/ })
      .waitFor()
  })

  it("fits a phone and the dark", async () => {
    const phone = await openBrowser({ width: 375, height: 760, colorScheme: "dark" })
    const small = await phone.context.newPage()
    await small.goto(`${hub.url}/recovery?customer=${ada}`)
    await small.getByText(`Left cart cart-${ada}`).waitFor()
    await small.getByRole("slider").waitFor()
    const overflow = await small.evaluate(
      "document.querySelector('.recovery').scrollWidth - document.documentElement.clientWidth"
    )
    assert.isAtMost(Number(overflow), 0)
    await shot(small, "phone-dark")
    await phone.close()
    await shot(page, "wide-light")
  })

  it("keeps what it showed when the hub cannot answer, and says of when it is", async () => {
    await page.route("**/v1/recovery/queue*", (route) =>
      route.fulfill({
        status: 503,
        json: { ok: false, code: "unavailable", message: "PostgreSQL does not answer now." }
      })
    )
    await region("Queue")
      .getByText(/^As of .*PostgreSQL does not answer now\.$/)
      .waitFor()
    await region("Queue")
      .getByRole("row", { name: new RegExp(ada) })
      .waitFor()
    await page.unroute("**/v1/recovery/queue*")
    await region("Queue").getByText("As of").waitFor({ state: "detached" })
  })

  it("is reached from the navigation, and had no error in the console", async () => {
    await page.getByRole("link", { name: "Live stock" }).click()
    await page.getByRole("link", { name: "Recovery" }).click()
    await region("Queue").waitFor()
    assert.deepEqual(
      problems.filter((problem) => !problem.includes("404")),
      []
    )
  })
})

/** `SCREENSHOTS=<folder>`: pictures to look at. */
const shot = async (of: Page, name: string): Promise<void> => {
  const folder = process.env["SCREENSHOTS"]
  if (folder !== undefined) await of.screenshot({ path: join(folder, `recovery-${name}.png`) })
}
