#!/usr/bin/env node
/**
 * `holdfast`: the command line. Sets up what is missing, quietly when there is nothing to do, then hands over.
 */
import { resolve } from "node:path"
import { ensureBinaries } from "./setup/binaries.mjs"
import { reachableHome } from "./setup/home.mjs"
import { ensureBuild, ensureDependencies } from "./setup/project.mjs"
import { say, SetupFailed } from "./setup/say.mjs"

try {
  const home = resolve(process.env["HOLDFAST_HOME"] ?? ".holdfast")
  await ensureDependencies()
  await ensureBuild()
  process.env["HOLDFAST_BINARIES"] = JSON.stringify(await ensureBinaries(home))
  process.env["HOLDFAST_REACHABLE_HOME"] = reachableHome(home)
} catch (error) {
  say(error instanceof SetupFailed ? error.message : String(error?.stack ?? error))
  process.exit(3)
}
await import("../dist/scripts/cli.js")
