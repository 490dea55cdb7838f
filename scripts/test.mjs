/**
 * `npm test`: sets up what is missing, checks types, lint and format, runs every test, and ends with one line that says
 * how many passed and failed.
 *
 * A check counts as one test. Exit code 0 only when nothing failed and something ran. Arguments are handed to vitest.
 */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { ensureBrowser } from "./setup/browser.mjs"
import { homeDirectory } from "./setup/home.mjs"
import { root } from "./setup/project.mjs"
import { clearRunFolder, makeRunFolder } from "./setup/run-folder.mjs"
import { say } from "./setup/say.mjs"
import { sayFailure, setUp } from "./setup/set-up.mjs"

const CHECKS = ["typecheck", "typecheck:web", "lint", "format:check", "knip"]
const counts = { passed: 0, failed: 0, skipped: 0 }

// A signal reaches the running check or vitest too, which then end; the run is cut short and has failed.
let interrupted = false
let running
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    interrupted = true
    running?.kill(signal)
  })
}

/** Settles with the exit code, `null` when it was killed or cannot be run. */
const runHere = (command, args, env = {}) =>
  new Promise((resolve) => {
    if (interrupted) return resolve(null)
    running = spawn(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } })
    running.on("error", () => resolve(null))
    running.on("exit", (code) => resolve(code))
  })

const runCheck = async (name) => {
  say(`check: ${name}`)
  if ((await runHere("npm", ["run", "--silent", name])) === 0) counts.passed++
  else counts.failed++
}

const runTests = async (folder) => {
  const output = join(folder, "results.json")
  const vitest = join(root, "node_modules", ".bin", "vitest")
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${output}`]
  const code = await runHere(vitest, ["run", ...reporters, ...process.argv.slice(2)], { TMPDIR: folder })
  try {
    const results = JSON.parse(readFileSync(output, "utf8"))
    counts.passed += results.numPassedTests
    counts.failed += results.numFailedTests
    counts.skipped += results.numPendingTests + results.numTodoTests
    // A file that cannot be loaded, an error outside of any test: no test failed, but the run did.
    if (code !== 0 && results.numFailedTests === 0) counts.failed++
    if (code === 0 && results.numTotalTests === 0) counts.failed++
  } catch {
    say("the tests ended without a result")
    counts.failed++
  }
}

try {
  await setUp()
  process.env["HOLDFAST_CHROMIUM"] = await ensureBrowser(homeDirectory())
  for (const name of CHECKS) await runCheck(name)
  const folder = makeRunFolder()
  try {
    await runTests(folder)
  } finally {
    clearRunFolder(folder)
  }
} catch (error) {
  sayFailure(error)
  counts.failed++
}
if (interrupted) {
  say("interrupted: not all tests ran")
  counts.failed = Math.max(counts.failed, 1)
}
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`)
process.exit(counts.failed === 0 ? 0 : 1)
