/**
 * `npm start`: sets up what is missing, then runs the hub in this very process, so that its process id is the hub's.
 *
 * `--demo` plays a real retailer's invoices through it once it is ready.
 */
import { resolve } from "node:path"
import { ensureBinaries } from "./setup/binaries.mjs"
import { reachableHome } from "./setup/home.mjs"
import { ensureBuild, ensureDependencies } from "./setup/project.mjs"
import { say, SetupFailed } from "./setup/say.mjs"

const setUp = async () => {
  const home = resolve(process.env["HOLDFAST_HOME"] ?? ".holdfast")
  await ensureDependencies()
  await ensureBuild()
  process.env["HOLDFAST_BINARIES"] = JSON.stringify(await ensureBinaries(home))
  process.env["HOLDFAST_REACHABLE_HOME"] = reachableHome(home)
}

try {
  await setUp()
} catch (error) {
  say(error instanceof SetupFailed ? error.message : String(error?.stack ?? error))
  process.exit(3)
}
const { runHub } = await import("../dist/src/main.js")
const demo = process.argv.includes("--demo")
  ? { whenReady: async (url) => (await import("../dist/scripts/replay/demo.js")).playDemo(url) }
  : {}
process.exit(await runHub(demo))
