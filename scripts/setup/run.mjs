/**
 * Runs a program and gathers what it prints; what fails is told with the last lines of it.
 */
import { spawn } from "node:child_process"
import { SetupFailed } from "./say.mjs"

const OUTPUT_UNITS_MAX = 1_000_000

export const run = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options })
    let output = ""
    const gather = (chunk) => {
      if (output.length < OUTPUT_UNITS_MAX) output += chunk
    }
    child.stdout.on("data", gather)
    child.stderr.on("data", gather)
    child.on("error", (error) => reject(new SetupFailed(`${command} cannot be run: ${error.message}.`)))
    child.on("close", (code) => {
      if (code === 0) return resolve(output)
      const tail = output.trim().split("\n").slice(-12).join("\n  ")
      reject(new SetupFailed(`${command} ${args.join(" ")} failed with code ${code}:\n  ${tail}`))
    })
  })
