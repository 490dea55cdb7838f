/**
 * `npm start`: sets up what is missing, then runs the hub in this very process, so that its process id is the hub's.
 *
 * `--demo` opens three shops beside it that sell the same stock, and plays a real retailer's invoices through it.
 */
import { sayFailure, setUp, unnamedServers } from "./setup/set-up.mjs"

try {
  await setUp(unnamedServers())
} catch (error) {
  sayFailure(error)
  process.exit(3)
}
const { runHub } = await import("../dist/src/main.js")
const isDemo = process.argv.includes("--demo")
process.exit(await runHub(isDemo ? await (await import("../dist/scripts/demo/demo.js")).prepareDemo() : {}))
