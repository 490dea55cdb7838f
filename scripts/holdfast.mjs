#!/usr/bin/env -S node --max-semi-space-size=32 --initial-heap-size=192 --heap-growing-percent=100
/**
 * `holdfast`: the command line. Sets up what is missing, quietly when there is nothing to do, then hands over.
 */
import { programs } from "./setup/binaries.mjs"
import { sayFailure, setUp, unnamedServers } from "./setup/set-up.mjs"

const all = () => programs.map(({ key }) => key)

/** Commands that start servers, and which; the others talk to a hub that runs already. */
const starts = {
  start: unnamedServers,
  restore: unnamedServers,
  bench: all,
  "bench-carts": all,
  "bench-channels": all,
  "bench-sockets": all,
  "bench-graphql": all,
  "crash-test": all,
  sessions: all,
  trade: all
}

try {
  const command = process.argv.slice(2).find((word) => !word.startsWith("-"))
  await setUp(starts[command]?.() ?? [])
} catch (error) {
  sayFailure(error)
  process.exit(3)
}
await import("../dist/scripts/cli.js")
