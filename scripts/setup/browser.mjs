/**
 * A Chromium for the pages' tests: the system's, or one fetched and unpacked beside the servers.
 */
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { toolsDirectory } from "./home.mjs"
import { fetchPackages } from "./packages.mjs"
import { step } from "./say.mjs"

const names = ["chromium", "chromium-browser", "google-chrome"]

const find = (tools) => {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", join(tools, "usr", "bin")]
  for (const directory of directories) {
    for (const name of names) if (existsSync(join(directory, name))) return join(directory, name)
  }
  return undefined
}

/** Path of the browser; an empty string where none is to be had, and then the pages' tests say so. */
export const ensureBrowser = async (home) => {
  const tools = toolsDirectory(home)
  const found = find(tools)
  if (found !== undefined) return found
  try {
    await step("fetching chromium for the pages' tests", () =>
      fetchPackages(["chromium"], { tools: join(tools, "chromium"), name: "chromium" })
    )
  } catch {
    return ""
  }
  // Debian's own starter looks for its files in fixed places; the program beside it does not.
  const program = join(tools, "chromium", "usr", "lib", "chromium", "chromium")
  return existsSync(program) ? program : ""
}
