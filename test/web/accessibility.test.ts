/**
 * Goal: nobody is kept out of a page by how they see, hear or type: axe-core finds nothing against WCAG 2.2 AA, whatever a page
 * shows just now, light and dark, on a desk and on a phone.
 * Method: a real hub with something on every page, in the system's Chromium; what a page shows when there is nothing, or no
 * answer, is made by the browser answering in the hub's place. `SCREENSHOTS=<folder>`: pictures of all of it, to look at.
 */
import { join } from "node:path"
import { connect } from "@nats-io/transport-node"
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { SystemFigures } from "../../src/gateway/system-protocol.ts"
import { http } from "../support/hub.ts"
import { findingsOf } from "./axe.ts"
import { openBrowser, type Profile } from "./browser.ts"
import { type FullHub, LONG_SKU, startFullHub } from "./full-hub.ts"

const DESK = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }
/** What is there is the same in the dark: only its colours are looked at again. */
const LOOKS = [
  { name: "light, desk", colorScheme: "light", size: DESK, looksAt: "everything" },
  { name: "dark, desk", colorScheme: "dark", size: DESK, looksAt: "colours" },
  { name: "light, phone", colorScheme: "light", size: PHONE, looksAt: "everything" },
  { name: "dark, phone", colorScheme: "dark", size: PHONE, looksAt: "colours" }
] as const

let full: FullHub
let browser: Profile

beforeAll(async () => {
  full = await startFullHub()
  browser = await openBrowser(DESK)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await full?.close()
})

/** `SCREENSHOTS=<folder>`: all of what scrolls within the page. */
const shot = async (page: Page, name: string): Promise<void> => {
  const [folder, size] = [process.env["SCREENSHOTS"], page.viewportSize()]
  if (folder === undefined || size === null) return
  const height = await page.evaluate<number>("document.querySelector('main > *').scrollHeight + 200")
  await page.setViewportSize({ width: size.width, height: Math.max(size.height, Math.min(height, 4_000)) })
  await page.screenshot({ path: join(folder, `${name.replaceAll(/[^\w]+/g, "-")}.png`) })
  await page.setViewportSize(size)
}

const unavailable = {
  status: 503,
  json: { ok: false, code: "unavailable", message: "PostgreSQL does not answer now." }
}

/** Runs in the page: what reaches out of the screen, and does not do so within something that scrolls sideways. */
const TOO_WIDE = `[...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .filter((element) => !element.closest(".scrolls, .grid, .visually-hidden, svg"))
  .map((element) => element.outerHTML.slice(0, 80))`

interface Situation {
  readonly name: string
  readonly path: string
  /** What the browser answers in the hub's place. */
  readonly before?: (page: Page) => Promise<unknown>
  /** Until the page shows what is meant. */
  readonly ready: (page: Page) => Promise<unknown>
}

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { name })

/** The socket is cut, and nobody takes the next one. */
const cutSocket = async (page: Page): Promise<void> => {
  let isCut = false
  await page.routeWebSocket("**/v1/ws", (socket) => {
    if (isCut) return void socket.close()
    socket.connectToServer()
    setTimeout(() => {
      isCut = true
      void socket.close()
    }, 1_000)
  })
}

const SITUATIONS: ReadonlyArray<Situation> = [
  {
    name: "live stock",
    path: "/",
    ready: (page) => page.getByRole("row", { name: /LAMP-100/ }).waitFor()
  },
  {
    name: "live stock, one SKU open",
    path: `/?sku=${LONG_SKU}`,
    ready: (page) => page.getByRole("rowheader", { name: "default" }).waitFor()
  },
  {
    name: "live stock, nothing found",
    path: "/",
    ready: async (page) => {
      await page.getByRole("searchbox").fill("nothing is called so")
      await page.getByRole("button", { name: "Show all" }).waitFor()
    }
  },
  {
    name: "live stock, the hub away",
    path: "/",
    before: cutSocket,
    ready: (page) => page.getByText("The hub cannot be reached").waitFor()
  },
  {
    name: "live stock, never reached",
    path: "/",
    before: async (page) => {
      await page.routeWebSocket("**/v1/ws", (socket) => void socket.close())
      await page.route("**/v1/**", (route) => route.abort())
    },
    ready: (page) => heading(page, "The hub cannot be reached").waitFor()
  },
  {
    name: "live stock, by location",
    path: "/?by=location",
    ready: (page) => page.getByRole("row", { name: /^default 17/ }).waitFor()
  },
  {
    name: "live stock, one location",
    path: "/?by=location&location=default",
    ready: (page) => page.getByRole("row", { name: /^TIN −2/ }).waitFor()
  },
  {
    name: "live stock, by channel",
    path: "/?by=channel",
    ready: (page) => page.getByRole("row", { name: /^harbour-market-north/ }).waitFor()
  },
  {
    name: "live stock, one channel",
    path: "/?by=channel&channel=social",
    ready: (page) => page.getByRole("row", { name: /^A GONE/ }).waitFor()
  },
  {
    name: "SKU history",
    path: "/sku?sku=TIN",
    ready: async (page) => {
      await page.getByText("Every change between the two").click()
      await page.getByRole("group", { name: "Changes between the two" }).waitFor()
    }
  },
  {
    name: "SKU history, of none yet",
    path: "/sku",
    ready: (page) => page.getByRole("link", { name: LONG_SKU }).waitFor()
  },
  {
    name: "SKU history, nothing to read",
    path: "/sku?sku=TIN",
    before: (page) => page.route("**/v1/stock/TIN/**", (route) => route.fulfill(unavailable)),
    ready: (page) => page.getByText("PostgreSQL does not answer now.").first().waitFor()
  },
  {
    name: "low stock",
    path: "/alerts",
    ready: async (page) => {
      await page
        .getByText(/^Order \d/)
        .first()
        .click()
      await page
        .getByText(/^Sold \d+ in 1 day/)
        .first()
        .waitFor()
    }
  },
  {
    name: "low stock, none",
    path: "/alerts",
    before: (page) => {
      const reorder = { version: 0, leadDays: 7, coverDays: 14 }
      return page.route("**/v1/alerts/open?**", (route) => route.fulfill({ json: { items: [], reorder } }))
    },
    ready: (page) => heading(page, "Nothing is low").waitFor()
  },
  {
    name: "incidents",
    path: "/incidents",
    ready: (page) => page.getByRole("row", { name: /TIN 2 Sold twice/ }).waitFor()
  },
  {
    name: "dead letters",
    path: "/dead-letters",
    before: async () => {
      const nats = await connect({ servers: full.hub.nats.url })
      nats.publish("stock.fact.MUG", '{"type":"receipt","mutationId":"po","quantity":"six"}')
      await nats.drain()
    },
    ready: async (page) => {
      await page.getByRole("textbox", { name: /^Fact of letter/ }).fill("{")
      await page.getByRole("button", { name: "Apply" }).click()
      await page.getByRole("alert").waitFor()
    }
  },
  {
    name: "dead letters of channels",
    path: "/dead-letters?kind=channel",
    ready: (page) => page.getByRole("button", { name: /^Try again: letter \d+$/ }).waitFor()
  },
  {
    name: "dead letters, nothing to read",
    path: "/dead-letters",
    before: (page) => page.route("**/v1/dead-letters?**", (route) => route.fulfill(unavailable)),
    ready: (page) => page.getByText("PostgreSQL does not answer now.").waitFor()
  },
  {
    name: "channels",
    path: "/channels",
    ready: async (page) => {
      await page.getByText("The shop has no such listing.").first().waitFor()
      await page.getByText("No SKU stands behind the listing NEW.").first().waitFor()
    }
  },
  {
    name: "channels, none",
    path: "/channels",
    before: (page) => page.route("**/v1/channels", (route) => route.fulfill({ json: { channels: [] } })),
    ready: (page) => heading(page, "No channel is configured").waitFor()
  },
  {
    name: "recovery",
    path: "/recovery?by=channel",
    ready: async (page) => {
      await page.getByRole("slider").waitFor()
      await page.getByRole("cell", { name: /% \(.*% to .*%\)/ }).waitFor()
      await page.getByText("The same as a table").click()
    }
  },
  {
    name: "recovery, one customer",
    path: "/recovery",
    ready: async (page) => {
      await page.getByLabel("Customer", { exact: true }).fill(full.customerId)
      await page.keyboard.press("Enter")
      await page.getByText(/Message decided/).waitFor()
    }
  },
  {
    name: "recovery, nothing to read",
    path: "/recovery",
    before: (page) => page.route("**/v1/recovery/**", (route) => route.fulfill(unavailable)),
    ready: (page) => page.getByText("PostgreSQL does not answer now.").first().waitFor()
  },
  {
    name: "sequences",
    path: "/sequences",
    ready: async (page) => {
      await page.getByText("SMS 1 segment").first().waitFor()
      await page.getByRole("button", { name: /Version 1/ }).click()
      await page.getByText("This is what is shown above.").waitFor()
    }
  },
  {
    name: "sequences, changed and wrong, and saved by somebody else",
    path: "/sequences",
    ready: async (page) => {
      await page.getByLabel("Text of reminder", { exact: true }).fill("Come back, {name}")
      await page.getByLabel("Total from").fill("50")
      await page.getByRole("button", { name: "Make offers" }).click()
      await page.getByRole("button", { name: /changes, not saved/ }).click()
      await page.getByRole("group", { name: "What has to be mended" }).waitFor()
      const { body } = await http(full.hub, "GET", "/v1/recovery/settings")
      const settings = { ...(body["settings"] as object), attributionMs: 86_400_000 }
      const saved = { mutationId: "theirs", expectedVersion: body["version"], by: "ben", settings }
      assert.equal((await http(full.hub, "POST", "/v1/recovery/settings", saved)).status, 200)
      await page.getByText("ben saved version 2").waitFor()
    }
  },
  {
    name: "sequences, nothing to read",
    path: "/sequences",
    before: (page) => page.route("**/v1/recovery/**", (route) => route.fulfill(unavailable)),
    ready: (page) => page.getByRole("alert").waitFor()
  },
  {
    name: "all pages, where there is no room at the side",
    path: "/sku",
    ready: async (page) => {
      await page.setViewportSize(PHONE)
      await page.getByRole("button", { name: "More" }).click()
      await page.getByRole("link", { name: "Sequences" }).waitFor()
    }
  },
  {
    name: "system",
    path: "/system",
    ready: async (page) => {
      await page.getByText("What NATS keeps, stream by stream").click()
      await page.getByRole("row", { name: /^JOURNAL/ }).waitFor()
      // A line that is flat, because nothing happens, has no height and counts as hidden.
      await page.locator(".plot-series").first().waitFor({ state: "attached" })
    }
  },
  {
    name: "system, a server away",
    path: "/system",
    before: (page) =>
      page.route("**/v1/system", async (route) => {
        const response = await route.fetch()
        const figures = (await response.json()) as SystemFigures
        const redis = {
          isThere: false,
          message: "Redis does not answer; stock is not affected, its register is behind."
        }
        await route.fulfill({ json: { ...figures, servers: { ...figures.servers, redis } } })
      }),
    ready: (page) => page.getByText("1 of 3 servers do not answer").waitFor()
  },
  {
    name: "users and keys, open",
    path: "/access",
    ready: (page) => page.getByText("Access control is off").waitFor()
  },
  {
    name: "audit log, open",
    path: "/audit",
    ready: (page) => page.getByLabel("Search on this page").waitFor()
  },
  {
    name: "HTTP API, an address open",
    path: "/docs",
    ready: async (page) => {
      await page.getByLabel("Search addresses").fill("post reserve")
      await page.getByText("/v1/stock/{sku}/requests").click()
      await page.getByText("Names this mutation.").first().waitFor()
    }
  },
  {
    name: "everything by its name, over a page",
    path: "/alerts",
    ready: async (page) => {
      await page.getByRole("button", { name: "Go to …" }).click()
      await page.getByRole("dialog").getByRole("combobox").fill("s")
      await page.getByRole("option", { name: /^Stock on social/ }).waitFor()
    }
  },
  {
    name: "all keys",
    path: "/",
    ready: async (page) => {
      await page.getByRole("row", { name: /LAMP-100/ }).waitFor()
      await page.keyboard.press("?")
      await page.getByText("Search by SKU").waitFor()
    }
  },
  {
    name: "no page",
    path: "/nowhere",
    ready: (page) => heading(page, "No page at this address").waitFor()
  }
]

describe("axe-core", () => {
  it("finds what is wrong where something is, and says where", async () => {
    const page = await browser.context.newPage()
    await page.setContent(`<html lang="en"><title>Wrong</title><main><h1>Wrong</h1>
      <p id="pale" style="color: #aaa; background: #fff">Hard to read</p><input id="nameless"></main></html>`)
    const found = await findingsOf(page)
    const colours = await findingsOf(page, "colours")
    await page.close()
    assert.equal(found.length, 2, found.join("\n"))
    assert.match(found[0] ?? "", /^color-contrast: #pale: .*insufficient color contrast of 2\.32/)
    assert.match(found[1] ?? "", /^label: #nameless: /)
    assert.deepEqual(colours, found.slice(0, 1))
  })

  it.each(SITUATIONS)("finds nothing wrong: $name", async ({ name, path, before, ready }) => {
    const page = await browser.context.newPage()
    await before?.(page)
    await page.goto(`${full.hub.url}${path}`)
    await ready(page)
    const found: Array<string> = []
    for (const look of LOOKS) {
      await page.setViewportSize(look.size)
      await page.emulateMedia({ colorScheme: look.colorScheme })
      await shot(page, `${name} ${look.name}`)
      for (const finding of await findingsOf(page, look.looksAt)) found.push(`${look.name}: ${finding}`)
      for (const wide of await page.evaluate<ReadonlyArray<string>>(TOO_WIDE))
        found.push(`${look.name}: too wide: ${wide}`)
    }
    await page.close({ runBeforeUnload: false })
    assert.equal(found.length, 0, `\n${found.join("\n")}`)
  })
})
