/**
 * Goal: nobody sees a page before they have signed in; an administrator lets people and programs in and finds in the audit log what
 * was done; whoever is signed in acts in their own name and can leave.
 * Method: a real hub that has access control, in the system's Chromium, beginning with the password that it prints at its first start.
 */
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { eventually, startHub, type TestHub } from "../support/hub.ts"
import { findingsOf } from "./axe.ts"
import { openBrowser, openPage, type Profile } from "./browser.ts"

const PASSWORD = "a password of some length"
const problems: Array<string> = []
let hub: TestHub
let browser: Profile
let page: Page

beforeAll(async () => {
  hub = await startHub({ HOLDFAST_ACCESS: "required" })
  browser = await openBrowser({ width: 1280, height: 900 })
  // What is asked before anybody is known is refused, and the browser notes each refusal.
  page = await openPage(browser, problems, (problem) => /40[139]|WebSocket/.test(problem))
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await hub?.stop()
})

const region = (name: string) => page.getByRole("region", { name })

const OF_FIRST_START = /with the password ([a-z0-9-]+)/

const oneTimePassword = async (): Promise<string> => {
  const output = await eventually(
    async () => hub.output(),
    (text) => OF_FIRST_START.test(text)
  )
  return OF_FIRST_START.exec(output)?.[1] ?? ""
}

const signIn = async (name: string, password: string): Promise<void> => {
  await page.getByLabel("Name", { exact: true }).fill(name)
  await page.getByLabel("Password", { exact: true }).fill(password)
  await page.keyboard.press("Enter")
}

/** By axe-core, as the door looks just now. */
const isAccessible = async (): Promise<void> => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme })
    assert.deepEqual(await findingsOf(page), [])
  }
}

describe("the door", () => {
  it("stands before every page, and says what is wrong with a password", async () => {
    await page.goto(`${hub.url}/incidents`)
    await page.getByRole("heading", { name: "Sign in" }).waitFor()
    assert.equal(await page.getByRole("navigation").count(), 0)
    await isAccessible()
    await signIn("admin", "not the password")
    await page.getByRole("alert").waitFor()
    assert.equal(await page.evaluate("document.activeElement.type"), "password")
  })

  it("lets in with the password of the first start, and asks for one's own before anything else", async () => {
    await signIn("admin", await oneTimePassword())
    await page.getByRole("heading", { name: "Choose your password, admin" }).waitFor()
    await isAccessible()
    await page.getByLabel("The password that you were given").fill(await oneTimePassword())
    await page.getByLabel(/^A new one/).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "No incident is open" }).waitFor()
    await page.getByRole("status", { name: "Connection: Live" }).waitFor()
  })
})

describe("users and keys", () => {
  it("a user is added, and their password is shown once", async () => {
    await page.getByRole("link", { name: "Users and keys" }).click()
    await page.getByLabel("Name of the new user").fill("kim")
    const roles = page.getByRole("group", { name: "Roles of the new user" })
    await roles.getByLabel("viewer").uncheck()
    await roles.getByLabel("operator").check()
    await page.getByRole("button", { name: "Add user" }).click()
    await region("Shown once").getByText("The password of kim is shown this once").waitFor()
    await region("Users")
      .getByRole("row", { name: /^kim operator .* to be changed/ })
      .waitFor()
    await isAccessible()
  })

  it("a key is made for a channel, rotated and revoked after being asked twice", async () => {
    await page.getByLabel("Name of the new key").fill("till")
    await page.getByLabel("Channels of the new key").fill("shop, market")
    await page.getByLabel("How long the new key is good").selectOption({ index: 2 })
    await page.getByRole("button", { name: "Add key" }).click()
    await region("Shown once").getByText(/hf_/).waitFor()
    const secret = await region("Shown once").locator("code").innerText()
    const headers = { authorization: `Bearer ${secret}` }
    assert.equal((await fetch(`${hub.url}/v1/access/session`, { headers })).status, 200)
    await region("Keys")
      .getByRole("row", { name: /^till hf_.* operator channels shop, market/ })
      .waitFor()
    await page.getByRole("button", { name: "Rotate till" }).click()
    await page.getByRole("button", { name: "Yes, rotate till" }).click()
    await page.getByText("till has a new secret; the former one is good for a day.").waitFor()
    await page.getByRole("button", { name: "I have it" }).click()
    await page.getByRole("button", { name: "Revoke till" }).click()
    await page.getByRole("button", { name: "Yes, revoke till" }).click()
    await page.getByText("till is revoked.").waitFor()
    assert.equal((await fetch(`${hub.url}/v1/access/session`, { headers })).status, 401)
  })

  it("what was done is in the audit log, with who did it", async () => {
    await page.getByRole("link", { name: "Audit log" }).click()
    await region("Audit log")
      .getByRole("row", { name: /admin user access\.manage .* done/ })
      .first()
      .waitFor()
    await isAccessible()
    await page.getByLabel("Search on this page").fill("nothing of this name")
    await page.getByText(/^None of the \d+ on this page\.$/).waitFor()
  })
})

describe("whoever is signed in", () => {
  it("is known again after the hub could not tell for a moment who asks", async () => {
    const away = { ok: false, code: "unavailable", message: "Who you are cannot be found out now." }
    const other = await openPage(browser, problems, (problem) => /503|WebSocket/.test(problem))
    await other.route("**/v1/access/session", (route) => route.fulfill({ status: 503, json: away }), { times: 1 })
    await other.goto(`${hub.url}/account`)
    await other.getByRole("region", { name: "Where you are signed in" }).waitFor()
    await other.close()
  })

  it("sees where they are, and goes", async () => {
    await page.getByRole("link", { name: "Account" }).click()
    await region("Where you are signed in")
      .getByRole("row", { name: /127\.0\.0\.1 this one/ })
      .waitFor()
    await isAccessible()
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole("button", { name: "Sign out", exact: true }).click()
    await page.getByRole("heading", { name: "Sign in" }).waitFor()
    await page.goto(`${hub.url}/sku?sku=A`)
    await page.getByRole("heading", { name: "Sign in" }).waitFor()
    assert.deepEqual(problems, [])
  })
})
