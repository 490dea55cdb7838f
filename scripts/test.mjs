/**
 * `npm test`: sets up what is missing, checks types, lint and format, runs every test, and ends with one line that says
 * how many passed and failed.
 *
 * A check counts as one test. Exit code 0 only when nothing failed and something ran.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { ensureBinaries } from "./setup/binaries.mjs"
import { reachableHome } from "./setup/home.mjs"
import { ensureBrowser } from "./setup/browser.mjs"
import { ensureBuild, ensureDependencies, root } from "./setup/project.mjs"
import { say, SetupFailed } from "./setup/say.mjs"

const home = resolve(process.env["HOLDFAST_HOME"] ?? ".holdfast")
const counts = { passed: 0, failed: 0, skipped: 0 }

const setUp = async () => {
  await ensureDependencies()
  await ensureBuild()
  process.env["HOLDFAST_BINARIES"] = JSON.stringify(await ensureBinaries(home))
  process.env["HOLDFAST_REACHABLE_HOME"] = reachableHome(home)
  process.env["HOLDFAST_CHROMIUM"] = await ensureBrowser(home)
}

const runCheck = (name) => {
  say(`check: ${name}`)
  const { status } = spawnSync("npm", ["run", "--silent", name], { cwd: root, stdio: "inherit" })
  if (status === 0) counts.passed++
  else counts.failed++
}

const runTests = () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-results-"))
  const output = join(folder, "results.json")
  const vitest = join(root, "node_modules", ".bin", "vitest")
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${output}`]
  const { status } = spawnSync(vitest, ["run", ...reporters, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" })
  try {
    const results = JSON.parse(readFileSync(output, "utf8"))
    counts.passed += results.numPassedTests
    counts.failed += results.numFailedTests
    counts.skipped += results.numPendingTests + results.numTodoTests
    // A file that cannot be loaded, an error outside of any test: no test failed, but the run did.
    if (status !== 0 && results.numFailedTests === 0) counts.failed++
    if (results.numTotalTests === 0) counts.failed++
  } catch {
    counts.failed++
  }
  rmSync(folder, { recursive: true, force: true })
}

try {
  await setUp()
  for (const name of ["typecheck", "typecheck:web", "lint", "format:check", "knip"]) runCheck(name)
  runTests()
} catch (error) {
  say(error instanceof SetupFailed ? error.message : String(error?.stack ?? error))
  counts.failed++
}
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`)
process.exit(counts.failed === 0 ? 0 : 1)
