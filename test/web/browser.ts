/**
 * Chromium for the page's tests: found on the machine, started without a profile of its own, ended with the test.
 */
import { accessSync, constants } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join, resolve } from "node:path"
import { chromium } from "playwright-core"
import type { BrowserContext, Page } from "playwright-core"
import { build } from "vite"

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
const MAC = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
]

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** `HOLDFAST_CHROMIUM` if it names one (the set-up does), else the first of the usual names on PATH. */
export const chromiumPath = (): string => {
  const chosen = process.env["HOLDFAST_CHROMIUM"] || undefined
  const folders = (process.env["PATH"] ?? "").split(delimiter)
  const usual = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...MAC]
  const found = (chosen === undefined ? usual : [chosen]).find(isExecutable)
  if (found === undefined) {
    throw new Error(
      `The page's tests need Chromium and ${chosen ?? "none of its usual names"} is not there: install it ` +
        "(Debian and Ubuntu: apt-get install chromium) or set HOLDFAST_CHROMIUM to its executable."
    )
  }
  return found
}

/** What must come is waited for longer than a slow minute of the machine; below what a test may take. */
const PATIENCE_MS = 50_000

export interface Profile {
  readonly context: BrowserContext
  readonly close: () => Promise<void>
}

export interface ProfileOptions {
  readonly width: number
  readonly height: number
  readonly colorScheme?: "light" | "dark"
}

export const openBrowser = async ({ width, height, colorScheme = "light" }: ProfileOptions): Promise<Profile> => {
  const profile = await mkdtemp(join(tmpdir(), "holdfast-web-"))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath(),
    args: FLAGS,
    viewport: { width, height },
    colorScheme
  })
  context.setDefaultTimeout(PATIENCE_MS)
  const close = async (): Promise<void> => {
    await context.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 3 })
  }
  return { context, close }
}

/** A page whose errors are kept in `problems`: those in its console, but for what a test has brought about itself. */
export const openPage = async (
  { context }: Profile,
  problems: Array<string>,
  isMeant: (problem: string) => boolean = () => false
): Promise<Page> => {
  const page = await context.newPage()
  page.on("console", (message) => {
    if (message.type() === "error" && !isMeant(message.text())) problems.push(message.text())
  })
  page.on("pageerror", (error) => problems.push(error.message))
  return page
}

/** Builds the pages as they are shipped, into a folder of its own: in a test's environment React would be its development build. */
export const buildPages = async (): Promise<string> => {
  const outDir = await mkdtemp(join(tmpdir(), "holdfast-pages-"))
  const configFile = resolve(import.meta.dirname, "../../src/web/vite.config.ts")
  const { NODE_ENV: environment = "test" } = process.env
  process.env["NODE_ENV"] = "production"
  try {
    await build({ configFile, logLevel: "warn", build: { outDir, emptyOutDir: true } })
  } finally {
    process.env["NODE_ENV"] = environment
  }
  return outDir
}
