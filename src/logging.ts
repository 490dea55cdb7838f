/**
 * The log: one JSON object a line on standard error; standard output is for what programs read.
 */
import { Logger } from "effect"

export const logging = Logger.layer([
  Logger.make(({ date, logLevel, message }) => {
    const text = Array.isArray(message) ? message.join(" ") : String(message)
    process.stderr.write(`${JSON.stringify({ at: date.toISOString(), level: logLevel, message: text })}\n`)
  })
])

/** The configuration's levels as the library calls them. */
export const logLevels = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const
