/**
 * `holdfast adapter-check <module>`: whether an adapter keeps the rules of the port. Exit code 0 when it does, 1 when
 * not, 3 when it cannot be run.
 */
import type { Command } from "commander"
import { pathToFileURL } from "node:url"
import { resolve } from "node:path"
import type { StartBench } from "./bench.ts"
import { benches } from "./benches/built-in.ts"
import { checks } from "./kit.ts"

export const register = (program: Command): void => {
  program
    .command("adapter-check")
    .argument("<module>", `a built-in adapter (${Object.keys(benches).join(", ")}), or the path of a module`)
    .description("check that an adapter keeps the rules of the port")
    .addHelpText("after", "\nA module exports the adapter as its default and, for the check, its far side as `bench`.")
    .action(async (module: string) => {
      const bench = benches[module] ?? (await benchOf(module))
      process.exitCode = bench === undefined ? 3 : await runChecks(bench)
    })
}

const benchOf = async (path: string): Promise<StartBench | undefined> => {
  try {
    const loaded = (await import(pathToFileURL(resolve(path)).href)) as { readonly bench?: StartBench }
    if (typeof loaded.bench === "function") return loaded.bench
    process.stderr.write(`holdfast: ${path} exports no function \`bench\`; see CONTRIBUTING.md on adapters.\n`)
  } catch (cause) {
    process.stderr.write(
      `holdfast: ${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}\n`
    )
  }
  return undefined
}

const runChecks = async (start: StartBench): Promise<number> => {
  let failed = 0
  for (const { name, run } of checks) {
    try {
      await run(start)
      process.stdout.write(`ok    ${name}\n`)
    } catch (cause) {
      failed++
      const why = cause instanceof Error ? cause.message.split("\n").slice(0, 12).join("\n      ") : String(cause)
      process.stdout.write(`FAIL  ${name}\n      ${why}\n`)
    }
  }
  process.stdout.write(`${checks.length - failed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
}
