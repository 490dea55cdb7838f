/**
 * The log: one JSON object a line on standard error; standard output is for what programs read.
 */
import { Logger } from "effect"
import { readTraceparent } from "./tracing/traceparent.ts"
import { placeOfCall, PlaceOfEffect } from "./tracing/traced-call.ts"

export const logging = Logger.layer([
  Logger.make(({ date, fiber, logLevel, message }) => {
    const text = Array.isArray(message) ? message.join(" ") : String(message)
    const traceId = readTraceparent(fiber.getRef(PlaceOfEffect) ?? placeOfCall())?.traceId
    const line = {
      at: date.toISOString(),
      level: logLevel,
      message: text,
      ...(traceId === undefined ? {} : { traceId })
    }
    process.stderr.write(`${JSON.stringify(line)}\n`)
  })
])

/** The configuration's levels as the library calls them. */
export const logLevels = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const
