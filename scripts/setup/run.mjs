/**
 * Runs a program and gathers what it prints; what fails is told with the last lines of it.
 */
import { spawn } from "node:child_process"
import { SetupFailed } from "./say.mjs"

/** What is read from it is a list of packages or an error: far below. More is a program gone wrong. */
const OUTPUT_UNITS_MAX = 4_000_000
const TAIL_LINES = 8

/** What went wrong, of all that a program printed: apt marks it, others say it last. */
const complaint = (output) => {
  const lines = output.trim().split("\n")
  return lines.find((line) => line.startsWith("E: ")) ?? lines.slice(-TAIL_LINES).join("\n  ")
}

/** Settles with the output; fails with `SetupFailed` when the program cannot be run or ends with another code than 0. */
export const run = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options })
    let output = ""
    const gather = (chunk) => {
      if (output.length < OUTPUT_UNITS_MAX) output += chunk
    }
    child.stdout.on("data", gather)
    child.stderr.on("data", gather)
    child.on("error", (error) => reject(new SetupFailed(`${command} cannot be run: ${error.message}`)))
    child.on("close", (code) => {
      if (code === 0) return resolve(output)
      const what = [command.split("/").at(-1), ...args.filter((arg) => !/^-|[:=]/.test(arg)).slice(0, 3)].join(" ")
      reject(new SetupFailed(`${what} failed with code ${code}: ${complaint(output)}`))
    })
  })
