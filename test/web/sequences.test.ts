/**
 * Goal: somebody at the sequences page sees what a customer is told and when, changes it with a look at every message, is
 * told beside the field what is wrong, and loses nothing to a colleague who saves or a hub that is killed.
 * Method: a real hub in the system's Chromium, by what a person reads, clicks and types; a colleague saves over HTTP.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { RecoverySettings } from "../../actors/recovery/settings.ts"
import type { SettingsView } from "../../src/recovery/protocol.ts"
import { http, startHub, type TestHub } from "../support/hub.ts"
import { openBrowser, openPage, type Profile } from "./browser.ts"

const directory = mkdtempSync(join(tmpdir(), "holdfast-sequences-page-"))
const problems: Array<string> = []
let hub: TestHub
let browser: Profile
let page: Page
let count = 0

const present = async (): Promise<SettingsView> =>
  (await http(hub, "GET", "/v1/recovery/settings")).body as unknown as SettingsView

/** Somebody else, elsewhere. */
const colleagueSaves = async (change: (settings: RecoverySettings) => RecoverySettings): Promise<void> => {
  const { settings, version } = await present()
  const body = { mutationId: `b${++count}`, expectedVersion: version, by: "ben", settings: change(settings) }
  assert.equal((await http(hub, "POST", "/v1/recovery/settings", body)).status, 200)
}

const region = (name: string) => page.getByRole("region", { name, exact: true })

beforeAll(async () => {
  const recovery = join(directory, "recovery.json")
  writeFileSync(recovery, JSON.stringify({ cartUrl: "https://shop.example/cart/{cart}?from={attempt}&code={offer}" }))
  hub = await startHub({ RECOVERY_FILE: recovery })
  browser = await openBrowser({ width: 1280, height: 900 })
  // A refusal is an answer; the browser reports it all the same.
  page = await openPage(browser, problems, (problem) => problem.includes("409"))
  await page.goto(`${hub.url}/sequences`)
}, 60_000)

afterAll(async () => {
  await browser.close()
  await hub.stop()
  rmSync(directory, { recursive: true, force: true })
})

describe("the sequences page", () => {
  it("shows the steps in time, and what each says on each channel with its length and cost", async () => {
    await page.getByText("The cart is left: 5 min after the last sign of life in checkout, 15 min before it.").waitFor()
    const steps = page.getByRole("list", { name: "Steps" })
    await steps.getByText("At once").waitFor()
    await steps.getByText("After 1 d 22 h").waitFor()
    const first = region("What step 1 says")
    await first
      .getByText("You left Blue mug in your cart. It is still here: https://shop.example/cart/")
      .first()
      .waitFor()
    await first.getByText("SMS 1 segment (GSM), paid by the segment").waitFor()
    await page.getByLabel("Messages for").fill("Grüne Ente 🦆")
    await first.getByText("SMS 3 segments (UCS-2), paid by the segment").waitFor()
    await region("What step 2 says").getByText("Still thinking about it?").waitFor()
  })

  it("tells beside a field what is wrong with it, leads to it, and does not save it", async () => {
    const text = page.getByLabel("Text of reminder", { exact: true })
    await text.fill("Come back, {name}")
    await region("Texts").getByText("{name} is no place that is filled in").waitFor()
    assert.equal(await text.getAttribute("aria-invalid"), "true")
    await page.getByLabel("Your name").fill("ann")
    assert.ok(await page.getByRole("button", { name: "Save", exact: true }).isDisabled())
    await page.getByRole("button", { name: /^The text must have \{link\} in it/ }).click()
    assert.equal(await page.locator("textarea:focus").inputValue(), "Come back, {name}")
    await text.fill("Come back: {link}")
    await region("What step 1 says").getByText("Come back: https://shop.example/cart/").first().waitFor()
    await region("Save").getByRole("button", { name: "1 change, not saved" }).waitFor()
  })

  it("adds, moves and removes steps by the keyboard, and saves them as the next version", async () => {
    await page.getByRole("button", { name: "Add a step" }).press("Enter")
    await page.getByRole("list", { name: "Steps" }).getByText("After 2 d 22 h").waitFor()
    await page.getByRole("button", { name: "Move step 2 up" }).press("Enter")
    await page.getByRole("button", { name: "Remove step 3" }).press("Enter")
    await page.getByRole("button", { name: "Without SMS in step 1" }).press("Enter")
    await page.getByLabel("Holdout", { exact: true }).fill("12.5")
    await page.getByRole("button", { name: "Sun, everywhere" }).press("Enter")
    await page.getByLabel("Messages, cap 1").fill("2")
    await page.getByLabel("Why, for those who look later").fill("Sundays are quiet")
    await page.getByLabel("Why, for those who look later").press("Enter")
    await page.getByText("Saved as version 2.").waitFor()
    const { by, note, settings, version } = await present()
    assert.deepEqual([version, by, note], [2, "ann", "Sundays are quiet"])
    const [sequence] = settings.sequences
    assert.deepEqual(
      sequence?.steps.map(({ delayMs, template }) => [delayMs / 3_600_000, template]),
      [
        [0, "still-there"],
        [22, "reminder"],
        [70, "reminder"]
      ]
    )
    assert.deepEqual(sequence?.steps[0]?.channels, ["email", "whatsapp", "messenger"])
    assert.deepEqual(
      [settings.contact.holdoutShare, settings.contact.hours.closedDays, settings.contact.caps[0]?.messagesMax],
      [0.125, [0], 2]
    )
  })

  it("adds a sequence for some carts, which is asked before the one for all", async () => {
    await page.getByRole("button", { name: "Add a sequence" }).click()
    await page.getByLabel("Name", { exact: true }).fill("dear carts")
    await page.getByLabel("Total from").fill("50")
    await region("Whom it is for").getByText("Name the currency of the amounts").waitFor()
    await page.getByLabel("Currency").fill("gbp")
    await page.getByRole("navigation", { name: "Sequences" }).getByText("left in checkout, from 50.00 GBP").waitFor()
    await page.getByRole("button", { name: "Save", exact: true }).click()
    await page.getByText("Saved as version 3.").waitFor()
    const fits = (await present()).settings.sequences[0]?.fits
    assert.deepEqual(fits, { reason: "left-checkout", minimumMinor: 5_000, currency: "GBP" })
  })

  it("keeps what is changed when a colleague saves meanwhile, shows theirs, and brings both together", async () => {
    await page.getByLabel("Subject").first().fill("Mine")
    await colleagueSaves((settings) => ({ ...settings, attributionMs: 86_400_000 }))
    const theirs = page.getByRole("alert", { name: "Saved by somebody else" })
    await theirs.getByText("ben saved version 4").waitFor()
    await theirs.getByText("Attribution window").waitFor()
    assert.equal(await page.getByLabel("Subject").first().inputValue(), "Mine")
    await theirs.getByRole("button", { name: "Bring both together" }).click()
    await page.getByRole("button", { name: "Save", exact: true }).click()
    await page.getByText("Saved as version 5.").waitFor()
    const { settings } = await present()
    assert.deepEqual([settings.attributionMs, Object.values(settings.templates)[0]?.subject], [86_400_000, "Mine"])
  })

  it("keeps a draft over other pages and a killed hub", async () => {
    await page.getByLabel("Subject").first().fill("Kept")
    await page.getByRole("link", { name: "Channels" }).click()
    await page.getByRole("link", { name: "Sequences" }).click()
    problems.length = 0
    await hub.crash()
    await page.getByText("Live", { exact: true }).waitFor()
    assert.equal(await page.getByLabel("Subject").first().inputValue(), "Kept")
    await page.getByRole("button", { name: "Discard" }).click()
    assert.equal(await page.getByLabel("Subject").first().inputValue(), "Mine")
    problems.length = 0
  })

  it("reads the versions again by itself when they could not be read", async () => {
    const versions = region("Versions")
    let isAway = true
    await page.route(/settings\/versions\?limit=20/, (route) => (isAway ? route.abort() : route.continue()))
    await page.getByRole("link", { name: "Channels" }).click()
    await page.getByRole("link", { name: "Sequences" }).click()
    await versions.getByText("The versions cannot be read now.").waitFor()
    isAway = false
    await versions.getByRole("button", { name: /Version 5/ }).waitFor()
    await versions.getByText("The versions cannot be read now.").waitFor({ state: "detached" })
    problems.length = 0
  })

  it("shows what a version changes, and brings it back", async () => {
    const versions = region("Versions")
    await versions.getByRole("button", { name: /Version 1/ }).click()
    await versions.getByText("Sequence dear carts, for").waitFor()
    await versions.getByRole("button", { name: "Restore version 1" }).click()
    await page.getByRole("button", { name: "Save", exact: true }).click()
    await page.getByText("Saved as version 6.").waitFor()
    const [first, now] = [
      (await http(hub, "GET", "/v1/recovery/settings?version=1")).body["settings"],
      (await present()).settings
    ]
    assert.deepEqual(now, first as RecoverySettings)
  })

  it("has the rules of offers, with what is wrong beside its field, and saves them as a version", async () => {
    const offers = region("Offers")
    await offers.getByText("Nothing is offered.").waitFor()
    await offers.getByRole("button", { name: "Make offers" }).click()
    await offers.getByText("Say what it costs the shop to send an order").waitFor()
    await offers.getByLabel("Sending an order costs").fill("3.50")
    await offers.getByText("Name the currency by three capital letters").waitFor()
    await offers.getByLabel("Currency of offers").fill("gbp")
    await offers.getByLabel("Whose day").fill("Europe/London")
    await offers.getByLabel("A day's budget").fill("50")
    await offers.getByLabel("What goods cost").fill("55")
    await offers.getByRole("button", { name: "Remove offer 3" }).press("Enter")
    await offers.getByLabel("What offer 2 takes off").selectOption("amount")
    await offers.getByText("Say how much: amountMinor").waitFor()
    await offers.getByLabel("How much, offer 2").fill("5")
    await offers.getByLabel("What is said of offer 2").fill("Five pounds off")
    await offers.getByText("and {code} in it").waitFor()
    await offers.getByLabel("What is said of offer 2").fill("Five pounds off: {code}")
    await offers.getByText("and {code} in it").waitFor({ state: "detached" })
    await page.getByRole("button", { name: "Save", exact: true }).click()
    await page.getByText("Saved as version 7.").waitFor()
    const second = region("What step 2 says")
    await second.getByText("With free-shipping; each customer gets what is decided for them").waitFor()
    await second.getByText("Free shipping with the code BACK-EXAMPLE111").first().waitFor()
    const made = (await present()).settings.offers
    assert.deepEqual(
      [made?.currency, made?.zone, made?.dailyBudgetMinor, made?.shippingCostMinor, made?.costBasisPoints],
      ["GBP", "Europe/London", 5_000, 350, 5_500]
    )
    assert.deepEqual(made?.catalogue, [
      { offerKey: "free-shipping", terms: { kind: "free-shipping" } },
      { offerKey: "5-percent", terms: { kind: "amount", amountMinor: 500 }, says: "Five pounds off: {code}" }
    ])
    await region("Versions")
      .getByRole("button", { name: /Version 6/ })
      .click()
    await region("Versions").getByText("Offers, budget of a day").waitFor()
  })

  it("fits a phone, in the dark too, and had no error in the console", async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.emulateMedia({ colorScheme: "dark" })
    const overflow = await page.evaluate<ReadonlyArray<string>>(
      `[...document.querySelectorAll(".sequences *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.outerHTML.slice(0, 80))`
    )
    assert.deepEqual(overflow, [])
    assert.deepEqual(problems, [])
  })
})
