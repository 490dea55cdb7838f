/**
 * Goal: whoever has no mouse reaches all that can be done on a page, sees where they are, and can change and save a sequence.
 * Method: Tab, from the top of the page until it leaves it, in the system's Chromium over a real hub; each stop is looked at
 * as the browser has drawn it.
 */
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { SettingsView } from "../../src/recovery/protocol.ts"
import { http } from "../support/hub.ts"
import { openBrowser, type Profile } from "./browser.ts"
import { type FullHub, startFullHub } from "./full-hub.ts"

let full: FullHub
let browser: Profile
let page: Page

beforeAll(async () => {
  full = await startFullHub()
  browser = await openBrowser({ width: 1280, height: 800 })
  page = await browser.context.newPage()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await full?.close()
})

const STOPS_MAX = 300

/** What Tab has come to; `wrong` when it cannot be seen there. */
interface Stop {
  readonly place: number
  readonly name: string
  readonly wrong: string
}

/** Runs in the page. Every control gets a number, by which a stop is known again. */
const LOOK = `(() => {
  const controls = "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex='0']"
  const all = [...document.querySelectorAll(controls)].filter((control) => control.checkVisibility())
  const named = (element) =>
    (element.getAttribute("aria-label") || element.labels?.[0]?.textContent || element.textContent).trim().slice(0, 60)
  const element = document.activeElement
  const { left, top, width, height } = element.getBoundingClientRect()
  const style = getComputedStyle(element)
  const middle = document.elementFromPoint(left + Math.min(width, innerWidth) / 2, top + Math.min(height, 40) / 2)
  const isRinged = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
  const isThere = middle !== null && (element.contains(middle) || middle.contains(element))
  return {
    names: all.map(named),
    stop: {
      place: all.indexOf(element),
      name: named(element),
      wrong: !isRinged ? "has no ring" : !isThere ? "is hidden or covered by " + middle?.className : ""
    }
  }
})()`

const look = () => page.evaluate<{ readonly names: ReadonlyArray<string>; readonly stop: Stop }>(LOOK)

/** From the top of the page until Tab leaves it. */
const walk = async () => {
  await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
  const stops: Array<Stop> = []
  for (let count = 0; count < STOPS_MAX; count++) {
    await page.keyboard.press("Tab")
    const { names, stop } = await look()
    if (stop.place < 0 || (stop.place === 0 && stops.length > 1)) return { names, stops }
    stops.push(stop)
  }
  throw new Error(`Tab is still on the page after ${STOPS_MAX} stops`)
}

/** Goes on with Tab until it has come to what is called so. */
const tabTo = async (name: string | RegExp): Promise<void> => {
  for (let count = 0; count < STOPS_MAX; count++) {
    await page.keyboard.press("Tab")
    const { stop } = await look()
    if (typeof name === "string" ? stop.name === name : name.test(stop.name)) {
      assert.equal(stop.wrong, "", `${stop.name} ${stop.wrong}`)
      return
    }
  }
  throw new Error(`Tab does not come to ${String(name)}`)
}

const settings = async () => (await http(full.hub, "GET", "/v1/recovery/settings")).body as unknown as SettingsView

describe("by the keyboard", () => {
  it.each([
    { path: "/", shows: () => page.getByRole("row", { name: /LAMP-100/ }).waitFor() },
    { path: "/sku?sku=TIN", shows: () => page.getByRole("row", { name: /Goods receipt of 3/ }).waitFor() },
    { path: "/alerts", shows: () => page.getByRole("button", { name: "Acknowledge" }).first().waitFor() },
    { path: "/channels", shows: () => page.getByText("No SKU stands behind the listing NEW.").first().waitFor() },
    { path: "/recovery?by=channel", shows: () => page.getByRole("cell", { name: /% \(.*% to .*%\)/ }).waitFor() },
    { path: "/sequences", shows: () => page.getByText("SMS 1 segment").first().waitFor() }
  ])("every control of $path is reached, in the order in which it stands, and seen to have the focus", async (one) => {
    await page.goto(`${full.hub.url}${one.path}`)
    await one.shows()
    const { names, stops } = await walk()
    const reached = new Set(stops.map(({ place }) => place))
    assert.deepEqual(
      names.filter((_name, place) => !reached.has(place)),
      []
    )
    assert.deepEqual(
      stops.filter(({ wrong }) => wrong !== "").map(({ name, wrong }) => `${name} ${wrong}`),
      []
    )
    const places = stops.map(({ place }) => place)
    assert.deepEqual(
      places,
      places.toSorted((left, right) => left - right)
    )
  })

  it("the page is reached past the navigation, and another page takes the focus with it", async () => {
    await page.goto(`${full.hub.url}/recovery`)
    await page.getByRole("slider").waitFor()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert.equal((await look()).stop.name, "7 days")
    await page.getByRole("link", { name: "Sequences" }).focus()
    await page.keyboard.press("Enter")
    await page.getByText("SMS 1 segment").first().waitFor()
    await page.keyboard.press("Tab")
    assert.match((await look()).stop.name, /^default/)
  })

  it("everything is gone to from anywhere by its name, and the focus is where it was when nothing is", async () => {
    const palette = page.getByRole("dialog", { name: "Go to anything" })
    await page.goto(`${full.hub.url}/alerts`)
    await page.getByLabel("Your name").focus()
    await page.keyboard.press("Control+k")
    await palette.waitFor()
    for (let count = 0; count < 4; count++) {
      await page.keyboard.press("Tab")
      assert.ok(
        await page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
      )
    }
    await page.keyboard.press("Escape")
    await palette.waitFor({ state: "detached" })
    assert.equal(await page.evaluate("document.activeElement.ariaLabel"), "Your name")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("lamp-11")
    await palette.getByRole("option", { name: /^LAMP-110 1,010 available/ }).waitFor()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "LAMP-111" }).waitFor()
    await page.keyboard.press("Control+k")
    await page.keyboard.type("stock on social")
    await palette.getByRole("option", { name: /^Stock on social/ }).waitFor()
    await page.keyboard.press("Enter")
    await page.getByRole("region", { name: "On social" }).waitFor()
  })

  it("a cart leads to whose it is", async () => {
    const palette = page.getByRole("dialog", { name: "Go to anything" })
    await page.goto(`${full.hub.url}/system`)
    await page.getByText("all servers answer").waitFor()
    await page.keyboard.press("Control+k")
    await page.keyboard.type(`cart cart-${full.customerId}`)
    await palette.getByRole("option", { name: /1 lines, £9.50/ }).waitFor()
    await page.keyboard.press("Enter")
    await page.getByText(/Message decided/).waitFor()
  })

  it("the keys are shown by a question mark, but not to who is writing one", async () => {
    const keys = page.getByRole("dialog", { name: "Keyboard shortcuts" })
    await page.goto(`${full.hub.url}/`)
    await page.getByRole("row", { name: /LAMP-100/ }).waitFor()
    await page.keyboard.press("/")
    await page.keyboard.type("?")
    assert.equal(await page.getByRole("searchbox").inputValue(), "?")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await page.keyboard.type("?")
    await keys.getByText("Search by SKU").waitFor()
    await page.keyboard.press("Escape")
    await keys.waitFor({ state: "detached" })
  })

  it("a customer is picked in the queue, and their story has the focus", async () => {
    await page.goto(`${full.hub.url}/recovery`)
    await page.getByRole("button", { name: full.customerId }).waitFor()
    await tabTo(full.customerId)
    await page.keyboard.press("Enter")
    await page.getByText(/Message decided/).waitFor()
    assert.equal(await page.evaluate("document.activeElement.textContent"), "One customer")
  })

  it("a sequence is changed, what is wrong is found and mended, and it is saved", async () => {
    await page.goto(`${full.hub.url}/sequences`)
    await page.getByText("SMS 1 segment").first().waitFor()
    await tabTo("The cart was left")
    await page.keyboard.press("ArrowDown")
    await tabTo("Total from")
    await page.keyboard.type("50")
    await page.getByText("Name the currency of the amounts").first().waitFor()
    await tabTo("Without SMS in step 1")
    await page.keyboard.press("Enter")
    await tabTo("Sun, everywhere")
    await page.keyboard.press("Space")
    await tabTo(/^Name the currency of the amounts/)
    await page.keyboard.press("Enter")
    await page.keyboard.type("gbp")
    await page.getByText("Name the currency of the amounts").first().waitFor({ state: "detached" })
    await tabTo("Your name")
    await page.keyboard.type("kim")
    await tabTo("Save")
    await page.keyboard.press("Enter")
    await page.getByText("Saved as version 2.").waitFor()
    const { by, settings: saved } = await settings()
    assert.equal(by, "kim")
    assert.deepEqual(saved.sequences[0]?.fits, { reason: "left-checkout", minimumMinor: 5_000, currency: "GBP" })
    assert.ok(!saved.sequences[0]?.steps[0]?.channels.includes("sms"))
    assert.deepEqual(saved.contact.hours.closedDays, [0])
  })
})
