/**
 * `npm start`: sets up what is missing, then runs the hub in this very process, so that its process id is the hub's.
 *
 * `--demo` plays a real retailer's invoices through it once it is ready.
 */
import { sayFailure, setUp, unnamedServers } from "./setup/set-up.mjs"

try {
  await setUp(unnamedServers())
} catch (error) {
  sayFailure(error)
  process.exit(3)
}
const { runHub } = await import("../dist/src/main.js")
const demo = process.argv.includes("--demo")
  ? { whenReady: async (url) => (await import("../dist/scripts/replay/demo.js")).playDemo(url) }
  : {}
process.exit(await runHub(demo))
